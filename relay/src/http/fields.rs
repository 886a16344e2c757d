//! The parts of a body, each looked at on its own, so that a problem can name it; and a success's body.

use std::borrow::Cow;

use http::{HeaderValue, header};
use realtime_protocol::channel::Channel;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use warp::reply::{Reply, Response};

use crate::http::problem::{Code, Problem};

/// A channel as it stands in a body: a name that is plain text is not copied out of it.
#[derive(Deserialize)]
struct UncheckedChannel<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(rename = "resourceId", default)]
    resource_id: Option<String>,
}

/// Reads an object of a body.
///
/// # Errors
/// 400 for what is no JSON object, and for keys that are unknown or missing.
pub fn object<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Problem> {
    // serde would take an array for the fields in their order.
    if body.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(Problem::new(Code::BadInput, "the body must be a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        let what = if error.is_data() { "" } else { "the body is not JSON: " };
        Problem::new(Code::BadInput, format!("{what}{error}"))
    })
}

/// Reads a channel.
///
/// # Errors
/// 400 when it is missing, is no channel, or breaks a channel's rules.
pub fn channel(raw: Option<&RawValue>) -> Result<Channel, Problem> {
    let Some(raw) = raw else {
        return Err(Problem::bad_input("channel", "channel is missing: { \"name\": \"…\" }"));
    };
    if raw.get().starts_with('"') {
        let detail = format!("channel is a string: did you mean {{ \"name\": {} }}?", raw.get());
        return Err(Problem::bad_input("channel", detail));
    }
    let UncheckedChannel { name, resource_id } = read("channel", raw)?;
    let channel = Channel::parse(&name, resource_id.as_deref());
    channel.map_err(|error| Problem::new(Code::BadChannel, error.message()).in_field("channel"))
}

/// Reads a part that may be missing or `null`.
///
/// # Errors
/// 400.
pub fn optional<T: DeserializeOwned>(
    field: &'static str,
    raw: Option<&RawValue>,
) -> Result<Option<T>, Problem> {
    raw.map(|raw| read::<Option<T>>(field, raw)).transpose().map(Option::flatten)
}

/// Reads a part that has to be there. `what` says what it is, where it is missing.
///
/// # Errors
/// 400.
pub fn required<T: DeserializeOwned>(
    field: &'static str,
    raw: Option<&RawValue>,
    what: &str,
) -> Result<T, Problem> {
    optional(field, raw)?.ok_or_else(|| Problem::bad_input(field, format!("{field} is missing: {what}")))
}

fn read<'de, T: Deserialize<'de>>(field: &'static str, raw: &'de RawValue) -> Result<T, Problem> {
    if raw.get().starts_with('[') {
        return Err(Problem::bad_input(field, format!("{field} must not be an array")));
    }
    serde_json::from_str(raw.get()).map_err(|error| Problem::bad_input(field, format!("{field}: {error}")))
}

/// The answer that has this JSON.
pub fn json(text: String) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
