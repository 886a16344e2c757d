//! One connection of HTTP/1.1: every request gets an answer that can be read.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, Version, header};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;
use warp::filters::BoxedFilter;
use warp::reply::Reply;

use crate::http::api::Api;
use crate::http::counters::HttpCounters;
use crate::http::lane::patience::Patience;
use crate::http::lane::serve::{self as lane, ForHyper};
use crate::http::places::{Peer, Place, Seat};
use crate::http::problem::{Code, Problem};
use crate::http::refusal::{self, HEAD_TIMEOUT_SECONDS, MAX_HEAD_BYTES};
use crate::http::socket::{Gate, Socket};
use crate::tls::stream::Stream;

/// Bytes that are read ahead of a body.
const MAX_READ_AHEAD_BYTES: usize = 64 * 1024;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Every route of an address.
#[derive(Clone)]
pub struct Routes {
    /// What answers before hyper is asked, where the address has that.
    pub lane: Option<Arc<Api>>,
    /// Answers whatever can be read, and never rejects.
    pub filter: BoxedFilter<(warp::reply::Response,)>,
    /// Counts what cannot be read.
    pub counters: Arc<HttpCounters>,
}

/// Serves a connection to its end. Once it is cancelled, no further request is taken from it.
pub async fn serve(
    socket: impl Into<Stream>,
    seat: Seat,
    peer: Peer,
    routes: Routes,
    cancel: CancellationToken,
) {
    let gate = Arc::new(Gate::default());
    let socket = Socket::new(socket, Arc::clone(&gate), seat);
    let Some(lane) = &routes.lane else {
        return serve_by_hyper(socket, gate, Duration::ZERO, peer, routes, cancel).await;
    };
    gate.open();
    if let Some(ForHyper { socket, waited }) = lane::serve(socket, lane, peer, &cancel).await {
        gate.shut();
        // In a place of its own: it is several times as large as what most connections need.
        Box::pin(serve_by_hyper(socket, gate, waited, peer, routes, cancel)).await;
    }
}

/// Serves a connection by hyper and the routes, to its end. `waited` is how long the client was waited for already.
async fn serve_by_hyper(
    socket: Socket,
    gate: Arc<Gate>,
    waited: Duration,
    peer: Peer,
    routes: Routes,
    cancel: CancellationToken,
) {
    let Routes { filter, counters, .. } = routes;
    let routes = TowerToHyperService::new(warp::service(filter));
    let service = service_fn(move |mut request: Request<Incoming>| {
        gate.open();
        request.extensions_mut().insert(peer);
        answer(request, routes.clone(), Arc::clone(&gate))
    });
    let mut serving = http1::Builder::new()
        .timer(Patience::after(waited))
        .header_read_timeout(Duration::from_secs(HEAD_TIMEOUT_SECONDS))
        .max_header_size(MAX_HEAD_BYTES)
        .max_buf_size(MAX_READ_AHEAD_BYTES)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let served = tokio::select! {
        biased;
        served = &mut serving => served,
        () = cancel.cancelled() => {
            Pin::new(&mut serving).graceful_shutdown();
            (&mut serving).await
        }
    };
    if let Err(error) = &served {
        tracing::debug!(%error, "an HTTP connection ended");
    }
    // One that was upgraded is a session's now.
    let Some(parts) = serving.into_parts() else { return };
    let mut socket = parts.io.into_inner();
    let unheard = served.err().filter(|_| socket.refused().is_none());
    if let Some(problem) = unheard.and_then(|error| refusal::after(&error, !parts.read_buf.is_empty())) {
        socket.refuse(problem);
        // A client that does not want to hear it has gone.
        let _ = socket.shutdown().await;
    }
    if let Some(code) = socket.refused() {
        refusal::tell_limit(code);
        counters.count(None, Some(code));
    }
}

/// Tells a client why it is not served, whatever it wants. It keeps its place until it has heard.
pub async fn turn_away(socket: impl Into<Stream>, place: Place, why: Problem) {
    let mut socket = Socket::new(socket, Arc::default(), Seat { place, claim: None });
    socket.refuse(why);
    let _ = socket.shutdown().await;
}

/// Answers a request, and lets the gate know when all of the answer is there.
async fn answer<S>(
    request: Request<Incoming>,
    routes: S,
    gate: Arc<Gate>,
) -> Result<Response<impl Body<Data = Bytes, Error: Into<BoxError>>>, Infallible>
where
    S: Service<Request<Incoming>, Response = warp::reply::Response, Error = Infallible>,
{
    let response = match check_host(&request) {
        Ok(()) => match AssertUnwindSafe(routes.call(request)).catch_unwind().await {
            Ok(Ok(response)) => response,
            Err(_) => Problem::after_a_panic().into_response(),
        },
        Err(problem) => problem.into_response(),
    };
    Ok(response.map(|body| Tracked { body, gate }))
}

/// A request of HTTP/1.1 names its host, once (RFC 9112 section 3.2).
fn check_host<B>(request: &Request<B>) -> Result<(), Problem> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11) {
        return Ok(());
    }
    let detail = format!("a request of HTTP/1.1 has one Host header, this one has {hosts}");
    Err(Problem::new(Code::BadInput, detail))
}

/// An answer's body, which tells the gate when hyper has all of it.
struct Tracked<B> {
    body: B,
    gate: Arc<Gate>,
}

impl<B: Body + Unpin> Body for Tracked<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Tracked<B> {
    fn drop(&mut self) {
        self.gate.closing();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::http::address::TrustedProxies;
    use crate::http::places::{NoPlace, Places};

    #[tokio::test]
    async fn who_is_turned_away_hears_why_and_has_a_place_until_then() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let places = Arc::new(Places::new(1, 0, TrustedProxies::default()));
        let place = places.take().unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let turning_away = tokio::spawn(turn_away(socket, place, NoPlace::ClientHasEnough.into()));
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 429 ") && answer.contains("\r\nretry-after: 10\r\n"),
            "{answer}"
        );
        assert!(answer.contains("\"code\":\"too_many_requests\""), "{answer}");
        assert_eq!(places.taken(), 1);
        drop(client);
        turning_away.await.unwrap();
        assert_eq!(places.taken(), 0);
    }
}
