//! What the load generator has to know of a server.

use std::net::SocketAddr;
use std::process::Command;

use crate::check::track::Messages;
use crate::wire::http;
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

    /// What a subscriber says first, as messages that leave together. None where the path says it all: the subscriber
    /// is subscribed once the connection is upgraded.
    fn opening(&self, channel: usize) -> Vec<String>;

    /// What a subscriber of this channel makes of a text that holds no messages.
    fn heard(&self, text: &[u8], channel: usize) -> Heard;

    /// Writes the request that publishes these messages, in order, most often one of HTTP; one for each message where
    /// the server takes no more at once. At most [`MAX_TOGETHER`] messages. Returns the number of requests.
    fn publish(&self, messages: &[Outgoing], out: &mut Vec<u8>) -> usize;

    /// Where publishers connect, where that is not where subscribers do.
    fn publish_address(&self) -> Option<SocketAddr> {
        None
    }

    /// What a publisher says first.
    fn publisher_opening(&self) -> &[u8] {
        &[]
    }

    /// Reads the answers to requests that these bytes begin with.
    ///
    /// # Errors
    /// The answer, where it is no success.
    fn answers(&self, bytes: &[u8]) -> Result<Answers, String> {
        let mut answers = Answers::default();
        while let Some(answer) = bytes.get(answers.bytes..).and_then(http::first) {
            // Nchan answers 201 or 202, as it has subscribers or not.
            let is_success = answer.status().is_some_and(|status| (200..300).contains(&status));
            if !is_success || memchr::memmem::find(answer.body, b"\"error\"").is_some() {
                return Err(String::from_utf8_lossy(bytes).into_owned());
            }
            answers.bytes += answer.bytes;
            answers.requests += 1;
        }
        Ok(answers)
    }
}

/// What a publisher has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    /// Requests that are answered.
    pub requests: usize,
    /// Bytes that are dealt with.
    pub bytes: usize,
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
