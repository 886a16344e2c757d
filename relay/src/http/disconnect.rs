//! `POST /v1/disconnect`: the site's backend ends a user's connections.

use std::sync::Arc;

use bytes::Bytes;
use realtime_protocol::subscriber::UserId;
use serde::Deserialize;
use serde_json::value::RawValue;
use warp::reply::Response;

use crate::http::fields;
use crate::http::problem::Problem;
use crate::session::order::Order;
use crate::session::sessions::Sessions;

/// Bytes of a body: a user and a reason, every character of them written as an escape.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// Characters of a reason. Of their UTF-8 a close frame carries 123 bytes (RFC 6455 section 5.5).
const MAX_REASON_CHARS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow, default)]
    user: Option<&'a RawValue>,
    #[serde(borrow, default)]
    come_back: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reason: Option<&'a RawValue>,
}

/// What the backend wishes.
#[derive(Debug, PartialEq, Eq)]
pub struct Wish {
    /// Whose sessions are to end.
    pub user: UserId,
    /// Whether the client is to come back.
    pub comes_back: bool,
    /// What the client is told: 1 to 100 characters.
    pub reason: String,
}

/// Ends the sessions that a user has now. Answered once each has been told.
///
/// # Errors
/// 400.
pub fn disconnect(sessions: &Sessions, body: &Bytes) -> Result<Response, Problem> {
    let Wish { user, comes_back, reason } = read(body)?;
    let connections = sessions.registry.of_user(&user);
    let reason: Arc<str> = reason.into();
    for connection in &connections {
        connection.tell(Order::Disconnect { comes_back, reason: Arc::clone(&reason) });
    }
    let count = connections.len();
    tracing::info!(sessions = count, user = %user.as_str().escape_debug(), comes_back, "the backend ends a user's sessions");
    Ok(fields::json(format!("{{\"sessions\":{count}}}")))
}

/// Reads the body.
///
/// # Errors
/// 400.
pub fn read(body: &[u8]) -> Result<Wish, Problem> {
    let body: Body<'_> = fields::object(body)?;
    let user = fields::required("user", body.user, "the id of the user whose connections are to end")?;
    let comes_back = fields::optional("comeBack", body.come_back)?.unwrap_or(false);
    let reason = fields::optional::<String>("reason", body.reason)?;
    Ok(Wish { user, comes_back, reason: reason.map_or_else(|| Ok(usual_reason(comes_back)), check_reason)? })
}

fn check_reason(reason: String) -> Result<String, Problem> {
    let is_right =
        (1..=MAX_REASON_CHARS).contains(&reason.chars().count()) && !reason.contains(char::is_control);
    let rule = "a reason has 1 to 100 characters, none of them a control character: clients see it";
    if is_right { Ok(reason) } else { Err(Problem::bad_input("reason", rule)) }
}

fn usual_reason(comes_back: bool) -> String {
    let reason = if comes_back {
        "the site's backend asks the client to come back"
    } else {
        "the site's backend has ended the connection"
    };
    reason.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_stays_away_unless_the_backend_says_otherwise() {
        let wish = |body: &str| read(body.as_bytes()).unwrap();
        let away = wish(r#"{"user":"anna"}"#);
        assert_eq!((away.user.as_str(), away.comes_back), ("anna", false));
        assert_eq!(away, wish(r#"{"user":"anna","comeBack":null,"reason":null}"#));
        assert_eq!(away, wish(r#"{"user":"anna","comeBack":false}"#));
        let back = wish(r#"{"user":"anna","comeBack":true,"reason":"new rights"}"#);
        assert_eq!((back.comes_back, back.reason.as_str()), (true, "new rights"));
        assert_ne!(wish(r#"{"user":"anna","comeBack":true}"#).reason, away.reason);
    }

    #[test]
    fn what_is_not_right_is_refused_with_the_field_and_a_sentence() {
        let reason = |reason: &str| serde_json::json!({ "user": "a", "reason": reason }).to_string();
        for (body, field, words) in [
            ("{}".to_owned(), Some("user"), "user is missing"),
            (r#"{"user":null}"#.to_owned(), Some("user"), "user is missing"),
            (r#"{"user":["a"]}"#.to_owned(), Some("user"), "must not be an array"),
            (r#"{"userId":"a"}"#.to_owned(), None, "unknown field `userId`, expected one of `user`"),
            (r#"{"user":"a","comeBack":"yes"}"#.to_owned(), Some("comeBack"), "expected a boolean"),
            (reason(""), Some("reason"), "1 to 100 characters"),
            (reason(&"ä".repeat(101)), Some("reason"), "1 to 100 characters"),
            (reason("a\nb"), Some("reason"), "control character"),
        ] {
            let problem = read(body.as_bytes()).unwrap_err().to_json();
            let problem: serde_json::Value = serde_json::from_str(&problem).unwrap();
            assert_eq!(problem["field"].as_str(), field, "{body}: {problem}");
            assert!(problem["detail"].as_str().unwrap().contains(words), "{body}: {problem}");
        }
        assert!(read(reason(&"ä".repeat(100)).as_bytes()).is_ok());
    }
}
