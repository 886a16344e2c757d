//! `POST /v1/publish/batch`: many messages in one request, each with an answer of its own.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::{HeaderValue, header};
use realtime_protocol::limits::MAX_BATCH_MESSAGES;
use realtime_protocol::position::Position;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use warp::reply::Response;

use crate::broker::peer::Peer;
use crate::broker::publishing::Publishing;
use crate::broker::shards::Broker;
use crate::http::fields;
use crate::http::problem::{Code, Problem};
use crate::http::publish::{
    Body, Checked, POSITION_BYTES, check, not_placed, place, push_position, read, unavailable,
};
use crate::store::refusal::{NotPlaced, Refusal};

/// Bytes of a batch's body.
pub const MAX_BATCH_BODY_BYTES: usize = 8 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "M: Deserialize<'de>")]
struct BatchBody<M> {
    messages: Vec<M>,
}

/// The messages of a batch, each of which is still to be looked at.
pub struct Batch<'a>(Messages<'a>);

/// Almost always every message is an object with no keys but those of a publish. Then the whole batch is taken apart in
/// one go: reading each message's text again was most of the 3,300 instructions (of 11,000) that checking one took. Where
/// one is not, each is read on its own, so that the others are published and this one has its own answer.
enum Messages<'a> {
    Read(Vec<Body<'a>>),
    Texts(Vec<&'a RawValue>),
}

/// A message that is an object: serde would take an array for the fields in their order.
struct Object<'a>(Body<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapOnly<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for MapOnly<'a> {
            type Value = Object<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Body::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(MapOnly(PhantomData))
    }
}

/// Reads a batch's body.
///
/// # Errors
/// 400 when the batch itself is not right.
pub fn read_batch(body: &Bytes) -> Result<Batch<'_>, Problem> {
    let batch = Batch(match read_whole(body) {
        Some(batch) => Messages::Read(batch.messages.into_iter().map(|Object(body)| body).collect()),
        None => Messages::Texts(fields::object::<BatchBody<&RawValue>>(body)?.messages),
    });
    if batch.len() > MAX_BATCH_MESSAGES {
        let detail =
            format!("a batch has at most {MAX_BATCH_MESSAGES} messages, this one has {}", batch.len());
        return Err(Problem::bad_input("messages", detail));
    }
    Ok(batch)
}

/// A batch of which every message is an object with no keys but those of a publish.
fn read_whole(body: &Bytes) -> Option<BatchBody<Object<'_>>> {
    // Once for the whole text, and not again for each part of each message.
    let text = std::str::from_utf8(body).ok()?;
    // serde would take an array for the fields in their order.
    if !text.trim_ascii_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok()
}

impl<'a> Batch<'a> {
    /// How many messages it has.
    pub const fn len(&self) -> usize {
        match &self.0 {
            Messages::Read(bodies) => bodies.len(),
            Messages::Texts(texts) => texts.len(),
        }
    }

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Publishes the messages in their order. Each has its own answer, and one that is not right does not stop the
    /// others; but when one cannot be stored, those behind it are not tried, since they would overtake it.
    ///
    /// # Errors
    /// 503 when nothing of it can be stored, 504 when that is not known of any.
    pub async fn publish<P: Peer>(
        self,
        broker: &Broker<P>,
        max_payload_bytes: usize,
    ) -> Result<Response, Problem> {
        let mut refusal = None;
        let checked = self.check(max_payload_bytes).into_iter();
        let placed: Vec<_> = checked.map(|checked| place_next(checked, broker, &mut refusal)).collect();
        let mut results = Vec::with_capacity(placed.len());
        for placed in placed {
            results.push(match placed {
                Ok(publishing) => publishing.done().await.map_err(unavailable),
                Err(problem) => Err(problem),
            });
        }
        answer(&results)
    }

    /// Checks the messages, each on its own.
    fn check(self, max_payload_bytes: usize) -> Vec<Result<Checked<'a>, Problem>> {
        match self.0 {
            Messages::Read(bodies) => bodies.into_iter().map(|body| check(body, max_payload_bytes)).collect(),
            Messages::Texts(texts) => {
                texts.into_iter().map(|text| read(text.get().as_bytes(), max_payload_bytes)).collect()
            }
        }
    }
}

fn place_next<P: Peer>(
    checked: Result<Checked<'_>, Problem>,
    broker: &Broker<P>,
    refusal: &mut Option<Refusal>,
) -> Result<Publishing, Problem> {
    let checked = checked?;
    if let Some(refused) = refusal {
        return Err(unavailable(refused.clone()));
    }
    place(broker, &checked).map_err(|why| {
        if let NotPlaced::Refused(refused) = &why {
            *refusal = Some(refused.clone());
        }
        not_placed(why)
    })
}

fn answer(results: &[Result<Position, Problem>]) -> Result<Response, Problem> {
    let not_stored = |result: &Result<Position, Problem>| match result {
        Err(problem) if matches!(problem.code(), Code::Unavailable | Code::Unconfirmed) => {
            Some(problem.clone())
        }
        _ => None,
    };
    let refused = results.iter().find_map(not_stored);
    if let Some(problem) = &refused
        && results.iter().all(|result| not_stored(result).is_some_and(|other| other.code() == problem.code()))
    {
        return Err(problem.clone());
    }
    let mut text = String::with_capacity(results.len() * POSITION_BYTES + 16);
    text.push_str("{\"results\":[");
    for (index, result) in results.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        match result {
            Ok(position) => push_position(&mut text, position),
            Err(problem) => {
                text.push_str("{\"error\":");
                text.push_str(&problem.to_json());
                text.push('}');
            }
        }
    }
    text.push_str("]}");
    let mut response = fields::json(text);
    if let Some(seconds) = refused.and_then(|problem| problem.retry_after_seconds()) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of each message of a batch, and whether it was taken apart in one go.
    fn outcomes(messages: &[&str]) -> (Vec<String>, bool) {
        let body = Bytes::from(format!("{{\"messages\":[{}]}}", messages.join(",")));
        let batch = read_batch(&body).unwrap();
        let in_one_go = matches!(batch.0, Messages::Read(_));
        let outcome = |checked: Result<Checked<'_>, Problem>| match checked {
            Ok(checked) => format!("{checked:?}"),
            Err(problem) => problem.to_json(),
        };
        (batch.check(20).into_iter().map(outcome).collect(), in_one_go)
    }

    #[test]
    fn what_becomes_of_a_message_does_not_depend_on_its_neighbours() {
        let readable = [
            r#"{"channel":{"name":"c"},"payload":{"a":[1, 2]}}"#,
            r#" { "payload" : null , "channel" : { "name" : "c\u0041", "resourceId" : "r" } , "id" : "i" } "#,
            r#"{"channel":"c","payload":1}"#,
            r#"{"channel":{"name":"c"}}"#,
            r#"{"channel":{"name":"c"},"payload":"12345678901234567890"}"#,
            r#"{"channel":{"name":"c"},"payload":1,"options":{"users":["u"]},"publisher":{"id":"u"}}"#,
            "{}",
        ];
        let (together, in_one_go) = outcomes(&readable);
        assert!(in_one_go);
        let unreadable = [
            "0",
            "null",
            "[]",
            r#"[{"name":"c"},1]"#,
            r#"{"channel":{"name":"c"},"payload":1,"users":[]}"#,
            r#"{"channel":{"name":"c"},"payload":1,"payload":2}"#,
        ];
        for wrong in unreadable {
            let (with_it, in_one_go) = outcomes(&[&readable[..], &[wrong]].concat());
            assert!(!in_one_go, "{wrong}");
            assert_eq!(with_it[..readable.len()], together, "{wrong}");
            assert!(with_it[readable.len()].contains("\"status\":400"), "{wrong}: {with_it:?}");
        }
    }

    #[test]
    fn a_batch_of_which_nothing_is_known_to_be_stored_is_answered_as_a_whole() {
        let status = |results: &[Result<Position, Problem>]| match answer(results) {
            Ok(response) => (200, response.headers().contains_key(header::RETRY_AFTER)),
            Err(problem) => (problem.code().status().as_u16(), problem.retry_after_seconds().is_some()),
        };
        let (refused, unknown) = (Err(unavailable(Refusal::Silent)), Err(unavailable(Refusal::Unanswered)));
        let wrong = || Err(Problem::bad_input("payload", "payload is missing"));
        assert_eq!(status(&[refused.clone(), refused.clone()]), (503, true));
        assert_eq!(status(&[unknown.clone(), unknown.clone()]), (504, true));
        // 503 would say of the first that it is not published.
        assert_eq!(status(&[unknown.clone(), refused]), (200, true));
        assert_eq!(status(&[unknown, wrong()]), (200, true));
        assert_eq!(status(&[wrong()]), (200, false));
    }
}
