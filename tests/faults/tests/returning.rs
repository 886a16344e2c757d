//! A crowd that returns after a restart, and those who are served meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use faults::actors::relay::{RelayProcess, Setup};
use faults::load::beat::beat;
use faults::load::crowd::{Crowd, Sight};
use faults::load::track::Counts;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Clients that return.
const CROWD: usize = 800;

/// Clients that are there before them.
const WATCHERS: usize = 10;

/// Between two messages.
const EVERY: Duration = Duration::from_millis(20);

/// Longer than anything here takes, so that only what hangs fails by it.
const LIMIT: Duration = Duration::from_secs(180);

/// The relay of this build, which every test of the workspace has built: beside this crate's own program.
fn relay() -> PathBuf {
    let beside = || Path::new(env!("CARGO_BIN_EXE_faults")).with_file_name("relay");
    let relay = std::env::var_os("RELAY_BIN").map_or_else(beside, PathBuf::from);
    assert!(relay.exists(), "there is no {}: cargo build -p realtime-relay makes it", relay.display());
    relay
}

/// What everyone of a crowd has got.
fn latest(crowd: &Crowd) -> u64 {
    crowd.members.iter().map(|member| member.sight().track.last()).min().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_crowd_returns_those_who_are_there_get_every_message_in_order_and_the_crowd_misses_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut flags: Vec<_> = ["--log", "warn", "--data-dir"].map(Into::into).into();
    flags.push(folder.path().join("data").into_os_string());
    let setup = Setup { program: relay(), flags, env: Vec::new(), log: folder.path().join("relay.log") };
    rlimit::increase_nofile_limit(u64::MAX).unwrap();

    let mut first = RelayProcess::start(&setup).await.unwrap();
    let (to_crowd, crowds_relay) = watch::channel(first.address());
    let (to_others, others_relay) = watch::channel(first.address());
    let (mut crowd, mut watchers) = (Crowd::new(Instant::now()), Crowd::new(Instant::now()));
    for _ in 0..CROWD {
        crowd.enter(crowds_relay.clone(), 1).unwrap();
    }
    assert_eq!(crowd.wait(LIMIT, |sight| sight.is_live).await, CROWD);
    let stop = CancellationToken::new();
    let publisher = tokio::spawn(beat(others_relay.clone(), EVERY, crowd.start, stop.clone()));
    assert_eq!(crowd.wait(LIMIT, |sight| sight.track.last() > 10).await, CROWD);

    first.drain().await.unwrap();
    let second = RelayProcess::start(&setup).await.unwrap();
    to_others.send_replace(second.address());
    for _ in 0..WATCHERS {
        watchers.enter(others_relay.clone(), 2).unwrap();
    }
    // They hear what is published to the new relay before anybody of the crowd has found it.
    let has_heard = |sight: &Sight| sight.is_live && sight.track.last() > 0;
    assert_eq!(watchers.wait(LIMIT, has_heard).await, WATCHERS);
    assert_eq!(crowd.count(|sight| sight.is_live), 0);
    let begun_with: Vec<_> = watchers.members.iter().map(|member| member.sight().track.counts()).collect();

    let before = latest(&watchers);
    to_crowd.send_replace(second.address());
    assert_eq!(crowd.wait(LIMIT, |sight| sight.is_live).await, CROWD, "the crowd is back");
    let after = latest(&watchers);
    assert!(after > before, "the watchers heard nothing new while the crowd returned: {before} and {after}");

    stop.cancel();
    let published = publisher.await.unwrap();
    for all in [&crowd, &watchers] {
        let had_all = all.wait(LIMIT, |sight| sight.track.last() == published).await;
        assert_eq!(had_all, all.members.len(), "the last message has come to everyone");
    }
    let nothing_wrong = Counts { delivered: CROWD as u64 * published, ..Counts::default() };
    assert_eq!(crowd.counts(published), nothing_wrong);
    for (member, begun_with) in watchers.members.iter().zip(begun_with) {
        let sight = member.sight();
        assert_eq!(sight.outages, 0, "nobody who was there lost the connection");
        // What was published before they came is missing, and nothing since.
        let Counts { doubled, missed_untold, .. } = sight.track.clone().end(published);
        assert_eq!((doubled, missed_untold), (0, begun_with.missed_untold));
    }
}
