//! `POST /v1/publish/batch`: many messages in one request, each with an answer of its own.

use bytes::Bytes;
use http::{HeaderValue, header};
use realtime_protocol::limits::MAX_BATCH_MESSAGES;
use realtime_protocol::position::Position;
use serde::Deserialize;
use serde_json::value::RawValue;
use warp::reply::Response;

use crate::broker::peer::Peer;
use crate::broker::publishing::Publishing;
use crate::broker::shards::Broker;
use crate::http::fields;
use crate::http::problem::{Code, Problem};
use crate::http::publish::{check, place, position_json, unavailable};
use crate::store::refusal::Refusal;

/// Bytes of a batch's body.
pub const MAX_BATCH_BODY_BYTES: usize = 8 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchBody<'a> {
    #[serde(borrow)]
    messages: Vec<&'a RawValue>,
}

/// The messages of a batch, each of which is still to be looked at.
pub struct Batch<'a>(Vec<&'a RawValue>);

/// Reads a batch's body.
///
/// # Errors
/// 400 when the batch itself is not right.
pub fn read_batch(body: &Bytes) -> Result<Batch<'_>, Problem> {
    let batch: BatchBody<'_> = fields::object(body)?;
    if batch.messages.len() > MAX_BATCH_MESSAGES {
        let detail = format!(
            "a batch has at most {MAX_BATCH_MESSAGES} messages, this one has {}",
            batch.messages.len()
        );
        return Err(Problem::bad_input("messages", detail));
    }
    Ok(Batch(batch.messages))
}

impl Batch<'_> {
    /// How many messages it has.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Publishes the messages in their order. Each has its own answer, and one that is not right does not stop the
    /// others; but when one cannot be stored, those behind it are not tried, since they would overtake it.
    ///
    /// # Errors
    /// 503 when nothing of it can be stored.
    pub async fn publish<P: Peer>(
        self,
        broker: &Broker<P>,
        max_payload_bytes: usize,
    ) -> Result<Response, Problem> {
        let mut placed = Vec::with_capacity(self.len());
        let mut refusal = None;
        for message in &self.0 {
            placed.push(place_next(message, broker, max_payload_bytes, &mut refusal));
        }
        let mut results = Vec::with_capacity(placed.len());
        for placed in placed {
            results.push(match placed {
                Ok(publishing) => publishing.done().await.map_err(unavailable),
                Err(problem) => Err(problem),
            });
        }
        answer(&results)
    }
}

fn place_next<P: Peer>(
    message: &RawValue,
    broker: &Broker<P>,
    max_payload_bytes: usize,
    refusal: &mut Option<Refusal>,
) -> Result<Publishing, Problem> {
    let checked = check(message.get().as_bytes(), max_payload_bytes)?;
    let placed = refusal.clone().map_or_else(|| place(broker, &checked), Err);
    placed.map_err(|refused| unavailable(refusal.insert(refused).clone()))
}

fn answer(results: &[Result<Position, Problem>]) -> Result<Response, Problem> {
    let is_refused = |result: &&Result<Position, Problem>| {
        result.as_ref().is_err_and(|problem| problem.code() == Code::Unavailable)
    };
    let refused = results.iter().find(is_refused).and_then(|result| result.as_ref().err());
    if let Some(problem) = refused.filter(|_| results.iter().all(|result| is_refused(&result))) {
        return Err(problem.clone());
    }
    let texts: Vec<_> = results
        .iter()
        .map(|result| match result {
            Ok(position) => position_json(position),
            Err(problem) => format!("{{\"error\":{}}}", problem.to_json()),
        })
        .collect();
    let mut response = fields::json(format!("{{\"results\":[{}]}}", texts.join(",")));
    if let Some(seconds) = refused.and_then(Problem::retry_after_seconds) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
