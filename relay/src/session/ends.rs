//! How sessions end and what they are refused, counted.

use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{counter, describe_counter};
use realtime_hub::channel::SessionId;
use realtime_protocol::close::CloseCode;
use realtime_protocol::error::Status;

use crate::log::pace::Pace;

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The relay closed it with one of the protocol's codes.
    Code(CloseCode),
    /// The client broke the rules of WebSocket.
    BrokeWebSocket,
    /// The client closed it.
    ClientClosed,
    /// The connection was lost.
    Lost,
}

impl End {
    /// Says in the log that a session has ended because its client wanted more than it may have. Strangers can cause
    /// that at will, so each limit has a pace.
    pub fn tell_limit(self, session: SessionId) {
        static SLOW: Pace = Pace::new();
        static HELLO: Pace = Pace::new();
        static FRAME: Pace = Pace::new();
        static FLOODING: Pace = Pace::new();
        static IDLE: Pace = Pace::new();
        let (pace, what) = match self {
            Self::Code(CloseCode::Slow) => (&SLOW, "a client read too slowly (--max-outbox-bytes)"),
            Self::Code(CloseCode::HelloTooLate) => {
                (&HELLO, "a client said no hello in time (--hello-timeout-seconds)")
            }
            Self::Code(CloseCode::FrameTooLarge) => (&FRAME, "a client sent a frame that was too large"),
            Self::Code(CloseCode::Flooding) => {
                (&FLOODING, "a client sent too many messages (--max-frames-per-second)")
            }
            Self::Code(CloseCode::Idle) => {
                (&IDLE, "a client subscribed to nothing for too long (--idle-timeout-seconds)")
            }
            _ => return,
        };
        if let Some(left_out) = pace.turn() {
            tracing::info!(session = session.0, left_out, "{what}");
        }
    }
}

const REFUSED: &str = "relay_subscriptions_refused_total";

/// Tells the metrics recorder what this room counts through it.
pub fn describe() {
    describe_counter!(REFUSED, "Subscriptions refused, by the status of the refusal.");
    // They are there before the first time, so that whoever watches them sees that, too.
    for status in [Status::BadInput, Status::Forbidden, Status::TooMany, Status::Unavailable] {
        counter!(REFUSED, "status" => word(status)).increment(0);
    }
}

/// Counts a subscription that was refused.
pub fn count_refused(status: Status) {
    static TOO_MANY: Pace = Pace::new();
    if let Some(left_out) =
        Some(status).filter(|status| *status == Status::TooMany).and_then(|_| TOO_MANY.turn())
    {
        tracing::info!(left_out, "a client wants more subscriptions than it may have (--max-subscriptions)");
    }
    counter!(REFUSED, "status" => word(status)).increment(1);
}

/// Says now and then that there are as many channels as there may be.
pub fn tell_no_place() {
    static PACE: Pace = Pace::new();
    if let Some(left_out) = PACE.turn() {
        let setting = "--max-history-bytes";
        tracing::warn!(left_out, setting, "there are as many channels as there may be: no other can be read");
    }
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::BadInput => "400",
        Status::Forbidden => "403",
        Status::TooMany => "429",
        Status::Unavailable => "503",
    }
}

const CODES: usize = CloseCode::ALL.len();

/// How many sessions ended how.
#[derive(Debug)]
pub struct Ends([AtomicU64; CODES + 3]);

impl Default for Ends {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Ends {
    /// Counts a session that has ended.
    pub fn count(&self, end: End) {
        let place = match end {
            End::Code(code) => CloseCode::ALL.iter().position(|other| *other == code).unwrap_or_default(),
            End::BrokeWebSocket => CODES,
            End::ClientClosed => CODES + 1,
            End::Lost => CODES + 2,
        };
        if let Some(count) = self.0.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every way to end, by its name, and its count.
    pub fn each(&self, mut tell: impl FnMut(String, u64)) {
        let codes = CloseCode::ALL.iter().map(|code| format!("{code:?}"));
        let others = ["BrokeWebSocket", "ClientClosed", "Lost"].map(str::to_owned);
        for (name, count) in codes.chain(others).zip(&self.0) {
            tell(name, count.load(Ordering::Relaxed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_is_counted_under_its_own_name() {
        let ends = Ends::default();
        let ways = CloseCode::ALL.map(End::Code).into_iter().chain([
            End::BrokeWebSocket,
            End::ClientClosed,
            End::Lost,
        ]);
        for (times, end) in ways.enumerate() {
            (0..=times).for_each(|_| ends.count(end));
        }
        let mut told = Vec::new();
        ends.each(|name, count| told.push((name, count)));
        assert!(told.iter().enumerate().all(|(times, (_, count))| *count == times as u64 + 1), "{told:?}");
        assert_eq!(told.first().unwrap().0, "Draining");
        assert_eq!(told.last().unwrap().0, "Lost");
    }
}
