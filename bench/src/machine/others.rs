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

/// Cores that others may keep busy on a machine that counts as quiet.
pub const QUIET_CORES: f64 = 0.15;

/// How long the machine is watched before it counts as quiet: twenty of its ticks.
const WATCH: Duration = Duration::from_millis(200);

/// Waits until the machine is quiet, for at most so long. Returns what is left of that time.
pub fn wait_until_quiet(patience: Duration) -> Duration {
    let began = Instant::now();
    loop {
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() {
            return left;
        }
        let moment = Moment::now();
        std::thread::sleep(WATCH.min(left));
        if moment.others_since(Duration::ZERO) < QUIET_CORES {
            return left;
        }
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
