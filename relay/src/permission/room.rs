//! Who may read which channel.
//!
//! A session asks one [`provider::Permission`] before every subscription, a re-subscription included, and does what
//! the [`question::Decision`] says. What holds in this room:
//!
//! - **Every doubt refuses.** A handler that throws, answers nonsense, hangs or runs out of memory refuses.
//! - **The cause is for the operator.** A decision carries why it fell; logs and metrics tell it, browsers never
//!   see it.
//! - **An answer always comes**, within a time that the provider names, and whoever stops waiting for it (drops the
//!   future) leaves nothing behind.
//!
//! Reading order: [`question`] (what is asked and answered), [`explanation`] (all that is known about an answer),
//! [`provider`] (who can be asked), [`fixed`] (the same answer for all), [`script`] (the site's own
//! `backend/realtime-permissions.js`), [`file`](mod@file) and [`reload`] (that file may change), [`webhook`] (the site's
//! backend, by HTTP), [`misplaced`] (a file that was meant and not found), [`gauge`] (what is counted), [`report`]
//! and [`text`] (what is logged).

pub mod explanation;
pub mod file;
pub mod fixed;
pub mod gauge;
pub mod misplaced;
pub mod provider;
pub mod question;
pub mod reload;
pub mod report;
#[path = "script/room.rs"]
pub mod script;
pub mod text;
#[path = "webhook/room.rs"]
pub mod webhook;

#[cfg(test)]
mod both_test;
