//! Publishes one by one: how many HTTP requests a server takes while it delivers them.

use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::load::crowd::{Crowd, Totals};
use crate::report::figure::Figure;
use crate::scenarios::meter::Meter;
use crate::scenarios::scenario::{Scenario, WARM_UP};
use crate::servers::process::Running;

/// Publishers that each send the next message when the last is answered.
#[derive(Debug, Clone)]
pub struct Publish {
    /// Publishers, each with a connection that is kept.
    pub in_flight: usize,
    /// Subscribers of the one channel.
    pub subscribers: usize,
    /// Bytes of a payload.
    pub payload_bytes: usize,
}

impl Scenario for Publish {
    fn title(&self) -> String {
        let Self { in_flight, subscribers, payload_bytes } = self;
        format!(
            "single publishes, {in_flight} in flight, {subscribers} subscribers, {payload_bytes}-byte payloads"
        )
    }

    fn payload_bytes(&self) -> usize {
        self.payload_bytes
    }

    fn run(&self, server: &Running, crowd: &mut Crowd, span: Duration) -> Result<Vec<Figure>, BenchError> {
        crowd.subscribe(self.subscribers, 1, 200)?;
        crowd.add_publishers(self.in_flight)?;
        self.go(crowd, WARM_UP)?;

        let before = crowd.published();
        let meter = Meter::start(server, crowd)?;
        self.go(crowd, span)?;
        let reading = meter.stop(crowd)?;
        crowd.check_whole(false)?;

        let published = (crowd.published() - before) as u64;
        let mut figures = vec![
            reading.rate("publishes", published),
            reading.rate("deliveries", published * self.subscribers as u64),
            reading.server_cost("server CPU per publish", published),
        ];
        figures.extend(reading.busy());
        Ok(figures)
    }
}

impl Publish {
    fn go(&self, crowd: &mut Crowd, span: Duration) -> Result<(), BenchError> {
        let began = Instant::now();
        while began.elapsed() < span {
            while let Some(publisher) = crowd.idle_publisher() {
                crowd.publish(publisher, std::iter::once(0), Instant::now())?;
            }
            crowd.turn(None, "for answers")?;
        }
        let published = crowd.published() as u64;
        crowd.reach(Totals { delivered: published * self.subscribers as u64, answered: published })
    }
}
