//! Frames as JavaScript values: written by serde, read by hand.
//!
//! Deriving the reading too would add 18 KB to a page, for errors that nobody sees: a frame that this version does not
//! know is skipped, as the protocol wants it.

use realtime_protocol::channel::UncheckedChannel;
use realtime_protocol::error::{ErrorCode, Status};
use realtime_protocol::frame::{ChannelNumber, ClientFrame, Control, Heartbeat, RequestId, Token};
use realtime_protocol::position::{Epoch, Offset, Position};
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // js-sys' `parse` takes a Rust string, which would copy the text into wasm first.
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn parse_json(text: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = JSON, js_name = stringify)]
    fn write_json(value: &JsValue) -> JsValue;

    #[wasm_bindgen(js_namespace = Array, js_name = isArray)]
    fn is_array(value: &JsValue) -> bool;

    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    fn field(object: &JsValue, key: &str) -> Result<JsValue, JsValue>;

    /// The messages of one frame.
    pub type Messages;

    /// How many there are.
    #[wasm_bindgen(method, structural, getter)]
    pub fn length(this: &Messages) -> u32;

    /// One of them.
    #[wasm_bindgen(method, structural, indexing_getter)]
    pub fn entry(this: &Messages, index: u32) -> Entry;

    /// One message on the wire: `[number, offset, payload, publisher?]`.
    pub type Entry;

    #[wasm_bindgen(method, structural, catch, indexing_getter)]
    fn number_at(this: &Entry, index: u32) -> Result<f64, JsValue>;

}

/// What the relay has sent.
pub enum Incoming {
    /// Messages, in the order in which they are to be handled.
    Messages(Messages),
    /// A control frame.
    Control(Control),
}

/// A frame on its way out: the keys of all kinds in one flat struct, and no integer of 64 bits, which serde-wasm-bindgen
/// could not write without the formatting machinery for what is too large. `tests/frames.rs` holds it to the protocol.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Outgoing<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a UncheckedChannel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<OutgoingPosition<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visitor_token: Option<&'a str>,
}

#[derive(Serialize)]
struct OutgoingPosition<'a> {
    epoch: &'a str,
    offset: f64,
}

impl<'a> From<&'a ClientFrame> for Outgoing<'a> {
    fn from(frame: &'a ClientFrame) -> Self {
        match frame {
            ClientFrame::Hello { token, visitor_token } => Self {
                kind: "hello",
                token: token.as_ref().map(Token::expose),
                visitor_token: visitor_token.as_ref().map(Token::expose),
                ..Self::default()
            },
            ClientFrame::Subscribe { id, channel, position } => Self {
                kind: "subscribe",
                id: Some(id.0),
                channel: Some(channel),
                position: position.as_ref().map(|position| OutgoingPosition {
                    epoch: position.epoch.as_str(),
                    offset: position.offset.get() as f64,
                }),
                ..Self::default()
            },
            ClientFrame::Unsubscribe { id, channel } => {
                Self { kind: "unsubscribe", id: Some(id.0), channel: Some(channel), ..Self::default() }
            }
            ClientFrame::Refresh { token } => {
                Self { kind: "refresh", token: Some(token.expose()), ..Self::default() }
            }
            ClientFrame::Pong => Self { kind: "pong", ..Self::default() },
        }
    }
}

/// Reads a frame. `None` for what this version does not know.
pub fn read(text: &JsValue) -> Option<Incoming> {
    let value = parse_json(text).ok()?;
    if is_array(&value) {
        return Some(Incoming::Messages(value.unchecked_into()));
    }
    read_control(&value).map(Incoming::Control)
}

/// Writes a frame as a JavaScript string.
pub fn write(frame: &ClientFrame) -> JsValue {
    write_json(&to_js(&Outgoing::from(frame)))
}

/// A plain object from a plain struct.
pub(crate) fn to_js(value: &impl Serialize) -> JsValue {
    // Fails for maps with odd keys and for numbers beyond 2^53, neither of which a frame has.
    value.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}

impl Entry {
    /// The channel's number and the message's offset; `None` when this is no message.
    pub fn address(&self) -> Option<(ChannelNumber, Offset)> {
        // What is no number becomes 0, which is no message's offset.
        let number = self.number_at(0).ok()? as u64;
        let offset = Offset::new(self.number_at(1).ok()? as u64)?;
        Some((ChannelNumber(number), offset))
    }
}

fn read_control(frame: &JsValue) -> Option<Control> {
    let control = match text(frame, "type")?.as_str() {
        "welcome" => Control::Welcome {
            session: text(frame, "session")?,
            subscriber: read_subscriber(&field(frame, "subscriber").ok()?)?,
            visitor_token: text(frame, "visitorToken").map(Token::new),
            heartbeat: read_heartbeat(&field(frame, "heartbeat").ok()?)?,
            expires_in_ms: integer(frame, "expiresInMs"),
        },
        "refreshed" => Control::Refreshed { expires_in_ms: integer(frame, "expiresInMs") },
        "subscribed" => Control::Subscribed {
            id: read_request_id(frame)?,
            number: read_number(frame)?,
            position: read_position(&field(frame, "position").ok()?)?,
            recovered: field(frame, "recovered").ok()?.as_bool(),
        },
        "refused" => Control::Refused {
            id: read_request_id(frame)?,
            code: ErrorCode::try_from(integer(frame, "code")? as u8).ok()?,
            status: read_status(frame)?,
            message: text(frame, "message")?,
        },
        "unsubscribed" => Control::Unsubscribed { id: read_request_id(frame)? },
        "ended" => Control::Ended {
            number: read_number(frame)?,
            status: read_status(frame)?,
            message: text(frame, "message")?,
        },
        "ping" => Control::Ping,
        "goodbye" => Control::Goodbye { retry_after_ms: integer(frame, "retryAfterMs")? as u32 },
        _ => return None,
    };
    Some(control)
}

fn read_request_id(frame: &JsValue) -> Option<RequestId> {
    Some(RequestId(integer(frame, "id")? as u32))
}

fn read_number(frame: &JsValue) -> Option<ChannelNumber> {
    integer(frame, "number").map(ChannelNumber)
}

fn read_status(frame: &JsValue) -> Option<Status> {
    Status::try_from(integer(frame, "status")? as u16).ok()
}

fn read_position(position: &JsValue) -> Option<Position> {
    Some(Position {
        epoch: Epoch::parse(&text(position, "epoch")?)?,
        offset: Offset::new(integer(position, "offset")?)?,
    })
}

fn read_subscriber(subscriber: &JsValue) -> Option<Subscriber> {
    Some(Subscriber {
        id: UserId::parse(&text(subscriber, "id")?).ok()?,
        kind: SubscriberType::parse(&text(subscriber, "type")?)?,
    })
}

fn read_heartbeat(heartbeat: &JsValue) -> Option<Heartbeat> {
    Some(Heartbeat {
        interval_ms: integer(heartbeat, "intervalMs")? as u32,
        timeout_ms: integer(heartbeat, "timeoutMs")? as u32,
    })
}

fn text(object: &JsValue, key: &str) -> Option<String> {
    field(object, key).ok()?.as_string()
}

fn integer(object: &JsValue, key: &str) -> Option<u64> {
    field(object, key).ok()?.as_f64().map(|number| number as u64)
}
