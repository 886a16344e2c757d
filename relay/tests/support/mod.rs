//! A relay on a free port, and clients of other people's making to try it with.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test uses a part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};
use futures_util::{SinkExt, StreamExt};
use realtime_relay::app::Relay;
use realtime_relay::permission::provider::Permission;
use realtime_relay::providers::Provider;
use realtime_relay::settings::{Options, Settings};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

#[path = "secure.rs"]
pub mod secure;

/// Longer than anything here takes, so that only what hangs fails by it.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// What a client has time for that a test leaves alone meanwhile: it answers no heartbeat then.
const PATIENCE: [[&str; 2]; 2] = [["--heartbeat-seconds", "600"], ["--heartbeat-timeout-seconds", "600"]];

/// These flags, and for what they do not say a relay's patience with clients of a busy machine.
pub fn patient<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    let more = PATIENCE.iter().filter(|[flag, _]| !flags.contains(flag));
    flags.iter().copied().chain(more.flatten().copied()).collect()
}

/// The settings of these flags, on a free port.
pub fn settings(flags: &[&str]) -> Settings {
    let command = Options::augment_args(Command::new("serve")).mut_args(|arg| arg.env(None::<&str>));
    let mut flags = patient(&[&["serve", "--listen", "127.0.0.1:0"], flags].concat());
    let tls = if is_secure() { secure::of_process().1.flags().to_vec() } else { Vec::new() };
    flags.extend(tls.iter().map(String::as_str));
    Options::from_arg_matches(&command.get_matches_from(flags)).unwrap().resolve().unwrap()
}

/// Whether this test's relays and clients speak TLS: those of `tests/relay_over_tls` do.
pub fn is_secure() -> bool {
    module_path!().starts_with("relay_over_tls")
}

/// A connection, plain or not.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects to a relay.
pub async fn connect(relay: &impl At) -> Box<dyn Stream> {
    if is_secure() {
        Box::new(secure::connect(secure::of_process().0.client(), relay.at()).await.unwrap())
    } else {
        let socket = TcpStream::connect(relay.at()).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Box::new(socket)
    }
}

/// Starts a relay with these flags, on a free port.
pub async fn relay(flags: &[&str]) -> Relay {
    Relay::start(settings(flags)).await.unwrap()
}

/// Starts a relay with these flags that asks this provider for permission.
pub async fn relay_asking(permission: Arc<dyn Permission>, flags: &[&str]) -> Relay {
    Relay::start_with(settings(flags), Provider::of(permission)).await.unwrap()
}

/// Stops a relay whose clients have gone: it takes three seconds to part from one that neither reads nor goes.
pub async fn part(relay: Relay, clients: impl Sized) {
    drop(clients);
    relay.stop().await;
}

/// An address that nobody has. Not one of those that the system gives to outgoing connections: a client that comes
/// back while the relay is away might be given the relay's own.
pub fn free_address() -> SocketAddr {
    // Each is given out once: it is nobody's while its relay is away.
    static GIVEN_OUT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id() * 31 + GIVEN_OUT.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from(([127, 0, 0, 1], 20_000 + (next % 12_000) as u16));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Where a relay listens: one of this process, or the address of another's.
pub trait At {
    fn at(&self) -> SocketAddr;
}

impl At for Relay {
    fn at(&self) -> SocketAddr {
        self.address()
    }
}

impl At for SocketAddr {
    fn at(&self) -> SocketAddr {
        *self
    }
}

/// An answer to an HTTP request.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

/// Sends bytes as they are and reads the answer to its end.
pub async fn raw_http(relay: &impl At, request: &[u8]) -> Answer {
    let exchange = async {
        let mut socket = connect(relay).await;
        socket.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    let text = timeout(DEADLINE, exchange).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

pub async fn http(relay: &impl At, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        relay.at(),
        body.len()
    );
    raw_http(relay, request.as_bytes()).await
}

pub const KEY_AND_JSON: &str = "Authorization: Bearer dev\r\nContent-Type: application/json\r\n";

pub async fn publish_text(relay: &impl At, body: &str) -> Answer {
    http(relay, "POST", "/v1/publish", KEY_AND_JSON, body).await
}

pub async fn publish(relay: &impl At, channel: Value, payload: Value) -> Value {
    let answer = publish_text(relay, &json!({"channel": channel, "payload": payload}).to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Posts JSON with the relay's key.
pub async fn post(relay: &Relay, path: &str, body: Value) -> Answer {
    http(relay, "POST", path, KEY_AND_JSON, &body.to_string()).await
}

/// Says hello on a connection that has become a WebSocket, and reads on to the welcome: from then on there is a session.
pub async fn say_hello(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let hello = br#"{"type":"hello"}"#;
    // Masked with zeros.
    let frame = [&[0x81, 0x80 | hello.len() as u8, 0, 0, 0, 0][..], hello].concat();
    stream.write_all(&frame).await.unwrap();
    let mut read = Vec::new();
    let welcomed = async {
        while !String::from_utf8_lossy(&read).contains(r#"{"type":"welcome""#) {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
        }
    };
    timeout(DEADLINE, welcomed).await.expect("a welcome in time");
}

/// A client that speaks the protocol frame by frame.
pub struct Client(pub WebSocketStream<Box<dyn Stream>>);

impl Client {
    /// Connects without a hello.
    pub async fn connect(relay: &impl At) -> Self {
        Self::connect_over(connect(relay).await, relay.at()).await
    }

    /// Takes a connection that is there, without a hello.
    pub async fn connect_over(stream: Box<dyn Stream>, at: SocketAddr) -> Self {
        let url = format!("ws://{at}/v1/realtime");
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "realtime.v1.json".parse().unwrap());
        Self(timeout(DEADLINE, tokio_tungstenite::client_async(request, stream)).await.unwrap().unwrap().0)
    }

    /// Connects and says hello. Returns the welcome too.
    pub async fn hello(relay: &impl At, hello: Value) -> (Self, Value) {
        let mut client = Self::connect(relay).await;
        client.send(hello).await;
        let welcome = client.frame().await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (client, welcome)
    }

    pub async fn visitor(relay: &impl At) -> Self {
        Self::hello(relay, json!({"type": "hello"})).await.0
    }

    pub async fn send(&mut self, frame: Value) {
        self.try_send(frame).await.unwrap();
    }

    /// Sends a frame, unless the relay has closed already.
    pub async fn try_send(&mut self, frame: Value) -> Result<(), impl std::fmt::Debug> {
        self.0.send(Message::text(frame.to_string())).await
    }

    /// The next message's text, pings answered on the way.
    pub async fn text(&mut self) -> String {
        loop {
            match timeout(DEADLINE, self.0.next()).await.expect("a frame in time").expect("a frame").unwrap()
            {
                Message::Text(text) if text.as_str() == r#"{"type":"ping"}"# => {
                    self.send(json!({"type": "pong"})).await;
                }
                Message::Text(text) => return text.as_str().to_owned(),
                other => panic!("no text: {other:?}"),
            }
        }
    }

    pub async fn frame(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }

    /// Subscribes and returns the reply.
    pub async fn subscribe(&mut self, id: u32, channel: Value, position: Option<Value>) -> Value {
        let mut frame = json!({"type": "subscribe", "id": id, "channel": channel});
        if let Some(position) = position {
            frame["position"] = position;
        }
        self.send(frame).await;
        let reply = self.frame().await;
        assert_eq!(reply["id"], id, "{reply}");
        reply
    }

    /// Reads until so many messages have come; returns their payloads.
    pub async fn payloads(&mut self, count: usize) -> Vec<Value> {
        let mut payloads = Vec::new();
        while payloads.len() < count {
            let frame = self.frame().await;
            payloads.extend(
                frame
                    .as_array()
                    .unwrap_or_else(|| panic!("no messages: {frame}"))
                    .iter()
                    .map(|m| m[2].clone()),
            );
        }
        payloads
    }

    /// The next frame, or the code and the reason of the close that comes instead.
    pub async fn frame_or_close(&mut self) -> Result<Value, (u16, String)> {
        match timeout(DEADLINE, self.0.next()).await.expect("an answer in time") {
            Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(Some(frame)))) => {
                Err((frame.code.into(), frame.reason.as_str().to_owned()))
            }
            other => panic!("neither a frame nor a close: {other:?}"),
        }
    }

    /// The next frame, or the code of the end that comes instead: 1006 for one without a close frame.
    pub async fn frame_or_end(&mut self) -> Result<Value, u16> {
        match timeout(DEADLINE, self.0.next()).await.expect("an answer in time") {
            Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(Some(frame)))) => Err(frame.code.into()),
            _ => Err(1006),
        }
    }

    /// Reads on until the relay closes; returns the close code, its reason and what came before. A connection that
    /// is lost without a close frame has the code 1006, as in browsers.
    pub async fn closed(&mut self) -> (u16, String, Vec<Value>) {
        let mut before = Vec::new();
        // For all of it: a relay that pings and closes nothing is late, too.
        let end = Instant::now() + DEADLINE;
        loop {
            match timeout_at(end, self.0.next()).await.expect("a close in time") {
                Some(Ok(Message::Text(text))) => before.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.as_str().to_owned(), before);
                }
                Some(Err(_)) => return (1006, "lost".to_owned(), before),
                other => panic!("no close: {other:?}"),
            }
        }
    }
}
