//! One HTTP request to a relay, over a connection of its own.

use std::fmt::Display;
use std::io::ErrorKind;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::time::timeout;

use super::address::ANSWER_TIMEOUT;
use super::dial::{DialError, Way};
use super::failure::Failure;

/// Bytes of an answer. Most have some hundred, an explanation up to twenty lines that a handler logged, of a thousand
/// characters each; what is longer is not a relay's.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

/// What is read of a problem document (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
    title: Option<String>,
}

impl Answer {
    /// The body of a success.
    ///
    /// # Errors
    /// What the relay says about any other status.
    pub fn success(self) -> Result<Bytes, Failure> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let problem = serde_json::from_slice(&self.body).ok();
        let why = problem.and_then(|problem: Problem| problem.detail.or(problem.title));
        let why = why.unwrap_or_else(|| "it gives no reason, so perhaps it is not a relay".to_owned());
        Err(Failure::Failed(format!("the relay answered {}: {why}", self.status)))
    }
}

/// Posts JSON, and waits for the answer for [`ANSWER_TIMEOUT`] at the longest. Nothing is tried twice.
///
/// # Errors
/// When there is no answer.
pub async fn post(way: &Way, path: &str, key: &str, json: String) -> Result<Answer, Failure> {
    let url = way.url();
    let request = Request::post(url.path(path))
        .header(header::HOST, url.authority())
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(json)))
        .map_err(Failure::failed)?;
    timeout(ANSWER_TIMEOUT, exchange(way, request)).await.unwrap_or_else(|_| {
        Err(Failure::Failed(format!("the relay at {url} did not answer in {} s", ANSWER_TIMEOUT.as_secs())))
    })
}

/// What to look at where nobody listens.
fn advice(error: &DialError) -> &'static str {
    match error {
        DialError::Unreachable(error) if error.kind() == ErrorKind::ConnectionRefused => {
            "; is it running (relay serve), and is --url or RELAY_URL its address?"
        }
        _ => "",
    }
}

async fn exchange(way: &Way, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
    let url = way.url();
    let stream = way.connect().await.map_err(|error| {
        Failure::Failed(format!("cannot connect to the relay at {url}: {error}{}", advice(&error)))
    })?;
    let broken =
        |why: &dyn Display| Failure::Failed(format!("the exchange with the relay at {url} failed: {why}"));
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let conversation = async move {
        let answered = sender.send_request(request).await.map_err(|error| match error.is_parse() {
            true => broken(&way.no_http()),
            false => broken(&error),
        });
        let (head, body) = answered?.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(|error| broken(&error))?;
        Ok(Answer { status: head.status, body: body.to_bytes() })
    };
    // The connection has to be driven meanwhile; what goes wrong with it is told by the conversation too.
    tokio::join!(conversation, connection).0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(status: u16, body: &'static str) -> String {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            body: Bytes::from_static(body.as_bytes()),
        };
        answer.success().unwrap_err().to_string()
    }

    #[test]
    fn a_refusal_is_told_in_the_relays_own_words() {
        assert!(
            why(401, r#"{"title":"Unauthorized","detail":"the key is unknown"}"#)
                .ends_with(": the key is unknown")
        );
        assert!(why(503, r#"{"title":"Unavailable"}"#).contains("503 Service Unavailable: Unavailable"));
        assert!(why(404, "<html>").contains("perhaps it is not a relay"));
    }
}
