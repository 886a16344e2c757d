//! The browser SDK of Realtime Relay: the state machine of `realtime-client`, driven by a browser.
//!
//! Around it stands the npm package in `npm/`, whose `index.js` is what pages import. The work is divided by what each
//! side is good at: JavaScript looks at arguments, knows the page's settings (address, tokens) and loads this module;
//! everything with a rule or a state is here. What crosses the border is strings, numbers, plain objects, functions
//! and one kind of error.
//!
//! Invariants: no Rust borrow is held while a page's function runs, so a handler may call back in; what a page's
//! function throws is reported and goes no further; every closure given to the browser has an owner whose drop takes
//! it back. A frame's text stays a JavaScript string and is parsed by the browser.
//!
//! Reading order: [`page`] (what is exported), [`client`] (one client), `driver` (inputs and effects), `listeners` (who is called), `frame`
//! (frames as JavaScript values), `transport` (the WebSocket), `shell` (the page's side), then the small parts: `clock`,
//! `timer`, `wake`, `event`, `failure`, `subscription_id`.

pub mod client;
mod clock;
mod driver;
mod event;
mod failure;
pub mod frame;
mod listeners;
pub mod page;
mod shell;
mod subscription_id;
mod timer;
mod transport;
mod wake;

pub use client::Client;
pub use shell::Shell;

/// A client allocates little and seldom; this allocator weighs a third of the standard one, and takes constant time.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
