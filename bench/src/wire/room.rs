//! What goes over the sockets of a load generator, read without copying: WebSocket frames, HTTP heads, and the
//! payload by which every message is told from every other.
//!
//! Reading order: [`payload`], [`frame`], [`http`].

pub mod frame;
pub mod http;
pub mod payload;
