//! What every way to an operation asks: the routes, and the lane before them.

use std::path::PathBuf;

use http::HeaderMap;
use warp::reply::{Reply, Response};

use crate::broker::publishing::Publishing;
use crate::http::key::{ApiKeys, KeyIndex};
use crate::http::operation::Operation;
use crate::http::problem::Problem;
use crate::http::rate::PublishRate;
use crate::http::realtime::Door;
use crate::http::{publish, refusal};
use crate::measure::scrape::Measured;

/// What answers need.
pub struct Api {
    /// The WebSocket's door.
    pub door: Door,
    /// Who may publish.
    pub keys: ApiKeys,
    /// How much.
    pub rate: PublishRate,
    /// Bytes of a payload.
    pub max_payload_bytes: usize,
    /// The site's folder, if its static files are served.
    pub site: Option<PathBuf>,
    /// What is counted.
    pub measured: Measured,
}

impl Api {
    /// Gives the message of a body its place.
    ///
    /// # Errors
    /// 400, 413, 422, 429, and 503 when it cannot be stored.
    pub fn publish(&self, key: KeyIndex, headers: &HeaderMap, body: &[u8]) -> Result<Publishing, Problem> {
        let sessions = &*self.door.sessions;
        self.rate.take(key, 1, sessions.clock.now())?;
        publish::one(&sessions.broker, headers, body, self.max_payload_bytes)
    }

    /// Counts an answer.
    pub fn count(&self, operation: Operation, problem: Option<&Problem>) {
        let code = problem.map(Problem::code);
        self.measured.requests.count(Some(operation), code);
        code.into_iter().for_each(refusal::tell_limit);
    }

    /// Counts an answer and gives it.
    pub fn counted(&self, operation: Operation, answered: Result<Response, Problem>) -> Response {
        self.count(operation, answered.as_ref().err());
        answered.unwrap_or_else(Reply::into_response)
    }
}
