//! A backend for tests: a small HTTP server on loopback that answers as it is told and notes what it was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::address::BackendAddress;
use super::asker::WebhookPermission;
use super::settings::WebhookSettings;

/// Longer than anything here takes, so that only what hangs fails by it.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

/// A request as it came in.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn channel(&self) -> String {
        self.json()["request"]["channel"]["name"].as_str().unwrap().to_owned()
    }
}

/// What it does with a request, by the name of the channel that is asked about.
pub(super) enum Act {
    /// Answers with a status and a body.
    Answer(u16, String),
    /// Sends the sender to another port of this machine.
    Redirect(u16),
    /// Answers yes once [`StandIn::release`] is called.
    Wait,
    /// Never answers.
    Hang,
    /// Closes the connection.
    Cut,
}

/// What is yes for every test.
pub(super) fn yes() -> Act {
    Act::Answer(200, r#"{"read":true}"#.to_owned())
}

type Behaviour = dyn Fn(&str, usize) -> Act + Send + Sync;

#[derive(Default)]
struct Notes {
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    released: tokio::sync::watch::Sender<bool>,
}

/// A socket with an address that is nobody else's. Until somebody listens at it, connections are refused.
pub(super) fn bound() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    socket
}

/// A running stand-in. Stops when it is dropped.
pub(super) struct StandIn {
    pub(super) port: u16,
    notes: Arc<Notes>,
    _serving: JoinSet<()>,
}

impl StandIn {
    /// Starts one that does what `behaviour` says to a channel's name and the number of requests before.
    pub(super) async fn start(behaviour: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Self {
        Self::start_at(bound(), behaviour)
    }

    /// Starts one at a socket that has its address already.
    pub(super) fn start_at(
        socket: TcpSocket,
        behaviour: impl Fn(&str, usize) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = socket.listen(1024).unwrap();
        let port = listener.local_addr().unwrap().port();
        let notes = Arc::<Notes>::default();
        let behaviour: Arc<Behaviour> = Arc::new(behaviour);
        let mut serving = JoinSet::new();
        serving.spawn({
            let notes = Arc::clone(&notes);
            async move {
                let mut connections = JoinSet::new();
                while let Ok((socket, _)) = listener.accept().await {
                    notes.connections.fetch_add(1, Ordering::SeqCst);
                    connections.spawn(serve(socket, Arc::clone(&notes), Arc::clone(&behaviour)));
                }
            }
        });
        Self { port, notes, _serving: serving }
    }

    /// Settings that ask this backend, with a deadline that only what hangs runs into.
    pub(super) fn settings(&self) -> WebhookSettings {
        let address = BackendAddress::parse(&format!("http://127.0.0.1:{}", self.port)).unwrap();
        WebhookSettings { timeout: DEADLINE, ..WebhookSettings::at(address) }
    }

    /// A provider that asks this backend.
    pub(super) fn asker(&self) -> WebhookPermission {
        WebhookPermission::new(self.settings()).unwrap()
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.notes.asked.lock().clone()
    }

    /// Requests that have come and not been answered yet.
    pub(super) fn open(&self) -> usize {
        self.notes.open.load(Ordering::SeqCst)
    }

    pub(super) fn connections(&self) -> usize {
        self.notes.connections.load(Ordering::SeqCst)
    }

    /// Lets every request that waits have its yes, now and later.
    pub(super) fn release(&self) {
        self.notes.released.send_replace(true);
    }
}

/// Comes back once this holds.
pub(super) async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(DEADLINE, waiting).await.unwrap_or_else(|_| panic!("still not: {what}"));
}

async fn serve(socket: TcpStream, notes: Arc<Notes>, behaviour: Arc<Behaviour>) {
    let mut socket = BufReader::new(socket);
    while let Some(asked) = read(&mut socket).await {
        let channel = asked.channel();
        let before = {
            let mut all = notes.asked.lock();
            all.push(asked);
            all.len() - 1
        };
        notes.open.fetch_add(1, Ordering::SeqCst);
        let mut location = String::new();
        let (status, body) = match behaviour(&channel, before) {
            Act::Answer(status, body) => (status, body),
            Act::Redirect(port) => {
                location = format!("Location: http://127.0.0.1:{port}/\r\n");
                (307, String::new())
            }
            Act::Wait => {
                let mut released = notes.released.subscribe();
                released.wait_for(|released| *released).await.unwrap();
                (200, r#"{"read":true}"#.to_owned())
            }
            Act::Hang => std::future::pending().await,
            Act::Cut => {
                notes.open.fetch_sub(1, Ordering::SeqCst);
                return;
            }
        };
        notes.open.fetch_sub(1, Ordering::SeqCst);
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} Because\r\n{location}Content-Length: {length}\r\n\r\n{body}");
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(socket: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: Vec<_> = lines
        .iter()
        .skip(1)
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value);
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    socket.read_exact(&mut body).await.ok()?;
    Some(Asked { line: lines.first().unwrap().clone(), headers, body: String::from_utf8(body).unwrap() })
}
