//! Memory of connections that wait for messages.

use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::load::crowd::Crowd;
use crate::report::figure::{Better, Figure};
use crate::scenarios::scenario::Scenario;
use crate::servers::process::Running;

/// How long the server may tidy up before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// Connections that come before the first reading, so that what a server needs once does not count.
const FIRST: usize = 50;

/// Subscribed connections at rest.
#[derive(Debug, Clone)]
pub struct Memory {
    /// How many.
    pub connections: usize,
    /// Channels that they are spread over.
    pub channels: usize,
}

impl Scenario for Memory {
    fn title(&self) -> String {
        let Self { connections, channels } = self;
        let channels = if *channels == 1 { "1 channel".to_owned() } else { format!("{channels} channels") };
        format!("{connections} connections at rest, subscribed to {channels}")
    }

    fn payload_bytes(&self) -> usize {
        128
    }

    fn run(&self, server: &Running, crowd: &mut Crowd, _span: Duration) -> Result<Vec<Figure>, BenchError> {
        crowd.subscribe(FIRST, self.channels, FIRST)?;
        let before = server.resident_bytes()?;
        crowd.subscribe(self.connections, self.channels, 200)?;
        let until = Instant::now() + REST;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            crowd.turn(Some(left), "")?;
        }
        let after = server.resident_bytes()?;
        let grown = after.saturating_sub(before) as f64 / 1024.0;
        Ok(vec![
            Figure::new("memory per connection", "KB", Better::Lower, grown / self.connections as f64),
            Figure::new("memory in all", "MB", Better::Lower, after as f64 / 1_048_576.0),
        ])
    }
}
