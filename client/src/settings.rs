//! How patient a client is.

use std::time::Duration;

use crate::millis::Millis;

/// Times and limits of a machine. The defaults suit browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long an attempt to connect may take, from opening the transport to the relay's welcome.
    pub connect_timeout: Duration,
    /// How long a subscribe waits for its first answer, attempts to connect included, before it is refused.
    pub subscribe_timeout: Duration,
    /// How long the relay may take to answer a client that has woken up and asks whether the connection still carries
    /// anything.
    pub probe_timeout: Duration,
    /// The longest first wait between two attempts; doubles with each failure.
    pub backoff_base: Duration,
    /// The longest wait between two attempts.
    pub backoff_cap: Duration,
    /// The shortest wait, so that no chain of failures becomes a tight loop.
    pub backoff_floor: Duration,
    /// How long a connection must have lasted to count as good again: then waits start over. A shorter one makes up for one
    /// failure with each fifth of this.
    pub stable_after: Duration,
    /// The longest wait that a relay may ask for when it says goodbye.
    pub longest_goodbye: Duration,
    /// How long a connection, or the attempt to make one, goes on when nothing is subscribed any more: for pages that
    /// subscribe again at once, as those do that draw themselves anew.
    pub linger: Duration,
    /// How many subscribe requests may be unanswered at a time. Bounds what a returning client asks of the relay's
    /// permission check at once; the others wait for replies.
    pub requests_in_flight: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            subscribe_timeout: Duration::from_secs(10),
            probe_timeout: Duration::from_secs(5),
            backoff_base: Duration::from_millis(500),
            backoff_cap: Duration::from_secs(30),
            backoff_floor: Duration::from_millis(50),
            stable_after: Duration::from_secs(10),
            longest_goodbye: Duration::from_secs(600),
            linger: Duration::from_secs(1),
            requests_in_flight: 128,
        }
    }
}

/// The same, as the rooms of the machine count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) connect_timeout: Millis,
    pub(crate) subscribe_timeout: Millis,
    pub(crate) probe_timeout: Millis,
    pub(crate) backoff_base: Millis,
    pub(crate) backoff_cap: Millis,
    pub(crate) backoff_floor: Millis,
    pub(crate) stable_after: Millis,
    pub(crate) longest_goodbye: Millis,
    pub(crate) linger: Millis,
}

impl From<&Settings> for Times {
    fn from(settings: &Settings) -> Self {
        Self {
            connect_timeout: settings.connect_timeout.into(),
            subscribe_timeout: settings.subscribe_timeout.into(),
            probe_timeout: settings.probe_timeout.into(),
            backoff_base: settings.backoff_base.into(),
            backoff_cap: settings.backoff_cap.into(),
            backoff_floor: settings.backoff_floor.into(),
            stable_after: settings.stable_after.into(),
            longest_goodbye: settings.longest_goodbye.into(),
            linger: settings.linger.into(),
        }
    }
}
