//! Every route, as one warp filter.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Method, header};
use hyper::upgrade::OnUpgrade;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

use crate::http::key::ApiKeys;
use crate::http::problem::{Code, Problem};
use crate::http::rate::PublishRate;
use crate::http::realtime::Door;
use crate::http::{body, publish, site};
use crate::session::sessions::Sessions;

/// What the routes need.
#[derive(Clone)]
pub struct Api {
    /// The WebSocket's door.
    pub door: Door,
    /// Who may publish.
    pub keys: Arc<ApiKeys>,
    /// How much.
    pub rate: Arc<PublishRate>,
    /// Bytes of a payload.
    pub max_payload_bytes: usize,
    /// The site's folder, if its static files are served.
    pub site: Option<PathBuf>,
}

/// Which of the two ways of publishing.
#[derive(Clone, Copy)]
enum Amount {
    One,
    Batch,
}

/// The whole API. It never rejects: what no route wants is a problem document too.
pub fn routes(api: Api) -> BoxedFilter<(Response,)> {
    let site = api.site.clone();
    let api = Arc::new(api);
    let with_api = warp::any().map(move || Arc::clone(&api));

    let realtime = warp::path!("v1" / "realtime")
        .and(with_api.clone())
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<OnUpgrade>())
        .map(|api: Arc<Api>, method: Method, headers: HeaderMap, upgrade| {
            reply(only(&method, &Method::GET).and_then(|()| api.door.enter(&headers, upgrade)))
        });
    let one = warp::path!("v1" / "publish").map(|| Amount::One);
    let batch = warp::path!("v1" / "publish" / "batch").map(|| Amount::Batch);
    let publish = one
        .or(batch)
        .unify()
        .and(with_api)
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(|amount, api: Arc<Api>, method: Method, headers: HeaderMap, body| async move {
            reply(take_publish(amount, &api, &method, &headers, body).await)
        });
    let health = warp::path!("healthz").and(warp::get().or(warp::head()).unify()).map(healthy);

    let ours = realtime.or(publish).unify().or(health).unify();
    match site {
        Some(folder) => ours.or(site_files(folder)).unify().recover(not_found).unify().boxed(),
        None => ours.recover(not_found).unify().boxed(),
    }
}

async fn take_publish<S, B>(
    amount: Amount,
    api: &Api,
    method: &Method,
    headers: &HeaderMap,
    body: S,
) -> Result<Response, Problem>
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf + Send,
{
    only(method, &Method::POST)?;
    let key = api.keys.check(headers)?;
    body::require_json(headers)?;
    let Sessions { broker, clock, .. } = &*api.door.sessions;
    match amount {
        Amount::One => {
            let body = body::read(body, api.max_payload_bytes + publish::ENVELOPE_BYTES).await?;
            api.rate.take(key, 1, clock.now())?;
            publish::one(broker, headers, &body, api.max_payload_bytes)
        }
        Amount::Batch => {
            let body = body::read(body, publish::MAX_BATCH_BODY_BYTES).await?;
            let batch = publish::read_batch(&body)?;
            api.rate.take(key, batch.len(), clock.now())?;
            Ok(batch.publish(broker, api.max_payload_bytes))
        }
    }
}

fn only(method: &Method, wanted: &Method) -> Result<(), Problem> {
    if method == wanted {
        return Ok(());
    }
    let allow = if *wanted == Method::GET { "GET" } else { "POST" };
    Err(Problem::new(Code::MethodNotAllowed, format!("only {wanted} is allowed here")).allow(allow))
}

fn healthy() -> Response {
    let text = concat!("{\"status\":\"ok\",\"version\":\"", env!("CARGO_PKG_VERSION"), "\"}");
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn site_files(folder: PathBuf) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    let is_public = warp::path::full().and_then(|path: FullPath| async move {
        if site::may_serve(path.as_str()) { Ok(()) } else { Err(warp::reject::not_found()) }
    });
    is_public.untuple_one().and(warp::fs::dir(folder)).map(|file: warp::fs::File| {
        let mut response = file.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    })
}

async fn not_found(_: Rejection) -> Result<Response, Infallible> {
    Ok(Problem::new(
        Code::NotFound,
        "here are /v1/realtime (WebSocket), POST /v1/publish, POST /v1/publish/batch and GET /healthz",
    )
    .into_response())
}

fn reply(result: Result<Response, Problem>) -> Response {
    result.unwrap_or_else(Reply::into_response)
}
