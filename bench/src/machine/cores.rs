//! Which cores a process runs on.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::error::BenchError;

/// Does something on these cores. Threads and processes started meanwhile stay there.
///
/// # Errors
/// When the machine has none of them.
pub fn on<T>(cpus: &[usize], act: impl FnOnce() -> T) -> Result<T, BenchError> {
    let before = sched_getaffinity(None).map_err(BenchError::system("ask for the cores of this program"))?;
    stay_on(cpus)?;
    let done = act();
    sched_setaffinity(None, &before).map_err(BenchError::system("return to the cores of before"))?;
    Ok(done)
}

/// Keeps this thread on these cores.
///
/// # Errors
/// When the machine has none of them.
pub fn stay_on(cpus: &[usize]) -> Result<(), BenchError> {
    let mut set = CpuSet::new();
    cpus.iter().for_each(|cpu| set.set(*cpu));
    let what = format!("run on cores {cpus:?}; choose others with --server-cpu and --load-cpu");
    sched_setaffinity(None, &set).map_err(BenchError::system(what))
}
