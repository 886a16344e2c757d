//! What a driver tells the machine.

use realtime_protocol::channel::Channel;
use realtime_protocol::frame::Token;

use crate::notice::Notice;

/// A subscription's number. The driver gives it out; it is unique for the machine's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(pub u32);

/// One attempt to connect, and the connection that comes of it. Inputs of an earlier one are ignored, so a driver
/// needs no care for events that come late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u32);

/// Who the client says it is in its first frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The token of a signed-in user.
    pub token: Option<Token>,
    /// The token that the relay gave this visitor earlier.
    pub visitor_token: Option<Token>,
    /// Whether asking again may give another one: then a token that ends is replaced, while connected and afterwards.
    pub is_renewable: bool,
}

/// How long a subscription waits for its first answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Until [`Settings::subscribe_timeout`](crate::Settings::subscribe_timeout) or a temporary refusal: then it is
    /// refused. For callers who wait for the answer and can ask again.
    Limited,
    /// Until it is live, refused for good or not wanted any more. What comes in between is told by
    /// [`Interrupted`](crate::Effect::Interrupted).
    Unlimited,
}

/// Something that has happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Someone wants a channel's messages, until [`Unsubscribe`](Input::Unsubscribe) or [`Close`](Input::Close), or
    /// until [`Refused`](crate::Effect::Refused) or [`Ended`](crate::Effect::Ended) is the last effect of this
    /// subscription.
    Subscribe {
        /// The new subscription.
        subscription: SubscriptionId,
        /// What it is for.
        channel: Channel,
        /// What becomes of it while there is no answer.
        patience: Patience,
    },
    /// A subscription is no longer wanted; no effect of it follows. Unknown ones are ignored.
    Unsubscribe(SubscriptionId),
    /// The identity for a connection, or why there is none: the answer to [`Identify`](crate::Effect::Identify).
    Identified {
        /// The connection that asked.
        connection: ConnectionId,
        /// Who the client is, or the reason why that could not be found out.
        identity: Result<Identity, String>,
    },
    /// The transport can send.
    Opened(ConnectionId),
    /// The transport has brought a control frame.
    Notice {
        /// The connection that brought it.
        connection: ConnectionId,
        /// What it says.
        notice: Notice,
    },
    /// The transport could not be opened, or has ended.
    Lost {
        /// The connection that ended.
        connection: ConnectionId,
        /// The WebSocket close code; 1006 where there was none.
        code: u16,
        /// What is known about the reason, for people; may be empty.
        reason: String,
    },
    /// The time of [`Machine::deadline`](crate::Machine::deadline) has come. Too early or too late is harmless.
    Timer,
    /// The outside world has changed: the network is back, the page is visible again. Ends waiting, and asks the relay
    /// for a sign of life: a connection that has died meanwhile is given up after
    /// [`Settings::probe_timeout`](crate::Settings::probe_timeout).
    Wake,
    /// Nothing will run for a while, such as in a page that a browser freezes or keeps for the way back: leave the
    /// connection now, and make another one at the next [`Wake`](Input::Wake).
    Suspend,
    /// The relay's address or the identity has changed: leave the connection and make a new one.
    Reconnect,
    /// Drop every subscription and the connection; no effect of them follows. A later subscribe starts anew, with another
    /// question for the identity.
    Close,
}

impl Input {
    /// The connection that it is about, for what counts only while that is the one of now.
    pub(crate) const fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Identified { connection, .. }
            | Self::Opened(connection)
            | Self::Notice { connection, .. }
            | Self::Lost { connection, .. } => Some(*connection),
            _ => None,
        }
    }
}
