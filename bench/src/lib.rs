//! Load generator and benchmarks of Realtime Relay: what the relay does with load, beside servers that do the same.
//!
//! One program plays all clients on one thread and core ([`load`]), checks every subscriber's messages for gaps,
//! doubles and order ([`check`]), and starts each server under test ([`servers`]) on another core, round by round
//! ([`rounds`]). [`bare`] is the measure for all of them: what the kernel allows.
//!
//! Reading order: [`wire`], [`check`], [`servers`], [`bare`], [`load`], [`scenarios`], [`rounds`], [`report`],
//! [`cli`].

#[path = "bare/room.rs"]
pub mod bare;
#[path = "check/room.rs"]
pub mod check;
pub mod cli;
pub mod error;
#[path = "load/room.rs"]
pub mod load;
#[path = "machine/room.rs"]
pub mod machine;
#[path = "report/room.rs"]
pub mod report;
pub mod rounds;
#[path = "scenarios/room.rs"]
pub mod scenarios;
#[path = "servers/room.rs"]
pub mod servers;
#[path = "wire/room.rs"]
pub mod wire;
