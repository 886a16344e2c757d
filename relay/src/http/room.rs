//! HTTP: what the site's backend and its operators call, and the door through which sessions come in.
//!
//! warp routes every request. Answers that are not a success are problem documents (RFC 9457) with a stable `code`,
//! whatever was wrong with the request. `openapi.yaml` beside `src` is the contract, and is held to the code by tests.
//!
//! Reading order: [`operation`] (what can be asked), [`problem`] (how a request fails), [`body`] and [`fields`] (reading
//! one), [`key`] (who may publish), [`rate`] (and how much), [`publish`] and [`batch`], [`permissions`], [`disconnect`], [`about`] (what
//! the relay says of itself), [`counters`], [`realtime`] (the WebSocket's door), [`origin`] (which pages may come through
//! it), [`site`] and [`policy`] (static files), [`api`] (what all of it needs), [`routes`] (all of it); then [`listen`], [`places`] and [`address`] (how many connections,
//! and whose), and [`connection`], below them [`lane`] (the hot requests,
//! before hyper), [`socket`], [`refusal`] (what hyper cannot read), [`answer`] (an answer's bytes) and [`untaken`] (one
//! that nobody takes).

pub mod about;
pub mod address;
pub mod answer;
pub mod api;
pub mod batch;
pub mod body;
pub mod connection;
pub mod counters;
pub mod disconnect;
pub mod fields;
pub mod key;
#[path = "lane/room.rs"]
pub mod lane;
pub mod listen;
pub mod operation;
pub mod origin;
pub mod permissions;
pub mod places;
pub mod policy;
pub mod problem;
pub mod publish;
pub mod rate;
pub mod realtime;
pub mod refusal;
pub mod routes;
pub mod site;
pub mod socket;
pub mod untaken;
