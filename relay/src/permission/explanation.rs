//! An answer with everything that is known about it, as `relay check` and the HTTP API tell it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::question::{Answer, DecidedBy, Decision};

/// Why a decision is what it is. Its JSON is that of `POST /v1/permissions/explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// May the subscriber read?
    pub read: bool,
    /// The kind of answer.
    pub decision: Kind,
    /// Which handler of the permissions router decided; `None` when the router was not asked.
    pub decided_by: Option<DecidedBy>,
    /// Where that handler was added.
    pub handler: Option<Handler>,
    /// Why, where the handler's yes is not all there is to say.
    pub reason: Option<String>,
    /// How long it took to decide, in microseconds.
    pub took_micros: u64,
    /// What the handlers logged meanwhile.
    pub logs: Vec<Logged>,
}

/// The kind of an answer. Anything but [`Kind::Allowed`] means no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Yes.
    Allowed,
    /// No.
    Refused,
    /// Nobody could decide.
    Unavailable,
}

/// Where a handler was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handler {
    /// The file's path inside the site folder.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A line that a handler logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// The file's path inside the site folder, where it is known.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// What it says: bounded, and without control characters.
    pub text: String,
}

impl Explanation {
    /// What a decision tells by itself.
    pub fn new(decision: &Decision, took: Duration) -> Self {
        Self {
            read: decision.is_allowed(),
            decision: Kind::from(&decision.answer),
            decided_by: decision.decided_by,
            handler: None,
            reason: decision.answer.reason(),
            took_micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            logs: Vec::new(),
        }
    }
}

impl From<&Answer> for Kind {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::Allowed => Self::Allowed,
            Answer::Refused(_) => Self::Refused,
            Answer::Unavailable(_) => Self::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::question::Refusal;
    use super::*;

    #[test]
    fn its_json_is_the_one_of_the_http_api() {
        let decision =
            Decision { answer: Answer::Refused(Refusal::ByHandler), decided_by: Some(DecidedBy::Parent) };
        let explanation = Explanation {
            handler: Some(Handler { file: "backend/p.js".to_owned(), line: 7 }),
            logs: vec![Logged { level: "info".to_owned(), file: None, line: None, text: "hi".to_owned() }],
            ..Explanation::new(&decision, Duration::from_micros(1_500))
        };
        let json = serde_json::to_value(&explanation).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "read": false, "decision": "refused", "decidedBy": "parent",
                "handler": {"file": "backend/p.js", "line": 7},
                "reason": "the handler answered { read: false }", "tookMicros": 1_500,
                "logs": [{"level": "info", "file": null, "line": null, "text": "hi"}],
            })
        );
        assert_eq!(serde_json::from_value::<Explanation>(json).unwrap(), explanation);
        let nobody = serde_json::to_value(DecidedBy::Nobody).unwrap();
        assert_eq!(nobody, DecidedBy::Nobody.as_str());
    }
}
