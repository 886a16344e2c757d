//! Thousands of runs, each with its own weather: no rule is broken in any, and in all of them together everything
//! happens that could break one.

use simulation::{run_many, slow_link};

#[test]
fn no_seed_breaks_a_rule_of_delivery() {
    let totals = run_many(0..5_000).unwrap_or_else(|failure| panic!("{failure}"));
    println!("{totals:?}");
    let counts = totals.counts;
    for (what, count) in [
        ("messages are delivered", counts.delivered),
        ("subscriptions come back whole", counts.whole),
        ("losses are told", counts.lost),
        ("subscriptions end", counts.ended),
        ("subscriptions are refused", counts.refused),
        ("readers are too slow", counts.slow),
        ("relays restart", counts.starts),
    ] {
        assert!(count > totals.seeds / 10, "{what}: only {count} times in {} runs", totals.seeds);
    }
}

#[test]
fn a_seed_is_one_run() {
    for seed in 0..20 {
        let [first, second] = [(); 2].map(|()| simulation::run(seed, None));
        assert_eq!(format!("{first:?}"), format!("{second:?}"), "seed {seed}");
    }
}

#[test]
fn a_page_on_a_slow_link_reads_its_recovery_to_the_end_on_one_connection() {
    // With 64 KiB in a frame, or with silence that only frames of the page could end, each of these comes back again
    // and again.
    for (bytes_per_second, missed) in [(700, 2_000), (1_500, 5_000), (4_000, 10_000)] {
        let outcome = slow_link(bytes_per_second, missed);
        assert_eq!(outcome.violation, None, "{bytes_per_second} bytes a second");
        assert_eq!(outcome.counts.connects, 2, "{bytes_per_second} bytes a second");
        assert!(outcome.counts.delivered > missed as u64);
    }
}
