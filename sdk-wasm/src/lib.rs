//! The browser SDK of Realtime Relay: the state machine of `realtime-client`, driven by a browser.
//!
//! Around it stands the npm package in `npm/`, whose `index.js` is what pages import. The work is divided by what each
//! side is good at. JavaScript looks at arguments, knows the page's settings (address, tokens) and its functions, calls
//! those, and loads this module. Rust decides when: everything about the connection, about what the relay is asked, and
//! about which message goes to which subscription. What crosses the border is strings, numbers and plain objects.
//!
//! Invariants: no Rust borrow is held while JavaScript runs, so a handler may call back in; nothing that a page's
//! function throws comes back; the browser is given no closure: what it calls are functions of JavaScript, which call
//! [`page`]. A frame's text stays a JavaScript string and is parsed by the browser, and of a message only two numbers
//! come in.
//!
//! Reading order: [`page`] (what is exported), [`shell`] (what the page does in return), [`client`] (inputs and effects),
//! [`frame`] (control frames as JavaScript values), `transport` (the WebSocket), then the small parts: `clock`, `timer`.

pub mod client;
mod clock;
pub mod frame;
pub mod page;
pub mod shell;
mod timer;
mod transport;

pub use client::Client;
pub use shell::Shell;

/// A client allocates little and seldom; this allocator weighs a third of the standard one, and takes constant time.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
