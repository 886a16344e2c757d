//! A client that listens over all restarts, and remembers what it heard.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use super::process::command;
use super::support::DEADLINE;

/// A message as it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) channel: String,
    pub(crate) epoch: String,
    pub(crate) offset: u64,
    pub(crate) payload: Value,
}

/// `relay subscribe`, a process of its own.
pub(crate) struct Listener {
    _child: Child,
    heard: Arc<Mutex<Vec<Heard>>>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    /// Listens to channels. When this returns, it is listening to all of them.
    pub(crate) async fn start(address: SocketAddr, channels: &[&str]) -> Self {
        let url = format!("http://{address}");
        let mut child = command(&[&["subscribe", "--url", &url], channels].concat()).spawn().unwrap();
        let (heard, said) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let sink = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                sink.lock().unwrap().push(parse(&line));
            }
        });
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let sink = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok(Some(line)) = errors.next_line().await {
                sink.lock().unwrap().push(line);
            }
        });
        let listener = Self { _child: child, heard, said };
        let is_listening = |said: &[String]| said.iter().filter(|line| line.contains("listening to")).count();
        let all = channels.len();
        listener.wait(|listener| is_listening(&listener.said()) == all).await;
        listener
    }

    async fn wait(&self, is_done: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !is_done(self) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(DEADLINE, waiting).await.is_err() {
            let last = self.heard().into_iter().rev().take(3).collect::<Vec<_>>();
            panic!("waited in vain: it said {:?} and heard last {last:?}", self.said());
        }
    }

    /// Waits for a message of each channel.
    pub(crate) async fn until(&self, channels: &[&str], payload: &Value) {
        for channel in channels {
            let is_it = |heard: &Heard| heard.channel == *channel && heard.payload == *payload;
            self.wait(|listener| listener.heard().iter().any(is_it)).await;
        }
    }

    /// What it heard.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// What it told its user.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

fn parse(line: &str) -> Heard {
    let line: Value = serde_json::from_str(line).unwrap();
    Heard {
        channel: line["channel"]["name"].as_str().unwrap().to_owned(),
        epoch: line["epoch"].as_str().unwrap().to_owned(),
        offset: line["offset"].as_u64().unwrap(),
        payload: line["payload"].clone(),
    }
}
