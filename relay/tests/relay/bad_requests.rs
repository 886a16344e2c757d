//! Whatever a request is, its answer can be read: a problem document, and a connection that ends in order.

use std::fmt::Write as _;
use std::time::Duration;

use realtime_relay::app::Relay;
use realtime_relay::http::operation::Operation;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::support::{Answer, DEADLINE, KEY_AND_JSON, http, publish_text, raw_http, relay};

/// Sends bytes, reads what comes until `enough` says so, and returns it.
async fn exchange(relay: &Relay, request: &[u8], enough: impl Fn(&str) -> bool) -> String {
    let mut socket = TcpStream::connect(relay.address()).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let reading = async {
        while !enough(&String::from_utf8_lossy(&answer)) {
            assert_ne!(
                socket.read_buf(&mut answer).await.unwrap(),
                0,
                "{}",
                String::from_utf8_lossy(&answer)
            );
        }
    };
    timeout(DEADLINE, reading).await.expect("enough of an answer in time");
    String::from_utf8(answer).unwrap()
}

fn expect_problem(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!(answer.status, status, "{what}: {} {}", answer.head, answer.body);
    assert!(answer.head.contains("content-type: application/problem+json"), "{what}: {}", answer.head);
    assert!(answer.head.contains("\r\ndate: "), "{what}: {}", answer.head);
    let problem = answer.json();
    assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{what}");
    assert!(problem["detail"].as_str().unwrap().len() > 10, "{what}: {problem}");
}

#[tokio::test]
async fn what_is_no_request_gets_a_problem_document_too() {
    let relay = relay(&[]).await;
    let long = "x".repeat(40_000);
    let mut many = String::new();
    for field in 0..200 {
        let _ = write!(many, "X-{field}: 1\r\n");
    }
    for (request, status, code) in [
        ("NONSENSE\r\n\r\n".to_owned(), 400, "bad_input"),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".to_owned() + "a TLS client\r\n\r\n", 400, "bad_input"),
        ("GET /healthz HTTP/3.0\r\nHost: a\r\n\r\n".to_owned(), 400, "bad_input"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400, "bad_input"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nno field\r\n\r\n".to_owned(), 400, "bad_input"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n".to_owned(), 400, "bad_input"),
        ("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), 400, "bad_input"),
        (
            "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n".to_owned(),
            400,
            "bad_input",
        ),
        (format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"), 431, "head_too_large"),
        (format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), 431, "head_too_large"),
        (format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 431, "head_too_large"),
    ] {
        let answer = raw_http(&relay, request.as_bytes()).await;
        expect_problem(&answer, status, code, request.get(..60).unwrap_or(&request));
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_connection_whose_second_request_is_none_has_both_answers() {
    let relay = relay(&[]).await;
    let good = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    // In one packet, and in two with the first answer between them.
    let both = raw_http(&relay, format!("{good}NONSENSE\r\n\r\n").as_bytes()).await;
    assert!(both.status == 200 && both.body.contains("\"status\":400"), "{}", both.body);
    let mut socket = TcpStream::connect(relay.address()).await.unwrap();
    let mut first = Vec::new();
    socket.write_all(good.as_bytes()).await.unwrap();
    while !first.ends_with(b"}") {
        timeout(DEADLINE, socket.read_buf(&mut first)).await.unwrap().unwrap();
    }
    socket.write_all(b"NONSENSE\r\n\r\n").await.unwrap();
    let mut second = String::new();
    timeout(DEADLINE, socket.read_to_string(&mut second)).await.unwrap().unwrap();
    assert!(second.starts_with("HTTP/1.1 400 ") && second.contains("\"code\":\"bad_input\""), "{second}");
    drop(socket);
    relay.stop().await;
}

#[tokio::test]
async fn a_client_that_is_still_sending_hears_why_it_is_refused() {
    let relay = relay(&[]).await;
    let body = "x".repeat(8 * 1024 * 1024);
    // Refused by its head, of which the client takes no notice while it sends.
    for (headers, status, code) in [
        ("Content-Type: application/json\r\n", 401, "unauthorized"),
        (KEY_AND_JSON, 413, "payload_too_large"),
        ("Authorization: Bearer dev\r\n", 415, "unsupported_media_type"),
    ] {
        let answer = http(&relay, "POST", "/v1/publish", headers, &body).await;
        expect_problem(&answer, status, code, headers);
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_body_in_chunks_is_read_up_to_the_limit_and_refused_when_it_is_broken() {
    let relay = relay(&[]).await;
    let head = format!(
        "POST /v1/publish HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{KEY_AND_JSON}Transfer-Encoding: chunked\r\n\r\n"
    );
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let good = [r#"{"channel":{"name":"c"},"#, r#""payload":1}"#].map(chunk).concat();
    let answer = raw_http(&relay, format!("{head}{good}0\r\n\r\n").as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let broken = raw_http(&relay, format!("{head}{good}many\r\n").as_bytes()).await;
    expect_problem(&broken, 400, "bad_input", "a chunk without a size");
    let endless = format!("{head}{}", chunk(&"x".repeat(65_536)).repeat(10));
    expect_problem(
        &raw_http(&relay, endless.as_bytes()).await,
        413,
        "payload_too_large",
        "chunks without an end",
    );
    relay.stop().await;
}

#[tokio::test]
async fn a_body_that_is_no_json_object_of_the_api_is_refused_with_what_is_wrong() {
    let relay = relay(&[]).await;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (body, detail) in [
        (Vec::new(), "the body is empty"),
        (b"{\"channel\":{\"name\":\"\xff\"},\"payload\":1}".to_vec(), "invalid unicode"),
        (b"{\"channel\":{\"name\":\"c\"},\"payload\":\"\xff\"}".to_vec(), "invalid unicode"),
        (br#"{"channel":{"name":"c"},"payload":1,"payload":2}"#.to_vec(), "duplicate field `payload`"),
        (br#"{"channel":{"name":"c","name":"d"},"payload":1}"#.to_vec(), "duplicate field `name`"),
        (
            format!(r#"{{"channel":{{"name":{}}},"payload":1}}"#, deep(20_000)).into_bytes(),
            "expected a string",
        ),
        (format!(r#"{{"channel":{},"payload":1}}"#, deep(20_000)).into_bytes(), "must not be an array"),
        (b"{\"channel\":{\"name\":\"c\"},\"payload\":1} {}".to_vec(), "trailing characters"),
    ] {
        let head = format!(
            "POST /v1/publish HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{KEY_AND_JSON}Content-Length: {}\r\n\r\n",
            body.len()
        );
        let answer = raw_http(&relay, &[head.as_bytes(), &body].concat()).await;
        expect_problem(&answer, 400, "bad_input", detail);
        assert!(answer.body.contains(detail), "{detail}: {}", answer.body);
    }
    // A payload may be as deep as it fits.
    let answer =
        publish_text(&relay, &format!(r#"{{"channel":{{"name":"c"}},"payload":{}}}"#, deep(30_000))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    relay.stop().await;
}

#[tokio::test]
async fn a_publish_without_a_length_is_one_without_a_body() {
    let relay = relay(&[]).await;
    let request = format!("POST /v1/publish HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{KEY_AND_JSON}\r\n");
    let answer = raw_http(&relay, request.as_bytes()).await;
    expect_problem(&answer, 400, "bad_input", "no body");
    assert!(answer.body.contains("the body is empty"), "{}", answer.body);
    relay.stop().await;
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_continue_only_when_its_body_is_wanted() {
    let relay = relay(&[]).await;
    let body = r#"{"channel":{"name":"c"},"payload":1}"#;
    let request = |headers: &str| {
        let length = body.len();
        format!(
            "POST /v1/publish HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n{headers}\r\n"
        )
    };
    let wanted = exchange(&relay, request(KEY_AND_JSON).as_bytes(), |text| text.ends_with("\r\n\r\n")).await;
    assert_eq!(wanted, "HTTP/1.1 100 Continue\r\n\r\n");
    let refused = exchange(&relay, request("").as_bytes(), |text| text.ends_with('}')).await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    relay.stop().await;
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed() {
    let relay = relay(&[]).await;
    let answer = raw_http(&relay, b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ok")));
    relay.stop().await;
}

#[tokio::test]
async fn every_address_refuses_other_methods_with_those_that_it_takes() {
    let relay = relay(&[]).await;
    for operation in Operation::ALL {
        for method in ["OPTIONS", "PUT", "DELETE", "TRACE", "PROPFIND"] {
            let answer = http(&relay, method, operation.path(), "", "").await;
            expect_problem(&answer, 405, "method_not_allowed", operation.path());
            let allow = format!("\r\nallow: {}", operation.methods().to_lowercase());
            assert!(answer.head.contains(&allow), "{}", answer.head);
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn no_page_of_another_origin_may_call_the_api() {
    let relay = relay(&["--allow-origin", "https://shop.example"]).await;
    let preflight = "Origin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\n";
    let page = "Origin: https://shop.example\r\n";
    for (method, headers) in [("OPTIONS", preflight), ("POST", page), ("GET", page)] {
        for operation in Operation::ALL {
            let answer = http(&relay, method, operation.path(), headers, "").await;
            assert!(!answer.head.contains("access-control-"), "{}", answer.head);
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_head_request_is_answered_without_the_body() {
    let relay = relay(&[]).await;
    let (head, get) =
        (http(&relay, "HEAD", "/healthz", "", "").await, http(&relay, "GET", "/healthz", "", "").await);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.head.contains(&format!("content-length: {}", get.body.len())), "{}", head.head);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_arrive_in_time_is_told_so() {
    let relay = relay(&[]).await;
    let body = "POST /v1/publish HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n";
    for (request, what) in [
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ".to_owned(), "head"),
        (format!("{body}{KEY_AND_JSON}\r\n{{\"channel\":"), "body"),
    ] {
        // Time passes by itself while everyone waits.
        let mut socket = TcpStream::connect(relay.address()).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 408 ") && answer.contains("request_timeout"),
            "{what}: {answer}"
        );
    }
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_at_rest_is_closed_without_a_word() {
    let relay = relay(&[]).await;
    let mut socket = TcpStream::connect(relay.address()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "");
    relay.stop().await;
}

/// A publish that is answered without hyper.
fn good_publish() -> String {
    let body = r#"{"channel":{"name":"c"},"payload":1}"#;
    let length = body.len();
    format!("POST /v1/publish HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n{KEY_AND_JSON}\r\n{body}")
}

/// Does something while no time passes. A clock that is paused goes on when nothing is left to do, whatever the network
/// still carries; a thread that is at work keeps it.
async fn at_this_moment<T>(work: impl Future<Output = T>) -> T {
    let (is_done, done) = std::sync::mpsc::channel::<()>();
    let working = tokio::task::spawn_blocking(move || done.recv().is_ok());
    let result = work.await;
    drop(is_done);
    working.await.unwrap();
    result
}

#[tokio::test(start_paused = true)]
async fn who_lets_a_request_trickle_has_the_time_of_one_head_whoever_waits() {
    let relay = relay(&[]).await;
    for before in ["", &good_publish()] {
        let mut socket = TcpStream::connect(relay.address()).await.unwrap();
        if !before.is_empty() {
            let answered = at_this_moment(async {
                socket.write_all(before.as_bytes()).await.unwrap();
                let mut answer = [0; 17];
                socket.read_exact(&mut answer).await.unwrap();
                answer
            });
            assert_eq!(&answered.await, b"HTTP/1.1 200 OK\r\n");
        }
        let began = Instant::now();
        tokio::time::sleep(Duration::from_secs(20)).await;
        socket.write_all(b"POST /v1/pub").await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("HTTP/1.1 408 "), "{answer}");
        let waited = began.elapsed();
        assert!(waited < Duration::from_secs(40), "{waited:?}");
    }
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_at_rest_behind_an_answer_is_closed_without_a_word() {
    let relay = relay(&[]).await;
    let mut socket = TcpStream::connect(relay.address()).await.unwrap();
    let request = good_publish();
    for _ in 0..2 {
        let began = Instant::now();
        tokio::time::sleep(Duration::from_secs(20)).await;
        at_this_moment(async {
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"}") {
                assert_ne!(socket.read_buf(&mut answer).await.unwrap(), 0, "after {:?}", began.elapsed());
            }
        })
        .await;
    }
    let mut rest = String::new();
    socket.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "");
    relay.stop().await;
}
