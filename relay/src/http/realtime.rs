//! `GET /v1/realtime`: the handshake, and the hand-over of the socket to a session.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http::{HeaderMap, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_util::task::TaskTracker;
use warp::reply::Response;

use crate::http::origin::Origins;
use crate::http::places::{Claim, Peer, Places};
use crate::http::problem::{Code, Problem};
use crate::http::socket::Socket;
use crate::session::sessions::Sessions;
use crate::session::task;
use crate::websocket::handshake::{self, NoHandshake};

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

/// A client that may come in.
#[derive(Debug)]
pub struct Admission {
    /// The fields of the answer, which is `101 Switching Protocols`.
    pub headers: HeaderMap,
    /// Its claim, where it is one of a proxy's.
    pub claim: Option<Claim>,
}

impl Door {
    /// Looks at a handshake. `may_upgrade` is whether the connection could become a WebSocket at all.
    ///
    /// # Errors
    /// 403 for a page that may not connect, 426 for what is no handshake of ours, 429 when the client behind a proxy
    /// has as many connections as it may, 503 when the relay is full or stopping.
    pub fn admit(
        &self,
        headers: &HeaderMap,
        peer: Option<Peer>,
        may_upgrade: bool,
    ) -> Result<Admission, Problem> {
        let no_handshake = |why: NoHandshake| Problem::new(Code::UpgradeRequired, why.to_string());
        let answer = handshake::accept(headers).map_err(no_handshake)?;
        if !may_upgrade {
            return Err(no_handshake(NoHandshake::NotAnUpgrade));
        }
        self.origins.check(headers)?;
        if self.sessions.registry.is_draining() {
            let stopping = Problem::new(Code::Unavailable, "the relay is stopping");
            return Err(stopping.retry_after(Duration::from_secs(1)));
        }
        if self.sessions.registry.len() >= self.max_sessions {
            return Err(self.places.full().into());
        }
        let claim = peer.map_or(Ok(None), |peer| self.places.claim_behind(peer, headers))?;
        Ok(Admission { headers: answer, claim })
    }

    /// Answers a handshake that hyper has read; a session begins when the answer has been sent.
    ///
    /// # Errors
    /// Those of [`admit`](Self::admit).
    pub fn upgrade(
        &self,
        headers: &HeaderMap,
        peer: Option<Peer>,
        upgrade: Option<OnUpgrade>,
    ) -> Result<Response, Problem> {
        let Admission { headers, claim } = self.admit(headers, peer, upgrade.is_some())?;
        // The waiting is a task of its own, so that the session's task is no larger than a session.
        let door = self.clone();
        self.tracker.spawn(async move {
            if let Some(upgrade) = upgrade
                && let Some((socket, read)) = take_over(upgrade).await
            {
                door.begin(socket, read, claim);
            }
        });
        let mut response = Response::new(Default::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Begins a session over a socket on which the handshake is answered. `read` is what came behind it.
    pub fn begin(&self, socket: Socket, mut read: Vec<u8>, claim: Option<Claim>) {
        let (stream, unread, seat) = socket.into_parts();
        let (wire, decrypted) = match stream.into_wire() {
            Ok(wire) => wire,
            Err(error) => return tracing::debug!(%error, "a connection broke TLS"),
        };
        read.extend_from_slice(&unread);
        read.extend(decrypted);
        let session = task::run(Arc::clone(&self.sessions), wire, read);
        // Held for as long as the session lasts.
        let seats = (seat, claim);
        self.tracker.spawn(session.map(move |()| drop(seats)));
    }
}

/// Takes the socket out of hyper, and what hyper has read beyond the handshake. hyper's buffer is let go: it would
/// keep 8 KB alive for as long as the connection lasts.
async fn take_over(upgrade: OnUpgrade) -> Option<(Socket, Vec<u8>)> {
    let upgraded = upgrade.await.ok()?;
    let Ok(parts) = upgraded.downcast::<TokioIo<Socket>>() else {
        tracing::error!("a connection that was upgraded is none of ours");
        return None;
    };
    Some((parts.io.into_inner(), parts.read_buf.to_vec()))
}
