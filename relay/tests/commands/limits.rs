//! What a client gets that wants more than it may have. Each limit of `docs/operations.md` is broken a hundred times, and
//! each time there is a clear answer, a count, and in the log a line at a pace that a hundred breaches do not set.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::metrics::until;
use super::support::secure::{Authority, Folder};
use super::support::{Client, KEY_AND_JSON, http, say_hello};
use super::terminal::Logged;

/// How often each limit is broken.
const TIMES: usize = 100;

/// Longer than the longest of them takes, which are the 30 seconds of a request's head.
const PATIENCE: Duration = Duration::from_secs(300);

const HELLO_TIMEOUT: &str = "--hello-timeout-seconds";

/// Lines that tell each subscription, ten in a second at the most; every other kind comes once in ten seconds.
const IN_DETAIL: [&str; 2] = ["its permissions handler failed", "a subscription is not decided"];

/// Answers that were got.
type Answers = Pin<Box<dyn Future<Output = Vec<String>> + Send>>;

/// A limit, and all that is to be seen when it is broken.
struct Limit {
    what: &'static str,
    flags: Vec<String>,
    /// Breaks it [`TIMES`] times.
    breaks: fn(SocketAddr) -> Answers,
    /// With what each answer begins.
    answer: &'static str,
    counter: &'static str,
    /// Words of the line in the log; none where a limit is nobody's fault.
    line: Option<&'static str>,
}

fn limit(
    what: &'static str,
    flags: &str,
    breaks: fn(SocketAddr) -> Answers,
    [answer, counter, line]: [&'static str; 3],
) -> Limit {
    let flags = flags.split(' ').filter(|flag| !flag.is_empty()).map(str::to_owned).collect();
    Limit { what, flags, breaks, answer, counter, line: Some(line).filter(|line| !line.is_empty()) }
}

/// All but those of memory and of answers that nobody takes, which need slow readers: see `slow_readers`.
fn limits(certificate: &Folder, handler: &str, silent_backend: &str) -> Vec<Limit> {
    let mut limits = vec![
        limit(
            "sessions",
            "--max-sessions 1",
            handshakes,
            [
                "503 unavailable the relay has as many connections",
                r#"relay_connections_refused_total{reason="full"}"#,
                "the relay has as many connections as it may (--max-sessions)",
            ],
        ),
        limit(
            "connections of an address",
            BEHIND_PROXY,
            handshakes,
            [
                "429 too_many_requests your address has as many connections",
                r#"relay_connections_refused_total{reason="address"}"#,
                "an address has as many connections as it may",
            ],
        ),
        limit(
            "a request's head",
            "",
            large_heads,
            [
                "431 head_too_large a request's head has at most",
                r#"relay_http_requests_total{operation="none",outcome="head_too_large"}"#,
                "a request's head was too large",
            ],
        ),
        limit(
            "the time of a request's head",
            "",
            slow_heads,
            [
                "408 request_timeout the request's head did not arrive",
                r#"relay_http_requests_total{operation="none",outcome="request_timeout"}"#,
                "a request did not arrive in time",
            ],
        ),
        limit(
            "a request's body",
            "",
            large_bodies,
            [
                "413 payload_too_large",
                r#"relay_http_requests_total{operation="publish",outcome="payload_too_large"}"#,
                "a payload or a body was too large (--max-payload-bytes)",
            ],
        ),
        limit(
            "a payload",
            "--max-payload-bytes 10",
            small_publishes,
            [
                "413 payload_too_large payload has 16 bytes: at most 10",
                r#"relay_http_requests_total{operation="publish",outcome="payload_too_large"}"#,
                "a payload or a body was too large (--max-payload-bytes)",
            ],
        ),
        limit(
            "publishes of a key",
            "--max-publishes-per-second 1",
            small_publishes,
            [
                "429 too_many_requests this key may publish 1 messages a second",
                r#"relay_http_requests_total{operation="publish",outcome="too_many_requests"}"#,
                "a key publishes more than it may",
            ],
        ),
        limit(
            "the time of a hello",
            "--hello-timeout-seconds 1",
            no_hello,
            [
                "4005 no hello",
                r#"relay_sessions_ended_total{reason="HelloTooLate"}"#,
                "a client said no hello in time (--hello-timeout-seconds)",
            ],
        ),
        limit(
            "silence",
            "--heartbeat-seconds 1 --heartbeat-timeout-seconds 1",
            nothing_more,
            ["4002 ", r#"relay_sessions_ended_total{reason="Silent"}"#, ""],
        ),
        limit(
            "a client without a subscription",
            "--idle-timeout-seconds 1",
            nothing_more,
            [
                "4009 ",
                r#"relay_sessions_ended_total{reason="Idle"}"#,
                "a client subscribed to nothing for too long (--idle-timeout-seconds)",
            ],
        ),
        limit(
            "a client's messages",
            "--max-frames-per-second 5 --max-subscriptions 1",
            floods,
            [
                "4504 a connection may send 5 messages a second",
                r#"relay_sessions_ended_total{reason="Flooding"}"#,
                "a client sent too many messages (--max-frames-per-second)",
            ],
        ),
        limit(
            "a client's frame",
            "",
            large_frames,
            [
                "4502 ",
                r#"relay_sessions_ended_total{reason="FrameTooLarge"}"#,
                "a client sent a frame that was too large",
            ],
        ),
        limit(
            "subscriptions of a session",
            "--max-subscriptions 1",
            two_subscriptions,
            [
                "refused 429 ",
                r#"relay_subscriptions_refused_total{status="429"}"#,
                "a client wants more subscriptions than it may have (--max-subscriptions)",
            ],
        ),
    ];
    let with = |flags: &[&str], limit: Limit| Limit {
        flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        ..limit
    };
    let tls = certificate.flags();
    limits.extend([
        with(
            &tls.each_ref().map(String::as_str),
            limit(
                "a TLS handshake",
                "",
                begun_handshakes,
                [
                    "closed",
                    r#"relay_tls_handshakes_total{result="late"}"#,
                    "a client made no TLS handshake in time",
                ],
            ),
        ),
        with(
            &["--permissions", handler],
            limit(
                "a permission handler",
                "",
                subscriptions_in_turn,
                [
                    "refused 403 ",
                    r#"relay_permission_decisions_total{result="refused",cause="out_of_memory"}"#,
                    "its permissions handler failed",
                ],
            ),
        ),
        with(
            &[
                "--permissions-url",
                silent_backend,
                "--permissions-timeout-ms",
                "100",
                "--permissions-max-in-flight",
                "1",
            ],
            limit(
                "permission questions",
                "",
                one_subscription,
                [
                    "refused 503 ",
                    r#"relay_subscriptions_refused_total{status="503"}"#,
                    "a subscription is not decided",
                ],
            ),
        ),
    ]);
    limits
}

const BEHIND_PROXY: &str = "--trusted-proxy 127.0.0.0/8 --max-connections-per-address 1";

/// Asks for more memory than it gets.
const GREEDY_HANDLER: &str = "export function realtime_check_permission() {
  const all = [];
  for (;;) all.push(new Uint8Array(8 * 1024 * 1024));
}
";

#[tokio::test]
async fn each_limit_has_an_answer_a_count_and_a_line_that_is_not_one_for_each_breach() {
    let certificate = Folder::with(&Authority::new().issue());
    let folder = tempfile::tempdir().unwrap();
    let handler = folder.path().join("realtime-permissions.js");
    std::fs::write(&handler, GREEDY_HANDLER).unwrap();
    // Connections wait in its queue, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let backend = format!("http://{}", silent.local_addr().unwrap());
    let limits = limits(&certificate, handler.to_str().unwrap(), &backend);
    let tried: Vec<_> = limits.into_iter().map(|limit| (limit.what, tokio::spawn(hold(limit)))).collect();
    for (what, trying) in tried {
        trying.await.unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

/// Breaks a limit of a relay of its own, and holds what is seen to what is to be seen.
async fn hold(limit: Limit) {
    let Limit { what, flags, breaks, answer, counter, line } = limit;
    let began = Instant::now();
    let mut flags: Vec<_> = flags.iter().map(String::as_str).collect();
    // So many clients at once may need a while for their first word.
    if !flags.contains(&HELLO_TIMEOUT) {
        flags.extend([HELLO_TIMEOUT, "300"]);
    }
    let relay = Logged::serve(&flags).await;
    let answers =
        timeout(PATIENCE, breaks(relay.address)).await.unwrap_or_else(|_| panic!("{what}: no answer"));
    assert_eq!(answers.len(), TIMES);
    for got in answers {
        assert!(got.starts_with(answer), "{what}: {got}");
    }
    until(relay.operators, counter, TIMES as f64).await;
    let log = relay.end().await;
    let Some(line) = line else { return };
    let lines = log.lines().filter(|found| found.contains(line)).count() as u64;
    let seconds = began.elapsed().as_secs();
    let at_most = if IN_DETAIL.contains(&line) { 10 * (1 + seconds) } else { 1 + seconds / 10 };
    assert!((1..=at_most).contains(&lines), "{what}: {lines} lines in {seconds} seconds: {log}");
}

/// Does something as often as a limit is broken, all at once.
fn at_once<F: Future<Output = String> + Send + 'static>(
    address: SocketAddr,
    breach: fn(SocketAddr) -> F,
) -> Answers {
    Box::pin(async move { join_all((0..TIMES).map(|_| breach(address))).await })
}

/// Sends a request as it is, and reads the status, the code and the sentence of the answer.
async fn ask(address: SocketAddr, request: String) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // An answer may come before everything is sent.
    let _ = socket.write_all(request.as_bytes()).await;
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let problem: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no problem: {answer}"));
    let status = head.split(' ').nth(1).unwrap();
    format!("{status} {} {}", problem["code"].as_str().unwrap(), problem["detail"].as_str().unwrap())
}

/// An opening handshake of a client that a proxy speaks for.
fn handshake(connection: &str) -> String {
    format!(
        "GET /v1/realtime HTTP/1.1\r\nHost: a\r\nConnection: {connection}\r\nUpgrade: websocket\r\n\
         X-Forwarded-For: 203.0.113.7\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: realtime.v1.json\r\n\r\n"
    )
}

/// One client has the only place, and others want it.
fn handshakes(address: SocketAddr) -> Answers {
    Box::pin(async move {
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(handshake("Upgrade").as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        first.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 101");
        say_hello(&mut first).await;
        let answers = at_once(address, |address| ask(address, handshake("Upgrade, close"))).await;
        drop(first);
        answers
    })
}

fn large_heads(address: SocketAddr) -> Answers {
    let request = || format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    Box::pin(async move { join_all((0..TIMES).map(|_| ask(address, request()))).await })
}

fn slow_heads(address: SocketAddr) -> Answers {
    at_once(address, |address| ask(address, "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ".to_owned()))
}

fn publish(payload: &str) -> String {
    let body = json!({"channel": {"name": "c"}, "payload": payload}).to_string();
    let length = body.len();
    format!(
        "POST /v1/publish HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{KEY_AND_JSON}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn large_bodies(address: SocketAddr) -> Answers {
    at_once(address, |address| ask(address, publish(&"x".repeat(600 * 1024))))
}

/// After a batch that takes more than a key has for as long as this lasts.
fn small_publishes(address: SocketAddr) -> Answers {
    Box::pin(async move {
        let messages = vec![json!({"channel": {"name": "c"}, "payload": 1}); TIMES];
        let batch = json!({ "messages": messages }).to_string();
        assert_eq!(http(&address, "POST", "/v1/publish/batch", KEY_AND_JSON, &batch).await.status, 200);
        at_once(address, |address| ask(address, publish(&"x".repeat(14)))).await
    })
}

/// Reads on until the relay closes.
async fn closed(mut client: Client) -> String {
    let (code, reason, _) = client.closed().await;
    format!("{code} {reason}")
}

fn no_hello(address: SocketAddr) -> Answers {
    at_once(address, |address| async move { closed(Client::connect(&address).await).await })
}

fn nothing_more(address: SocketAddr) -> Answers {
    at_once(address, |address| async move { closed(Client::visitor(&address).await).await })
}

fn floods(address: SocketAddr) -> Answers {
    at_once(address, |address| async move {
        let mut client = Client::visitor(&address).await;
        // More than it may send in half a minute. It may be closed already.
        for _ in 0..200 {
            let _ = client.try_send(json!({"type": "pong"})).await;
        }
        closed(client).await
    })
}

fn large_frames(address: SocketAddr) -> Answers {
    at_once(address, |address| async move {
        let mut client = Client::connect(&address).await;
        client.send(json!({"type": "hello", "token": "x".repeat(17 * 1024)})).await;
        closed(client).await
    })
}

/// Subscribes to a channel of the client's own, and tells what came of it.
async fn subscribe(client: &mut Client, id: u32) -> String {
    let reply = client.subscribe(id, json!({"name": format!("c{id}")}), None).await;
    format!("{} {} {}", reply["type"].as_str().unwrap(), reply["status"], reply["message"])
}

fn one_subscription(address: SocketAddr) -> Answers {
    at_once(address, |address| async move { subscribe(&mut Client::visitor(&address).await, 1).await })
}

/// One client after the other: a question that waits for too long is another matter.
fn subscriptions_in_turn(address: SocketAddr) -> Answers {
    Box::pin(async move {
        let mut answers = Vec::new();
        for _ in 0..TIMES {
            answers.push(subscribe(&mut Client::visitor(&address).await, 1).await);
        }
        answers
    })
}

fn two_subscriptions(address: SocketAddr) -> Answers {
    at_once(address, |address| async move {
        let mut client = Client::visitor(&address).await;
        assert!(subscribe(&mut client, 1).await.starts_with("subscribed"));
        subscribe(&mut client, 2).await
    })
}

/// Begins a handshake of TLS, and waits.
fn begun_handshakes(address: SocketAddr) -> Answers {
    at_once(address, |address| async move {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(&[22]).await.unwrap();
        let _ = socket.read(&mut [0]).await;
        "closed".to_owned()
    })
}
