//! Permissions by webhook, from outside: a backend on loopback decides what clients may read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};
use warp::Filter;
use warp::http::StatusCode;

use crate::support::{Client, relay};
use crate::tokens::member;

/// A backend that decides by the channel's name, and how often it was asked.
struct Backend {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Backend {
    async fn start() -> Self {
        let asked = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&asked);
        let route = warp::post()
            .and(warp::path!("site" / "v1" / "check-subscriber-permissions"))
            .and(warp::body::json())
            .map(move |question: Value| {
                count.fetch_add(1, Ordering::SeqCst);
                let (status, answer) = decide(&question["request"]);
                warp::reply::with_status(warp::reply::json(&answer), status)
            });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/site", listener.local_addr().unwrap());
        tokio::spawn(warp::serve(route).incoming(listener).run());
        Self { url, asked }
    }
}

fn decide(request: &Value) -> (StatusCode, Value) {
    match request["channel"]["name"].as_str().unwrap() {
        "open" => (StatusCode::OK, json!({"read": true})),
        "members" => (StatusCode::OK, json!({"read": request["subscriber"]["type"] == "MEMBER"})),
        "own" => {
            (StatusCode::OK, json!({"read": request["channel"]["resourceId"] == request["subscriber"]["id"]}))
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, json!({"detail": "secret detail"})),
    }
}

#[tokio::test]
async fn the_backend_decides_who_may_read() {
    let backend = Backend::start().await;
    let relay = relay(&["--token-secret", "secret", "--permissions-url", &backend.url]).await;
    let mut visitor = Client::visitor(&relay).await;
    let mut member = member(&relay, "anna").await;
    for (channel, visitor_gets, member_gets) in [
        (json!({"name": "open"}), 200, 200),
        (json!({"name": "members"}), 403, 200),
        (json!({"name": "members", "resourceId": "1"}), 403, 200),
        (json!({"name": "own", "resourceId": "anna"}), 403, 200),
        (json!({"name": "broken"}), 503, 503),
    ] {
        for (client, expected) in [(&mut visitor, visitor_gets), (&mut member, member_gets)] {
            let reply = client.subscribe(1, channel.clone(), None).await;
            if expected == 200 {
                assert_eq!(reply["type"], "subscribed", "{channel}: {reply}");
                client.send(json!({"type": "unsubscribe", "id": 2, "channel": channel})).await;
                assert_eq!(client.frame().await["type"], "unsubscribed");
            } else {
                let facts = (&reply["type"], &reply["code"], &reply["status"]);
                assert_eq!(facts, (&json!("refused"), &json!(2), &json!(expected)), "{channel}");
                // Why is for the log, not for the browser.
                assert!(!reply["message"].as_str().unwrap().contains("secret detail"), "{reply}");
            }
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn every_attempt_to_subscribe_is_asked_unless_answers_are_remembered() {
    for (flags, expected) in [(&[][..], 2), (&["--permissions-cache-seconds", "60"][..], 1)] {
        let backend = Backend::start().await;
        let url = ["--token-secret", "secret", "--permissions-url", &backend.url];
        let relay = relay(&[&url[..], flags].concat()).await;
        for _ in 0..2 {
            let mut client = member(&relay, "anna").await;
            assert_eq!(client.subscribe(1, json!({"name": "open"}), None).await["type"], "subscribed");
        }
        assert_eq!(backend.asked.load(Ordering::SeqCst), expected, "{flags:?}");
        relay.stop().await;
    }
}

#[tokio::test]
async fn a_relay_starts_without_its_backend_and_refuses_until_that_is_there() {
    // A port that is taken, and at which nobody listens.
    let silent = TcpSocket::new_v4().unwrap();
    silent.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let relay = relay(&["--permissions-url", &url]).await;
    let mut client = Client::visitor(&relay).await;
    for id in 0..10 {
        let reply = client.subscribe(id, json!({"name": "open"}), None).await;
        assert_eq!((&reply["type"], &reply["status"]), (&json!("refused"), &json!(503)), "{reply}");
    }
    relay.stop().await;
}
