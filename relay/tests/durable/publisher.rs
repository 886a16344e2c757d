//! A backend that publishes, and tries again for as long as it takes, under the same ids.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::support::KEY_AND_JSON;

/// How long a relay may take to answer before it is asked again.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer: its status and its body.
pub(crate) type Answer = (u16, Value);

/// Sends a request. Fails when the relay goes away meanwhile.
pub(crate) async fn post(address: SocketAddr, path: &str, body: &Value) -> io::Result<Answer> {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n{KEY_AND_JSON}\r\n{body}",
        body.len()
    );
    let exchange = async {
        let mut socket = TcpStream::connect(address).await?;
        socket.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        io::Result::Ok(answer)
    };
    let answer = timeout(PATIENCE, exchange).await.map_err(io::Error::other)??;
    let parsed = answer.split_once("\r\n\r\n").and_then(|(head, body)| {
        Some((head.split(' ').nth(1)?.parse().ok()?, serde_json::from_str(body).ok()?))
    });
    parsed.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// What became of a message.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) number: u64,
    /// Where it is; `None` when nobody asked again after a failure.
    pub(crate) position: Option<(String, u64)>,
}

/// Publishes to one channel, one message or a few at a time, in order.
pub(crate) struct Publisher {
    address: SocketAddr,
    pub(crate) channel: String,
    next: u64,
    pub(crate) published: Vec<Published>,
}

impl Publisher {
    pub(crate) fn new(address: SocketAddr, channel: &str) -> Self {
        Self { address, channel: channel.to_owned(), next: 0, published: Vec::new() }
    }

    /// Publishes so many messages; tries again until the relay has them, unless `gives_up`.
    pub(crate) async fn publish(&mut self, count: usize, gives_up: bool) {
        let first = self.next;
        self.next += count as u64;
        let mut waiting: Vec<u64> = (first..self.next).collect();
        while !waiting.is_empty() {
            let positions = self.attempt(&waiting).await;
            for number in waiting.extract_if(.., |number| positions.iter().any(|(done, _)| done == number)) {
                let position = positions.iter().find(|(done, _)| *done == number).map(|(_, at)| at.clone());
                self.published.push(Published { number, position });
            }
            if gives_up {
                let unsure = waiting.drain(..).map(|number| Published { number, position: None });
                self.published.extend(unsure);
            }
            if !waiting.is_empty() {
                sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Publishes a last message.
    pub(crate) async fn finish(&self) {
        let last = json!({"channel": {"name": self.channel}, "payload": "the end", "id": format!("{}-end", self.channel)});
        while !matches!(post(self.address, "/v1/publish", &last).await, Ok((200, _))) {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether a number was published.
    pub(crate) fn knows(&self, number: u64) -> bool {
        number < self.next
    }

    /// One request. Returns the positions of what the relay has now.
    async fn attempt(&self, numbers: &[u64]) -> Vec<(u64, (String, u64))> {
        let message = |number: &u64| json!({"channel": {"name": self.channel}, "payload": number, "id": format!("{}-{number}", self.channel)});
        let position = |value: &Value| Some((value["epoch"].as_str()?.to_owned(), value["offset"].as_u64()?));
        if let [number] = numbers {
            return match post(self.address, "/v1/publish", &message(number)).await {
                Ok((200, body)) => vec![(*number, position(&body).unwrap())],
                Ok((503, _)) | Err(_) => Vec::new(),
                Ok(other) => panic!("{other:?}"),
            };
        }
        let body = json!({"messages": numbers.iter().map(message).collect::<Vec<_>>()});
        match post(self.address, "/v1/publish/batch", &body).await {
            Ok((200, body)) => {
                let results = body["results"].as_array().unwrap();
                let done = numbers
                    .iter()
                    .zip(results)
                    .filter_map(|(number, result)| Some((*number, position(result)?)));
                done.collect()
            }
            Ok((503, _)) | Err(_) => Vec::new(),
            Ok(other) => panic!("{other:?}"),
        }
    }
}
