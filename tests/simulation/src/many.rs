//! Many seeds, on all cores.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ledger::Counts;
use crate::world::run;

/// What happened in many runs.
#[derive(Debug, Default, Clone, Copy)]
pub struct Totals {
    /// Runs.
    pub seeds: u64,
    /// Events of all virtual clocks.
    pub events: u64,
    /// What happened.
    pub counts: Counts,
}

/// Runs seeds until one breaks a rule.
///
/// # Errors
/// The lowest seed found that breaks a rule, which, and how to see it again.
pub fn run_many(seeds: Range<u64>) -> Result<Totals, String> {
    let next = AtomicU64::new(seeds.start);
    let end = AtomicU64::new(seeds.end);
    let found = Mutex::new((Totals::default(), None::<(u64, String)>));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end.load(Ordering::Relaxed) {
                return;
            }
            let outcome = std::panic::catch_unwind(|| run(seed, None));
            let Ok(mut found) = found.lock() else { return };
            match outcome {
                Ok(outcome) => {
                    found.0.seeds += 1;
                    found.0.events += outcome.events;
                    found.0.counts.add(&outcome.counts);
                    let Some(violation) = outcome.violation else { continue };
                    end.fetch_min(seed, Ordering::Relaxed);
                    keep_lowest(&mut found.1, seed, violation);
                }
                Err(_) => {
                    end.fetch_min(seed, Ordering::Relaxed);
                    keep_lowest(&mut found.1, seed, "by a panic, which is printed above".into());
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let (totals, broken) = found.into_inner().unwrap_or_default();
    match broken {
        None => Ok(totals),
        Some((seed, violation)) => Err(format!(
            "seed {seed} breaks a rule {violation}\nto see what happened: cargo run -p simulation -- --seed {seed} --log"
        )),
    }
}

fn keep_lowest(kept: &mut Option<(u64, String)>, seed: u64, violation: String) {
    if kept.as_ref().is_none_or(|(lowest, _)| seed < *lowest) {
        *kept = Some((seed, violation));
    }
}
