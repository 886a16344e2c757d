//! Who a client is. A token that the site signed makes it that user; without one it is a visitor, and gets a token
//! of the relay's own, so that it is the same visitor next time.
//!
//! What holds in this room:
//!
//! - Every doubt about a token refuses it, with a reason for the log. **No part of a token appears in a log**, but for
//!   the id of a key that is not known.
//! - A key has one algorithm, and a token is verified with that or not at all.
//! - An answer that needs no fetch comes at once, without an allocation for waiting.
//!
//! Reading order: [`claims`] (what a token says), [`error`] (why one is refused), [`keys`] (what it is verified with),
//! [`cryptography`] (how),
//! [`verifier`] (the site's tokens), [`visitor`] (the relay's), [`establish`] (which of them counts), [`settings`],
//! [`start`] (all of it, running), [`gauge`] (what is counted).

pub mod claims;
pub mod cryptography;
pub mod error;
pub mod establish;
pub mod gauge;
#[path = "keys/room.rs"]
pub mod keys;
pub mod settings;
pub mod start;
pub mod verifier;
pub mod visitor;
