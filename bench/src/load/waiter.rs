//! Waiting for something to happen: asleep, or awake.

use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::load::poll::Poll;
use crate::machine::usage::thread_cpu_time;

/// What is done while nothing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Looking again at once. Whoever writes to somebody asleep has to wake him up: that took up to a fifth of a server's
    /// time, more or less from moment to moment, and is nothing that clients on other machines would cost it.
    Awake,
    /// Sleeping, so that others may have the core.
    Asleep,
}

/// Waits for sockets.
pub struct Waiter {
    /// The sockets.
    pub poll: Poll,
    waits: Waits,
    idle: Duration,
}

impl Waiter {
    /// Waits for no socket yet.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn new(waits: Waits) -> Result<Self, BenchError> {
        Ok(Self { poll: Poll::new()?, waits, idle: Duration::ZERO })
    }

    /// Processor time that it has spent awake without finding anything, so far.
    pub const fn idle(&self) -> Duration {
        self.idle
    }

    /// Fetches what has come, and waits for that for at most so long.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn wait(&mut self, timeout: Duration) -> Result<(), BenchError> {
        if !timeout.is_zero() {
            return self.poll.wait(Some(timeout));
        }
        let began = thread_cpu_time();
        self.poll.wait(Some(timeout))?;
        if self.poll.fetched() == 0 {
            self.idle += thread_cpu_time().saturating_sub(began);
        }
        Ok(())
    }

    /// Waits until something has come, and fetches it. A wait that a signal cut short begins anew for the rest of the time,
    /// and whoever was stopped for longer than that looks once more.
    ///
    /// # Errors
    /// [`BenchError::Stalled`] when nothing has come for so long; `what` tells what for. When the system refuses.
    pub fn wait_for_some(&mut self, longest: Duration, what: &str) -> Result<(), BenchError> {
        let until = Instant::now() + longest;
        let mut idle_since = None;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let is_awake = self.waits == Waits::Awake;
            self.poll.wait(Some(if is_awake { Duration::ZERO } else { left }))?;
            if self.poll.fetched() > 0 {
                if let Some(since) = idle_since {
                    self.idle += thread_cpu_time().saturating_sub(since);
                }
                return Ok(());
            }
            if is_awake && idle_since.is_none() {
                idle_since = Some(thread_cpu_time());
            }
            if left.is_zero() {
                return Err(BenchError::Stalled { what: what.to_owned(), seconds: longest.as_secs() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;
    use crate::load::poll::Interest;

    const SOON: Duration = Duration::from_secs(60);
    const A_MOMENT: Duration = Duration::from_millis(20);

    /// Waits for a byte that comes after a moment. Returns the time without anything to do.
    fn waits_a_moment(waits: Waits) -> Duration {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut waiter = Waiter::new(waits).unwrap();
        waiter.poll.add(&ours, 7, Interest::Read).unwrap();
        let sender = thread::spawn(move || {
            thread::sleep(A_MOMENT);
            theirs.write_all(b"x").unwrap();
            theirs
        });
        waiter.wait_for_some(SOON, "for a byte").unwrap();
        assert_eq!(waiter.poll.event(0).unwrap().token, 7);
        drop(sender.join().unwrap());
        waiter.idle()
    }

    #[test]
    fn time_awake_without_anything_to_do_is_counted_and_sleep_is_not() {
        assert!(waits_a_moment(Waits::Awake) > Duration::ZERO);
        assert_eq!(waits_a_moment(Waits::Asleep), Duration::ZERO);
    }

    #[test]
    fn nothing_for_too_long_is_a_stall_either_way() {
        for waits in [Waits::Awake, Waits::Asleep] {
            let mut waiter = Waiter::new(waits).unwrap();
            let error = waiter.wait_for_some(A_MOMENT, "for nothing").unwrap_err();
            assert!(
                matches!(error, BenchError::Stalled { ref what, .. } if what == "for nothing"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_look_waits_for_nothing_and_counts_as_idle_when_it_finds_nothing() {
        let mut waiter = Waiter::new(Waits::Asleep).unwrap();
        waiter.wait(Duration::ZERO).unwrap();
        assert_eq!(waiter.poll.fetched(), 0);
        assert!(waiter.idle() > Duration::ZERO);
    }
}
