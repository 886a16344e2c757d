//! How much of the machine others used during a measurement. It says how far absolute figures are to be trusted.

use std::fs;
use std::time::{Duration, Instant};

use crate::machine::usage;

/// Processor time of the whole machine at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    at: Instant,
    busy: Duration,
}

impl Moment {
    /// Now. Without /proc/stat the machine counts as idle.
    pub fn now() -> Self {
        Self { at: Instant::now(), busy: busy() }
    }

    /// Cores that others kept busy since this moment, on average, when the measurement itself used `own`.
    pub fn others_since(&self, own: Duration) -> f64 {
        let busy = busy().saturating_sub(self.busy).saturating_sub(own);
        busy.as_secs_f64() / self.at.elapsed().as_secs_f64().max(0.001)
    }
}

/// All that is not idle or waiting for disks (proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal).
fn busy() -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
    let ticks: u64 = fields
        .enumerate()
        .filter(|(index, _)| !matches!(index, 3 | 4))
        .filter_map(|(_, field)| field.parse::<u64>().ok())
        .sum();
    usage::ticks_as_time(ticks)
}
