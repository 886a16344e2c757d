//! How long things took, as percentiles.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Spans of time, by their percentiles, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    /// How many there are.
    pub count: usize,
    /// Half of them were not longer.
    pub p50_ms: f64,
    /// 95 of a hundred were not longer.
    pub p95_ms: f64,
    /// 99 of a hundred were not longer.
    pub p99_ms: f64,
    /// None was longer.
    pub max_ms: f64,
}

impl Spread {
    /// Of all spans; zeros of none.
    pub fn of(mut spans: Vec<Duration>) -> Self {
        spans.sort_unstable();
        let at = |percent: usize| {
            let rank = (spans.len() * percent).div_ceil(100).saturating_sub(1);
            spans.get(rank).map_or(0.0, |span| (span.as_secs_f64() * 1e6).round() / 1e3)
        };
        Self { count: spans.len(), p50_ms: at(50), p95_ms: at(95), p99_ms: at(99), max_ms: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_spans_that_there_were() {
        let spread = Spread::of((1..=200).rev().map(Duration::from_millis).collect());
        let expected = Spread { count: 200, p50_ms: 100.0, p95_ms: 190.0, p99_ms: 198.0, max_ms: 200.0 };
        assert_eq!(spread, expected);
        assert_eq!(Spread::of(Vec::new()), Spread::default());
        assert_eq!(Spread::of(vec![Duration::from_micros(1500)]).p50_ms, 1.5);
    }
}
