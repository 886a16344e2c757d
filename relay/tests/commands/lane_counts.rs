//! The lane before hyper counts what hyper would have counted: the same requests, through the lane of one relay and by
//! hyper in another, leave the same numbers in `/metrics`.

#[allow(dead_code, reason = "the tests of the lane use all of it")]
#[path = "../relay/lane/answers.rs"]
mod answers;
#[allow(dead_code, reason = "the tests of the lane use all of it")]
#[path = "../relay/lane/requests.rs"]
mod requests;

use std::time::Duration;

use tokio::process::Command;
use tokio::time::{Instant, sleep};

use self::answers::{Answer, exchange, without_epoch};
use self::requests::{
    JSON, KEY, OURS, UPGRADE, for_hyper, handshake, message, other_requests, plain_requests, publish,
};
use super::metrics::Counts;
use super::support::{DEADLINE, Stream, connect, say_hello};
use super::terminal::Logged;

/// What depends on the moment, the machine, or the length of a random name. Lines of the log come at a pace.
const OTHERWISE: [&str; 6] = [
    "process_",
    "relay_tasks",
    "relay_log_lines",
    "relay_history_bytes",
    "relay_store_written_bytes",
    "relay_store_disk_bytes",
];

/// What a relay has counted, line by line, in their alphabetical order.
async fn counts(relay: &Logged) -> Vec<String> {
    let counts = Counts::read(relay.operators).await;
    let is_of_time = |name: &str| name.contains("_seconds");
    let lines = counts.lines().filter(|line| !line.starts_with('#'));
    let same = lines.filter(|line| !OTHERWISE.iter().any(|name| line.starts_with(name)) && !is_of_time(line));
    let mut same: Vec<_> = same.map(str::to_owned).collect();
    same.sort();
    same
}

/// Two relays, of processes of their own because a process has one set of counts.
struct Two([Logged; 2]);

impl Two {
    async fn start(flags: [&[&str]; 2]) -> Self {
        Self([Logged::serve(flags[0]).await, Logged::serve(flags[1]).await])
    }

    /// Has the first answer a text in its lane, and the second by hyper. Both answer and count the same.
    async fn agree_about(&self, text: &str, wanted: Option<usize>) -> Vec<Answer> {
        let mut answered = Vec::new();
        for (relay, text) in self.0.iter().zip([text.to_owned(), for_hyper(text)]) {
            let mut stream = connect(&relay.address).await;
            let answers = exchange(&mut stream, &[text.as_bytes()], wanted).await;
            answered.push(answers.into_iter().map(without_epoch).collect::<Vec<_>>());
        }
        assert_eq!(answered[0], answered[1], "{text}");
        self.count_alike(text).await;
        answered.remove(0)
    }

    /// Waits until both have counted the same: what is counted at a connection's end comes a moment later.
    async fn count_alike(&self, what: &str) {
        let begun = Instant::now();
        loop {
            let [lane, hyper] = [counts(&self.0[0]).await, counts(&self.0[1]).await];
            if lane == hyper {
                return;
            }
            let only = |one: &[String], other: &[String]| {
                one.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>()
            };
            assert!(
                begun.elapsed() < DEADLINE,
                "the lane counts {:?} and hyper {:?} of {what}",
                only(&lane, &hyper),
                only(&hyper, &lane)
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// A session with each of them.
    async fn sessions(&self) -> Vec<Box<dyn Stream>> {
        let mut sessions = Vec::new();
        for relay in &self.0 {
            let mut stream = connect(&relay.address).await;
            let answers = exchange(&mut stream, &[shake_hands().as_bytes()], Some(1)).await;
            assert!(answers[0].status.contains("101"), "{answers:?}");
            say_hello(&mut stream).await;
            sessions.push(stream);
        }
        sessions
    }
}

fn shake_hands() -> String {
    handshake(&format!("{UPGRADE}{OURS}"))
}

fn message_to_c() -> String {
    publish(&format!("{KEY}{JSON}"), &message("c", ""))
}

#[tokio::test]
async fn each_request_is_counted_alike_in_the_lane_and_by_hyper() {
    let two = Two::start([&[], &[]]).await;
    for request in plain_requests() {
        two.agree_about(&request, Some(1)).await;
    }
    for request in other_requests() {
        two.agree_about(&request, None).await;
    }
    two.agree_about(&shake_hands(), Some(1)).await;
    two.agree_about(&message_to_c().repeat(200), Some(200)).await;
    let [requests, published] =
        ["relay_http_requests_total{operation=\"publish\",outcome=\"ok\"}", "relay_messages_published_total"];
    let counts = Counts::read(two.0[0].operators).await;
    assert!(counts.of(requests) > 200.0 && counts.of(published) > 200.0);
}

#[tokio::test]
async fn who_wants_more_than_there_is_is_counted_alike() {
    let two = Two::start([&["--max-sessions", "1", "--max-publishes-per-second", "1"]; 2]).await;
    let held = two.sessions().await;
    let answers = two.agree_about(&shake_hands(), Some(1)).await;
    assert!(answers[0].status.contains("503"), "{answers:?}");
    let answers = two.agree_about(&message_to_c().repeat(3), Some(3)).await;
    assert!(answers[2].status.contains("429"), "{answers:?}");
    drop(held);
    two.count_alike("sessions that have ended").await;
}

#[tokio::test]
async fn a_message_for_which_the_disk_has_no_room_is_answered_and_counted_alike() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let flags = folders.each_ref().map(|folder| ["--data-dir", folder.path().to_str().unwrap()]);
    let two = Two::start([&flags[0], &flags[1]]).await;
    assert!(two.agree_about(&message_to_c(), Some(1)).await[0].status.contains("200"));
    for relay in &two.0 {
        // How large the files may grow that it writes, as if the disk were full at that.
        let id = relay.id().to_string();
        let limited = Command::new("prlimit").args(["--pid", &id, "--fsize=200:unlimited"]).status().await;
        assert!(limited.unwrap().success());
    }
    for _ in 0..2 {
        let answers = two.agree_about(&message_to_c().repeat(2), Some(2)).await;
        assert!(answers.iter().all(|answer| answer.status.contains("503")), "{answers:?}");
    }
}
