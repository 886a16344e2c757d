//! TLS of the relay's own, by rustls: TLS 1.2 and 1.3, ALPN `http/1.1`.
//!
//! Invariants:
//! - A pair of certificate and key that does not load changes nothing: the one before stays in force.
//! - A handshake has a deadline, and whoever makes one has a place like every other connection.
//! - What is encrypted and not taken by the kernel is bounded ([`secured`]); what waits as plain text is the outbox's.
//! - A plain connection pays nothing for it.
//!
//! Reading order: [`pair`] (files), [`certificates`] (the pair in force), [`expiry`], [`reload`], [`door`] (handshakes),
//! [`stream`] (a connection while it speaks HTTP), [`secured`] (and once it is a session's), [`gauge`].

pub mod certificates;
pub mod door;
pub mod expiry;
pub mod gauge;
pub mod pair;
pub mod reload;
pub mod secured;
pub mod stream;
