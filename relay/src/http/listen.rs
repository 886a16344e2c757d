//! The accept loop, and what stands before HTTP.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http::connection::{self, Routes};
use crate::http::places::{Peer, Place, Places, Seat};
use crate::http::problem::{Code, Problem};
use crate::log::pace::Pace;
use crate::tls::door::{NoHandshake, TlsDoor};

/// How long to wait after an accept that failed for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Connections that are accepted before everything else that is ready has its turn. A crowd that returns all at once waits in
/// the kernel, and who is served waits no longer than some dozens of handshakes take.
const ACCEPTED_PER_TURN: usize = 16;

/// Where connections come in.
pub struct Entrance {
    /// What accepts them.
    pub listener: TcpListener,
    /// Makes TLS of them, where they are to be encrypted.
    pub tls: Option<TlsDoor>,
    /// How many there may be.
    pub places: Arc<Places>,
}

/// Serves connections until it is cancelled. Requests that are under way then are still answered.
pub async fn serve(entrance: Entrance, routes: Routes, cancel: CancellationToken, tracker: TaskTracker) {
    let Entrance { listener, tls, places } = entrance;
    let mut accepted_in_turn = 0;
    loop {
        if accepted_in_turn == ACCEPTED_PER_TURN {
            accepted_in_turn = 0;
            tokio::task::yield_now().await;
        }
        accepted_in_turn += 1;
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
                let (routes, cancel) = (routes.clone(), cancel.clone());
                match &tls {
                    None => tracker.spawn(connection::serve(socket, seat, peer, routes, cancel)),
                    Some(tls) => tracker.spawn(serve_secure(tls.clone(), socket, seat, peer, routes, cancel)),
                };
            }
            Err(why) => {
                match &tls {
                    None => tracker.spawn(connection::turn_away(socket, place, why.into())),
                    Some(tls) => tracker.spawn(turn_away_secure(tls.clone(), socket, place, why.into())),
                };
            }
        }
    }
}

/// Serves a connection behind a handshake. Once it is cancelled, none is begun or gone on with.
async fn serve_secure(
    tls: TlsDoor,
    socket: TcpStream,
    seat: Seat,
    peer: Peer,
    routes: Routes,
    cancel: CancellationToken,
) {
    let entered = tokio::select! {
        biased;
        () = cancel.cancelled() => return,
        entered = tls.enter(socket) => entered,
    };
    match entered {
        Ok(stream) => connection::serve(stream, seat, peer, routes, cancel).await,
        Err(NoHandshake::Plain(socket)) => connection::turn_away(socket, seat.place, not_plain()).await,
        Err(NoHandshake::Failed) => {}
    }
}

/// Tells a client why it is not served, in the language that it speaks.
async fn turn_away_secure(tls: TlsDoor, socket: TcpStream, place: Place, why: Problem) {
    match tls.enter(socket).await {
        Ok(stream) => connection::turn_away(stream, place, why).await,
        Err(NoHandshake::Plain(socket)) => connection::turn_away(socket, place, not_plain()).await,
        Err(NoHandshake::Failed) => {}
    }
}

fn not_plain() -> Problem {
    Problem::new(Code::BadInput, "this address speaks TLS: use https:// and wss://")
}

/// A connection could not be accepted. One that its client gave up is nothing; without descriptors, trying again at
/// once would only burn the core.
async fn refused(error: &io::Error) {
    if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        return;
    }
    static PACE: Pace = Pace::new();
    if let Some(left_out) = PACE.turn() {
        tracing::warn!(%error, left_out, "a connection could not be accepted");
    }
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

#[cfg(test)]
mod tests {
    use warp::{Filter, Reply};

    use super::*;
    use crate::http::address::TrustedProxies;

    #[tokio::test]
    async fn of_a_crowd_so_many_are_accepted_and_then_everybody_who_is_ready_has_a_turn() {
        const CROWD: usize = 100;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // They wait in the kernel.
        let crowd: Vec<_> = (0..CROWD).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        let places = Arc::new(Places::new(CROWD, 0, TrustedProxies::default()));
        let routes = Routes {
            lane: None,
            filter: warp::any().map(|| "".into_response()).boxed(),
            counters: Arc::default(),
        };
        let entrance = Entrance { listener, tls: None, places: Arc::clone(&places) };
        let cancel = CancellationToken::new();
        let serving = tokio::spawn(serve(entrance, routes, cancel.clone(), TaskTracker::new()));
        let mut before = 0;
        while before < CROWD {
            tokio::task::yield_now().await;
            let taken = places.taken();
            assert!(taken - before <= ACCEPTED_PER_TURN, "{} at once", taken - before);
            before = taken;
        }
        cancel.cancel();
        serving.await.unwrap();
        drop(crowd);
    }
}
