//! The signals by which whoever runs a relay speaks to it.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// How long after a signal to stop another one is its echo. `npm`, say, passes on to the relay what the terminal has
/// sent to both of them.
const ECHO: Duration = Duration::from_secs(1);

/// What a signal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// To stop.
    Stop(Stop),
    /// To look at its files.
    Reload,
}

/// A signal that says to stop, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// From a service manager, usually.
    SIGTERM,
    /// From the keyboard, usually.
    SIGINT,
    /// The terminal is gone.
    SIGHUP,
}

impl Stop {
    /// The exit code of a process that did not do more than end at this signal: 128 and the signal's number, as shells
    /// have it.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::SIGHUP => 129,
            Self::SIGINT => 130,
            Self::SIGTERM => 143,
        })
    }
}

/// Hears the signals. Those that come while nobody waits are kept, once each.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// To a program at a terminal it says that the terminal is gone; to a service that it should look at its files.
    hang_up: Signal,
    has_terminal: bool,
}

impl Signals {
    /// Hears them from now on; none of them ends the process by itself any more.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn hear() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            has_terminal: io::stderr().is_terminal(),
        })
    }

    /// Waits for the next one. Nothing is lost when it is given up.
    pub async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Stop(Stop::SIGTERM),
            _ = self.interrupt.recv() => Told::Stop(Stop::SIGINT),
            _ = self.hang_up.recv() => match self.has_terminal {
                true => Told::Stop(Stop::SIGHUP),
                false => Told::Reload,
            },
        }
    }
}

/// Waits until who was told to stop just now is told so again, in earnest.
pub async fn again(mut next: impl AsyncFnMut() -> Told) -> Stop {
    let first = Instant::now();
    loop {
        if let Told::Stop(stop) = next().await
            && first.elapsed() >= ECHO
        {
            return stop;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;
    use tokio::time::{advance, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_counts_once_it_cannot_be_an_echo_of_the_first() {
        let (say, mut heard) = unbounded_channel();
        let mut waiting = Box::pin(again(async || heard.recv().await.unwrap()));
        let mut told = async |what| {
            say.send(what).unwrap();
            timeout(Duration::ZERO, &mut waiting).await.ok()
        };
        assert_eq!(told(Told::Stop(Stop::SIGINT)).await, None, "a terminal's, passed on by npm");
        advance(ECHO - Duration::from_millis(1)).await;
        assert_eq!(told(Told::Stop(Stop::SIGTERM)).await, None);
        advance(Duration::from_millis(1)).await;
        assert_eq!(told(Told::Reload).await, None, "says nothing about stopping");
        assert_eq!(told(Told::Stop(Stop::SIGTERM)).await, Some(Stop::SIGTERM));
    }
}
