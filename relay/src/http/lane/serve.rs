//! A connection in the lane: reads, answers what is plain, and hands over what is not.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::broker::publishing::Publishing;
use crate::http::answer::Then;
use crate::http::api::Api;
use crate::http::lane::turn::{self, Next};
use crate::http::places::Peer;
use crate::http::publish;
use crate::http::refusal::HEAD_TIMEOUT_SECONDS;
use crate::http::socket::Socket;

/// Bytes read at once. A request that does not fit is hyper's.
const READ_BYTES: usize = 64 * 1024;

/// How long a client may take from one request to the next.
const PATIENCE: Duration = Duration::from_secs(HEAD_TIMEOUT_SECONDS);

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// A connection on which there is something that is not for the lane.
#[derive(Debug)]
pub struct ForHyper {
    /// The socket, from which hyper reads all that is not answered.
    pub socket: Socket,
    /// For how long the request was waited for.
    pub waited: Duration,
}

/// Serves a connection until it ends or becomes a session, or until there is something for hyper: when it is cancelled,
/// that is parting in good order. The socket's gate has to be open.
pub async fn serve(
    mut socket: Socket,
    api: &Api,
    peer: Peer,
    cancel: &CancellationToken,
) -> Option<ForHyper> {
    let mut waiting_since = Instant::now();
    let mut cancelled = std::pin::pin!(cancel.cancelled());
    let mut late = std::pin::pin!(sleep_until(waiting_since + PATIENCE));
    loop {
        let mut answers = Vec::new();
        let mut next = tokio::select! {
            biased;
            () = cancelled.as_mut() => return Some(ForHyper { socket, waited: waiting_since.elapsed() }),
            next = poll_fn(|cx| poll_take(&mut socket, cx, api, peer, &mut answers)) => next.ok()?,
            () = late.as_mut() => {
                // The deadline is moved only here, so that a request costs no timer.
                if waiting_since.elapsed() >= PATIENCE {
                    return None;
                }
                late.as_mut().reset(waiting_since + PATIENCE);
                continue;
            }
        };
        while let Some(Next::Store(..) | Next::Rest(_)) = next {
            write(&mut socket, &std::mem::take(&mut answers)).await.ok()?;
            next = go_on(next, api, peer, cancel, &mut answers).await;
        }
        write(&mut socket, &answers).await.ok()?;
        match next {
            Some(Next::Read) => waiting_since = Instant::now(),
            Some(Next::Hyper(bytes)) => {
                socket.unread(bytes);
                // It has been waited for since the last answer, and has begun to come.
                return Some(ForHyper { socket, waited: waiting_since.elapsed() });
            }
            Some(Next::Session(claim, behind)) => {
                api.door.begin(socket, behind, claim);
                return None;
            }
            Some(Next::Store(..) | Next::Rest(_)) | None => {
                // A client that does not want to hear it has gone.
                let _ = socket.shutdown().await;
                return None;
            }
        }
    }
}

/// Reads once, and answers what is plain of it. `None` when the client sends nothing more.
fn poll_take(
    socket: &mut Socket,
    cx: &mut Context<'_>,
    api: &Api,
    peer: Peer,
    answers: &mut Vec<u8>,
) -> Poll<io::Result<Option<Next>>> {
    READ_BUFFER.with_borrow_mut(|buffer| {
        let mut read = ReadBuf::new(buffer);
        ready!(Pin::new(socket).poll_read(cx, &mut read))?;
        let bytes = read.filled();
        Poll::Ready(Ok((!bytes.is_empty()).then(|| turn::take(api, peer, bytes, answers))))
    })
}

/// Answers what is behind requests whose answers have been written, once a message is stored that has to be. `None` when
/// the connection ends with that.
async fn go_on(
    next: Option<Next>,
    api: &Api,
    peer: Peer,
    cancel: &CancellationToken,
    answers: &mut Vec<u8>,
) -> Option<Next> {
    let behind = match next {
        Some(Next::Store(publishing, behind)) => {
            let then = store(api, publishing, cancel, answers).await;
            Some(behind).filter(|_| then == Then::GoesOn)?
        }
        Some(Next::Rest(behind)) => behind,
        other => return other,
    };
    Some(turn::take(api, peer, &behind, answers))
}

/// Waits until a message is stored, and answers its publish. Returns whether the connection goes on.
async fn store(api: &Api, publishing: Publishing, cancel: &CancellationToken, answers: &mut Vec<u8>) -> Then {
    let stored = publish::done(publishing).await;
    let then = if cancel.is_cancelled() { Then::Closes } else { Then::GoesOn };
    turn::stored(api, stored, then, answers);
    then
}

async fn write(socket: &mut Socket, answers: &[u8]) -> io::Result<()> {
    if answers.is_empty() {
        return Ok(());
    }
    socket.write_all(answers).await?;
    socket.flush().await
}
