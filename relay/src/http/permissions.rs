//! `POST /v1/permissions/recheck` and `POST /v1/permissions/explain`: what has changed, and why something is as it is.

use bytes::Bytes;
use http::StatusCode;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use serde::Deserialize;
use serde_json::value::RawValue;
use warp::reply::Response;

use crate::http::fields;
use crate::http::problem::{Code, Problem};
use crate::permission::question::Question;
use crate::session::recheck::selection::Selection;
use crate::session::sessions::Sessions;

/// Bytes of a body: a channel and a user, every character of them written as an escape.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecheckBody<'a> {
    #[serde(borrow, default)]
    channel: Option<&'a RawValue>,
    #[serde(borrow, default)]
    user: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExplainBody<'a> {
    #[serde(borrow, default)]
    channel: Option<&'a RawValue>,
    #[serde(borrow, default)]
    subscriber: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubscriberBody {
    id: UserId,
    #[serde(rename = "type")]
    kind: SubscriberType,
}

/// Has running subscriptions asked about again. Answered as soon as it is known which.
///
/// # Errors
/// 400.
pub fn recheck(sessions: &Sessions, body: &Bytes) -> Result<Response, Problem> {
    let selection = read_selection(body)?;
    let subscriptions = sessions.recheck(&selection);
    let channel = selection.channel.as_ref().map_or_else(String::new, Channel::to_string);
    let user = selection.user.as_ref().map_or("", UserId::as_str).escape_debug();
    tracing::info!(subscriptions, channel, %user, "the backend has running subscriptions asked about again");
    let mut response = fields::json(format!("{{\"subscriptions\":{subscriptions}}}"));
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// Reads the body of a recheck.
///
/// # Errors
/// 400.
pub fn read_selection(body: &[u8]) -> Result<Selection, Problem> {
    let body: RecheckBody<'_> = fields::object(body)?;
    Ok(Selection {
        channel: body.channel.map(|raw| fields::channel(Some(raw))).transpose()?,
        user: fields::optional("user", body.user)?,
    })
}

/// Asks whether somebody may read a channel, and tells all that is known about the answer.
///
/// # Errors
/// 400.
pub async fn explain(sessions: &Sessions, body: &Bytes) -> Result<Response, Problem> {
    let explanation = sessions.permission.explain(read_question(body)?).await;
    let text = serde_json::to_string(&explanation).map_err(|error| {
        Problem::new(Code::Internal, format!("the explanation cannot be written: {error}"))
    })?;
    Ok(fields::json(text))
}

/// Reads the body of an explain.
///
/// # Errors
/// 400.
pub fn read_question(body: &[u8]) -> Result<Question, Problem> {
    let body: ExplainBody<'_> = fields::object(body)?;
    let what = "{ \"id\": \"…\", \"type\": \"Member\" }";
    let SubscriberBody { id, kind } = fields::required("subscriber", body.subscriber, what)?;
    Ok(Question { channel: fields::channel(body.channel)?, subscriber: Subscriber { id, kind } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_selects_all_and_null_is_nothing() {
        assert_eq!(read_selection(b"{}").unwrap(), Selection::ALL);
        assert_eq!(read_selection(br#"{"channel":null,"user":null}"#).unwrap(), Selection::ALL);
        let both = read_selection(br#"{"channel":{"name":"c","resourceId":"7"},"user":"anna"}"#).unwrap();
        let expected = Selection {
            channel: Some(Channel::parse("c", Some("7")).unwrap()),
            user: Some(UserId::parse("anna").unwrap()),
        };
        assert_eq!(both, expected);
    }

    #[test]
    fn what_is_not_right_is_refused_with_the_field_and_a_sentence() {
        for (body, field, words) in [
            ("[]", None, "must be a JSON object"),
            (r#"{"users":["a"]}"#, None, "unknown field `users`"),
            (r#"{"channel":"c"}"#, Some("channel"), r#"did you mean { "name": "c" }?"#),
            (r#"{"channel":{"name":"a:b"}}"#, Some("channel"), "position 2"),
            (r#"{"user":7}"#, Some("user"), "expected a string"),
            (r#"{"user":""}"#, Some("user"), "user id is empty"),
        ] {
            expect(read_selection(body.as_bytes()).unwrap_err(), body, field, words);
        }
        let channel = r#""channel":{"name":"c"}"#;
        for (body, field, words) in [
            ("7".to_owned(), None, "must be a JSON object"),
            (format!("{{{channel}}}"), Some("subscriber"), "subscriber is missing: { \"id\""),
            (format!(r#"{{{channel},"subscriber":"anna"}}"#), Some("subscriber"), "invalid type: string"),
            (
                format!(r#"{{{channel},"subscriber":["a","Member"]}}"#),
                Some("subscriber"),
                "must not be an array",
            ),
            (
                format!(r#"{{{channel},"subscriber":{{"id":"a"}}}}"#),
                Some("subscriber"),
                "missing field `type`",
            ),
            (
                format!(r#"{{{channel},"subscriber":{{"id":"a","type":"member"}}}}"#),
                Some("subscriber"),
                "expected one of `Admin`, `Member`, `Visitor`",
            ),
            (
                r#"{"subscriber":{"id":"a","type":"Member"}}"#.to_owned(),
                Some("channel"),
                "channel is missing",
            ),
        ] {
            expect(read_question(body.as_bytes()).unwrap_err(), &body, field, words);
        }
    }

    fn expect(problem: Problem, body: &str, field: Option<&str>, words: &str) {
        let problem: serde_json::Value = serde_json::from_str(&problem.to_json()).unwrap();
        assert_eq!(problem["field"].as_str(), field, "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{body}: {problem}");
    }
}
