//! Connections: how fast a crowd that arrives at once is let in.

use std::time::Duration;

use crate::error::BenchError;
use crate::load::crowd::Crowd;
use crate::report::figure::{Better, Figure};
use crate::scenarios::meter::Meter;
use crate::scenarios::scenario::Scenario;
use crate::servers::process::Running;

/// Clients that connect, say who they are, and subscribe to one channel.
#[derive(Debug, Clone)]
pub struct Connect {
    /// How many.
    pub connections: usize,
    /// How many may be on their way at once.
    pub at_once: usize,
}

impl Scenario for Connect {
    fn title(&self) -> String {
        let Self { connections, at_once } = self;
        format!("{connections} clients connect and subscribe, {} at once", at_once.min(connections))
    }

    fn payload_bytes(&self) -> usize {
        128
    }

    fn run(&self, server: &Running, crowd: &mut Crowd, _span: Duration) -> Result<Vec<Figure>, BenchError> {
        let meter = Meter::start(server, crowd)?;
        let times = crowd.subscribe(self.connections, 1, self.at_once)?;
        let reading = meter.stop(crowd)?;
        let mut figures = vec![
            reading.rate("connections", self.connections as u64),
            Figure::time("until subscribed, p50", Better::Lower, times.percentile(0.5)),
            Figure::time("until subscribed, p99", Better::Lower, times.percentile(0.99)),
            Figure::time("until subscribed, slowest", Better::Lower, times.percentile(1.0)),
            reading.server_cost("server CPU per connection", self.connections as u64),
        ];
        figures.extend(reading.busy());
        Ok(figures)
    }
}
