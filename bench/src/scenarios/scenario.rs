//! What all scenarios have in common.

use std::time::Duration;

use crate::error::BenchError;
use crate::load::crowd::Crowd;
use crate::report::figure::Figure;
use crate::servers::process::Running;

/// How long a scenario runs before it counts: connections have found their buffers, pages are mapped.
pub const WARM_UP: Duration = Duration::from_millis(300);

/// One thing to measure on one server, once.
pub trait Scenario {
    /// What it is, in a line.
    fn title(&self) -> String;

    /// Bytes of a message's payload.
    fn payload_bytes(&self) -> usize;

    /// Whether its load leaves the rest of its core to the server, or would if the server could use it.
    fn leaves_room(&self) -> bool {
        false
    }

    /// Does it. The server has just been started, and nobody else uses it.
    ///
    /// # Errors
    /// When there is no figure, because the system or the server did not do what it should.
    fn run(&self, server: &Running, crowd: &mut Crowd, span: Duration) -> Result<Vec<Figure>, BenchError>;
}
