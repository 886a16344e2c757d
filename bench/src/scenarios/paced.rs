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
        Pace::of(self, crowd).go_on(crowd, WARM_UP)?;
        self.settle(crowd)?;

        crowd.count_latencies();
        let before = crowd.totals();
        let meter = Meter::start(server, crowd)?;
        let pace = Pace::of(self, crowd);
        pace.go_on(crowd, span / 2)?;
        let mut latencies = crowd.take_latencies();
        let first_half = latencies.percentile(0.5);
        crowd.count_latencies();
        pace.go_on(crowd, span)?;
        self.settle(crowd)?;
        let reading = meter.stop(crowd)?;
        crowd.check_whole(false)?;

        let later = crowd.take_latencies();
        let second_half = later.percentile(0.5);
        latencies.add(&later);
        let delivered = crowd.totals().delivered - before.delivered;
        let mut figures: Vec<Figure> =
            [("latency p50", 0.5), ("latency p95", 0.95), ("latency p99", 0.99), ("latency worst", 1.0)]
                .into_iter()
                .map(|(name, share)| Figure::time(name, Better::Lower, latencies.percentile(share)))
                .collect();
        // Where a queue grows, whatever comes later waits longer.
        figures.push(Figure::time("latency p50, first half", Better::Lower, first_half));
        figures.push(Figure::time("latency p50, second half", Better::Lower, second_half));
        figures.push(reading.server_cost("server CPU per delivery", delivered));
        figures.extend(reading.busy());
        Ok(figures)
    }
}

impl Paced {
    /// Waits until everybody has everything.
    fn settle(&self, crowd: &mut Crowd) -> Result<(), BenchError> {
        let published = crowd.published() as u64;
        crowd.reach(Totals { delivered: published * self.subscribers as u64, answered: published })
    }
}

/// When each message of a measurement is due.
struct Pace {
    began: Instant,
    first: usize,
    rate: u32,
}

impl Pace {
    /// The pace of a measurement that begins now.
    fn of(paced: &Paced, crowd: &Crowd) -> Self {
        Self { began: Instant::now(), first: crowd.published(), rate: paced.rate }
    }

    /// Publishes each message when it is due, until that long after the beginning. Never sleeps: waking up would cost as
    /// much as what is measured, and the load has a core of its own.
    fn go_on(&self, crowd: &mut Crowd, until: Duration) -> Result<(), BenchError> {
        let wanted = self.first + (until.as_secs_f64() * f64::from(self.rate)) as usize;
        while crowd.published() < wanted {
            let number = crowd.published() - self.first;
            let due = self.began + Duration::from_secs(1).mul_f64(number as f64 / f64::from(self.rate));
            match crowd.idle_publisher().filter(|_| due <= Instant::now()) {
                Some(publisher) => crowd.publish(publisher, std::iter::once(0), due)?,
                None => crowd.turn(Some(Duration::ZERO), "for answers")?,
            }
        }
        Ok(())
    }
}
