//! What a session's rules want done, and what they are told in return.

use std::sync::Arc;
use std::time::Duration;

use realtime_protocol::channel::Channel;
use realtime_protocol::close::CloseCode;
use realtime_protocol::error::Status;
use realtime_protocol::frame::{Control, RequestId, Token};
use realtime_protocol::position::Position;
use realtime_protocol::subscriber::Subscriber;

#[cfg(doc)]
use crate::session::state::Session;

/// What is to be done, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Establish the identity, then tell [`Session::identified`] or [`Session::end`].
    Identify {
        /// The site's token.
        token: Option<Token>,
        /// The relay's own.
        visitor_token: Option<Token>,
    },
    /// Establish the identity anew from this token of the site, then tell [`Session::refreshed`] or [`Session::end`]. A
    /// newer one of these takes the place of one that is under way.
    Refresh(Token),
    /// The subscriber is of another type than it was: ask again whether it may read what it is attached to.
    Recheck,
    /// Send a frame.
    Send(Control),
    /// Ask whether [`Session::subscriber`] may read this channel, then tell [`Session::decided`].
    Ask(Channel),
    /// There seems to be no place for a subscription to this channel: tell [`Session::place`] at once, which knows when it
    /// can look at what is attached.
    FindPlace(Channel),
    /// Attach to a channel, which sends the reply; then tell [`Session::attached`].
    Attach {
        /// The request.
        id: RequestId,
        /// The channel.
        channel: Channel,
        /// Where the client stands.
        position: Option<Position>,
    },
    /// Detach from a channel, then tell [`Session::detached`], if it was attached.
    Detach(Channel),
    /// Detach from a channel; if it was attached, tell the client with `ended` as the last frame about that channel, and
    /// then [`Session::detached`].
    Finish {
        /// The channel.
        channel: Arc<Channel>,
        /// The kind of refusal.
        status: Status,
        /// Why, as far as the browser may know.
        message: String,
    },
    /// Close the connection.
    End(CloseCode, String),
}

/// The answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The subscriber may read.
    Allowed,
    /// It may not.
    Refused,
    /// Nobody could say.
    Unavailable,
    /// What decides has changed since the question was asked: the answer counts for nothing.
    Outdated,
}

/// An identity that has been established.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Established {
    /// Who the client is.
    pub subscriber: Subscriber,
    /// A visitor's token, to be kept.
    pub visitor_token: Option<Token>,
    /// When its right ends, on the session's clock.
    pub expires_at: Option<Duration>,
}
