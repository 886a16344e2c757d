//! How many messages a key may publish: a token bucket for each, which holds what one second allows.

use std::time::Duration;

use parking_lot::Mutex;

use crate::http::key::KeyIndex;
use crate::http::problem::{Code, Problem};
use crate::log::pace::Pace;

/// The buckets of all keys.
#[derive(Debug)]
pub struct PublishRate {
    per_second: Option<f64>,
    buckets: Vec<Mutex<Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled_at: Duration,
}

impl PublishRate {
    /// Buckets for so many keys. Without a rate there is no limit.
    pub fn new(keys: usize, per_second: Option<u32>) -> Self {
        let per_second = per_second.map(f64::from);
        let full = Bucket { tokens: per_second.unwrap_or_default(), filled_at: Duration::ZERO };
        Self { per_second, buckets: (0..keys).map(|_| Mutex::new(full)).collect() }
    }

    /// Takes tokens for so many messages. More than a second's worth at once is let through when the bucket is full,
    /// and has to be made up for before the next.
    ///
    /// # Errors
    /// 429, with the time to wait. Nothing is taken then.
    pub fn take(&self, key: KeyIndex, messages: usize, now: Duration) -> Result<(), Problem> {
        let (Some(per_second), Some(bucket)) = (self.per_second, self.buckets.get(key.0)) else {
            return Ok(());
        };
        let mut bucket = bucket.lock();
        let gained = now.saturating_sub(bucket.filled_at).as_secs_f64() * per_second;
        let tokens = (bucket.tokens + gained).min(per_second);
        let needed = (messages as f64).min(per_second);
        if tokens < needed {
            static PACE: Pace = Pace::new();
            if let Some(left_out) = PACE.turn() {
                let setting = "--max-publishes-per-second";
                tracing::info!(key = key.0, left_out, setting, "a key publishes more than it may");
            }
            let detail = format!("this key may publish {per_second} messages a second");
            let wait = Duration::from_secs_f64((needed - tokens) / per_second);
            return Err(Problem::new(Code::TooManyRequests, detail).retry_after(wait));
        }
        *bucket = Bucket { tokens: tokens - messages as f64, filled_at: now };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: KeyIndex = KeyIndex(0);

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_key_may_publish_what_its_rate_allows_and_no_more() {
        let rate = PublishRate::new(2, Some(10));
        assert!(rate.take(KEY, 10, secs(0.0)).is_ok());
        assert!(rate.take(KEY, 1, secs(0.05)).is_err());
        assert!(rate.take(KeyIndex(1), 1, secs(0.05)).is_ok(), "another key has a bucket of its own");
        assert!(rate.take(KEY, 1, secs(0.1)).is_ok());
        assert!(rate.take(KEY, 1, secs(0.1)).is_err());
    }

    #[test]
    fn a_refused_publish_costs_nothing() {
        let rate = PublishRate::new(1, Some(10));
        rate.take(KEY, 10, secs(0.0)).unwrap();
        for _ in 0..100 {
            assert!(rate.take(KEY, 5, secs(0.4)).is_err());
        }
        assert!(rate.take(KEY, 5, secs(0.5)).is_ok());
    }

    #[test]
    fn a_batch_larger_than_a_second_is_let_through_and_made_up_for() {
        let rate = PublishRate::new(1, Some(10));
        assert!(rate.take(KEY, 30, secs(0.0)).is_ok());
        assert!(rate.take(KEY, 1, secs(2.0)).is_err());
        assert!(rate.take(KEY, 1, secs(2.1)).is_ok());
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let rate = PublishRate::new(1, None);
        assert!((0..10_000).all(|_| rate.take(KEY, 100, Duration::ZERO).is_ok()));
    }
}
