//! Which core a process runs on.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::error::BenchError;

/// Does something on one core. Threads and processes started meanwhile stay there.
///
/// # Errors
/// When the machine has no such core.
pub fn on<T>(cpu: usize, act: impl FnOnce() -> T) -> Result<T, BenchError> {
    let before = sched_getaffinity(None).map_err(BenchError::system("ask for the cores of this program"))?;
    stay_on(cpu)?;
    let done = act();
    sched_setaffinity(None, &before).map_err(BenchError::system("return to the cores of before"))?;
    Ok(done)
}

/// Keeps this thread on one core.
///
/// # Errors
/// When the machine has no such core.
pub fn stay_on(cpu: usize) -> Result<(), BenchError> {
    let mut set = CpuSet::new();
    set.set(cpu);
    let what = format!("run on core {cpu}; choose others with --server-cpu and --load-cpu");
    sched_setaffinity(None, &set).map_err(BenchError::system(what))
}
