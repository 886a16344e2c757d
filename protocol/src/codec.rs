//! Frames as JSON text, for everyone but the browser, whose own parser is faster.

use serde_json::value::RawValue;

use crate::frame::{ChannelNumber, ClientFrame, Control, Message, RelayFrame};
use crate::position::Offset;

/// A payload as it was published, byte for byte. Never parsed, never written anew.
pub type RawPayload = Box<RawValue>;

/// A frame that cannot be read, with the reader's reason on one line. Long words of the frame are cut in it.
#[derive(Debug)]
pub struct FrameError(serde_json::Error);

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a frame of this protocol:")?;
        // What a client put in the wrong place may be a token, and this text is for logs.
        // Nor may it end the log's line, or steer the terminal that shows it.
        for word in self.0.to_string().replace(char::is_control, "\u{FFFD}").split(' ') {
            match word.char_indices().nth(LONG_WORD_CHARS) {
                Some(_) => write!(f, " {}…", word.chars().take(SHOWN_CHARS).collect::<String>())?,
                None => write!(f, " {word}")?,
            }
        }
        Ok(())
    }
}

/// Characters of a word that an error still shows whole: a channel's longest name is longer, every token is.
const LONG_WORD_CHARS: usize = 64;

/// Characters that are shown of a longer one.
const SHOWN_CHARS: usize = 12;

impl std::error::Error for FrameError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Reads what a client sent. Unknown keys are ignored, so that newer clients can speak to older relays.
///
/// # Errors
/// When the text is not JSON or not a known frame.
pub fn read_client_frame(text: &str) -> Result<ClientFrame, FrameError> {
    serde_json::from_str(text).map_err(FrameError)
}

/// Reads what a relay sent, payloads left as they are.
///
/// # Errors
/// When the text is not JSON or not a known frame.
pub fn read_relay_frame(text: &str) -> Result<RelayFrame<RawPayload>, FrameError> {
    let read = if text.trim_start().starts_with('[') {
        serde_json::from_str::<Vec<Message<RawPayload>>>(text).map(RelayFrame::Messages)
    } else {
        serde_json::from_str::<Control>(text).map(RelayFrame::Control)
    };
    read.map_err(FrameError)
}

/// Writes a client's frame.
pub fn write_client_frame(frame: &ClientFrame) -> String {
    to_json(frame)
}

/// Writes a control frame.
pub fn write_control(frame: &Control) -> String {
    to_json(frame)
}

/// Writes one message at the end of `out`, without the array around it. The hot path: the payload is copied, never
/// looked into.
pub fn write_message(
    out: &mut Vec<u8>,
    number: ChannelNumber,
    offset: Offset,
    payload: &RawValue,
    publisher: Option<&str>,
) {
    out.push(b'[');
    write_number(out, number.0);
    out.push(b',');
    write_number(out, offset.get());
    out.push(b',');
    out.extend_from_slice(payload.get().as_bytes());
    if let Some(id) = publisher {
        out.push(b',');
        out.extend_from_slice(to_json(id).as_bytes());
    }
    out.push(b']');
}

fn write_number(out: &mut Vec<u8>, mut number: u64) {
    // u64::MAX has 20 digits.
    let mut digits = [0u8; 20];
    let mut start = digits.len();
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + (number % 10) as u8;
        number /= 10;
        start -= 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}

#[expect(
    clippy::expect_used,
    reason = "plain data with string keys: its serialisation has no case that fails"
)]
fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data is always JSON")
}
