//! `GET /v1/realtime`: the handshake, and the hand-over of the socket from hyper to a session.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http::HeaderMap;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_util::task::TaskTracker;
use warp::reply::Response;

use crate::http::origin::Origins;
use crate::http::places::{Peer, Places, Seat};
use crate::http::problem::{Code, Problem};
use crate::http::socket::Socket;
use crate::session::sessions::Sessions;
use crate::session::task;
use crate::tls::stream::Wire;
use crate::websocket::handshake;

/// What the door needs.
#[derive(Clone)]
pub struct Door {
    /// Where sessions run.
    pub sessions: Arc<Sessions>,
    /// Which pages may come in.
    pub origins: Arc<Origins>,
    /// Sessions that may run at once.
    pub max_sessions: usize,
    /// Who has places for how many connections.
    pub places: Arc<Places>,
    /// Who waits for the sessions' tasks.
    pub tracker: TaskTracker,
}

impl Door {
    /// Answers a handshake; a session begins when the answer has been sent.
    ///
    /// # Errors
    /// 403 for a page that may not connect, 426 for what is no handshake of ours, 429 when the client behind a proxy
    /// has as many connections as it may, 503 when the relay is full or stopping.
    pub fn enter(
        &self,
        headers: &HeaderMap,
        peer: Option<Peer>,
        upgrade: Option<OnUpgrade>,
    ) -> Result<Response, Problem> {
        let no_handshake = |why: handshake::NoHandshake| Problem::new(Code::UpgradeRequired, why.to_string());
        let response = handshake::answer(headers).map_err(no_handshake)?;
        let upgrade = upgrade.ok_or_else(|| no_handshake(handshake::NoHandshake::NotAnUpgrade))?;
        self.origins.check(headers)?;
        if self.sessions.registry.is_draining() {
            let stopping = Problem::new(Code::Unavailable, "the relay is stopping");
            return Err(stopping.retry_after(Duration::from_secs(1)));
        }
        if self.sessions.registry.len() >= self.max_sessions {
            return Err(self.places.full().into());
        }
        let claim = peer.map_or(Ok(None), |peer| self.places.claim_behind(peer, headers))?;
        let (sessions, tracker) = (Arc::clone(&self.sessions), self.tracker.clone());
        // The waiting is a task of its own, so that the session's task is no larger than a session.
        self.tracker.spawn(async move {
            if let Some((wire, first, seat)) = take_over(upgrade).await {
                let session = task::run(sessions, wire, first);
                // Held for as long as the session lasts.
                let seats = (seat, claim);
                tracker.spawn(session.map(move |()| drop(seats)));
            }
        });
        Ok(response)
    }
}

/// Takes the socket out of hyper, and what hyper has read beyond the handshake. hyper's buffer is let go: it would
/// keep 8 KB alive for as long as the connection lasts.
async fn take_over(upgrade: OnUpgrade) -> Option<(Wire, Vec<u8>, Seat)> {
    let upgraded = upgrade.await.ok()?;
    let Ok(parts) = upgraded.downcast::<TokioIo<Socket>>() else {
        tracing::error!("a connection that was upgraded is none of ours");
        return None;
    };
    let (stream, seat) = parts.io.into_inner().into_parts();
    let (wire, decrypted) = match stream.into_wire() {
        Ok(wire) => wire,
        Err(error) => {
            tracing::debug!(%error, "a connection broke TLS");
            return None;
        }
    };
    let mut first = parts.read_buf.to_vec();
    first.extend(decrypted);
    Some((wire, first, seat))
}
