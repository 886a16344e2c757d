//! The limits of the script engines, with the reason for each default.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

/// What one engine may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineLimits {
    /// How long a handler may run for one decision, promises included.
    ///
    /// 100 ms: decisions take microseconds, so this is only ever reached by a loop that does not end.
    pub time: Duration,
    /// How long the file and its imports may run when they are loaded.
    ///
    /// 5 s: nobody waits but the operator, and a big table may be built at the top level.
    pub load_time: Duration,
    /// The memory that the engine may hold, the loaded files included.
    ///
    /// 32 MiB: an engine with a small file holds a quarter of a megabyte.
    pub memory_bytes: usize,
    /// How deep calls may nest, as bytes of stack.
    ///
    /// 512 KiB: about 800 calls of a function by itself.
    pub stack_bytes: usize,
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_millis(100),
            load_time: Duration::from_secs(5),
            memory_bytes: 32 << 20,
            stack_bytes: 512 << 10,
        }
    }
}

/// How many engines there are and who may wait for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// Threads, each with an engine of its own.
    ///
    /// Half the cores, at least one: one thread gives over a hundred thousand decisions a second, and the other
    /// cores have messages to carry.
    pub threads: NonZeroUsize,
    /// Questions that may wait; a further one is answered with
    /// [`QueueFull`](super::super::question::Unavailability::QueueFull) at once.
    ///
    /// 32,768: the crowd that returns after a restart asks all at once, and one thread works that off in half a
    /// second; at some 300 bytes each they weigh 10 MB.
    pub queue: NonZeroUsize,
    /// How long a question may wait for an engine.
    ///
    /// 1 s: long enough for the queue behind a few handlers that run into their time limit, short enough for a
    /// client that waits.
    pub wait: Duration,
    /// What each engine may use.
    pub engine: EngineLimits,
}

impl Default for PoolSettings {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            threads: NonZeroUsize::new(cores / 2).unwrap_or(NonZeroUsize::MIN),
            queue: const { NonZeroUsize::new(32_768).unwrap() },
            wait: Duration::from_secs(1),
            engine: EngineLimits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers are told in `docs/operations.md` and `docs/migrate-from-velo.md`.
    #[test]
    fn a_handler_has_100_milliseconds_32_mebibytes_and_half_a_mebibyte_of_stack_and_a_file_5_seconds() {
        let limits = EngineLimits {
            time: Duration::from_millis(100),
            load_time: Duration::from_secs(5),
            memory_bytes: 32 * 1024 * 1024,
            stack_bytes: 512 * 1024,
        };
        assert_eq!(EngineLimits::default(), limits);
        assert_eq!(PoolSettings::default().engine, limits);
        assert!(
            include_str!("../../../../docs/operations.md")
                .contains("| a permission handler | 100 ms, 32 MiB |")
        );
    }

    #[test]
    fn a_question_waits_for_a_second_behind_32768_others_at_the_most() {
        let settings = PoolSettings::default();
        assert_eq!((settings.wait, settings.queue.get()), (Duration::from_secs(1), 32_768));
        assert!(settings.threads.get() <= thread::available_parallelism().map_or(1, NonZeroUsize::get));
    }
}
