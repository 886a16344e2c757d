//! What was promised to a run's clients: the same for the whole run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::record::ClientNumber;

/// The promises of one run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Rules {
    /// Whether what was acknowledged outlives the relay's process (`--data-dir`). Otherwise a stream ends with it, and
    /// its readers are told of a gap.
    pub is_durable: bool,
    /// How many messages each channel keeps for those who come back; a gap may be told beyond it.
    pub window: u64,
    /// Channels that keep another number.
    pub windows: BTreeMap<String, u64>,
    /// Who takes part.
    pub clients: BTreeMap<ClientNumber, Reader>,
}

/// What one client is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reader {
    /// The user's id; visitors have one that nobody addresses.
    pub user: Option<String>,
    /// The channels that it asks for and may read.
    pub may_read: BTreeSet<String>,
}

impl Rules {
    /// How many messages a channel keeps.
    pub(super) fn window_of(&self, channel: &str) -> u64 {
        self.windows.get(channel).copied().unwrap_or(self.window)
    }
}

impl Reader {
    /// Whether a message for these users is for this one.
    pub(super) fn is_among(&self, users: Option<&[String]>) -> bool {
        users.is_none_or(|users| self.user.as_ref().is_some_and(|user| users.contains(user)))
    }
}
