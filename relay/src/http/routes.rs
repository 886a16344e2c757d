//! Every request's way: to an operation of ours, to a file of the site, or to nothing.

use std::convert::Infallible;
use std::future::ready;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use http::{HeaderMap, Method};
use hyper::upgrade::OnUpgrade;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

use crate::http::api::Api;
use crate::http::connection::Routes;
use crate::http::operation::{Operation, nothing_here};
use crate::http::places::Peer;
use crate::http::problem::{Code, Problem};
use crate::http::{about, batch, body, disconnect, permissions, publish, site};
use crate::session::sessions::Sessions;

/// Who is let in at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Everyone: browsers, backends with a key, operators with a key.
    Public,
    /// Operators only, without a key.
    Operators,
}

impl Face {
    fn has(self, operation: Operation) -> bool {
        self == Self::Public || operation.is_for_operators()
    }
}

/// Everything that is at an address.
pub fn routes(api: &Arc<Api>, face: Face) -> Routes {
    let ours = operations(Arc::clone(api), face);
    let counters = Arc::clone(&api.measured.requests);
    let not_found = {
        let counters = Arc::clone(&counters);
        move |_| {
            counters.count(None, Some(Code::NotFound));
            let problem = nothing_here(|operation| face.has(operation));
            async { Ok::<_, Infallible>(problem.into_response()) }
        }
    };
    // What no route wants is a problem document too.
    let filter = match api.site.clone().filter(|_| face == Face::Public) {
        Some(folder) => ours.or(site_files(folder)).unify().recover(not_found).unify().boxed(),
        None => ours.recover(not_found).unify().boxed(),
    };
    let lane = (face == Face::Public).then(|| Arc::clone(api));
    Routes { lane, filter, counters }
}

fn operations(api: Arc<Api>, face: Face) -> BoxedFilter<(Response,)> {
    let operation = warp::path::full().and_then(move |path: FullPath| async move {
        let found = Operation::at(path.as_str()).filter(|operation| face.has(*operation));
        found.ok_or_else(warp::reject::not_found)
    });
    let head = warp::method()
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(warp::ext::optional::<OnUpgrade>())
        .map(|method, headers, peer, upgrade| Head { method, headers, peer, upgrade });
    operation
        .and(warp::any().map(move || Arc::clone(&api)))
        .and(head)
        .and(warp::body::stream())
        .then(move |operation: Operation, api: Arc<Api>, head: Head, body| async move {
            let answered = match operation.check(&head.method) {
                Ok(()) => api.answer(face, operation, head, body).await,
                Err(problem) => Err(problem),
            };
            api.counted(operation, answered)
        })
        .boxed()
}

/// What a request has besides its body.
struct Head {
    method: Method,
    headers: HeaderMap,
    peer: Option<Peer>,
    upgrade: Option<OnUpgrade>,
}

impl Api {
    async fn answer<S, B>(
        &self,
        face: Face,
        operation: Operation,
        head: Head,
        body: S,
    ) -> Result<Response, Problem>
    where
        S: Stream<Item = Result<B, warp::Error>> + Send,
        B: Buf + Send,
    {
        let Sessions { broker, clock, .. } = &*self.door.sessions;
        let headers = &head.headers;
        match operation {
            Operation::Realtime => self.door.upgrade(headers, head.peer, head.upgrade),
            Operation::Health => Ok(about::health()),
            Operation::Ready => about::ready(&self.measured.readiness),
            Operation::Metrics => {
                if face == Face::Public {
                    self.keys.check(headers)?;
                }
                Ok(about::metrics(&self.measured))
            }
            Operation::Contract => Ok(about::contract()),
            Operation::Publish => {
                let key = self.keys.check(headers)?;
                let max_bytes = self.max_payload_bytes.saturating_add(publish::ENVELOPE_BYTES);
                let body = body::read_json(headers, body, max_bytes).await?;
                publish::answer(self.publish(key, headers, &body)?).await
            }
            Operation::PublishBatch => {
                let key = self.keys.check(headers)?;
                let body = body::read_json(headers, body, batch::MAX_BATCH_BODY_BYTES).await?;
                let batch = batch::read_batch(&body)?;
                self.rate.take(key, batch.len(), clock.now())?;
                batch.publish(broker, self.max_payload_bytes).await
            }
            Operation::Recheck => {
                self.keys.check(headers)?;
                let body = body::read_json(headers, body, permissions::MAX_BODY_BYTES).await?;
                permissions::recheck(&self.door.sessions, &body)
            }
            Operation::Explain => {
                self.keys.check(headers)?;
                let body = body::read_json(headers, body, permissions::MAX_BODY_BYTES).await?;
                permissions::explain(&self.door.sessions, &body).await
            }
            Operation::Disconnect => {
                self.keys.check(headers)?;
                let body = body::read_json(headers, body, disconnect::MAX_BODY_BYTES).await?;
                disconnect::disconnect(&self.door.sessions, &body)
            }
        }
    }
}

fn site_files(folder: PathBuf) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    let root = folder.clone();
    let is_public = warp::path::full().and_then(move |path: FullPath| {
        let is_public = site::may_serve(path.as_str()) && site::leads_nowhere_else(&root, path.as_str());
        ready(if is_public { Ok(()) } else { Err(warp::reject::not_found()) })
    });
    let host = warp::header::optional::<String>("host");
    is_public.untuple_one().and(warp::fs::dir(folder)).and(host).then(site::answer)
}
