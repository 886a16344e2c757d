//! The machine in one line.

use std::fs;
use std::thread::available_parallelism;

/// Processor, cores and kernel, as far as /proc tells.
pub fn describe() -> String {
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(": ")?.1.trim().to_owned())
    });
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = available_parallelism().map_or(1, usize::from);
    format!(
        "{}, {cores} cores, Linux {}",
        model.unwrap_or_else(|| "unknown processor".to_owned()),
        kernel.trim()
    )
}
