//! Latency at a steady pace.

use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::load::crowd::{Crowd, Totals};
use crate::report::figure::{Better, Figure};
use crate::scenarios::meter::Meter;
use crate::scenarios::scenario::{Scenario, WARM_UP};
use crate::servers::process::Running;

/// Requests that may be on their way at once; a message that is due and finds none free waits, and its wait counts.
const PUBLISHERS: usize = 32;

/// So many messages a second to the subscribers of one channel, each published by itself when it is due.
#[derive(Debug, Clone)]
pub struct Paced {
    /// Subscribers of the one channel.
    pub subscribers: usize,
    /// Messages a second.
    pub rate: u32,
    /// Bytes of a payload.
    pub payload_bytes: usize,
}

impl Scenario for Paced {
    fn title(&self) -> String {
        let Self { subscribers, rate, payload_bytes } = self;
        format!("1 channel × {subscribers} subscribers, {rate} messages/s, {payload_bytes}-byte payloads")
    }

    fn payload_bytes(&self) -> usize {
        self.payload_bytes
    }

    fn run(&self, server: &Running, crowd: &mut Crowd, span: Duration) -> Result<Vec<Figure>, BenchError> {
        crowd.subscribe(self.subscribers, 1, 200)?;
        crowd.add_publishers(PUBLISHERS)?;
        self.go(crowd, WARM_UP)?;

        crowd.count_latencies();
        let before = crowd.totals();
        let meter = Meter::start(server)?;
        self.go(crowd, span)?;
        let reading = meter.stop()?;
        crowd.check_whole(false)?;

        let latencies = crowd.take_latencies();
        let delivered = crowd.totals().delivered - before.delivered;
        let mut figures: Vec<Figure> =
            [("latency p50", 0.5), ("latency p95", 0.95), ("latency p99", 0.99), ("latency worst", 1.0)]
                .into_iter()
                .map(|(name, share)| Figure::time(name, Better::Lower, latencies.percentile(share)))
                .collect();
        figures.push(reading.server_cost("server CPU per delivery", delivered));
        figures.extend(reading.busy());
        Ok(figures)
    }
}

impl Paced {
    /// Never sleeps: waking up would cost as much as what is measured, and the load has a core of its own.
    fn go(&self, crowd: &mut Crowd, span: Duration) -> Result<(), BenchError> {
        let began = Instant::now();
        let first = crowd.published();
        let wanted = first + (span.as_secs_f64() * f64::from(self.rate)) as usize;
        while crowd.published() < wanted {
            let due = began
                + Duration::from_secs(1).mul_f64((crowd.published() - first) as f64 / f64::from(self.rate));
            match crowd.idle_publisher().filter(|_| due <= Instant::now()) {
                Some(publisher) => crowd.publish(publisher, std::iter::once(0), due)?,
                None => crowd.turn(Some(Duration::ZERO), "for answers")?,
            }
        }
        let published = crowd.published() as u64;
        crowd.reach(Totals { delivered: published * self.subscribers as u64, answered: published })
    }
}
