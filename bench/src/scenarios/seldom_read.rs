//! Fan-out to subscribers that are seldom read: what a server needs for its writes, when the load leaves it its cores.

use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::load::crowd::{Crowd, Totals};
use crate::report::figure::Figure;
use crate::scenarios::meter;
use crate::scenarios::scenario::{Scenario, WARM_UP};
use crate::servers::process::Running;

/// Subscribers that are read at once, spread over all of them: when these have a message, it has been written to all but
/// a few, and the next one is published. So every message leaves by itself, and the server is never without one.
const WATCHED: usize = 16;

/// One message after the other to one channel. Subscribers read many messages with one read, in turns, so that the load
/// needs a small part of its core.
#[derive(Debug, Clone)]
pub struct SeldomRead {
    /// Subscribers of the one channel.
    pub subscribers: usize,
    /// Messages after which a subscriber is read.
    pub read_every: usize,
    /// Bytes of a payload.
    pub payload_bytes: usize,
}

impl Scenario for SeldomRead {
    fn title(&self) -> String {
        let Self { subscribers, read_every, payload_bytes } = self;
        format!(
            "1 channel × {subscribers} subscribers read every {read_every} messages, 1 in flight, \
             {payload_bytes}-byte payloads"
        )
    }

    fn payload_bytes(&self) -> usize {
        self.payload_bytes
    }

    fn leaves_room(&self) -> bool {
        true
    }

    fn run(&self, server: &Running, crowd: &mut Crowd, span: Duration) -> Result<Vec<Figure>, BenchError> {
        crowd.subscribe(self.subscribers, 1, 200)?;
        crowd.add_publishers(1)?;
        crowd.watch(WATCHED)?;
        self.go(crowd, WARM_UP)?;

        let (mut figures, reading) = meter::deliveries(server, crowd, |crowd| self.go(crowd, span))?;
        figures.extend(reading.busy());
        Ok(figures)
    }
}

impl SeldomRead {
    fn go(&self, crowd: &mut Crowd, span: Duration) -> Result<(), BenchError> {
        let began = Instant::now();
        for turn in 0.. {
            crowd.publish(0, std::iter::once(0), Instant::now())?;
            // While the server writes.
            let due = |turn: usize| self.subscribers * turn / self.read_every;
            let turn = turn % self.read_every;
            crowd.read(due(turn)..due(turn + 1))?;
            crowd.reach_watched()?;
            if began.elapsed() >= span {
                break;
            }
        }
        self.read_all(crowd)
    }

    /// Until everybody has everything.
    fn read_all(&self, crowd: &mut Crowd) -> Result<(), BenchError> {
        let published = crowd.published() as u64;
        crowd.read_until(Totals { delivered: published * self.subscribers as u64, answered: published })
    }
}
