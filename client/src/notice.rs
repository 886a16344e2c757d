//! What the relay's control frames tell the machine.

use realtime_protocol::error::Status;
use realtime_protocol::frame::{ChannelNumber, Control, Heartbeat, RequestId, Token};
use realtime_protocol::position::Position;

/// A control frame, less what only people and logs look at. So a driver that pays for everything that it reads, as a page
/// does, need not read it all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Answers hello.
    Welcome {
        /// A visitor's token, to be kept.
        visitor_token: Option<Token>,
        /// When silence means a lost connection.
        heartbeat: Heartbeat,
        /// For how long the token holds from now on, in milliseconds; without an end where there is none.
        expires_in_ms: Option<u64>,
    },
    /// The new token is in force.
    Refreshed {
        /// For how long it holds.
        expires_in_ms: Option<u64>,
    },
    /// The relay delivers a channel.
    Subscribed {
        /// The request's id.
        id: RequestId,
        /// The number that the channel's messages carry.
        number: ChannelNumber,
        /// The point before the first message that follows.
        position: Position,
        /// Whether everything that was missed follows, where the request had a position.
        recovered: Option<bool>,
    },
    /// The relay does not deliver a channel.
    Refused {
        /// The request's id.
        id: RequestId,
        /// The kind of refusal.
        status: Status,
        /// Why.
        message: String,
    },
    /// The relay has stopped delivering a channel.
    Ended {
        /// The channel's number.
        number: ChannelNumber,
        /// The kind of refusal.
        status: Status,
        /// Why.
        message: String,
    },
    /// The heartbeat.
    Ping,
    /// The relay is about to close the connection.
    Goodbye {
        /// How long to wait before the next one, in milliseconds.
        retry_after_ms: u32,
    },
    /// Anything else: a sign of life.
    Other,
}

impl From<Control> for Notice {
    fn from(control: Control) -> Self {
        match control {
            Control::Welcome { visitor_token, heartbeat, expires_in_ms, .. } => {
                Self::Welcome { visitor_token, heartbeat, expires_in_ms }
            }
            Control::Refreshed { expires_in_ms } => Self::Refreshed { expires_in_ms },
            Control::Subscribed { id, number, position, recovered } => {
                Self::Subscribed { id, number, position, recovered }
            }
            Control::Refused { id, status, message, .. } => Self::Refused { id, status, message },
            Control::Ended { number, status, message } => Self::Ended { number, status, message },
            Control::Ping => Self::Ping,
            Control::Goodbye { retry_after_ms } => Self::Goodbye { retry_after_ms },
            Control::Unsubscribed { .. } => Self::Other,
        }
    }
}
