//! Everything around the relay and its clients: time, the network, the permissions and the ledger.

use realtime_protocol::channel::Channel;

use crate::context::Context;
use crate::ledger::Ledger;
use crate::network::Network;
use crate::permissions::Permissions;

/// What both sides act upon.
pub(crate) struct Outside {
    pub(crate) cx: Context,
    pub(crate) net: Network,
    pub(crate) ledger: Ledger,
    pub(crate) permissions: Permissions,
    pub(crate) channels: Vec<Channel>,
}

impl Outside {
    pub(crate) fn new(cx: Context) -> Self {
        let names = [("chat", None), ("chat", Some("room 1 ✓")), ("news", None), ("staff", Some("2"))];
        let channels = names
            .iter()
            .take(cx.plan.channels)
            .filter_map(|(name, resource)| Channel::parse(name, *resource).ok());
        Self {
            channels: channels.collect(),
            net: Network::default(),
            ledger: Ledger::new(cx.plan.channels),
            permissions: Permissions::default(),
            cx,
        }
    }

    /// A channel's place among all.
    pub(crate) fn place_of(&self, channel: &Channel) -> usize {
        self.channels.iter().position(|other| other == channel).unwrap_or_default()
    }
}
