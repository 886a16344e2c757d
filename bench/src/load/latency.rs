//! How long things took: counts in buckets that grow with the time, so that every percentile is exact to 3 %.

use std::time::Duration;

/// Buckets within each doubling.
const STEPS: u64 = 32;

/// Spans of time, counted.
#[derive(Debug, Clone)]
pub struct Latencies {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: vec![0; bucket(u64::MAX) + 1], total: 0 }
    }
}

impl Latencies {
    /// Counts one.
    pub fn record(&mut self, span: Duration) {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(nanos)) {
            *count += 1;
            self.total += 1;
        }
    }

    /// Counts all that another has counted.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// How many were counted.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The span that this share of all does not exceed, for example 0.99. Zero when nothing was counted.
    pub fn percentile(&self, share: f64) -> Duration {
        let wanted = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut sum = 0;
        for (index, count) in self.counts.iter().enumerate() {
            sum += count;
            if sum >= wanted {
                return Duration::from_nanos(upper_end(index));
            }
        }
        Duration::ZERO
    }
}

/// The bucket of a number: itself below [`STEPS`], then [`STEPS`] buckets for each doubling.
const fn bucket(nanos: u64) -> usize {
    if nanos < STEPS {
        return nanos as usize;
    }
    let doublings = (nanos.ilog2() - STEPS.ilog2()) as u64;
    let step = (nanos >> doublings) - STEPS;
    (STEPS + doublings * STEPS + step) as usize
}

const fn upper_end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let (doublings, step) = ((bucket - STEPS) / STEPS, (bucket - STEPS) % STEPS);
    (((STEPS + step + 1) as u128) << doublings).saturating_sub(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_lies_in_its_bucket_and_within_three_percent_of_its_end() {
        for shift in 0..64 {
            for near in [-1i128, 0, 1] {
                let number = ((1i128 << shift) + near).clamp(0, u64::MAX.into()) as u64;
                let end = upper_end(bucket(number));
                assert!(end >= number, "{number}: {end}");
                assert!(end as f64 <= number as f64 * 1.0315 + 1.0, "{number}: {end}");
                assert!(bucket(end) == bucket(number) && (end == u64::MAX || bucket(end + 1) > bucket(end)));
            }
        }
    }

    #[test]
    fn percentiles_of_a_hundred_spans_are_their_places() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(0.5), Duration::ZERO);
        let mut later = Latencies::default();
        for millis in (1..=100).rev() {
            let half = if millis % 2 == 0 { &mut latencies } else { &mut later };
            half.record(Duration::from_millis(millis));
        }
        latencies.add(&later);
        assert_eq!(latencies.total(), 100);
        for (share, millis) in [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0)] {
            let found = latencies.percentile(share).as_secs_f64() * 1_000.0;
            assert!((millis..millis * 1.04).contains(&found), "{share}: {found}");
        }
    }
}
