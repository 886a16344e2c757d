//! One WebSocket connection to a relay, on a task of its own.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderValue, StatusCode};
use hyper::body::Bytes;
use realtime_client::ConnectionId;
use realtime_protocol::{REALTIME_PATH, SUB_PROTOCOL};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::task::AbortOnDropHandle;

use super::dial::{DialError, Stream, Way};
use super::request::Answer;

/// Frames that may wait to be sent: more than a client has to say at once. A connection that takes no more is lost.
const MAX_WAITING: usize = 1024;

/// How long closing may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// RFC 6455 section 7.4.1: the code of a connection that ended without one.
pub const NO_CODE: u16 = 1006;

/// RFC 6455 section 7.4.1: a close frame came, without a code.
const EMPTY_CODE: u16 = 1005;

/// What a connection brings.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// It can send.
    Opened,
    /// A frame.
    Frame(String),
    /// It cannot be made, and to try again would bring the same as long as nobody changes something. Nothing follows.
    Hopeless {
        /// Why, for people.
        why: String,
    },
    /// It has ended, or could not be made. Nothing follows.
    Lost {
        /// The close code; 1006 where there was none.
        code: u16,
        /// Why, for people; may be empty.
        reason: String,
    },
}

/// A connection. Dropped, it is cut; [`Transport::close`] says goodbye.
pub struct Transport {
    outgoing: mpsc::Sender<String>,
    task: AbortOnDropHandle<()>,
}

type Socket = WebSocketStream<Box<dyn Stream>>;

impl Transport {
    /// Starts to connect. What comes of it is told to `events`, which slows the connection down when it is full.
    pub fn open(way: Way, connection: ConnectionId, events: mpsc::Sender<(ConnectionId, Event)>) -> Self {
        let (outgoing, frames) = mpsc::channel(MAX_WAITING);
        let task = tokio::spawn(async move {
            // An error means that nobody listens any more.
            if let Some(lost) = converse(way, frames, &|event| events.send((connection, event))).await {
                let _ = events.send((connection, lost)).await;
            }
        });
        Self { outgoing, task: AbortOnDropHandle::new(task) }
    }

    /// Sends a frame after those before it. False when too many wait; on a connection that has ended a frame is lost,
    /// which its last event tells.
    pub fn send(&self, frame: String) -> bool {
        !matches!(self.outgoing.try_send(frame), Err(TrySendError::Full(_)))
    }

    /// Closes in good order, within a second.
    pub async fn close(self) {
        drop(self.outgoing);
        let _ = timeout(FAREWELL, self.task).await;
    }
}

/// Connects, then carries frames both ways. Returns why it ended; nothing when this side wanted it.
async fn converse<F>(
    way: Way,
    mut frames: mpsc::Receiver<String>,
    tell: &impl Fn(Event) -> F,
) -> Option<Event>
where
    F: Future,
{
    let connected = tokio::select! {
        connected = connect(&way) => connected,
        // Nothing is sent before it is open, so this is the other end's drop.
        _ = frames.recv() => return None,
    };
    let mut socket = match connected {
        Ok(socket) => socket,
        Err(event) => return Some(event),
    };
    tell(Event::Opened).await;
    loop {
        let heard = tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => socket.send(Message::text(frame)).await.err().map(|error| lost(&error)),
                None => {
                    let _ = socket.close(None).await;
                    return None;
                }
            },
            message = socket.next() => heard(message),
        };
        match heard {
            Some(lost @ Event::Lost { .. }) => return Some(lost),
            Some(event) => drop(tell(event).await),
            None => {}
        }
    }
}

/// Connects; the error is what that means.
async fn connect(way: &Way) -> Result<Socket, Event> {
    let stream = way.connect().await.map_err(|error| match error {
        DialError::Unreachable(error) => lost(&error),
        DialError::Distrusted(why) => Event::Hopeless { why: why.to_string() },
    })?;
    let mut request =
        way.url().websocket(REALTIME_PATH).into_client_request().map_err(|error| lost(&error))?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUB_PROTOCOL));
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Protocol(ProtocolError::HttparseError(_))) => {
            Err(Event::Hopeless { why: way.no_http().to_owned() })
        }
        Err(tungstenite::Error::Http(response)) => Err(refused(response.map(Option::unwrap_or_default))),
        Err(error) => Err(lost(&error)),
    }
}

/// What an answer means that is not the one to a handshake.
fn refused(response: http::Response<Vec<u8>>) -> Event {
    let (head, body) = response.into_parts();
    let passes = head.status == StatusCode::REQUEST_TIMEOUT || head.status == StatusCode::TOO_MANY_REQUESTS;
    let is_hopeless = head.status.is_client_error() && !passes;
    let answer = Answer { status: head.status, body: Bytes::from(body) };
    match answer.success() {
        Err(why) if is_hopeless => Event::Hopeless { why: why.to_string() },
        Err(why) => lost(&why),
        Ok(_) => lost(&format!("what answers there is no relay: {}", head.status)),
    }
}

fn heard(message: Option<Result<Message, tungstenite::Error>>) -> Option<Event> {
    match message {
        Some(Ok(Message::Text(text))) => Some(Event::Frame(text.as_str().to_owned())),
        Some(Ok(Message::Close(Some(frame)))) => {
            Some(Event::Lost { code: frame.code.into(), reason: frame.reason.as_str().to_owned() })
        }
        Some(Ok(Message::Close(None))) => Some(Event::Lost { code: EMPTY_CODE, reason: String::new() }),
        // The library answers pings itself; a relay sends no binary messages.
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(lost(&error)),
        None => Some(Event::Lost { code: NO_CODE, reason: String::new() }),
    }
}

fn lost(error: &impl ToString) -> Event {
    Event::Lost { code: NO_CODE, reason: error.to_string() }
}
