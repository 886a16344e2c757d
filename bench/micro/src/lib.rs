//! What the micro-benchmarks measure with: messages as the load generator sends them, and readers that only count.
//!
//! `cargo bench -p realtime-bench-micro` measures the [codec](../benches/codec.rs), the [hub](../benches/hub.rs) and
//! [a permission script's decision](../benches/script.rs), each step on its own and on one core. How fast the whole is,
//! sockets included, `npm run bench` tells.

use std::sync::Arc;

use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::{Reader, SessionId};
use realtime_hub::hub::{Hub, Numbers};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;
use serde_json::value::RawValue;

/// Bytes of a payload, quotes included: what the load generator's messages have.
pub const PAYLOAD_BYTES: usize = 128;

/// Bytes that the hub's histories may hold.
const HISTORY_BYTES: usize = 256 * 1024 * 1024;

/// Someone who reads.
#[derive(Debug, Clone)]
pub struct Anyone(SessionId, Arc<UserId>);

impl Reader for Anyone {
    fn session(&self) -> SessionId {
        self.0
    }

    fn user(&self) -> &UserId {
        &self.1
    }
}

/// A reader for each of so many sessions.
///
/// # Panics
/// Never: the id is one.
#[expect(clippy::expect_used, reason = "the id is one")]
pub fn readers(count: u64) -> impl Iterator<Item = Anyone> {
    let user = Arc::new(UserId::parse("somebody").expect("a user id"));
    (1..=count).map(move |session| Anyone(SessionId(session), Arc::clone(&user)))
}

/// The channel of a number.
///
/// # Panics
/// Never: the name is one.
#[expect(clippy::expect_used, reason = "letters, a hyphen and digits are a channel's name")]
pub fn channel(number: usize) -> Channel {
    Channel::parse(&format!("bench-{number}"), None).expect("a channel")
}

/// A payload of [`PAYLOAD_BYTES`].
///
/// # Panics
/// Never: the text is JSON.
#[expect(clippy::expect_used, reason = "letters in quotes are JSON")]
pub fn payload() -> Box<RawValue> {
    RawValue::from_string(format!("\"{}\"", "x".repeat(PAYLOAD_BYTES - 2))).expect("JSON")
}

/// A hub with default settings.
pub fn hub() -> Hub<Anyone> {
    let budget = Arc::new(MemoryBudget::new(HISTORY_BYTES));
    Hub::new(HubSettings::default(), budget, Numbers { first: 1, step: 1 }, 1)
}
