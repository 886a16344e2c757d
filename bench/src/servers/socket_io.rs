//! Socket.IO: a room for each channel, and its packets as text ([Engine.IO 4 and Socket.IO 5]).
//!
//! [Engine.IO 4 and Socket.IO 5]: https://socket.io/docs/v4/socket-io-protocol/

use std::path::PathBuf;
use std::process::Command;

use crate::check::fault::Fault;
use crate::check::ledger::Delivered;
use crate::check::track::Messages;
use crate::servers::lines::{channel_name, lines};
use crate::servers::server::{Dialect, Heard, Outgoing, Server};
use crate::wire::http;
use crate::wire::payload::Payload;

/// A Socket.IO server under Node.
#[derive(Debug, Clone)]
pub struct SocketIo {
    /// Its script.
    pub script: PathBuf,
}

impl Server for SocketIo {
    fn name(&self) -> &'static str {
        "Socket.IO"
    }

    fn command(&self) -> Command {
        let mut command = Command::new("node");
        command.arg(&self.script);
        command
    }

    fn dialect(&self, payload: Payload) -> Box<dyn Dialect> {
        Box::new(SocketIoDialect { payload })
    }
}

struct SocketIoDialect {
    payload: Payload,
}

/// In front of a message's payload: the packet's type, and the event `m`.
const MESSAGE: &[u8] = b"42[\"m\",";

impl Messages for SocketIoDialect {
    fn messages(
        &self,
        body: &[u8],
        each: &mut dyn FnMut(Delivered) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        let Some(message) = body.strip_prefix(MESSAGE) else {
            return Ok(false);
        };
        match self.payload.read(message) {
            Some((number, b"]")) => each(Delivered { number, offset: None }).map(|()| true),
            _ => Err(Fault::garbled(body)),
        }
    }
}

impl Dialect for SocketIoDialect {
    fn path(&self, _channel: usize) -> String {
        "/socket.io/?EIO=4&transport=websocket".to_owned()
    }

    fn sub_protocol(&self) -> Option<&'static str> {
        None
    }

    fn opening(&self, _channel: usize) -> Vec<String> {
        // Joins the main namespace.
        vec!["40".to_owned()]
    }

    fn heard(&self, text: &[u8], channel: usize) -> Heard {
        match text {
            [b'0', ..] => Heard::Nothing,
            [b'2'] => Heard::Say("3".to_owned()),
            [b'4', b'0', ..] => Heard::Say(format!("42[\"subscribe\",\"{}\"]", channel_name(channel))),
            b"42[\"subscribed\"]" => Heard::Subscribed,
            other => Heard::Refused(format!("an unknown packet: {}", String::from_utf8_lossy(other))),
        }
    }

    fn publish(&self, messages: &[Outgoing], out: &mut Vec<u8>) -> usize {
        http::push_post(out, "/publish", "", &lines(messages, &self.payload));
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_joins_the_namespace_then_its_room_and_answers_pings() {
        let dialect = SocketIoDialect { payload: Payload::of_bytes(12) };
        assert_eq!(dialect.opening(7), ["40"]);
        assert_eq!(dialect.heard(b"0{\"sid\":\"x\"}", 7), Heard::Nothing);
        assert_eq!(dialect.heard(b"40{\"sid\":\"y\"}", 7), Heard::Say("42[\"subscribe\",\"c7\"]".to_owned()));
        assert_eq!(dialect.heard(b"42[\"subscribed\"]", 7), Heard::Subscribed);
        assert_eq!(dialect.heard(b"2", 7), Heard::Say("3".to_owned()));
        assert!(matches!(dialect.heard(b"44{}", 7), Heard::Refused(_)));
    }

    #[test]
    fn a_message_is_an_event_with_the_payload() {
        let dialect = SocketIoDialect { payload: Payload::of_bytes(12) };
        let mut numbers = Vec::new();
        let read = dialect.messages(b"42[\"m\",\"00000017:a\"]", &mut |delivered| {
            numbers.push(delivered.number);
            Ok(())
        });
        assert_eq!((read, numbers), (Ok(true), vec![17]));
        assert!(dialect.messages(b"42[\"m\",\"00000017:b\"]", &mut |_| Ok(())).is_err());
        assert_eq!(dialect.messages(b"2", &mut |_| Ok(())), Ok(false));
    }
}
