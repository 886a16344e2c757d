//! A relay whose wall clock is set while it runs, and while it is away: nobody misses anything.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on panics, and says what it did not run"
)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use faults::actors::relay::{RelayProcess, Setup};
use faults::load::beat::beat;
use faults::load::crowd::Crowd;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Clients that listen.
const CROWD: usize = 20;

/// Between two messages.
const EVERY: Duration = Duration::from_millis(20);

/// Longer than anything here takes, so that only what hangs fails by it.
const LIMIT: Duration = Duration::from_secs(180);

/// Further than anything that the relay remembers is old, and into another year.
const FAR_S: i64 = 400 * 24 * 60 * 60;

/// As far as a clock may be set while the relay is away: within what channels keep.
const NEAR_S: i64 = 200;

/// The relay of this build, which every test of the workspace has built: beside this crate's own program.
fn relay() -> PathBuf {
    let beside = || Path::new(env!("CARGO_BIN_EXE_faults")).with_file_name("relay");
    let relay = std::env::var_os("RELAY_BIN").map_or_else(beside, PathBuf::from);
    assert!(relay.exists(), "there is no {}: cargo build -p realtime-relay makes it", relay.display());
    relay
}

/// How a relay is started whose clock a file sets, with its log and its history in a folder.
fn setup(library: OsString, folder: &Path, clock: &Path) -> Setup {
    let mut flags: Vec<_> = ["--data-dir"].map(OsString::from).into();
    flags.push(folder.join("data").into_os_string());
    let env = [
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", clock.as_os_str().to_owned()),
        ("FAKETIME_NO_CACHE", "1".into()),
        // Its monotonic clock goes on as it does: no machine's jumps.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
    ];
    let env = env.map(|(name, value)| (name.into(), value)).into();
    Setup { program: relay(), flags, env, log: folder.join("relay.log") }
}

fn set(clock: &Path, off_s: i64) {
    std::fs::write(clock, format!("{off_s:+}s\n")).unwrap();
}

/// The years in which a relay has logged something.
fn years(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap();
    let mut years: Vec<_> = text.lines().filter_map(|line| line.get(..4)).map(str::to_owned).collect();
    years.sort();
    years.dedup();
    years
}

/// Waits until everyone has heard messages that were published after this.
async fn all_hear_more(crowd: &Crowd) {
    let latest = crowd.members.iter().map(|member| member.sight().track.last()).max().unwrap();
    let hear = crowd.wait(LIMIT, |sight| sight.is_live && sight.track.last() > latest + 5).await;
    assert_eq!(hear, crowd.members.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn however_the_wall_clock_is_set_while_a_relay_runs_or_restarts_nobody_misses_a_message() {
    let Some(library) = std::env::var_os("LIBFAKETIME") else {
        println!("not run: LIBFAKETIME names no library that sets a process's clock");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    set(&clock, 0);
    let setup = setup(library, folder.path(), &clock);
    let mut running = RelayProcess::start(&setup).await.unwrap();
    let (to_crowd, crowds_relay) = watch::channel(running.address());
    let (to_others, others_relay) = watch::channel(running.address());
    let (mut crowd, mut watcher) = (Crowd::new(Instant::now()), Crowd::new(Instant::now()));
    for _ in 0..CROWD {
        crowd.enter(crowds_relay.clone(), 1).unwrap();
    }
    watcher.enter(others_relay.clone(), 2).unwrap();
    for all in [&crowd, &watcher] {
        assert_eq!(all.wait(LIMIT, |sight| sight.is_live).await, all.members.len());
    }
    let stop = CancellationToken::new();
    let publisher = tokio::spawn(beat(others_relay, EVERY, crowd.start, stop.clone()));

    for off_s in [FAR_S, -FAR_S, 0, FAR_S] {
        set(&clock, off_s);
        all_hear_more(&crowd).await;
    }
    assert_eq!(crowd.count(|sight| sight.outages > 0), 0, "nobody lost the connection by it");
    for (off_s, is_killed) in [(NEAR_S, false), (-NEAR_S, true), (0, true)] {
        if is_killed {
            running.kill().await;
        } else {
            running.drain().await.unwrap();
        }
        set(&clock, off_s);
        running = RelayProcess::start(&setup).await.unwrap();
        to_others.send_replace(running.address());
        // What the crowd misses is a second old for the relay, and years by the clock.
        all_hear_more(&watcher).await;
        set(&clock, FAR_S);
        all_hear_more(&watcher).await;
        to_crowd.send_replace(running.address());
        all_hear_more(&crowd).await;
    }
    assert!(years(&setup.log).len() > 1, "the clock was set: {:?}", years(&setup.log));

    stop.cancel();
    let published = publisher.await.unwrap();
    assert_eq!(crowd.wait(LIMIT, |sight| sight.track.last() == published).await, CROWD);
    let counts = crowd.counts(published);
    assert_eq!((counts.doubled, counts.missed_untold, counts.missed_and_told), (0, 0, 0), "{counts:?}");
}
