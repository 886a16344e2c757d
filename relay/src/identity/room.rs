//! Who a client is. A token that the site signed makes it that user; without one it is a visitor, and gets a token
//! of the relay's own, so that it is the same visitor next time.
//!
//! Reading order: [`verifier`] (the site's tokens), [`visitor`] (the relay's), [`establish`] (which of them counts).

pub mod establish;
pub mod verifier;
pub mod visitor;
