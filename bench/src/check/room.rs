//! Whether every subscriber got every message, once and in order: exact, and cheap enough to stay on in every
//! measurement.
//!
//! Every message has a number of its own. The subscriber that reads a place of a channel first writes down which
//! number stands there, in the channel's [`ledger`]; every other subscriber has to find the same one there. Since a
//! server sends all subscribers the same bytes, the ledger also keeps the bytes that were read and found right last
//! ([`run`]): bytes that equal them need one comparison and no reading. At the end the ledger must have every number
//! that was published, once. So whoever lost, doubled or swapped a message is found, be it the first reader or not.
//!
//! Reading order: [`fault`], [`ledger`], [`run`], [`track`] (one subscriber's place).

pub mod fault;
pub mod ledger;
pub mod run;
pub mod track;
