//! One WebSocket connection to a relay, on a task of its own.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::HeaderValue;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use realtime_client::ConnectionId;
use realtime_protocol::SUB_PROTOCOL;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tokio_util::task::AbortOnDropHandle;

/// Frames that may wait to be sent: more than a client has to say at once. A connection that takes no more is lost.
const MAX_WAITING: usize = 1024;

/// How long closing may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// RFC 6455 section 7.4.1: no close frame came.
const NO_CODE: u16 = 1006;

/// RFC 6455 section 7.4.1: a close frame came, without a code.
const EMPTY_CODE: u16 = 1005;

/// What a connection brings.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// It can send.
    Opened,
    /// A frame.
    Frame(String),
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

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Transport {
    /// Starts to connect. What comes of it is told to `events`, which slows the connection down when it is full.
    pub fn open(url: String, connection: ConnectionId, events: mpsc::Sender<(ConnectionId, Event)>) -> Self {
        let (outgoing, frames) = mpsc::channel(MAX_WAITING);
        let task = tokio::spawn(async move {
            // An error means that nobody listens any more.
            if let Some(lost) = converse(url, frames, &|event| events.send((connection, event))).await {
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
    url: String,
    mut frames: mpsc::Receiver<String>,
    tell: &impl Fn(Event) -> F,
) -> Option<Event>
where
    F: Future,
{
    let connected = tokio::select! {
        connected = connect(url) => connected,
        // Nothing is sent before it is open, so this is the other end's drop.
        _ = frames.recv() => return None,
    };
    let mut socket = match connected {
        Ok(socket) => socket,
        Err(error) => return Some(lost(&error)),
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

async fn connect(url: String) -> Result<Socket, tungstenite::Error> {
    let mut request = url.into_client_request()?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUB_PROTOCOL));
    // Small frames must not wait for each other (Nagle's algorithm).
    let without_delay = true;
    connect_async_with_config(request, None, without_delay).await.map(|(socket, _)| socket)
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

fn lost(error: &tungstenite::Error) -> Event {
    Event::Lost { code: NO_CODE, reason: error.to_string() }
}
