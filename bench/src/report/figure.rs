//! One measured number.

use std::time::Duration;

/// A number with its name and unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// In what; empty for a plain number.
    pub unit: &'static str,
    /// Which way is up.
    pub better: Better,
    /// How much.
    pub value: f64,
}

/// Whether more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More is.
    Higher,
    /// Less is.
    Lower,
    /// It only explains the others.
    Neither,
}

impl Figure {
    /// A figure.
    pub const fn new(name: &'static str, unit: &'static str, better: Better, value: f64) -> Self {
        Self { name, unit, better, value }
    }

    /// A span of time, in milliseconds.
    pub const fn time(name: &'static str, better: Better, span: Duration) -> Self {
        Self::new(name, "ms", better, span.as_secs_f64() * 1_000.0)
    }
}

/// The one in the middle, or the mean of the two in the middle. 0 for none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    if sorted.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle.saturating_sub(1)), at(middle)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(&[]).abs() < f64::EPSILON);
    }
}
