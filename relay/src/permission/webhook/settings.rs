//! The webhook's settings, with the reason for each default.

use std::num::NonZeroU32;
use std::time::Duration;

use super::address::BackendAddress;
use super::signature::Secret;

/// How the site's backend is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where it is.
    pub address: BackendAddress,
    /// What questions are signed with. Without one the backend cannot tell the relay from a stranger.
    pub secret: Option<Secret>,
    /// How long the backend may take for an answer, and how long a question may wait before it is sent.
    ///
    /// 1 s: a page waits for it, and a backend that asks a database takes a tenth of that.
    pub timeout: Duration,
    /// Questions that are under way at the same time, each on a connection of its own.
    ///
    /// 64: at ten milliseconds an answer that is 6,400 a second, and few enough connections for any server.
    pub max_in_flight: NonZeroU32,
    /// How long an answer is remembered; `None` asks each time.
    ///
    /// Not at all: the API promises that every attempt to subscribe is checked.
    pub remembered_for: Option<Duration>,
}

/// Questions that may be open at the same time, those that wait for their turn included. Equal ones count once.
///
/// 10,000: the crowd that returns after a restart asks all at once, and what cannot be sent within the deadline is of
/// no use; at some 700 bytes each they weigh 7 MB.
pub const MAX_OPEN: usize = 10_000;

/// Answers that are remembered at the most; the oldest go first.
///
/// 50,000: half the sessions of a full relay, each with one channel; at some 400 bytes each they weigh 20 MB.
pub const MAX_REMEMBERED: usize = 50_000;

impl WebhookSettings {
    /// The default of [`timeout`](Self::timeout).
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);

    /// The default of [`max_in_flight`](Self::max_in_flight).
    pub const DEFAULT_MAX_IN_FLIGHT: NonZeroU32 = const { NonZeroU32::new(64).unwrap() };

    /// The defaults for a backend at this address.
    pub fn at(address: BackendAddress) -> Self {
        Self {
            address,
            secret: None,
            timeout: Self::DEFAULT_TIMEOUT,
            max_in_flight: Self::DEFAULT_MAX_IN_FLIGHT,
            remembered_for: None,
        }
    }

    /// Could somebody on the way read questions and answers, and ask by himself?
    pub fn is_open_to_strangers(&self) -> bool {
        self.secret.is_none() && self.address.is_plain() && !self.address.is_loopback()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_to_another_machine_without_a_secret_is_open_to_strangers() {
        let settings = |url: &str| WebhookSettings::at(BackendAddress::parse(url).unwrap());
        assert!(settings("http://backend.internal").is_open_to_strangers());
        assert!(!settings("http://127.0.0.1:8080").is_open_to_strangers());
        assert!(!settings("https://backend.internal").is_open_to_strangers());
        let signed =
            WebhookSettings { secret: Some(Secret::new("s")), ..settings("http://backend.internal") };
        assert!(!signed.is_open_to_strangers());
    }
}
