//! How sessions end, counted.

use std::sync::atomic::{AtomicU64, Ordering};

use realtime_protocol::close::CloseCode;

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
