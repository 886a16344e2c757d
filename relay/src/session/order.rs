//! What a session can be told from outside, while it runs.

use std::sync::Arc;
use std::time::Duration;

use realtime_protocol::channel::Channel;

use crate::session::recheck::ticket::Ticket;

/// Something for a session to do. Orders are taken up in the order in which they were given; one to a session that has
/// ended is dropped.
#[derive(Debug)]
pub enum Order {
    /// The relay is stopping: tell the client when to come back, and close.
    Drain {
        /// Within which time all clients come back.
        window: Duration,
    },
    /// The site's backend wants the connection to end.
    Disconnect {
        /// Whether the client is to come back, or to stay away.
        comes_back: bool,
        /// A sentence for the client.
        reason: Arc<str>,
    },
    /// Ask again whether the subscriber may read this channel, which it is attached to.
    Recheck {
        /// The channel.
        channel: Arc<Channel>,
        /// The right to ask one question, to be dropped when it is answered.
        ticket: Ticket,
    },
}
