//! What the bytes of a read lead to: answers, and what comes next.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use http::StatusCode;
use warp::reply::Reply;

use crate::broker::publishing::Publishing;
use crate::http::answer::{self, Then};
use crate::http::api::Api;
use crate::http::body;
use crate::http::lane::head::{self, Plain};
use crate::http::operation::Operation;
use crate::http::places::{Claim, Peer};
use crate::http::problem::Problem;
use crate::http::publish;
use crate::http::realtime::Admission;

/// Bytes of answers from which on they are written before anything more is answered: who asks a lot and reads nothing
/// must not have all its answers kept.
const ENOUGH_ANSWERS_BYTES: usize = 16 * 1024;

/// What comes next, once the answers are written.
#[derive(Debug)]
pub enum Next {
    /// Everything is answered; more is waited for.
    Read,
    /// There are enough answers for now. With what was read behind their requests.
    Rest(Vec<u8>),
    /// A message has to be stored before its publish is answered. With what was read behind that.
    Store(Publishing, Vec<u8>),
    /// The handshake is answered. With the client's claim, and what was read behind the handshake.
    Session(Option<Claim>, Vec<u8>),
    /// The first request that is not plain, or not there whole, and all behind it.
    Hyper(Bytes),
}

/// Answers the requests that these bytes begin with, as far as they are plain.
pub fn take(api: &Api, peer: Peer, mut bytes: &[u8], answers: &mut Vec<u8>) -> Next {
    while !bytes.is_empty() {
        let Some(request) = head::read(bytes) else {
            return Next::Hyper(Bytes::copy_from_slice(bytes));
        };
        bytes = request.behind;
        if let Some(next) = answer_one(api, peer, &request, answers) {
            return next;
        }
        if answers.len() >= ENOUGH_ANSWERS_BYTES && !bytes.is_empty() {
            return Next::Rest(bytes.to_vec());
        }
    }
    Next::Read
}

/// Answers a request, unless there is something else to be done first.
fn answer_one(api: &Api, peer: Peer, request: &Plain<'_>, answers: &mut Vec<u8>) -> Option<Next> {
    let answered = catch_unwind(AssertUnwindSafe(|| match request.operation {
        Operation::Realtime => shake_hands(api, peer, request, answers),
        _ => place(api, request, answers),
    }));
    let problem = match answered {
        Ok(Ok(next)) => return next,
        Ok(Err(problem)) => {
            api.count(request.operation, Some(&problem));
            problem
        }
        Err(_) => Problem::after_a_panic(),
    };
    refuse(answers, problem, Then::GoesOn);
    None
}

fn shake_hands(
    api: &Api,
    peer: Peer,
    request: &Plain<'_>,
    answers: &mut Vec<u8>,
) -> Result<Option<Next>, Problem> {
    let Admission { headers, claim } = api.door.admit(&request.headers, Some(peer), true)?;
    api.count(Operation::Realtime, None);
    answer::write(answers, StatusCode::SWITCHING_PROTOCOLS, &headers, None, Then::GoesOn);
    Ok(Some(Next::Session(claim, request.behind.to_vec())))
}

fn place(api: &Api, request: &Plain<'_>, answers: &mut Vec<u8>) -> Result<Option<Next>, Problem> {
    let headers = &request.headers;
    let key = api.keys.check(headers)?;
    body::check_json(headers, request.body)?;
    match api.publish(key, headers, request.body)? {
        Publishing::Done(position) => {
            api.count(Operation::Publish, None);
            answer::write_json(answers, &publish::to_json(&position), Then::GoesOn);
            Ok(None)
        }
        storing => Ok(Some(Next::Store(storing, request.behind.to_vec()))),
    }
}

/// Answers a publish whose message had to be stored.
pub fn stored(api: &Api, stored: Result<String, Problem>, then: Then, answers: &mut Vec<u8>) {
    api.count(Operation::Publish, stored.as_ref().err());
    match stored {
        Ok(position) => answer::write_json(answers, &position, then),
        Err(problem) => refuse(answers, problem, then),
    }
}

fn refuse(answers: &mut Vec<u8>, problem: Problem, then: Then) {
    let body = problem.to_json();
    let response = problem.into_response();
    answer::write(answers, response.status(), response.headers(), Some(&body), then);
}
