//! The bare loop of [`crate::bare`], as a server under test.

use std::path::PathBuf;
use std::process::Command;

use crate::bare::command;
use crate::check::fault::Fault;
use crate::check::ledger::Delivered;
use crate::check::track::Messages;
use crate::servers::server::{Dialect, Heard, Outgoing, Server};
use crate::wire::http;
use crate::wire::payload::Payload;

/// This very program, started as `bare-server`.
#[derive(Debug, Clone)]
pub struct Bare {
    /// The program.
    pub program: PathBuf,
}

impl Server for Bare {
    fn name(&self) -> &'static str {
        "bare loop"
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["bare-server", "--listen", "127.0.0.1:0"]);
        command
    }

    fn dialect(&self, payload: Payload) -> Box<dyn Dialect> {
        Box::new(BareDialect { payload })
    }
}

struct BareDialect {
    payload: Payload,
}

impl Messages for BareDialect {
    fn messages(
        &self,
        body: &[u8],
        each: &mut dyn FnMut(Delivered) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        if body == command::SUBSCRIBED {
            return Ok(false);
        }
        match self.payload.read(body) {
            Some((number, [])) => each(Delivered { number, offset: None }).map(|()| true),
            _ => Err(Fault::garbled(body)),
        }
    }
}

impl Dialect for BareDialect {
    fn path(&self, _channel: usize) -> String {
        "/".to_owned()
    }

    fn sub_protocol(&self) -> Option<&'static str> {
        None
    }

    fn opening(&self, channel: usize) -> Vec<String> {
        vec![channel.to_string()]
    }

    fn heard(&self, _text: &[u8], _channel: usize) -> Heard {
        Heard::Subscribed
    }

    fn publish(&self, messages: &[Outgoing], out: &mut Vec<u8>) -> usize {
        let mut body = Vec::with_capacity(messages.len() * (self.payload.bytes() + command::HEADER_BYTES));
        let mut payload = Vec::with_capacity(self.payload.bytes());
        for message in messages {
            payload.clear();
            self.payload.write(message.number, &mut payload);
            command::push(message.channel, &payload, &mut body);
        }
        http::push_post(out, "/", "", &body);
        1
    }
}
