//! When clients of a relay that stops come back: each at a moment of its own, over a window that fits their number.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Client, relay};

/// More than a window of the shortest kind is for.
const CLIENTS: usize = 1_000;

#[tokio::test]
async fn the_clients_of_a_stopping_relay_are_spread_evenly_over_a_window_that_fits_their_number() {
    // Both ends of every connection are in this process.
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let relay = relay(&["--log", "warn"]).await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(Client::visitor(&relay).await);
    }
    let stopping = tokio::spawn(relay.stop());
    let leaving = clients.into_iter().map(|mut client| async move {
        let (code, _, before) = client.closed().await;
        assert_eq!(code, 4000);
        let goodbye = before.last().unwrap();
        assert_eq!(goodbye["type"], json!("goodbye"), "{before:?}");
        goodbye["retryAfterMs"].as_u64().unwrap() as usize
    });
    let moments = join_all(leaving).await;
    stopping.await.unwrap();

    // A millisecond for each: as many in every tenth of the window.
    assert!(moments.iter().all(|moment| *moment <= CLIENTS), "{:?}", moments.iter().max());
    for tenth in 0..10 {
        let span = tenth * CLIENTS / 10..(tenth + 1) * CLIENTS / 10;
        let comers = moments.iter().filter(|moment| span.contains(moment)).count();
        assert!((90..=110).contains(&comers), "{comers} of {CLIENTS} come back within {span:?} ms");
    }
}
