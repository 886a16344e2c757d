//! Who publishes: numbered messages at a steady pace, each until the relay has it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use realtime_relay::command::dial::Way;
use realtime_relay::command::request::post;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The channel of all messages.
pub const CHANNEL: &str = "beat";

/// The key of a relay on a loopback address that was given none.
const KEY: &str = "dev";

/// How long one attempt may take.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);

/// How long until the next, where one has failed.
const PAUSE: Duration = Duration::from_millis(100);

/// A payload: the message's number, and when it was published first, in microseconds since the start.
fn payload(number: u64, start: Instant) -> String {
    format!("[{number},{}]", start.elapsed().as_micros())
}

/// Reads a payload.
pub fn read(payload: &str) -> Option<(u64, Duration)> {
    let (number, sent) = payload.strip_prefix('[')?.strip_suffix(']')?.split_once(',')?;
    Some((number.parse().ok()?, Duration::from_micros(sent.parse().ok()?)))
}

/// Publishes until it is told to stop, and returns how many messages the relay has acknowledged: all of them, numbered
/// from 1.
pub async fn beat(
    relay: watch::Receiver<SocketAddr>,
    every: Duration,
    start: Instant,
    stop: CancellationToken,
) -> u64 {
    let mut pace = interval(every);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    // One number for each life of this process, so that ids mean nothing to a relay that has seen another.
    let run = start.elapsed().as_nanos() ^ u128::from(std::process::id());
    while stop.run_until_cancelled(pace.tick()).await.is_some() {
        number += 1;
        let payload = payload(number, start);
        let body = format!(
            "{{\"channel\":{{\"name\":\"{CHANNEL}\"}},\"payload\":{payload},\"id\":\"{run}-{number}\"}}"
        );
        loop {
            let address = *relay.borrow();
            if attempt(address, body.clone()).await {
                break;
            }
            sleep(PAUSE).await;
        }
    }
    number
}

async fn attempt(relay: SocketAddr, body: String) -> bool {
    let answer = timeout(ATTEMPT_LIMIT, post(&Way::plain(relay), "/v1/publish", KEY, body)).await;
    matches!(answer, Ok(Ok(answer)) if answer.status.is_success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_read_as_it_was_written() {
        let start = Instant::now();
        let (number, sent) = read(&payload(7, start)).unwrap();
        assert_eq!(number, 7);
        assert!(sent <= start.elapsed());
        assert_eq!(read("[1,]"), None);
    }
}
