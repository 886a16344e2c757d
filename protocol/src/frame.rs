//! The frames of both directions. One WebSocket text message is one frame.

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::channel::UncheckedChannel;
use crate::error::{ErrorCode, Status};
use crate::limits::MAX_SAFE_INTEGER;
use crate::position::{Offset, Position};
use crate::subscriber::Subscriber;

/// A client's number for one request; the reply carries it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u32);

/// The relay's number for a channel, valid while the connection lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChannelNumber(pub u64);

impl ChannelNumber {
    /// The highest number that every JSON reader keeps exact.
    pub const MAX: Self = Self(MAX_SAFE_INTEGER);
}

/// A signed token. Its text appears in no log: `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token(String);

impl Token {
    /// A token from its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The token's text, for the one who verifies or sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClientFrame {
    /// The first frame of a connection, once: who the client is.
    Hello {
        /// The token of a signed-in user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<Token>,
        /// The token that the relay gave this visitor earlier.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visitor_token: Option<Token>,
    },
    /// Asks for a channel's messages; answered by `subscribed` or `refused`.
    Subscribe {
        /// Echoed by the reply.
        id: RequestId,
        /// What to subscribe to; the relay checks it.
        channel: UncheckedChannel,
        /// Where the client stands, when it wants what it missed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<Position>,
    },
    /// Ends a subscription; answered by `unsubscribed`.
    Unsubscribe {
        /// Echoed by the reply.
        id: RequestId,
        /// What to leave.
        channel: UncheckedChannel,
    },
    /// A new token for the same user, while connected; answered by `refreshed`.
    Refresh {
        /// The site's token.
        token: Token,
    },
    /// Answers a `ping`.
    Pong,
}

/// What the relay sends: a control frame (a JSON object) or messages (a JSON array).
#[derive(Debug, Clone, PartialEq)]
pub enum RelayFrame<P> {
    /// Everything but messages.
    Control(Control),
    /// Messages, in the order in which they are to be handled.
    Messages(Vec<Message<P>>),
}

/// The relay's control frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Control {
    /// Answers `hello`: who the client is to the relay, and the heartbeat's times.
    Welcome {
        /// The session's id, for finding it in the relay's log.
        session: String,
        /// The identity in force.
        subscriber: Subscriber,
        /// A visitor's token, to be kept and sent with the next hello.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visitor_token: Option<Token>,
        /// When silence means a lost connection.
        heartbeat: Heartbeat,
        /// For how long the token holds from now on, in milliseconds, clock skew included. Absent: no end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_in_ms: Option<u64>,
    },
    /// Answers `refresh`: the new token is in force.
    Refreshed {
        /// For how long it holds from now on, in milliseconds, clock skew included. Absent: no end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_in_ms: Option<u64>,
    },
    /// Answers `subscribe`: from now on every message is delivered or its loss is told.
    Subscribed {
        /// The request's id.
        id: RequestId,
        /// The number that the channel's messages carry.
        number: ChannelNumber,
        /// The point before the first message that follows.
        position: Position,
        /// Whether everything after the client's own position follows. Present when the request had a position.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovered: Option<bool>,
    },
    /// Answers `subscribe`: no.
    Refused {
        /// The request's id.
        id: RequestId,
        /// The API's error code.
        code: ErrorCode,
        /// The kind of refusal.
        status: Status,
        /// Why, as far as the browser may know.
        message: String,
    },
    /// Answers `unsubscribe`: no message of that channel follows.
    Unsubscribed {
        /// The request's id.
        id: RequestId,
    },
    /// A subscription has ended without being asked: the permissions have changed.
    Ended {
        /// The channel's number.
        number: ChannelNumber,
        /// The kind of refusal.
        status: Status,
        /// Why, as far as the browser may know.
        message: String,
    },
    /// The heartbeat; the client answers `pong`.
    Ping,
    /// The relay is about to close the connection with a code of the come-back range.
    Goodbye {
        /// How long to wait before the next connection, in milliseconds.
        retry_after_ms: u32,
    },
}

/// The heartbeat's times, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// How often the relay sends `ping` at the least.
    pub interval_ms: u32,
    /// How much longer than the interval either side waits before it takes silence for a lost connection.
    pub timeout_ms: u32,
}

/// One message on the wire: `[number, offset, payload]`, or with the publisher's id as a fourth element.
#[derive(Debug, Clone, PartialEq)]
pub struct Message<P> {
    /// Which channel it is for.
    pub number: ChannelNumber,
    /// Its place in the channel's stream.
    pub offset: Offset,
    /// What was published.
    pub payload: P,
    /// On whose behalf it was published, where the publisher asked for that to be shown.
    pub publisher: Option<String>,
}

impl<P: Serialize> Serialize for Message<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(3 + usize::from(self.publisher.is_some()))?;
        tuple.serialize_element(&self.number)?;
        tuple.serialize_element(&self.offset)?;
        tuple.serialize_element(&self.payload)?;
        if let Some(publisher) = &self.publisher {
            tuple.serialize_element(publisher)?;
        }
        tuple.end()
    }
}

impl<'de, P: Deserialize<'de>> Deserialize<'de> for Message<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(MessageVisitor(std::marker::PhantomData))
    }
}

struct MessageVisitor<P>(std::marker::PhantomData<P>);

impl<'de, P: Deserialize<'de>> Visitor<'de> for MessageVisitor<P> {
    type Value = Message<P>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a message: [channel number, offset, payload, publisher's id?]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let missing = |at| A::Error::invalid_length(at, &"3 or 4 elements");
        let message = Message {
            number: seq.next_element()?.ok_or_else(|| missing(0))?,
            offset: seq.next_element()?.ok_or_else(|| missing(1))?,
            payload: seq.next_element()?.ok_or_else(|| missing(2))?,
            publisher: seq.next_element()?,
        };
        match seq.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(message),
            Some(_) => Err(A::Error::invalid_length(5, &"3 or 4 elements")),
        }
    }
}
