//! What all sessions of a relay share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

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

/// How often the memory for what waits is looked at while it is filled with recoveries, beyond once a second: whenever
/// they have brought this part of all that there may be. A look goes over all sessions.
const LOOKS: usize = 16;

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
    /// Who looks at the memory for what waits, and what recoveries have brought since somebody has.
    pub relief: Relief,
}

/// Looks at the memory for what waits, one at a time.
#[derive(Debug, Default)]
pub struct Relief {
    looking: Mutex<()>,
    recovered_bytes: AtomicUsize,
}

impl Relief {
    /// Counts what a recovery has brought. Whether it makes up `enough` for a look, of all who count one.
    fn is_due(&self, bytes: usize, enough: usize) -> bool {
        let before = self.recovered_bytes.fetch_add(bytes, Ordering::Relaxed);
        before < enough && before + bytes >= enough
    }
}

impl Sessions {
    /// Sends slow clients away when the memory for what waits is used up. To be called about every second. Returns roughly
    /// what channels, publish ids, clients and what waits for them held, in bytes.
    pub fn relieve(&self) -> usize {
        // Two at once would send away more than is needed.
        let _looking = self.relief.looking.lock();
        self.relief.recovered_bytes.store(0, Ordering::Relaxed);
        let history = self.broker.history_bytes();
        let waiting = self.registry.waiting_bytes();
        relief::relieve(&self.registry, waiting, self.max_memory_bytes.saturating_sub(history));
        history + waiting + self.registry.len() * SESSION_BYTES + self.broker.publish_ids() * ID_BYTES
    }

    /// Notes that a recovery has brought so many bytes that wait for a client now. A crowd that comes back may bring more in
    /// a second than there is memory, so this looks at it, too.
    pub fn recovered(&self, bytes: usize) {
        if self.relief.is_due(bytes, self.max_memory_bytes / LOOKS) {
            self.relieve();
        }
    }

    /// A new session over a connection.
    pub fn begin(&self, wire: Wire) -> Arc<Connection> {
        let connection = Arc::new(Connection::new(self.registry.new_id(), wire, self.max_outbox_bytes));
        self.registry.enter(&connection);
        connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_due_once_when_recoveries_have_brought_enough() {
        let relief = Relief::default();
        let due = [40, 50, 10, 500].map(|bytes| relief.is_due(bytes, 100));
        assert_eq!(due, [false, false, true, false], "somebody looks already");
        relief.recovered_bytes.store(0, Ordering::Relaxed);
        assert!(relief.is_due(500, 100), "a large one alone");
    }
}
