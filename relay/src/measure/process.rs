//! What the process takes of its machine, by the names that every Prometheus exporter uses. Linux tells it under
//! `/proc/self` (proc(5)); elsewhere there is nothing to tell.

use std::fs;

use metrics::{counter, describe_counter, describe_gauge, gauge};

const MEMORY: &str = "process_resident_memory_bytes";
const CPU: &str = "process_cpu_seconds_total";
const DESCRIPTORS: &str = "process_open_fds";
const MAX_DESCRIPTORS: &str = "process_max_fds";
const THREADS: &str = "process_threads";

/// The unit of processor times in `/proc`, which is the same on every Linux (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// Tells the recorder what these mean.
pub fn describe() {
    describe_gauge!(MEMORY, "Memory that the process has in RAM.");
    describe_counter!(CPU, "Processor time that the process has taken, of all cores, whole seconds.");
    describe_gauge!(DESCRIPTORS, "Open descriptors: each connection is one.");
    describe_gauge!(MAX_DESCRIPTORS, "Descriptors that the process may open.");
    describe_gauge!(THREADS, "Threads of the process.");
}

/// Reads them anew.
pub fn read() {
    if let Some(status) = read_file("status") {
        set(MEMORY, field(&status, "VmRSS:").map(|kibibytes| kibibytes * 1024));
        set(THREADS, field(&status, "Threads:"));
    }
    if let Some(ticks) = read_file("stat").as_deref().and_then(cpu_ticks) {
        counter!(CPU).absolute(ticks / TICKS_PER_SECOND);
    }
    // The folder's own descriptor is not one of the relay's.
    set(
        DESCRIPTORS,
        fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count().saturating_sub(1) as u64),
    );
    set(MAX_DESCRIPTORS, rlimit::Resource::NOFILE.get_soft().ok());
}

fn set(name: &'static str, value: Option<u64>) {
    if let Some(value) = value {
        gauge!(name).set(value as f64);
    }
}

fn read_file(name: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/self/{name}")).ok()
}

/// The number of a line like `VmRSS:     5124 kB`.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `utime` and `stime`, the 14th and 15th field. The second, the program's name, may have blanks and ends with the last
/// bracket.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let behind_name = stat.rsplit_once(')')?.1;
    let mut fields = behind_name.split_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_whatever_the_program_is_called() {
        let stat = "42 (a ) name) S 1 42 42 0 -1 4194304 100 0 0 0 150 75 0 0 20 0 4 0 1000 1 1";
        assert_eq!(cpu_ticks(stat), Some(225));
        assert_eq!(cpu_ticks("nonsense"), None);
    }

    #[test]
    fn a_field_is_the_number_behind_its_name() {
        let status = "Name:\trelay\nVmRSS:\t    5124 kB\nThreads:\t4\n";
        assert_eq!(
            (field(status, "VmRSS:"), field(status, "Threads:"), field(status, "VmSwap:")),
            (Some(5124), Some(4), None)
        );
    }
}
