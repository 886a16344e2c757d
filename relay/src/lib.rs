//! The Realtime Relay server.
//!
//! Rooms import downwards only: [`app`] puts the parts together, [`http`] is the door, a [`session`] is one client,
//! the [`broker`] puts the hubs to work, [`permission`] says who may read ([`providers`] chooses how), [`identity`] who a
//! client is, [`tls`] encrypts where that is wanted, [`websocket`] turns bytes into messages, [`outbound`] asks others. What must travel upwards comes back as a
//! return value. Beside the server stand the binary's commands: [`cli`] reads the command line, [`command`] does what it
//! says.

#[path = "app/room.rs"]
pub mod app;
#[path = "broker/room.rs"]
pub mod broker;
pub mod cli;
pub mod clock;
#[path = "command/room.rs"]
pub mod command;
pub mod heap;
#[path = "http/room.rs"]
pub mod http;
#[path = "identity/room.rs"]
pub mod identity;
pub mod listener;
#[path = "log/room.rs"]
pub mod log;
#[path = "measure/room.rs"]
pub mod measure;
#[path = "outbound/room.rs"]
pub mod outbound;
#[path = "permission/room.rs"]
pub mod permission;
pub mod providers;
pub mod ready;
#[path = "session/room.rs"]
pub mod session;
#[path = "settings/room.rs"]
pub mod settings;
#[path = "store/room.rs"]
pub mod store;
#[path = "tls/room.rs"]
pub mod tls;
#[path = "websocket/room.rs"]
pub mod websocket;

#[cfg(test)]
#[path = "../tests/support/issuer.rs"]
mod test_issuer;
