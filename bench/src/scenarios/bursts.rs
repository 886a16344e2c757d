//! Fan-out in bursts: the next one is published when everybody has got the last.

use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::load::crowd::{Crowd, Totals};
use crate::report::figure::{Better, Figure};
use crate::scenarios::meter;
use crate::scenarios::scenario::{Scenario, WARM_UP};
use crate::servers::process::Running;
use crate::servers::server::MAX_TOGETHER;

/// Bursts of messages to the subscribers of one or many channels.
#[derive(Debug, Clone)]
pub struct Bursts {
    /// Subscribers, spread over the channels.
    pub subscribers: usize,
    /// Channels, which get messages in turn.
    pub channels: usize,
    /// Messages of a burst.
    pub burst: usize,
    /// Bytes of a payload.
    pub payload_bytes: usize,
}

impl Scenario for Bursts {
    fn title(&self) -> String {
        let Self { subscribers, channels, burst, payload_bytes } = self;
        let who = if *channels == 1 {
            format!("1 channel × {subscribers} subscribers")
        } else {
            format!("{channels} channels × {}", subscribers / channels)
        };
        format!("{who}, {burst} in flight, {payload_bytes}-byte payloads")
    }

    fn payload_bytes(&self) -> usize {
        self.payload_bytes
    }

    fn run(&self, server: &Running, crowd: &mut Crowd, span: Duration) -> Result<Vec<Figure>, BenchError> {
        crowd.subscribe(self.subscribers, self.channels, 200)?;
        crowd.add_publishers(self.burst.div_ceil(MAX_TOGETHER))?;
        self.go(crowd, WARM_UP)?;

        if self.burst == 1 {
            crowd.count_latencies();
        }
        let (mut figures, reading) = meter::deliveries(server, crowd, |crowd| self.go(crowd, span))?;
        if self.burst == 1 {
            let latencies = crowd.take_latencies();
            for (name, share) in [("latency p50", 0.5), ("latency p99", 0.99)] {
                figures.push(Figure::time(name, Better::Lower, latencies.percentile(share)));
            }
        }
        figures.extend(reading.busy());
        Ok(figures)
    }
}

impl Bursts {
    fn go(&self, crowd: &mut Crowd, span: Duration) -> Result<(), BenchError> {
        let began = Instant::now();
        let audience = (self.subscribers / self.channels) as u64;
        while began.elapsed() < span {
            self.publish(crowd)?;
            let Totals { delivered, answered } = crowd.totals();
            crowd.reach(Totals {
                delivered: delivered + self.burst as u64 * audience,
                answered: answered + self.burst.div_ceil(MAX_TOGETHER) as u64,
            })?;
        }
        Ok(())
    }

    fn publish(&self, crowd: &mut Crowd) -> Result<(), BenchError> {
        let now = Instant::now();
        for (publisher, first) in (0..self.burst).step_by(MAX_TOGETHER).enumerate() {
            let messages = first..self.burst.min(first + MAX_TOGETHER);
            crowd.publish(publisher, messages.map(|message| message % self.channels), now)?;
        }
        Ok(())
    }
}
