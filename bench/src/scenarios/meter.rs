//! What a server and the load used between two moments.

use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::load::crowd::Crowd;
use crate::machine::others::Moment;
use crate::machine::usage;
use crate::report::figure::{Better, Figure};
use crate::servers::process::Running;

/// The figure that tells how much others disturbed a round.
pub const OTHERS: &str = "cores busy with others";

/// Measures what is delivered while `go` runs. Returns the rate and the server's cost of a delivery, and the reading.
///
/// # Errors
/// When `go` fails, when the server does not run any more, and when the crowd has not got every message.
pub fn deliveries(
    server: &Running,
    crowd: &mut Crowd,
    go: impl FnOnce(&mut Crowd) -> Result<(), BenchError>,
) -> Result<(Vec<Figure>, Reading), BenchError> {
    let before = crowd.totals();
    let meter = Meter::start(server, crowd)?;
    go(crowd)?;
    let reading = meter.stop(crowd)?;
    crowd.check_whole(true)?;
    let delivered = crowd.totals().delivered - before.delivered;
    let figures = vec![
        reading.rate("deliveries", delivered),
        reading.server_cost("server CPU per delivery", delivered),
    ];
    Ok((figures, reading))
}

/// A measurement under way.
pub struct Meter<'a> {
    server: &'a Running,
    began: Instant,
    server_cpu: Duration,
    load_cpu: Duration,
    load_idle: Duration,
    machine: Moment,
}

/// What was used.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// Time on the clock.
    pub elapsed: Duration,
    /// Processor time of the server.
    pub server_cpu: Duration,
    /// Processor time of the load, without that in which it was only awake.
    pub load_cpu: Duration,
    /// Cores that others kept busy.
    pub others: f64,
}

impl<'a> Meter<'a> {
    /// Begins.
    ///
    /// # Errors
    /// When the server does not run any more.
    pub fn start(server: &'a Running, crowd: &Crowd) -> Result<Self, BenchError> {
        Ok(Self {
            server,
            server_cpu: server.cpu_time()?,
            load_cpu: usage::cpu_time("self").unwrap_or_default(),
            load_idle: crowd.idle(),
            machine: Moment::now(),
            began: Instant::now(),
        })
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Ends.
    ///
    /// # Errors
    /// When the server does not run any more.
    pub fn stop(self, crowd: &Crowd) -> Result<Reading, BenchError> {
        let elapsed = self.began.elapsed();
        let server_cpu = self.server.cpu_time()?.saturating_sub(self.server_cpu);
        let load_cpu = usage::cpu_time("self").unwrap_or_default().saturating_sub(self.load_cpu);
        let others = self.machine.others_since(server_cpu + load_cpu);
        let load_cpu = load_cpu.saturating_sub(crowd.idle().saturating_sub(self.load_idle));
        Ok(Reading { elapsed, server_cpu, load_cpu, others })
    }
}

impl Reading {
    /// So many of something, as a rate.
    pub fn rate(&self, name: &'static str, count: u64) -> Figure {
        Figure::new(name, "/s", Better::Higher, count as f64 / self.elapsed.as_secs_f64())
    }

    /// The server's processor time for each of so many, in microseconds.
    pub fn server_cost(&self, name: &'static str, count: u64) -> Figure {
        Figure::new(name, "µs", Better::Lower, self.server_cpu.as_secs_f64() * 1e6 / count.max(1) as f64)
    }

    /// How busy the server and the load kept their cores, and others both of them: what limited the figures.
    pub fn busy(&self) -> [Figure; 3] {
        let share = |used: Duration| 100.0 * used.as_secs_f64() / self.elapsed.as_secs_f64();
        [
            Figure::new("server's core busy", "%", Better::Neither, share(self.server_cpu)),
            Figure::new("load's core busy", "%", Better::Neither, share(self.load_cpu)),
            Figure::new(OTHERS, "", Better::Neither, self.others),
        ]
    }
}
