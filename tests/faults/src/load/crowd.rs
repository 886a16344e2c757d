//! All clients of a load, and what each has seen.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use realtime_client::{Continuity, Settings};
use realtime_protocol::channel::Channel;
use tokio::sync::watch;
use tokio::time::sleep;

use super::beat::{self, CHANNEL};
use super::track::{Counts, Track};
use crate::actors::client::{Client, Config, Seen};
use crate::random::Random;

/// How often a crowd is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// What one client has seen.
#[derive(Debug, Default)]
pub struct Sight {
    /// Its messages.
    pub track: Track,
    /// Whether its subscription is live.
    pub is_live: bool,
    /// When its subscription became live for the last time, since the start.
    pub live_at: Option<Duration>,
    /// When its connection could be made again for the last time, since the start.
    pub healed_at: Option<Duration>,
    /// Connections lost.
    pub outages: u64,
    /// Recoveries without a gap.
    pub whole: u64,
    /// From a message's publishing to its delivery, for messages of a connection that was there.
    pub normal: Vec<Duration>,
    /// From the network's return, or the message's publishing if that was later, to its delivery, for messages of an outage.
    pub returned: Vec<Duration>,
}

impl Sight {
    fn see(&mut self, seen: &Seen<'_>, now: Duration) {
        match seen {
            Seen::Up => {}
            Seen::Down => {
                self.is_live = false;
                self.outages += 1;
            }
            Seen::Subscribed { continuity, .. } => {
                self.is_live = true;
                self.live_at = Some(now);
                match continuity {
                    Continuity::First => {}
                    Continuity::Whole => self.whole += 1,
                    Continuity::Lost => self.track.gap_told(),
                }
            }
            Seen::Denied { .. } => self.is_live = false,
            Seen::Delivered { payload, .. } => {
                if let Some((number, sent)) = beat::read(payload) {
                    self.track.got(number);
                    self.took(sent, now);
                }
            }
        }
    }

    fn took(&mut self, sent: Duration, now: Duration) {
        let was_missed = self.live_at.is_some_and(|live_at| sent < live_at);
        match self.healed_at {
            Some(healed_at) if was_missed => self.returned.push(now.saturating_sub(healed_at.max(sent))),
            _ => self.normal.push(now.saturating_sub(sent)),
        }
    }
}

/// One client and what it has seen.
pub struct Member {
    /// The client.
    pub client: Client,
    sight: Arc<Mutex<Sight>>,
}

impl Member {
    /// What it has seen so far.
    pub fn sight(&self) -> MutexGuard<'_, Sight> {
        self.sight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All clients.
pub struct Crowd {
    /// One after the other.
    pub members: Vec<Member>,
    /// What all times count from.
    pub start: Instant,
}

impl Crowd {
    /// Nobody yet.
    pub const fn new(start: Instant) -> Self {
        Self { members: Vec::new(), start }
    }

    /// One more, with the patience of browsers.
    ///
    /// # Errors
    /// Never: the channel's name is right.
    pub fn enter(&mut self, relay: watch::Receiver<SocketAddr>, seed: u64) -> io::Result<()> {
        let sight = Arc::new(Mutex::new(Sight::default()));
        let channels = vec![Channel::parse(CHANNEL, None).map_err(io::Error::other)?];
        let seed = Random::branch(seed, self.members.len() as u64).number();
        let config = Config { relay, channels, token: None, settings: Settings::default(), seed };
        let (seen_by, start) = (Arc::clone(&sight), self.start);
        let client = Client::start(config, move |seen| {
            seen_by.lock().unwrap_or_else(PoisonError::into_inner).see(&seen, start.elapsed());
        });
        self.members.push(Member { client, sight });
        Ok(())
    }

    /// How many fit.
    pub fn count(&self, fits: impl Fn(&Sight) -> bool) -> usize {
        self.members.iter().filter(|member| fits(&member.sight())).count()
    }

    /// Waits until all fit, but not for ever; how many do.
    pub async fn wait(&self, limit: Duration, fits: impl Fn(&Sight) -> bool) -> usize {
        let deadline = Instant::now() + limit;
        loop {
            let count = self.count(&fits);
            if count == self.members.len() || Instant::now() > deadline {
                return count;
            }
            sleep(GLANCE).await;
        }
    }

    /// What all have got of so many messages.
    pub fn counts(&self, published: u64) -> Counts {
        let mut counts = Counts::default();
        for member in &self.members {
            counts += member.sight().track.clone().end(published);
        }
        counts
    }
}
