//! The accept loop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http::connection::{self, Routes};
use crate::http::places::{Places, Seat};

/// How long to wait after an accept that failed for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves connections until it is cancelled. Requests that are under way then are still answered.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    places: Arc<Places>,
    cancel: CancellationToken,
    tracker: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (socket, peer) = match accepted {
            Ok((socket, address)) => (socket, places.peer(address.ip())),
            Err(error) => {
                refused(&error).await;
                continue;
            }
        };
        // Without a place there is not even one for an answer: closing at once is what is left.
        let Ok(place) = places.take() else { continue };
        match places.claim_of(peer) {
            Ok(claim) => {
                let seat = Seat { place, claim };
                tracker.spawn(connection::serve(socket, seat, peer, routes.clone(), cancel.clone()));
            }
            Err(why) => {
                tracker.spawn(connection::turn_away(socket, place, why.into()));
            }
        }
    }
}

/// A connection could not be accepted. One that its client gave up is nothing; without descriptors, trying again at
/// once would only burn the core.
async fn refused(error: &io::Error) {
    if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        return;
    }
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}
