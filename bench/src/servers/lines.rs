//! Servers of other people's making that are given the least work: a subscriber's first message names its channel, a
//! publish is a line of channel and payload, and a delivery is the payload and nothing else (`bench/peers`).

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::check::fault::Fault;
use crate::check::ledger::Delivered;
use crate::check::track::Messages;
use crate::servers::server::{Dialect, Heard, Outgoing, Server};
use crate::wire::http;
use crate::wire::payload::Payload;

/// A program that runs a script.
#[derive(Debug, Clone)]
pub struct Lines {
    /// Its name in tables.
    pub name: &'static str,
    /// The program, such as Bun or Node.
    pub program: OsString,
    /// The script.
    pub script: PathBuf,
}

impl Server for Lines {
    fn name(&self) -> &'static str {
        self.name
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(&self.script);
        command
    }

    fn dialect(&self, payload: Payload) -> Box<dyn Dialect> {
        Box::new(LinesDialect { payload })
    }
}

struct LinesDialect {
    payload: Payload,
}

/// What a subscriber hears when it is subscribed.
const SUBSCRIBED: &[u8] = b"subscribed";

impl Messages for LinesDialect {
    fn messages(
        &self,
        body: &[u8],
        each: &mut dyn FnMut(Delivered) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        match self.payload.read(body) {
            _ if body == SUBSCRIBED => Ok(false),
            Some((number, [])) => each(Delivered { number, offset: None }).map(|()| true),
            _ => Err(Fault::garbled(body)),
        }
    }
}

impl Dialect for LinesDialect {
    fn path(&self, _channel: usize) -> String {
        "/".to_owned()
    }

    fn sub_protocol(&self) -> Option<&'static str> {
        None
    }

    fn opening(&self, channel: usize) -> Vec<String> {
        vec![channel_name(channel)]
    }

    fn heard(&self, _text: &[u8], _channel: usize) -> Heard {
        Heard::Subscribed
    }

    fn publish(&self, messages: &[Outgoing], out: &mut Vec<u8>) -> usize {
        http::push_post(out, "/", "", &lines(messages, &self.payload));
        1
    }
}

/// What a channel is called.
pub(super) fn channel_name(channel: usize) -> String {
    format!("c{channel}")
}

/// A line for each message: channel, tab, payload.
pub(super) fn lines(messages: &[Outgoing], payload: &Payload) -> Vec<u8> {
    let mut lines = Vec::with_capacity(messages.len() * (payload.bytes() + 8));
    for message in messages {
        if !lines.is_empty() {
            lines.push(b'\n');
        }
        lines.extend_from_slice(channel_name(message.channel).as_bytes());
        lines.push(b'\t');
        payload.write(message.number, &mut lines);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publish_is_a_line_for_each_message() {
        let messages = [Outgoing { channel: 4, number: 17 }, Outgoing { channel: 5, number: 18 }];
        assert_eq!(lines(&messages, &Payload::of_bytes(12)), b"c4\t\"00000017:a\"\nc5\t\"00000018:a\"");
    }

    #[test]
    fn a_delivery_is_the_payload_byte_for_byte() {
        let dialect = LinesDialect { payload: Payload::of_bytes(12) };
        let read = |body: &[u8]| {
            let mut numbers = Vec::new();
            let is_message = dialect.messages(body, &mut |delivered| {
                numbers.push(delivered.number);
                Ok(())
            });
            (is_message, numbers)
        };
        assert_eq!(read(b"\"00000017:a\""), (Ok(true), vec![17]));
        assert_eq!(read(SUBSCRIBED), (Ok(false), vec![]));
        assert!(read(b"\"00000017:b\"").0.is_err());
        assert!(read(b"\"00000017:a\" ").0.is_err());
    }
}
