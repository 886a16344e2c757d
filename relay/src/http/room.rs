//! HTTP: what the site's backend and its operators call, and the door through which sessions come in.
//!
//! warp routes every request. Answers that are not a success are problem documents (RFC 9457) with a stable `code`.
//!
//! Reading order: [`problem`] (how a request fails), [`body`] (reading one), [`key`] (who may publish), [`rate`] (and how much), [`publish`],
//! [`realtime`] (the WebSocket's door), [`origin`] (which pages may come through it), [`site`] (static files),
//! [`routes`] (all of it), [`listen`] (connections).

pub mod body;
pub mod key;
pub mod listen;
pub mod origin;
pub mod problem;
pub mod publish;
pub mod rate;
pub mod realtime;
pub mod routes;
pub mod site;
