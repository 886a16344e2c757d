//! What a process uses, as the system tells it.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The processor time that all threads of a process have used, user and system, in steps of 10 ms. The process is a
/// folder's name in /proc: a number, or `self`. `None` when there is no such process.
pub fn cpu_time(process: &str) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in brackets, which may hold anything (proc_pid_stat(5)).
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks_as_time(ticks))
}

/// The processor time that this thread has used, in nanoseconds' steps.
pub fn thread_cpu_time() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    // A clock that counts from 0 has no negative parts.
    Duration::new(used.tv_sec.try_into().unwrap_or(0), used.tv_nsec.try_into().unwrap_or(0))
}

/// The memory that a process has in RAM.
pub fn resident_bytes(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// The system's ticks, mostly of 10 ms, as time.
pub fn ticks_as_time(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn work_shows_in_the_processor_time_of_this_process_and_memory_in_its_residence() {
        let (time, bytes) = (cpu_time("self").unwrap(), resident_bytes("self").unwrap());
        let began = Instant::now();
        let mut memory = vec![0u8; 32 << 20];
        while cpu_time("self").unwrap() < time + Duration::from_millis(50) {
            memory.iter_mut().step_by(512).for_each(|byte| *byte = byte.wrapping_add(1));
            assert!(began.elapsed() < Duration::from_secs(30), "50 ms of work took 30 s");
        }
        assert!(resident_bytes("self").unwrap() >= bytes + (24 << 20));
        assert_eq!(cpu_time("0"), None);
    }
}
