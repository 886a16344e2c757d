//! Permissions by webhook: the site's backend is asked over HTTP, in the format of Wix's service plugin "realtime
//! permissions provider".
//!
//! What holds here:
//!
//! - **Yes is a `200` with `{"read": true}` and nothing else.** `{"read": false}` is no; any other status, a body that
//!   says neither, silence beyond the deadline and a backend that cannot be reached are no decision, which refuses.
//! - **The backend is spared.** Equal questions that are open at the same time are asked once; only so many are asked
//!   at once, and only so many wait; a backend that has fallen silent is left alone but for a probe now and then.
//! - **A question that was sent is waited for**, even when nobody wants to know any more: breaking it off would cost
//!   the connection, and whoever comes and goes could cost the backend one connection after another.
//! - **Nothing is remembered** unless the operator says for how long, and then no longer than until somebody says
//!   [`forget`](super::provider::Permission::forget).
//!
//! Reading order: [`settings`] and [`address`] (where and how much), [`request`] and [`signature`] (what is sent),
//! [`reply`] (what an answer means), [`backend`] (one request), [`breaker`] (whether to ask at all), [`memory`] and
//! [`desk`] (what is known and what is being asked), [`asker`] (the permission provider), [`gauge`] (what is counted).

pub mod address;
pub mod asker;
pub mod backend;
pub mod breaker;
pub mod desk;
pub mod gauge;
pub mod memory;
pub mod reply;
pub mod request;
pub mod settings;
pub mod signature;

#[cfg(test)]
mod asker_test;
#[cfg(test)]
mod stand_in;
