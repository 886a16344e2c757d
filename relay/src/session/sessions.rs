//! What all sessions of a relay share.

use std::sync::Arc;

use crate::broker::shards::Broker;
use crate::clock::Clock;
use crate::identity::establish::Identities;
use crate::permission::provider::Permission;
use crate::session::connection::Connection;
use crate::session::recheck::rechecks::Rechecks;
use crate::session::registry::Registry;
use crate::session::relief;
use crate::session::rules::SessionRules;
use crate::tls::stream::Wire;

/// What a subscribed client at rest holds, as `docs/benchmarks.md` has it.
const SESSION_BYTES: usize = 1_800;

/// What a publish's id takes while it is remembered, the tables' spare room included.
const ID_BYTES: usize = 100;

/// What all sessions of a relay share.
pub struct Sessions {
    /// The channels.
    pub broker: Broker<Arc<Connection>>,
    /// Who a client is.
    pub identities: Identities,
    /// What it may read.
    pub permission: Arc<dyn Permission>,
    /// The rules.
    pub rules: Arc<SessionRules>,
    /// Bytes that may wait for one client.
    pub max_outbox_bytes: usize,
    /// Bytes that histories and what waits for clients may have together.
    pub max_memory_bytes: usize,
    /// Bytes of one frame that a client sends.
    pub max_frame_bytes: usize,
    /// The time.
    pub clock: Clock,
    /// The sessions that run.
    pub registry: Registry,
    /// Running subscriptions that are to be asked about again.
    pub rechecks: Arc<Rechecks>,
}

impl Sessions {
    /// Sends slow clients away when the memory for what waits is used up. To be called about every second. Returns roughly
    /// what channels, publish ids, clients and what waits for them held, in bytes.
    pub fn relieve(&self) -> usize {
        let history = self.broker.history_bytes();
        let waiting = self.registry.waiting_bytes();
        relief::relieve(&self.registry, waiting, self.max_memory_bytes.saturating_sub(history));
        history + waiting + self.registry.len() * SESSION_BYTES + self.broker.publish_ids() * ID_BYTES
    }

    /// A new session over a connection.
    pub fn begin(&self, wire: Wire) -> Arc<Connection> {
        let connection = Arc::new(Connection::new(self.registry.new_id(), wire, self.max_outbox_bytes));
        self.registry.enter(&connection);
        connection
    }
}
