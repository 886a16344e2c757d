//! Who looks up what is to be asked about again, and hands the questions to the sessions.

use std::sync::Arc;
use std::time::Duration;

use realtime_hub::channel::Reader as _;
use realtime_protocol::channel::Channel;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::session::connection::Connection;
use crate::session::order::Order;
use crate::session::recheck::pace::Pace;
use crate::session::recheck::pending::Target;
use crate::session::recheck::selection::Selection;
use crate::session::recheck::ticket::Ticket;
use crate::session::sessions::Sessions;

/// Subscriptions that are looked at before others get a turn. Most of those that have ended meanwhile are passed over
/// without a question.
const LOOKS_PER_TURN: usize = 256;

impl Sessions {
    /// The answers to some questions may have changed: every answer from before is outdated from now on, and the
    /// running subscriptions are asked about again, one after the other. Returns how many.
    pub fn recheck(&self, selection: &Selection) -> usize {
        self.permission.forget(selection.channel.as_ref(), selection.user.as_ref());
        self.rechecks.note(selection.clone());
        let targets = match (&selection.channel, &selection.user) {
            (None, Some(user)) => {
                self.registry.of_user(user).iter().flat_map(|connection| targets_of(connection)).collect()
            }
            _ => self.targets_among_readers(selection),
        };
        let count = targets.len();
        self.rechecks.add(targets);
        count
    }

    fn targets_among_readers(&self, selection: &Selection) -> Vec<Target> {
        let mut targets = Vec::new();
        for (number, readers) in self.broker.audiences(|channel| selection.has_channel(channel)) {
            let selected = readers.iter().filter(|reader| selection.has_user(reader.user()));
            targets.extend(selected.map(|reader| Target { number, session: reader.session() }));
        }
        targets
    }

    /// As [`recheck`](Self::recheck), for one session whose user is not what it was.
    pub fn recheck_session(&self, connection: &Connection) {
        if let Some(user) = connection.known_user() {
            self.rechecks.note(Selection::of_user(user.clone()));
            self.rechecks.add(targets_of(connection));
        }
    }

    /// One subscription is to be asked about again: it was allowed by what has changed since.
    pub fn recheck_one(&self, connection: &Connection, channel: &Channel) {
        if let Some(number) = self.broker.number(channel) {
            self.rechecks.add(vec![Target { number, session: connection.session() }]);
        }
    }
}

/// Hands out questions until it is cancelled.
pub async fn run(sessions: Arc<Sessions>, cancel: CancellationToken) {
    let mut pace = Pace::per_second(sessions.rechecks.per_second);
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            () = hand_out(&sessions, &mut pace) => {}
        }
    }
}

/// Waits until a question may leave, and hands it to its session.
async fn hand_out(sessions: &Sessions, pace: &mut Pace) {
    let rechecks = &sessions.rechecks;
    let Ok(permit) = Arc::clone(&rechecks.open).acquire_owned().await else { return };
    wait_for_turn(sessions, pace.next_at()).await;
    let now = sessions.clock.now();
    for _ in 0..LOOKS_PER_TURN {
        let Some(target) = rechecks.next(now) else { return };
        if let Some((channel, connection)) = sessions.broker.reader(target.number, target.session) {
            pace.take(now);
            let ticket = Ticket::new(Arc::clone(rechecks), target, permit);
            return connection.tell(Order::Recheck { channel, ticket });
        }
    }
    tokio::task::yield_now().await;
}

/// Waits until there is something to ask, and until the pace allows it.
async fn wait_for_turn(sessions: &Sessions, pace_at: Duration) {
    let start = Instant::now() - sessions.clock.now();
    loop {
        let next_at = sessions.rechecks.next_at().map(|at| at.max(pace_at));
        match next_at {
            Some(at) if at <= sessions.clock.now() => return,
            Some(at) => tokio::select! {
                () = sleep_until(start + at) => {}
                () = sessions.rechecks.wake.notified() => {}
            },
            None => sessions.rechecks.wake.notified().await,
        }
    }
}

fn targets_of(connection: &Connection) -> Vec<Target> {
    let session = connection.session();
    connection.channels().into_iter().map(|number| Target { number, session }).collect()
}
