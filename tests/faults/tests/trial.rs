//! A relay as it is, behind networks that fail, killed and paused at random: every acknowledged message is accounted for
//! at every client. Longer: `npm run reliability -- faults --minutes 60`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on panics, and says which seed it had"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use faults::trial::place::can_keep;
use faults::trial::plan::{Keeps, Plan};
use faults::trial::run::run;

/// The relay of this build, which every test of the workspace has built: beside this crate's own program.
fn relay() -> PathBuf {
    let beside = || Path::new(env!("CARGO_BIN_EXE_faults")).with_file_name("relay");
    let relay = std::env::var_os("RELAY_BIN").map_or_else(beside, PathBuf::from);
    assert!(relay.exists(), "there is no {}: cargo build -p realtime-relay makes it", relay.display());
    relay
}

/// One trial. What breaks is printed with the command that repeats it. New seeds are for longer runs: this one is to
/// find what a change has broken.
async fn stands_up(keeps: Keeps, seed: u64) {
    let evidence =
        std::env::temp_dir().join(format!("faults-evidence-{}-{}", keeps.word(), std::process::id()));
    let plan = Plan {
        relay: relay(),
        seed,
        length: Duration::from_secs(12),
        keeps,
        libfaketime: std::env::var_os("LIBFAKETIME").map(PathBuf::from),
        evidence: evidence.clone(),
    };
    println!(
        "seed {seed}: target/debug/faults check --seed {seed} --keeps {} --trial-seconds 12 --minutes 0",
        keeps.word()
    );
    let report =
        run(&plan).await.unwrap_or_else(|error| panic!("{error}; its log is in {}", evidence.display()));
    println!("{report:#?}");
    let verdict = report.verdict;
    assert!(verdict.is_clean(), "{} promises broken, see {}", verdict.violations.len(), evidence.display());
    assert!(verdict.acknowledged > 0 && verdict.delivered > 0, "something was published and read");
    assert!(verdict.outages > 0 && verdict.denied > 0, "something went wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_message_is_accounted_for_with_the_history_in_memory() {
    stands_up(Keeps::Memory, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_message_is_accounted_for_and_none_is_lost_with_the_history_on_a_disk() {
    if can_keep(&relay(), Keeps::Process).expect("the relay prints its help") {
        stands_up(Keeps::Process, 6).await;
    } else {
        println!("this relay has no --data-dir");
    }
}
