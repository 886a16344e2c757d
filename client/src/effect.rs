//! What the machine asks its driver to do, and what it reports.

use realtime_protocol::error::{ErrorCode, Status};
use realtime_protocol::frame::{ClientFrame, Token};

use crate::input::{ConnectionId, SubscriptionId};

/// Something for the driver to do, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Open a transport. It comes beside [`Identify`](Effect::Identify), or after its answer where the last attempt had none.
    /// Answered by [`Opened`](crate::Input::Opened) or [`Lost`](crate::Input::Lost).
    Connect(ConnectionId),
    /// Find out the identity: for a connection in the making, or because the token of one that is made ends soon.
    /// Answered by [`Identified`](crate::Input::Identified); an answer that comes late, or never, does no harm.
    Identify {
        /// The connection that it is for.
        connection: ConnectionId,
        /// Whether the identity that was given last is of no more use; otherwise it may be given again, without
        /// asking anyone.
        renew: bool,
    },
    /// Send a frame on the open transport.
    Send(ClientFrame),
    /// Close the transport, if there is one, without waiting for it. Nothing that it still brings counts.
    Disconnect(ConnectionId),
    /// The relay has welcomed this client: at the first connection and at every reconnection.
    Connected,
    /// A connection that had been reported by [`Connected`](Effect::Connected) has ended. What was live delivers
    /// nothing until it is subscribed again, which happens by itself if the failure is recoverable; if it is not, this
    /// is an error event too.
    Disconnected(Failure),
    /// Keep this token and give it with the next identity, so that a visitor stays the same.
    KeepVisitorToken(Token),
    /// A subscription is live: every later message is delivered or its loss is told.
    Subscribed {
        /// The subscription.
        subscription: SubscriptionId,
        /// How this continues what was delivered before.
        continuity: Continuity,
    },
    /// A subscription that was never live has failed, and is gone.
    Refused {
        /// The subscription.
        subscription: SubscriptionId,
        /// Why.
        failure: Failure,
    },
    /// Subscriptions deliver nothing for the moment, the connection apart, and are asked for again by themselves: an
    /// error event.
    Interrupted {
        /// All of one channel.
        subscriptions: Vec<SubscriptionId>,
        /// Why.
        failure: Failure,
    },
    /// Subscriptions that were live have ended without being asked, and are gone: an error event.
    Ended {
        /// All of one channel.
        subscriptions: Vec<SubscriptionId>,
        /// Why.
        failure: Failure,
    },
    /// An error event of the connection, while there is none. If it is not recoverable, no attempt follows until
    /// something new is asked for.
    Error(Failure),
}

/// How a live subscription continues what it has delivered before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuity {
    /// It delivers for the first time.
    First,
    /// Every message that was missed follows.
    Whole,
    /// Some messages may be lost: the application reloads its state.
    Lost,
}

/// Why something failed, as the API tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The API's code.
    pub code: ErrorCode,
    /// A sentence for people.
    pub message: String,
    /// The relay's status, where the relay refused.
    pub status: Option<Status>,
    /// Whether trying again may help.
    pub recoverable: bool,
}

impl Failure {
    pub(crate) fn connection(message: &str, recoverable: bool) -> Self {
        Self { code: ErrorCode::Connection, message: message.into(), status: None, recoverable }
    }

    pub(crate) fn refusal(status: Status, message: &str) -> Self {
        Self {
            code: status.error_code(),
            message: message.into(),
            status: Some(status),
            recoverable: matches!(status, Status::TooMany | Status::Unavailable),
        }
    }
}
