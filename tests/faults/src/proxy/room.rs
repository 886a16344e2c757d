//! A TCP proxy that does to connections what networks do to them, when it is told to.
//!
//! ```text
//! client <── down ── proxy <── down ── server
//! client ── up ────> proxy ── up ────> server
//! ```
//!
//! As a library it is [`Proxy`]; as a program, for tests in other languages, `faults proxy --listen 127.0.0.1:0 --to
//! HOST:PORT`. That prints one line of JSON and then runs until its standard input ends or it is killed:
//!
//! ```text
//! {"proxy":"127.0.0.1:40001","control":"127.0.0.1:40002"}
//! ```
//!
//! The control address speaks HTTP with JSON. Each answer is 200 when it has happened, or 400 with `{"error":"…"}`:
//!
//! ```text
//! POST /fault  {"kind":"cut","how":"reset"}                 see Fault for every kind; several lasting ones add up
//! POST /heal                                                ends every lasting fault
//! POST /to     {"to":"127.0.0.1:9000"}                      where new connections lead from now on
//! GET  /state  {"accepted":3,"open":1,"refused":0,"bytesUp":810,"bytesDown":2204,"arrivalsMs":[12,480,1730]}
//! ```
//!
//! Reading order: [`fault`] (what can go wrong), [`weather`] (what is wrong at the moment), [`pump`] (one direction),
//! [`link`] (one connection), [`counts`], [`server`] (the proxy), [`schedule`] (faults by a seed), [`control`].

pub mod control;
pub mod counts;
pub mod fault;
mod link;
mod pump;
pub mod schedule;
pub mod server;
mod weather;

pub use fault::{Direction, Fault, How};
pub use server::Proxy;
