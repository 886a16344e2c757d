//! What `relay serve` counts, read as Prometheus reads it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::time::{sleep, timeout};

use super::support::{Client, DEADLINE, KEY_AND_JSON, http, patient};
use super::terminal::Running;

/// A relay of its own process, since a process has one set of counts, and the address for operators.
async fn start() -> (Running, SocketAddr, SocketAddr) {
    let flags = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--permissions"];
    let permissions = "tests/fixtures/site/backend/realtime-permissions.js";
    let mut relay = Running::start(&patient(&[&flags[..], &[permissions]].concat()));
    let line = relay.says("metrics are served here").await;
    let operators = line.split("address=").nth(1).unwrap().trim().parse().unwrap();
    let line = relay.line().await;
    (relay, line.strip_prefix("listening on http://").unwrap().parse().unwrap(), operators)
}

/// What is counted now, by the name and the labels of each line.
pub(crate) struct Counts(String);

impl Counts {
    pub(crate) async fn read(operators: SocketAddr) -> Self {
        let answer = http(&operators, "GET", "/metrics", "", "").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Self(answer.body)
    }

    pub(crate) fn lines(&self) -> std::str::Lines<'_> {
        self.0.lines()
    }

    fn find(&self, name: &str) -> Option<f64> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    pub(crate) fn of(&self, name: &str) -> f64 {
        self.find(name).unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }

    fn all(&self, names: &[&str]) -> Vec<f64> {
        names.iter().map(|name| self.of(name)).collect()
    }
}

/// Reads until something is so.
pub(crate) async fn until(operators: SocketAddr, name: &str, wanted: f64) -> Counts {
    let reading = async {
        loop {
            let counts = Counts::read(operators).await;
            if counts.find(name) == Some(wanted) {
                return counts;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, reading).await.unwrap_or_else(|_| panic!("{name} does not become {wanted}"))
}

#[tokio::test]
async fn a_relay_that_has_done_nothing_says_so() {
    let (_relay, _, operators) = start().await;
    let counts = Counts::read(operators).await;
    let nothing = [
        "relay_sessions",
        "relay_sessions_started_total",
        "relay_sessions_ended_total{reason=\"Slow\"}",
        "relay_subscriptions",
        "relay_channels",
        "relay_messages_published_total",
        "relay_messages_delivered_total",
        "relay_delivered_bytes_total",
        "relay_recoveries_total{result=\"whole\"}",
        "relay_recoveries_total{result=\"refused\"}",
        "relay_permission_questions_open",
        "relay_http_answers_untaken_total",
        "relay_http_requests_total{operation=\"publish\",outcome=\"ok\"}",
    ];
    assert!(counts.all(&nothing).iter().all(|count| *count == 0.0), "{}", counts.0);
    let something = [
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_threads",
        "relay_tasks",
    ];
    assert!(counts.all(&something).iter().all(|count| *count >= 1.0), "{}", counts.0);
    // The key is the one that everyone knows, which is worth a warning.
    let lines = ["warn", "error"].map(|level| format!("relay_log_lines_total{{level=\"{level}\"}}"));
    assert!(counts.of(&lines[0]) >= 1.0 && counts.of(&lines[1]) == 0.0, "{}", counts.0);
    let version = format!("relay_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(counts.all(&[&version, "relay_ready", "relay_sessions_limit"]), [1.0, 1.0, 100_000.0]);
}

#[tokio::test]
async fn messages_subscriptions_and_recoveries_are_counted() {
    let (_relay, address, operators) = start().await;
    let mut clients = [Client::visitor(&address).await, Client::visitor(&address).await];
    for client in &mut clients {
        client.subscribe(1, json!({"name": "c"}), None).await;
    }
    let refused = clients[0].subscribe(2, json!({"name": "admins"}), None).await;
    assert_eq!(refused["status"], 403);
    let message = json!({"channel": {"name": "c"}, "payload": "x"});
    let batch = json!({"messages": [message, message, message]}).to_string();
    assert_eq!(http(&address, "POST", "/v1/publish/batch", KEY_AND_JSON, &batch).await.status, 200);
    for client in &mut clients {
        client.payloads(3).await;
    }
    let counts = until(operators, "relay_messages_delivered_total", 6.0).await;
    let names = ["relay_sessions", "relay_subscriptions", "relay_channels", "relay_messages_published_total"];
    assert_eq!(counts.all(&names), [2.0, 2.0, 1.0, 3.0]);
    assert!(counts.of("relay_delivered_bytes_total") > 6.0 * 5.0 && counts.of("relay_history_bytes") > 0.0);
    let decisions = ["result=\"allowed\",cause=\"none\"", "result=\"refused\",cause=\"by_handler\""];
    let [allowed, refused] = decisions.map(|labels| format!("relay_permission_decisions_total{{{labels}}}"));
    assert_eq!(counts.all(&[&allowed, &refused]), [2.0, 1.0]);
    assert_eq!(counts.of("relay_permission_decision_seconds_count"), 3.0);

    let [mut first, _] = clients;
    let lost = first.subscribe(3, json!({"name": "c"}), Some(json!({"epoch": "another", "offset": 1}))).await;
    assert_eq!(lost["recovered"], false);
    first.payloads(3).await;
    let from = json!({"epoch": lost["position"]["epoch"], "offset": 1});
    assert_eq!(first.subscribe(4, json!({"name": "c"}), Some(from)).await["recovered"], true);
    let counts = Counts::read(operators).await;
    let results = ["relay_recoveries_total{result=\"whole\"}", "relay_recoveries_total{result=\"refused\"}"];
    assert_eq!(counts.all(&results), [1.0, 1.0]);
}

#[tokio::test]
async fn sessions_are_counted_by_how_they_end() {
    let (_relay, address, operators) = start().await;
    let closed = Client::visitor(&address).await;
    drop(closed);
    let mut wrong = Client::visitor(&address).await;
    wrong.send(json!({"type": "nonsense"})).await;
    assert_eq!(wrong.closed().await.0, 4500);
    let ended = |reason: &str| format!("relay_sessions_ended_total{{reason=\"{reason}\"}}");
    // A client hears of its end before its session has come to it.
    for reason in ["Lost", "BadFrame"] {
        until(operators, &ended(reason), 1.0).await;
    }
    let counts = until(operators, "relay_sessions", 0.0).await;
    assert_eq!(counts.all(&[&ended("Silent"), "relay_sessions_started_total"]), [0.0, 2.0]);
}

#[tokio::test]
async fn requests_are_counted_by_what_they_are_answered_and_those_that_are_too_large_are_told() {
    let (mut relay, address, operators) = start().await;
    for (headers, body) in
        [(KEY_AND_JSON, r#"{"channel":{"name":"c"},"payload":1}"#), (KEY_AND_JSON, "{}"), ("", "")]
    {
        http(&address, "POST", "/v1/publish", headers, body).await;
    }
    http(&address, "GET", "/nothing", "", "").await;
    let large_head = format!("X: {}\r\n", "x".repeat(40_000));
    assert_eq!(http(&address, "GET", "/healthz", &large_head, "").await.status, 431);
    let too_large = "relay_http_requests_total{operation=\"none\",outcome=\"head_too_large\"}";
    let counts = until(operators, too_large, 1.0).await;
    let requests = |operation: &str, outcome: &str| {
        counts.of(&format!("relay_http_requests_total{{operation=\"{operation}\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!(["ok", "bad_input", "unauthorized"].map(|outcome| requests("publish", outcome)), [1.0; 3]);
    assert_eq!(requests("none", "not_found"), 1.0);
    relay.says("a request's head was too large").await;
}
