//! What can happen.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use realtime_client::ConnectionId;
use realtime_hub::channel::Delivery;
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::{ChannelNumber, Token};
use realtime_relay::session::effect::Verdict;
use realtime_relay::session::recheck::changes::Generation;

use crate::network::LinkId;
use crate::served::Reader;

/// Something that happens at its time.
pub(crate) enum Event {
    /// A client's machine wanted to be called now.
    Timer(usize),
    /// A client's page does something.
    Act(usize),
    /// A client's page that was put away is there again.
    Wakes(usize),
    /// A client's page reads again.
    Reads(usize),
    /// A client's page knows who its user is, or does not.
    Identity { client: usize, connection: ConnectionId, renew: bool },
    /// A connection attempt reaches the relay.
    Knocks(LinkId),
    /// A client learns that its connection is open.
    Opened(LinkId),
    /// Bytes reach the relay.
    Up(LinkId, Vec<u8>),
    /// Bytes reach the client.
    Down(LinkId, Bytes),
    /// The relay's socket takes bytes again.
    Writable(LinkId),
    /// The client learns that its connection has ended.
    ClientLost(LinkId),
    /// The relay learns that a connection has ended.
    RelayLost(LinkId),
    /// A session's rules wanted to be called now.
    SessionTime(LinkId),
    /// A session that has ended has had the time that it may take to write its last frames.
    Farewell(LinkId),
    /// Who a client is, is established.
    Established { link: LinkId, token: Option<Token>, visitor_token: Option<Token> },
    /// A running subscription is asked about again.
    Recheck { link: LinkId, channel: Arc<Channel>, undecided: u32 },
    /// A question is answered.
    Answered {
        link: LinkId,
        channel: Arc<Channel>,
        verdict: Verdict,
        asked_at: Generation,
        /// How often nobody could decide, for a subscription that runs.
        running: Option<u32>,
    },
    /// A hub has something to deliver.
    Flush { life: u64, hub: usize },
    /// The next frame of a hub is written.
    Write { life: u64, hub: usize, frames: VecDeque<(ChannelNumber, Delivery<Reader>)>, is_large: bool },
    /// A backend publishes.
    Publish,
    /// Something goes wrong.
    Fault,
    /// The relay is gone; a drain is over.
    Stops { life: u64 },
    /// The relay runs again.
    Starts,
    /// A second has passed.
    Tick,
}
