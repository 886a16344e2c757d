//! Permissions by script: the site's own `backend/realtime-permissions.js`, run in QuickJS inside the relay.
//!
//! What holds here:
//!
//! - The file runs **unmodified**. Its router is the very text that the npm package `wix-realtime-backend` runs.
//! - The file is **read once**, with everything that it imports; engines are built from that copy, and another version
//!   is another copy. Nothing in a
//!   handler reaches a disk, a network or a clock that waits.
//! - A handler that hits a limit costs its engine: the engine is thrown away and built anew from the copy, because
//!   nobody knows what state the handler left behind.
//! - The engines live on **threads of their own**, never on a thread that serves connections.
//!
//! Reading order: [`settings`] (limits and their reasons), [`site`] (names of files in a site folder), [`sight`] (what
//! they are like on disk), [`loaded`] (a permissions file and its imports, read and tried out), [`modules`] (how the engine finds them), [`memory`],
//! [`watch`] and [`guard`] (the limits at work), [`engine`] (one QuickJS engine), [`load`] and [`call`] (what it
//! runs), [`answer`] and [`thrown`] (what a handler's answer or exception means), [`console`] (what handlers log),
//! [`place`] and [`error`] (where something is wrong), [`queue`] and [`worker`] (questions and the threads that answer
//! them), [`pool`] (the permission provider).

pub mod answer;
pub mod call;
pub mod console;
pub mod engine;
pub mod error;
pub mod guard;
pub mod load;
pub mod loaded;
pub mod memory;
pub mod modules;
pub mod place;
pub mod pool;
pub mod queue;
pub mod settings;
pub mod sight;
pub mod site;
pub mod thrown;
pub mod watch;
pub mod worker;

#[cfg(test)]
pub(super) mod cases;
#[cfg(test)]
mod engine_test;
#[cfg(test)]
mod pool_test;
