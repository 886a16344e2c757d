//! The servers that are measured. To add one: an adapter that says how it is started and how it is spoken to.
//!
//! Reading order: [`server`] (what an adapter says), [`relay`], [`bare`], [`lines`] (Bun and ws),
//! [`socket_io`], [`nchan`], [`nats`], [`process`] (a server as a child process,
//! pinned to a core, with its memory and processor time), [`choice`] (which one the command line names).

pub mod bare;
pub mod choice;
pub mod lines;
pub mod nats;
pub mod nchan;
pub mod process;
pub mod relay;
pub mod server;
pub mod socket_io;
