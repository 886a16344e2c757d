//! One message as one line of JSON.

use std::borrow::Cow;

use realtime_protocol::channel::Channel;
use realtime_protocol::codec::RawPayload;
use realtime_protocol::frame::Message;
use realtime_protocol::position::{Epoch, Offset};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Line<'a> {
    channel: &'a Channel,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<&'a Epoch>,
    offset: Offset,
    payload: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<Publisher<'a>>,
}

#[derive(Serialize)]
struct Publisher<'a> {
    id: &'a str,
}

/// Writes a message, with its line's end. The payload stands there byte for byte, but for line breaks: JSON has them
/// between values only, where a space means the same.
#[expect(
    clippy::expect_used,
    reason = "plain data with string keys: its serialisation has no case that fails"
)]
pub fn write(channel: &Channel, epoch: Option<&Epoch>, message: &Message<RawPayload>) -> String {
    let publisher = message.publisher.as_deref().map(|id| Publisher { id });
    let payload = on_one_line(&message.payload);
    let line = Line { channel, epoch, offset: message.offset, payload: &payload, publisher };
    let mut text = serde_json::to_string(&line).expect("plain data is always JSON");
    text.push('\n');
    text
}

fn on_one_line(payload: &RawValue) -> Cow<'_, RawValue> {
    if !payload.get().contains(['\n', '\r']) {
        return Cow::Borrowed(payload);
    }
    let text = payload.get().replace(['\n', '\r'], " ");
    RawValue::from_string(text).map_or(Cow::Borrowed(payload), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use realtime_protocol::codec::read_relay_frame;
    use realtime_protocol::frame::RelayFrame;

    use super::*;

    fn line(channel: &Channel, message: &str) -> String {
        let Ok(RelayFrame::Messages(messages)) = read_relay_frame(&format!("[{message}]")) else {
            panic!("no message: {message}");
        };
        write(channel, Epoch::parse("e").as_ref(), &messages[0])
    }

    #[test]
    fn a_payload_is_written_as_it_was_published() {
        let channel = Channel::parse("chat", None).unwrap();
        for payload in ["1e400", "-0.0", "12345678901234567890", r#"{ "b" : "\u00e4ä\n", "a": [ ] }"#] {
            let expected = format!(
                "{{\"channel\":{{\"name\":\"chat\"}},\"epoch\":\"e\",\"offset\":3,\"payload\":{payload}}}\n"
            );
            assert_eq!(line(&channel, &format!("[1,3,{payload}]")), expected);
        }
    }

    #[test]
    fn a_message_is_one_line_whatever_its_payload_looks_like() {
        let channel = Channel::parse("chat", Some("7")).unwrap();
        let expected = r#"{"channel":{"name":"chat","resourceId":"7"},"epoch":"e","offset":3,"payload":[1,  "\n"],"publisher":{"id":"anna"}}"#;
        assert_eq!(line(&channel, "[1,3,[1,\r\n\"\\n\"],\"anna\"]"), format!("{expected}\n"));
    }
}
