//! The accept loop.

use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http::connection::{self, Routes};

/// How long to wait after an accept that failed for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves connections until it is cancelled. Requests that are under way then are still answered.
pub async fn serve(listener: TcpListener, routes: Routes, cancel: CancellationToken, tracker: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, _)) => {
                tracker.spawn(connection::serve(socket, routes.clone(), cancel.clone()));
            }
            Err(error) => refused(&error).await,
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
