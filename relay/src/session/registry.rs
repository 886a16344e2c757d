//! The running sessions: how many there are, and how all of them or those of one user are told something.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use realtime_hub::channel::{Reader as _, SessionId};
use realtime_protocol::subscriber::UserId;

use crate::session::connection::Connection;
use crate::session::ends::Ends;
use crate::session::moments;
use crate::session::order::Order;

/// How many locks share the sessions: several times the cores on which sessions can begin and end at once.
const SHARDS: usize = 16;

/// Where a session stands in its shard: those of one user side by side. The number comes from the user's id, and from
/// the session's own as long as nobody knows whose it is; two users may have the same.
type Place = (u64, SessionId);

type Shard = Mutex<BTreeMap<Place, Arc<Connection>>>;

/// The sessions that run. An entry weighs some 40 bytes, and no lock is held while a session is told something.
#[derive(Debug, Default)]
pub struct Registry {
    shards: [Shard; SHARDS],
    hasher: RandomState,
    next_id: AtomicU64,
    running: AtomicUsize,
    /// How those that do not run any more have ended.
    pub ends: Ends,
    /// Once the relay drains: within which time all clients come back.
    return_window: OnceLock<Duration>,
}

impl Registry {
    /// An id that no session had before.
    pub fn new_id(&self) -> SessionId {
        SessionId(1 + self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Sessions that run.
    pub fn len(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// Sessions that have begun since the start.
    pub fn begun(&self) -> u64 {
        self.next_id.load(Ordering::Relaxed)
    }

    /// Whether none runs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A session begins. From now on it is told what all are told.
    pub fn enter(&self, connection: &Arc<Connection>) {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.insert(anonymous(connection), connection);
        // Either this sees that the relay drains, or the drain, which looks at the shard later, sees this session.
        if let Some(window) = self.return_window.get().copied() {
            connection.tell(Order::Drain { window });
        }
    }

    /// Whose session it is has become known. From now on it is told what this user's are told.
    pub fn identified(&self, connection: &Arc<Connection>) {
        if let Some(place) = self.identified_place(connection) {
            // In this order: it must not be missing in between.
            self.insert(place, connection);
            self.remove(anonymous(connection));
        }
    }

    /// A session ends. To be called once.
    pub fn leave(&self, connection: &Connection) {
        self.remove(anonymous(connection));
        if let Some(place) = self.identified_place(connection) {
            self.remove(place);
        }
        self.running.fetch_sub(1, Ordering::Relaxed);
    }

    /// The sessions of a user.
    pub fn of_user(&self, user: &UserId) -> Vec<Arc<Connection>> {
        let number = self.hasher.hash_one(user);
        let shard = self.shard_of(number).lock();
        let same_number = shard.range((number, SessionId(0))..=(number, SessionId(u64::MAX)));
        let connections = same_number.map(|(_, connection)| connection);
        connections.filter(|connection| connection.known_user() == Some(user)).cloned().collect()
    }

    /// Tells every session that the relay is stopping, and those that begin later too.
    pub fn drain(&self) {
        // Of those who are there now: while they leave, they become fewer.
        let window = *self.return_window.get_or_init(|| moments::return_window(self.len()));
        for shard in &self.shards {
            let connections: Vec<_> = shard.lock().values().cloned().collect();
            for connection in connections {
                connection.tell(Order::Drain { window });
            }
        }
    }

    /// Bytes that wait for clients, each outbox in full.
    pub fn waiting_bytes(&self) -> usize {
        let sum = |shard: &Shard| -> usize {
            shard.lock().values().map(|connection| connection.waiting_bytes()).sum()
        };
        self.shards.iter().map(sum).sum()
    }

    /// Those for whom something waits, with its bytes.
    pub fn with_something_waiting(&self) -> Vec<(usize, Arc<Connection>)> {
        let mut found = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock();
            let each = shard.values().map(|connection| (connection.waiting_bytes(), connection));
            found.extend(
                each.filter(|(bytes, _)| *bytes > 0).map(|(bytes, found)| (bytes, Arc::clone(found))),
            );
        }
        found
    }

    /// Whether the relay is stopping.
    pub fn is_draining(&self) -> bool {
        self.return_window.get().is_some()
    }

    fn identified_place(&self, connection: &Connection) -> Option<Place> {
        Some((self.hasher.hash_one(connection.known_user()?), connection.session()))
    }

    fn insert(&self, place: Place, connection: &Arc<Connection>) {
        self.shard_of(place.0).lock().insert(place, Arc::clone(connection));
    }

    fn remove(&self, place: Place) {
        self.shard_of(place.0).lock().remove(&place);
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "a remainder of SHARDS is below it, and there are SHARDS shards"
    )]
    fn shard_of(&self, number: u64) -> &Shard {
        &self.shards[(number % SHARDS as u64) as usize]
    }
}

fn anonymous(connection: &Connection) -> Place {
    (connection.session().0, connection.session())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::connection::tests::connection;

    fn is_told(connection: &Connection) -> bool {
        !connection.take_orders().is_empty()
    }

    #[tokio::test]
    async fn a_users_sessions_are_found_and_no_others() {
        let registry = Registry::default();
        let sessions =
            [connection(1, "anna").await.0, connection(2, "ben").await.0, connection(3, "anna").await.0];
        for session in &sessions {
            registry.enter(session);
            registry.identified(session);
        }
        let ids = |user: &str| -> Vec<u64> {
            let user = UserId::parse(user).unwrap();
            registry.of_user(&user).iter().map(|connection| connection.session().0).collect()
        };
        assert_eq!((ids("anna"), ids("ben"), ids("carl")), (vec![1, 3], vec![2], vec![]));
        assert_eq!(registry.len(), 3);
        registry.leave(&sessions[0]);
        assert_eq!((ids("anna"), registry.len()), (vec![3], 2));
    }

    #[tokio::test]
    async fn a_drain_reaches_every_session_identified_or_not_and_those_that_come_later() {
        let registry = Registry::default();
        let (known, unknown, late) =
            (connection(1, "anna").await.0, connection(2, "ben").await.0, connection(3, "carl").await.0);
        registry.enter(&known);
        registry.identified(&known);
        registry.enter(&unknown);
        registry.drain();
        assert!(is_told(&known) && is_told(&unknown) && registry.is_draining());
        registry.enter(&late);
        assert!(is_told(&late));
    }

    #[tokio::test]
    async fn nothing_is_left_of_sessions_that_have_gone() {
        let registry = Registry::default();
        for id in 1..=100 {
            let (session, _client) = connection(id, &format!("user{}", id % 7)).await;
            registry.enter(&session);
            if id % 2 == 0 {
                registry.identified(&session);
            }
            registry.leave(&session);
            assert_eq!(Arc::strong_count(&session), 1);
        }
        assert!(registry.is_empty() && registry.shards.iter().all(|shard| shard.lock().is_empty()));
    }

    #[test]
    fn no_id_is_given_twice() {
        let registry = Registry::default();
        assert_ne!(registry.new_id(), registry.new_id());
    }
}
