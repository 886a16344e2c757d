//! What a permissions backend answers.

use http::StatusCode;
use realtime_relay::permission::question::Answer;
use realtime_relay::permission::webhook::reply::{Outcome, read};
use serde_json::Value;

use crate::{assert_one_line, choice};

/// Statuses that a body is tried with, by the first byte.
const STATUSES: [u16; 8] = [200, 201, 204, 302, 401, 404, 500, 503];

/// The first byte chooses a status; the others are the body. Only `200` with `"read": true` allows, and what is told
/// of the answer stays on one line.
pub fn reply(bytes: &[u8]) {
    let (choice, body) = choice(bytes);
    let status = STATUSES[usize::from(choice) % STATUSES.len()];
    let outcome = read(StatusCode::from_u16(status).expect("a status"), body);
    assert_eq!(matches!(outcome, Outcome::Silent(_)), status == 503);
    let decision = outcome.into_decision();
    let reply: Option<Value> = serde_json::from_slice(body).ok();
    let said = reply.as_ref().and_then(|reply| reply.get("read")?.as_bool());
    assert_eq!(decision.is_allowed(), status == 200 && said == Some(true));
    match &decision.answer {
        Answer::Allowed => {}
        Answer::Refused(_) => assert_eq!((status, said), (200, Some(false))),
        Answer::Unavailable(why) => assert_one_line(&why.to_string()),
    }
}
