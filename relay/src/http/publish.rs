//! `POST /v1/publish`: the site's backend publishes.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use http::HeaderMap;
use realtime_hub::publication::{Audience, Publication};
use realtime_protocol::channel::Channel;
use realtime_protocol::limits::{MAX_PUBLISH_ID_CHARS, MAX_TARGETED_USERS};
use realtime_protocol::position::Position;
use realtime_protocol::subscriber::UserId;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use warp::reply::Response;

use crate::broker::peer::Peer;
use crate::broker::publishing::Publishing;
use crate::broker::shards::Broker;
use crate::http::fields;
use crate::http::problem::{Code, Problem};
use crate::store::gauge;
use crate::store::refusal::{NotPlaced, Refusal};

/// What a publish may weigh besides its payload: a channel, a thousand user ids and an id.
pub const ENVELOPE_BYTES: usize = 512 * 1024;

/// A publish as it comes in. Each part is looked at on its own, so that an error can name it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    channel: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    options: Option<&'a RawValue>,
    #[serde(borrow, default)]
    publisher: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

/// `null` is a payload; only a missing key is missing.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Options {
    users: Option<Vec<UserId>>,
    #[serde(default)]
    include_publisher: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publisher {
    id: UserId,
}

/// A publish that has been checked.
#[derive(Debug)]
pub(super) struct Checked<'a> {
    channel: Channel,
    payload: &'a RawValue,
    audience: Audience,
    publisher: Option<UserId>,
    id: Option<String>,
}

/// Gives the message of a body its place.
///
/// # Errors
/// 400, 413, 422 when its id is another message's, and 503 when it cannot be stored.
pub fn one<P: Peer>(
    broker: &Broker<P>,
    headers: &HeaderMap,
    body: &[u8],
    max_payload_bytes: usize,
) -> Result<Publishing, Problem> {
    let mut checked = read(body, max_payload_bytes)?;
    if let Some(key) = headers.get("idempotency-key") {
        let key = key.to_str().map_err(|_| Problem::bad_input("id", ID_RULE))?;
        checked.id = Some(check_id(unquoted(key).to_owned())?);
    }
    place(broker, &checked).map_err(not_placed)
}

/// Answers with the message's position, once it is there.
///
/// # Errors
/// 503 when it cannot be stored, 504 when that is not known.
pub async fn answer(publishing: Publishing) -> Result<Response, Problem> {
    done(publishing).await.map(fields::json)
}

/// The message's position as JSON, once it is there.
///
/// # Errors
/// 503 when it cannot be stored, 504 when that is not known.
pub async fn done(publishing: Publishing) -> Result<String, Problem> {
    Ok(to_json(&publishing.done().await.map_err(unavailable)?))
}

/// A position as JSON.
pub fn to_json(position: &Position) -> String {
    let mut text = String::with_capacity(POSITION_BYTES);
    push_position(&mut text, position);
    text
}

/// Gives a message its place.
pub(super) fn place<P: Peer>(broker: &Broker<P>, checked: &Checked<'_>) -> Result<Publishing, NotPlaced> {
    let publication = Publication {
        payload: checked.payload,
        publisher: checked.publisher.as_ref(),
        audience: checked.audience.clone(),
        id: checked.id.as_deref(),
    };
    broker.publish(&checked.channel, publication)
}

/// The answer to a publish that has no place.
pub(super) fn not_placed(why: NotPlaced) -> Problem {
    match why {
        NotPlaced::IdTaken => Problem::new(Code::IdTaken, why.to_string()).in_field("id"),
        NotPlaced::Refused(refusal) => unavailable(refusal),
    }
}

/// The answer to a publish that cannot be stored, or is not known to be.
pub(super) fn unavailable(refusal: Refusal) -> Problem {
    gauge::count_refused(&refusal);
    let code = match refusal {
        Refusal::Unanswered => Code::Unconfirmed,
        _ => Code::Unavailable,
    };
    Problem::new(code, refusal.to_string()).retry_after(refusal.retry_after())
}

/// Reads a publish and checks it.
pub(super) fn read(body: &[u8], max_payload_bytes: usize) -> Result<Checked<'_>, Problem> {
    check(fields::object(body)?, max_payload_bytes)
}

/// Checks each part of a publish.
pub(super) fn check(body: Body<'_>, max_payload_bytes: usize) -> Result<Checked<'_>, Problem> {
    let payload = body.payload.ok_or_else(|| {
        Problem::bad_input("payload", "payload is missing: any JSON value can be published, null included")
    })?;
    let bytes = payload.get().len();
    if bytes > max_payload_bytes {
        let detail = format!("payload has {bytes} bytes: at most {max_payload_bytes} are allowed");
        return Err(Problem::new(Code::PayloadTooLarge, detail).in_field("payload"));
    }
    let (audience, shows_publisher) = check_options(body.options)?;
    Ok(Checked {
        channel: fields::channel(body.channel)?,
        payload,
        audience,
        publisher: check_publisher(body.publisher)?.filter(|_| shows_publisher),
        id: fields::optional::<String>("id", body.id)?.map(check_id).transpose()?,
    })
}

fn check_options(raw: Option<&RawValue>) -> Result<(Audience, bool), Problem> {
    let options: Options = fields::optional("options", raw)?.unwrap_or_default();
    let shows_publisher = options.include_publisher.unwrap_or(false);
    let Some(users) = options.users else { return Ok((Audience::Everyone, shows_publisher)) };
    if users.len() > MAX_TARGETED_USERS {
        let detail = format!("users has {} ids: at most {MAX_TARGETED_USERS} are allowed", users.len());
        return Err(Problem::bad_input("options.users", detail));
    }
    Ok((Audience::Users(Arc::new(users.into_iter().collect::<HashSet<_>>())), shows_publisher))
}

fn check_publisher(raw: Option<&RawValue>) -> Result<Option<UserId>, Problem> {
    Ok(fields::optional::<Publisher>("publisher", raw)?.map(|publisher| publisher.id))
}

const ID_RULE: &str = "an idempotency id has 1 to 128 characters of visible ASCII";

/// The id of an `Idempotency-Key`, which clients write bare or as a string of RFC 8941.
fn unquoted(key: &str) -> &str {
    key.strip_prefix('"').map_or(key, |rest| rest.strip_suffix('"').unwrap_or_default())
}

fn check_id(id: String) -> Result<String, Problem> {
    let is_right =
        (1..=MAX_PUBLISH_ID_CHARS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if is_right { Ok(id) } else { Err(Problem::bad_input("id", ID_RULE)) }
}

/// What a position has as JSON: an epoch of this relay's making, and an offset.
pub(super) const POSITION_BYTES: usize = 64;

/// Writes a position as JSON.
pub(super) fn push_position(text: &mut String, position: &Position) {
    // An epoch needs no escaping: its characters are letters, digits, "_" and "-".
    text.push_str("{\"epoch\":\"");
    text.push_str(position.epoch.as_str());
    text.push_str("\",\"offset\":");
    // Writing to a string does not fail.
    let _ = write!(text, "{}}}", position.offset.get());
}

#[cfg(test)]
#[path = "publish_test.rs"]
mod tests;
