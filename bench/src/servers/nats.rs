//! NATS: subscribers by its WebSocket listener, publishers by its own port, since it has no HTTP for that. Both speak
//! [its text protocol]; a burst is answered by the `PONG` to the `PING` behind it.
//!
//! [its text protocol]: https://docs.nats.io/reference/reference-protocols/nats-protocol

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use memchr::memmem;

use crate::check::fault::Fault;
use crate::check::ledger::Delivered;
use crate::check::track::Messages;
use crate::error::BenchError;
use crate::servers::lines::channel_name;
use crate::servers::nchan::free_address;
use crate::servers::server::{Answers, Dialect, Heard, Outgoing, Server};
use crate::wire::frame::Kind;
use crate::wire::payload::Payload;

/// A NATS server with settings of its own.
#[derive(Debug, Clone)]
pub struct Nats {
    program: PathBuf,
    settings: PathBuf,
    clients: SocketAddr,
    web_sockets: SocketAddr,
}

impl Nats {
    /// This program, with its settings and its log in `work`.
    ///
    /// # Errors
    /// When the settings cannot be written or no port is free.
    pub fn new(program: PathBuf, work: PathBuf) -> Result<Self, BenchError> {
        let free = || free_address().map_err(BenchError::system("find a free port for NATS"));
        let (clients, web_sockets) = (free()?, free()?);
        // Pings would only come into measurements that take minutes.
        let text = format!(
            "listen: \"{clients}\"\nlog_file: \"{}\"\nping_interval: \"10m\"\n\
             websocket {{ listen: \"{web_sockets}\", no_tls: true, compression: false }}\n",
            work.join("nats.log").display()
        );
        let settings = work.join("nats.conf");
        fs::create_dir_all(&work)
            .and_then(|()| fs::write(&settings, text))
            .map_err(BenchError::system("write the settings of NATS"))?;
        Ok(Self { program, settings, clients, web_sockets })
    }
}

impl Server for Nats {
    fn name(&self) -> &'static str {
        "NATS"
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.settings);
        command
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(self.web_sockets)
    }

    fn dialect(&self, payload: Payload) -> Box<dyn Dialect> {
        Box::new(NatsDialect { payload, publishers: self.clients })
    }
}

struct NatsDialect {
    payload: Payload,
    publishers: SocketAddr,
}

/// What every client says first.
const CONNECT: &str = "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":false}\r\n";

const PING: &[u8] = b"PING\r\n";
const PONG: &[u8] = b"PONG\r\n";

impl Messages for NatsDialect {
    fn kind(&self) -> Kind {
        Kind::Binary
    }

    fn messages(
        &self,
        body: &[u8],
        each: &mut dyn FnMut(Delivered) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        if !body.starts_with(b"MSG ") {
            return Ok(false);
        }
        let mut rest = body;
        while !rest.is_empty() {
            // Measures the round trip once, soon after a connection is made; nobody has to answer so early.
            if let Some(behind) = rest.strip_prefix(PING) {
                rest = behind;
                continue;
            }
            let (number, behind) = self.message(rest).ok_or_else(|| Fault::garbled(rest))?;
            each(Delivered { number, offset: None })?;
            rest = behind;
        }
        Ok(true)
    }
}

impl NatsDialect {
    /// `MSG SUBJECT SUBSCRIPTION BYTES`, a line with the payload, and what is behind it.
    fn message<'a>(&self, bytes: &'a [u8]) -> Option<(u32, &'a [u8])> {
        let (head, bytes) = line(bytes.strip_prefix(b"MSG ")?)?;
        let length: usize =
            std::str::from_utf8(head.rsplit(|byte| *byte == b' ').next()?).ok()?.parse().ok()?;
        let (number, rest) = self.payload.read(bytes)?;
        (bytes.len() - rest.len() == length).then_some((number, rest.strip_prefix(b"\r\n")?))
    }
}

/// A line without its end, and what is behind it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memmem::find(bytes, b"\r\n")?;
    Some((bytes.get(..end)?, bytes.get(end + 2..)?))
}

impl Dialect for NatsDialect {
    fn path(&self, _channel: usize) -> String {
        "/".to_owned()
    }

    fn sub_protocol(&self) -> Option<&'static str> {
        None
    }

    fn opening(&self, channel: usize) -> Vec<String> {
        vec![format!("{CONNECT}SUB {} 1\r\nPING\r\n", channel_name(channel))]
    }

    fn heard(&self, text: &[u8], _channel: usize) -> Heard {
        match text {
            [b'I', b'N', b'F', b'O', ..] => Heard::Nothing,
            PONG => Heard::Subscribed,
            PING => Heard::Say("PONG\r\n".to_owned()),
            other => Heard::Refused(format!("an unknown line: {}", String::from_utf8_lossy(other))),
        }
    }

    fn publish(&self, messages: &[Outgoing], out: &mut Vec<u8>) -> usize {
        for message in messages {
            let head = format!("PUB {} {}\r\n", channel_name(message.channel), self.payload.bytes());
            out.extend_from_slice(head.as_bytes());
            self.payload.write(message.number, out);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(PING);
        1
    }

    fn publish_address(&self) -> Option<SocketAddr> {
        Some(self.publishers)
    }

    fn publisher_opening(&self) -> &[u8] {
        CONNECT.as_bytes()
    }

    fn answers(&self, bytes: &[u8]) -> Result<Answers, String> {
        let mut answers = Answers::default();
        while let Some((line, rest)) = bytes.get(answers.bytes..).and_then(line) {
            if line.starts_with(b"-ERR") {
                return Err(String::from_utf8_lossy(line).into_owned());
            }
            answers.requests += usize::from(line == b"PONG");
            answers.bytes = bytes.len() - rest.len();
        }
        Ok(answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect() -> NatsDialect {
        NatsDialect { payload: Payload::of_bytes(12), publishers: ([127, 0, 0, 1], 4222).into() }
    }

    fn read(body: &[u8]) -> (Result<bool, Fault>, Vec<u32>) {
        let mut numbers = Vec::new();
        let is_messages = dialect().messages(body, &mut |delivered| {
            numbers.push(delivered.number);
            Ok(())
        });
        (is_messages, numbers)
    }

    #[test]
    fn a_frame_holds_as_many_messages_as_were_ready() {
        let body = b"MSG c4 1 12\r\n\"00000017:a\"\r\nMSG c4 1 12\r\n\"00000018:a\"\r\n";
        assert_eq!(read(body), (Ok(true), vec![17, 18]));
        assert_eq!(read(&[body.as_slice(), b"PING\r\n"].concat()), (Ok(true), vec![17, 18]));
        assert_eq!(read(b"PING\r\n"), (Ok(false), vec![]));
        for cut in 5..body.len() {
            assert!(cut == 27 || read(&body[..cut]).0.is_err(), "cut at {cut}");
        }
        assert!(read(b"MSG c4 1 13\r\n\"00000017:a\"\r\n").0.is_err());
    }

    #[test]
    fn a_burst_is_answered_by_one_pong_and_nothing_else() {
        let messages = [Outgoing { channel: 4, number: 17 }, Outgoing { channel: 5, number: 18 }];
        let mut bytes = Vec::new();
        assert_eq!(dialect().publish(&messages, &mut bytes), 1);
        assert_eq!(bytes, b"PUB c4 12\r\n\"00000017:a\"\r\nPUB c5 12\r\n\"00000018:a\"\r\nPING\r\n");
        let answers = |bytes: &[u8]| dialect().answers(bytes);
        assert_eq!(answers(b"INFO {}\r\nPONG\r\nPON"), Ok(Answers { requests: 1, bytes: 15 }));
        assert_eq!(answers(b"PING\r\n"), Ok(Answers { requests: 0, bytes: 6 }));
        assert_eq!(answers(b"-ERR 'no'\r\n"), Err("-ERR 'no'".to_owned()));
    }
}
