//! What the backend's answer means.
//!
//! `200 {"read": true}` or `{"read": false}` are the service plugin's. Our own backend package adds two keys for the
//! log and for explanations, with the router's and the relay's own words: `decidedBy` (which handler) and `cause` (why
//! a handler's answer counts as no).

use reqwest::StatusCode;
use serde_json::{Map, Value};

use super::super::question::{Answer, DecidedBy, Decision, Refusal, Unavailability};
use super::super::text::printable;
use super::address::PATH;

/// Bytes of an answer that are read: a hundred times what one needs.
pub const MAX_BYTES: usize = 16 * 1024;

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The backend said something: a decision, or something that is none.
    Answered(Decision),
    /// Nobody was there, or whoever stands in front of the backend says so.
    Silent(Unavailability),
}

impl Outcome {
    /// The decision that it leads to.
    pub fn into_decision(self) -> Decision {
        match self {
            Self::Answered(decision) => decision,
            Self::Silent(why) => why.into(),
        }
    }
}

/// Reads an answer.
pub fn read(status: StatusCode, body: &[u8]) -> Outcome {
    match status {
        StatusCode::OK => Outcome::Answered(read_yes_or_no(body)),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            Outcome::Silent(refused_to_answer(status, body))
        }
        _ => Outcome::Answered(refused_to_answer(status, body).into()),
    }
}

fn read_yes_or_no(body: &[u8]) -> Decision {
    let found = match serde_json::from_slice(body) {
        Ok(Value::Object(reply)) => match reply.get("read") {
            Some(Value::Bool(read)) => return decision(*read, &reply),
            Some(other) => format!("`read` is {}", name_of(other)),
            None => "`read` is missing".to_owned(),
        },
        Ok(other) => format!("the answer is {}", name_of(&other)),
        Err(_) => "the answer is not JSON".to_owned(),
    };
    let what =
        format!("the permissions backend must answer {{\"read\": true}} or {{\"read\": false}}, and {found}");
    Unavailability::BadReply(what).into()
}

fn decision(read: bool, reply: &Map<String, Value>) -> Decision {
    let word = |key: &str| reply.get(key).and_then(Value::as_str);
    let answer = if read { Answer::Allowed } else { Answer::Refused(refusal(word("cause"))) };
    Decision { answer, decided_by: word("decidedBy").and_then(DecidedBy::parse) }
}

fn refusal(cause: Option<&str>) -> Refusal {
    match cause {
        Some("threw") => {
            Refusal::Threw("a handler threw in the permissions backend; its log says what".to_owned())
        }
        Some("bad_answer") => Refusal::BadAnswer(
            "a handler in the permissions backend answered neither yes nor no; its log says what".to_owned(),
        ),
        _ => Refusal::ByHandler,
    }
}

fn refused_to_answer(status: StatusCode, body: &[u8]) -> Unavailability {
    let said = match said(body) {
        Some(text) => format!(": {}", printable(&text)),
        None => String::new(),
    };
    let hint = match status {
        StatusCode::UNAUTHORIZED => " (is --permissions-secret the backend's?)".to_owned(),
        StatusCode::NOT_FOUND => format!(" (--permissions-url is what comes before {PATH})"),
        _ if status.is_redirection() => " (redirects are not followed)".to_owned(),
        _ => String::new(),
    };
    Unavailability::BadReply(format!("the permissions backend answered {}{said}{hint}", status.as_u16()))
}

/// What a problem document (RFC 9457) says.
fn said(body: &[u8]) -> Option<String> {
    let problem: Map<String, Value> = serde_json::from_slice(body).ok()?;
    ["detail", "title"].iter().find_map(|&key| problem.get(key)?.as_str().map(str::to_owned))
}

const fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(body: &str) -> Decision {
        match read(StatusCode::OK, body.as_bytes()) {
            Outcome::Answered(decision) => decision,
            Outcome::Silent(why) => panic!("{body}: {why}"),
        }
    }

    fn words(status: u16, body: &str) -> (&'static str, String) {
        let outcome = read(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        let kind = match outcome {
            Outcome::Answered(_) => "answered",
            Outcome::Silent(_) => "silent",
        };
        match outcome.into_decision().answer {
            Answer::Unavailable(why) => (kind, why.to_string()),
            other => panic!("{status} {body}: {other:?}"),
        }
    }

    #[test]
    fn only_read_true_allows_and_only_read_false_refuses() {
        assert_eq!(decided(r#"{"read":true}"#), Decision::ALLOWED);
        assert_eq!(decided(r#"{"read": false, "write": true, "more": [{}]}"#), Refusal::ByHandler.into());
        for (body, found) in [
            ("", "not JSON"),
            ("true", "the answer is a boolean"),
            ("null", "the answer is null"),
            (r#"[{"read":true}]"#, "the answer is an array"),
            ("{}", "`read` is missing"),
            (r#"{"read":"true"}"#, "`read` is a string"),
            (r#"{"read":1}"#, "`read` is a number"),
            (r#"{"read":null}"#, "`read` is null"),
            (r#"{"permissions":{"read":true}}"#, "`read` is missing"),
            (r#"{"read":true"#, "not JSON"),
            (r#"{"read":true} {"read":true}"#, "not JSON"),
        ] {
            let (kind, text) = words(200, body);
            assert!(kind == "answered" && text.contains(found), "{body}: {text}");
        }
    }

    #[test]
    fn our_own_backend_tells_which_handler_decided_and_why_it_means_no() {
        let decision = decided(r#"{"read":true,"decidedBy":"parent"}"#);
        assert_eq!((decision.is_allowed(), decision.decided_by), (true, Some(DecidedBy::Parent)));
        for (cause, expected) in
            [("threw", "threw"), ("bad_answer", "bad_answer"), ("else", "by_handler"), ("", "by_handler")]
        {
            let decision = decided(&format!(r#"{{"read":false,"cause":"{cause}","decidedBy":"nonsense"}}"#));
            assert_eq!((decision.answer.cause(), decision.decided_by), (expected, None));
        }
        // A cause cannot turn a yes into a no, nor keys of another type spoil an answer.
        assert!(decided(r#"{"read":true,"cause":"threw","decidedBy":7}"#).is_allowed());
    }

    #[test]
    fn any_other_status_is_no_decision_and_the_log_says_what_the_backend_said() {
        let problem = r#"{"title":"Unauthorized","detail":"the signature\nis too old"}"#;
        for (status, body, expected) in [
            (201, r#"{"read":true}"#, "answered 201"),
            (204, "", "answered 204"),
            (301, "", "answered 301 (redirects are not followed)"),
            (400, r#"{"title":"Bad input"}"#, "answered 400: Bad input"),
            (
                401,
                problem,
                r"answered 401: the signature\nis too old (is --permissions-secret the backend's?)",
            ),
            (404, "<html>", "answered 404 (--permissions-url is what comes before /v1/check"),
            (500, r#"{"detail":7}"#, "answered 500"),
        ] {
            let (kind, text) = words(status, body);
            assert!(kind == "answered" && text.contains(expected), "{status}: {text}");
        }
    }

    #[test]
    fn a_proxy_in_front_of_a_dead_backend_counts_as_silence() {
        for status in [502, 503, 504] {
            assert_eq!(words(status, "").0, "silent", "{status}");
        }
    }
}
