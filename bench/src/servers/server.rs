//! What the load generator has to know of a server.

use std::net::SocketAddr;
use std::process::Command;

use crate::check::track::Messages;
use crate::wire::payload::Payload;

/// A server under test.
pub trait Server {
    /// Its name in tables.
    fn name(&self) -> &'static str;

    /// The command that starts it on a port of 127.0.0.1 that the system chooses. It has to print
    /// `listening on http://ADDRESS` as a line of its standard output once it accepts connections, unless
    /// [`Server::address`] knows where it listens.
    fn command(&self) -> Command;

    /// Where it listens, of a server that prints nothing: it is up as soon as it accepts connections there.
    fn address(&self) -> Option<SocketAddr> {
        None
    }

    /// How it is spoken to when messages carry these payloads.
    fn dialect(&self, payload: Payload) -> Box<dyn Dialect>;
}

/// How a server is spoken to. Channels have numbers here; what they are called is the dialect's business.
pub trait Dialect: Messages {
    /// The path of its WebSocket address for subscribers of this channel.
    fn path(&self, channel: usize) -> String;

    /// The sub-protocol to offer, if there is one.
    fn sub_protocol(&self) -> Option<&'static str>;

    /// What a subscriber says first. `None` where the path says it all: the subscriber is subscribed once the
    /// connection is upgraded.
    fn opening(&self, channel: usize) -> Option<String>;

    /// What a subscriber of this channel makes of a text that holds no messages.
    fn heard(&self, text: &[u8], channel: usize) -> Heard;

    /// Writes the HTTP request that publishes these messages, in order; one for each message where the server takes
    /// no more at once. At most [`MAX_TOGETHER`] messages. Returns the number of requests.
    fn publish(&self, messages: &[Outgoing], out: &mut Vec<u8>) -> usize;
}

/// Messages that one request may carry, by the relay's own limit.
pub const MAX_TOGETHER: usize = 100;

/// What a subscriber does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It says this.
    Say(String),
    /// It goes on listening.
    Nothing,
    /// It is subscribed now.
    Subscribed,
    /// It is not, or not any more, and why.
    Refused(String),
}

/// A message to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing {
    /// Its channel.
    pub channel: usize,
    /// Its number.
    pub number: u32,
}
