//! The keys that an issuer of tokens publishes (a JSON Web Key Set), from a file or an address.
//!
//! What holds in this room:
//!
//! - **A key has one algorithm**, fixed when it is read. A token cannot choose.
//! - **One task reads the set**, never twice at once and never more often than [`schedule`] says: tokens with made-up key
//!   ids cost the issuer nothing.
//! - **An outage changes nothing**: the keys from before stay in force until there are others.
//!
//! Reading order: [`key`], [`set`] (many keys, and which of them counts), [`place`] (where the set is), [`schedule`] (when
//! it is read), [`ring`] (the keys in force, and waiting for newer ones), [`keeper`] (the task).

pub mod keeper;
pub mod key;
pub mod place;
pub mod ring;
pub mod schedule;
pub mod set;
