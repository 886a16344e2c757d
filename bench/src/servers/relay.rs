//! The relay.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use memchr::memchr;
use realtime_protocol::SUB_PROTOCOL;
use realtime_protocol::channel::UncheckedChannel;
use realtime_protocol::codec::{read_relay_frame, write_client_frame};
use realtime_protocol::frame::{ClientFrame, Control, RelayFrame, RequestId};

use crate::check::fault::Fault;
use crate::check::ledger::Delivered;
use crate::check::track::Messages;
use crate::servers::server::{Dialect, Heard, Outgoing, Server};
use crate::wire::http;
use crate::wire::payload::Payload;

/// The key that a loopback relay takes when none is configured.
const KEY: &str = "dev";

/// A relay's program and the flags it is started with besides the address.
#[derive(Debug)]
pub struct Relay {
    /// Its name in tables.
    pub name: &'static str,
    /// The program.
    pub program: PathBuf,
    /// Further flags of `relay serve`.
    pub flags: Vec<OsString>,
    /// Where its messages outlive it, if they do.
    pub history: Option<History>,
}

/// A data folder that is empty at every start, in the folder for temporary files (`TMPDIR`), and gone in the end.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    durability: &'static str,
}

impl History {
    /// A folder of this process for this durability.
    pub fn new(durability: &'static str) -> Self {
        let name = format!("realtime-bench-history-{durability}-{}", std::process::id());
        Self { folder: env::temp_dir().join(name), durability }
    }

    fn clear(&self) {
        // There is none at the first start; and what cannot be removed the relay says.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Server for Relay {
    fn name(&self) -> &'static str {
        self.name
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "error"]).args(&self.flags);
        if let Some(history) = &self.history {
            history.clear();
            command.arg("--data-dir").arg(&history.folder).args(["--durability", history.durability]);
        }
        command
    }

    fn dialect(&self, payload: Payload) -> Box<dyn Dialect> {
        Box::new(RelayDialect { payload })
    }
}

struct RelayDialect {
    payload: Payload,
}

impl Messages for RelayDialect {
    fn messages(
        &self,
        body: &[u8],
        each: &mut dyn FnMut(Delivered) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        let Some(mut rest) = body.strip_prefix(b"[") else {
            return Ok(false);
        };
        loop {
            let (delivered, behind) = self.message(rest).ok_or_else(|| Fault::garbled(rest))?;
            each(delivered)?;
            match behind {
                [b',', next @ ..] => rest = next,
                [b']'] => return Ok(true),
                _ => return Err(Fault::garbled(behind)),
            }
        }
    }
}

impl RelayDialect {
    /// `[number,offset,payload]`, and what is behind it.
    fn message<'a>(&self, bytes: &'a [u8]) -> Option<(Delivered, &'a [u8])> {
        let bytes = bytes.strip_prefix(b"[")?;
        let (_channel, bytes) = bytes.split_at_checked(memchr(b',', bytes)? + 1)?;
        let (offset, bytes) = digits(bytes)?;
        let (number, bytes) = self.payload.read(bytes.strip_prefix(b",")?)?;
        Some((Delivered { number, offset: Some(offset) }, bytes.strip_prefix(b"]")?))
    }
}

fn digits(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).filter(|end| *end > 0)?;
    let (digits, rest) = bytes.split_at_checked(end)?;
    Some((digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')), rest))
}

impl Dialect for RelayDialect {
    fn path(&self, _channel: usize) -> String {
        "/v1/realtime".to_owned()
    }

    fn sub_protocol(&self) -> Option<&'static str> {
        Some(SUB_PROTOCOL)
    }

    /// As the SDK does: what a page wants already follows the hello at once.
    fn opening(&self, channel: usize) -> Vec<String> {
        let hello = write_client_frame(&ClientFrame::Hello { token: None, visitor_token: None });
        vec![hello, subscribe(channel)]
    }

    fn heard(&self, text: &[u8], _channel: usize) -> Heard {
        let text = String::from_utf8_lossy(text);
        let Ok(RelayFrame::Control(control)) = read_relay_frame(&text) else {
            return Heard::Refused(format!("an unknown frame: {text}"));
        };
        match control {
            Control::Welcome { .. } => Heard::Nothing,
            Control::Subscribed { .. } => Heard::Subscribed,
            Control::Ping => Heard::Say(write_client_frame(&ClientFrame::Pong)),
            other => Heard::Refused(format!("{other:?}")),
        }
    }

    fn publish(&self, messages: &[Outgoing], out: &mut Vec<u8>) -> usize {
        let mut body = Vec::with_capacity(messages.len() * (self.payload.bytes() + 48) + 16);
        let path = if let [message] = messages {
            self.push_message(*message, &mut body);
            "/v1/publish"
        } else {
            body.extend_from_slice(b"{\"messages\":[");
            for (index, message) in messages.iter().enumerate() {
                if index > 0 {
                    body.push(b',');
                }
                self.push_message(*message, &mut body);
            }
            body.extend_from_slice(b"]}");
            "/v1/publish/batch"
        };
        http::push_post(out, path, &format!("authorization: Bearer {KEY}\r\n"), &body);
        1
    }
}

impl RelayDialect {
    fn push_message(&self, message: Outgoing, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"channel\":{\"name\":\"");
        out.extend_from_slice(channel_name(message.channel).as_bytes());
        out.extend_from_slice(b"\"},\"payload\":");
        self.payload.write(message.number, out);
        out.push(b'}');
    }
}

fn channel_name(channel: usize) -> String {
    format!("bench-{channel}")
}

fn subscribe(channel: usize) -> String {
    let channel = UncheckedChannel { name: channel_name(channel), resource_id: None };
    write_client_frame(&ClientFrame::Subscribe { id: RequestId(1), channel, position: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect() -> RelayDialect {
        RelayDialect { payload: Payload::of_bytes(20) }
    }

    fn body(messages: &[(u64, u32)]) -> Vec<u8> {
        let mut body = Vec::new();
        for (offset, number) in messages {
            body.extend_from_slice(if body.is_empty() { b"[" } else { b"," });
            body.extend_from_slice(format!("[7,{offset},").as_bytes());
            dialect().payload.write(*number, &mut body);
            body.push(b']');
        }
        body.push(b']');
        body
    }

    fn read(body: &[u8]) -> Result<(bool, Vec<(u64, u32)>), Fault> {
        let mut seen = Vec::new();
        let is_messages = dialect().messages(body, &mut |delivered| {
            seen.push((delivered.offset.unwrap(), delivered.number));
            Ok(())
        })?;
        Ok((is_messages, seen))
    }

    #[test]
    fn every_message_of_a_frame_is_given_with_its_offset() {
        let messages = [(12, 3), (13, 4), (1_000_000, 5)];
        assert_eq!(read(&body(&messages)), Ok((true, messages.to_vec())));
        assert_eq!(read(br#"{"type":"ping"}"#), Ok((false, Vec::new())));
    }

    #[test]
    fn a_frame_with_a_byte_that_is_not_as_it_was_published_is_garbled() {
        let whole = body(&[(12, 3), (13, 4)]);
        for cut in 1..whole.len() {
            assert!(read(&whole[..cut]).is_err(), "cut at {cut}");
        }
        let text = String::from_utf8(whole).unwrap();
        for (from, to) in [("abc", "abd"), ("],[", "][["), ("[7,12,", "[7,,"), (",13,", ",x,"), ("]]", "] ]")]
        {
            assert!(read(text.replace(from, to).as_bytes()).is_err(), "{from} → {to}");
        }
    }

    #[test]
    fn what_is_published_is_json_that_the_relay_takes() {
        let messages = [Outgoing { channel: 4, number: 17 }, Outgoing { channel: 5, number: 18 }];
        let mut bytes = Vec::new();
        dialect().publish(&messages, &mut bytes);
        let request = http::first(&bytes).unwrap();
        assert!(request.head.starts_with(b"POST /v1/publish/batch HTTP/1.1\r\n"));
        let body: serde_json::Value = serde_json::from_slice(request.body).unwrap();
        assert_eq!(body["messages"][1]["channel"]["name"], "bench-5");
        assert_eq!(body["messages"][1]["payload"], "00000018:abcdefghi");

        bytes.clear();
        dialect().publish(&messages[..1], &mut bytes);
        let request = http::first(&bytes).unwrap();
        assert!(request.head.starts_with(b"POST /v1/publish HTTP/1.1\r\n"));
        let body: serde_json::Value = serde_json::from_slice(request.body).unwrap();
        assert_eq!(body["channel"]["name"], "bench-4");
    }
}
