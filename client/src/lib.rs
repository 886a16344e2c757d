//! The client's half of the protocol as a state machine: no I/O, no clock, no randomness of its own.
//!
//! A driver (the browser SDK, a command, a simulation) owns the transport and the time. It tells [`Machine`] what
//! has happened and what time it is, carries out the effects that come back, and calls again at
//! [`Machine::deadline`]. Everything that could go wrong between those calls is decided here: when to connect and
//! when to stay away, what to subscribe to again and from where, which message is a duplicate, when silence means
//! that the connection is lost.
//!
//! The machine never sees a payload. A driver asks [`Machine::accept`] for each message whether and to whom to
//! deliver it, so a browser keeps its payloads as JavaScript values and a command as raw text.
//!
//! Reading order: [`machine`] (the public face), [`input`], [`notice`] and [`effect`] (what goes in and out), [`settings`],
//! then the rooms behind it: `link` (the connection), `credential` (the identity in use), `subscriptions` (what is asked for and what the answers
//! mean), `requests` (what is under way), `table` (who wants what), `backoff`, `sorted`, `line`, `millis`.

mod backoff;
mod credential;
pub mod effect;
pub mod input;
mod line;
mod link;
pub mod machine;
mod millis;
pub mod notice;
mod requests;
pub mod settings;
mod sorted;
mod subscriptions;
mod table;

pub use effect::{Continuity, Effect, Failure};
pub use input::{ConnectionId, Identity, Input, Patience, SubscriptionId};
pub use machine::{Delivery, Machine, State};
pub use notice::Notice;
pub use settings::Settings;
pub use table::ChannelKey;
