//! What a relay holds at a moment, as its own `/metrics` tell.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a relay may take to tell.
const LIMIT: Duration = Duration::from_secs(10);

/// What a relay holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gauges {
    /// Memory that it has in RAM, in bytes.
    pub resident_bytes: u64,
    /// Open descriptors.
    pub descriptors: u64,
    /// Tasks of its runtime that have not ended.
    pub tasks: u64,
    /// Clients that are connected.
    pub sessions: u64,
    /// Subscriptions that run.
    pub subscriptions: u64,
    /// Channels that have readers or a history.
    pub channels: u64,
}

/// Asks a relay, with the key of relays on a loopback address.
///
/// # Errors
/// When it does not answer, or lacks one of the metrics.
pub async fn read(relay: SocketAddr) -> io::Result<Gauges> {
    let text = timeout(LIMIT, ask(relay))
        .await
        .map_err(|_| io::Error::other("the relay does not tell its metrics"))??;
    parse(&text).map_err(|name| io::Error::other(format!("the relay's metrics have no {name}")))
}

async fn ask(relay: SocketAddr) -> io::Result<String> {
    let mut socket = TcpStream::connect(relay).await?;
    let request = format!(
        "GET /metrics HTTP/1.1\r\nhost: {relay}\r\nauthorization: Bearer dev\r\nconnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The gauges in the text format of Prometheus, or the name of one that is not there.
fn parse(text: &str) -> Result<Gauges, &'static str> {
    let gauge = |name: &'static str| {
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse::<f64>().ok();
        text.lines().find_map(value).map(|value| value as u64).ok_or(name)
    };
    Ok(Gauges {
        resident_bytes: gauge("process_resident_memory_bytes")?,
        descriptors: gauge("process_open_fds")?,
        tasks: gauge("relay_tasks")?,
        sessions: gauge("relay_sessions")?,
        subscriptions: gauge("relay_subscriptions")?,
        channels: gauge("relay_channels")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "HTTP/1.1 200 OK\r\n\r\n# TYPE relay_sessions gauge\nrelay_sessions 3\nrelay_sessions_limit 9\n\
        process_resident_memory_bytes 1.5e7\nprocess_open_fds 12\nrelay_tasks 7\nrelay_subscriptions 4\nrelay_channels 2\n";

    #[test]
    fn gauges_are_found_by_their_whole_names() {
        let gauges = parse(TEXT).unwrap();
        assert_eq!((gauges.sessions, gauges.resident_bytes, gauges.tasks), (3, 15_000_000, 7));
        assert_eq!(parse("relay_sessions_limit 9"), Err("process_resident_memory_bytes"));
    }
}
