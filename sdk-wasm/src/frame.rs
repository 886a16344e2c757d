//! Control frames as JavaScript values: written by serde, read by hand. Frames of messages are JavaScript's alone
//! (`npm/src/browser.js`).
//!
//! Deriving the reading too would add 18 KB to a page, for errors that nobody sees: a frame that this version does not
//! know is skipped, as the protocol wants it.

use realtime_client::Notice;
use realtime_protocol::channel::UncheckedChannel;
use realtime_protocol::error::Status;
use realtime_protocol::frame::{ChannelNumber, ClientFrame, Heartbeat, RequestId, Token};
use realtime_protocol::position::{Epoch, Offset, Position};
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON, js_name = stringify)]
    fn write_json(value: &JsValue) -> JsValue;

    /// An object of a frame.
    type Object;

    /// A number; what is none, or not there, is `NaN`.
    #[wasm_bindgen(method, structural, indexing_getter)]
    fn number(this: &Object, key: &str) -> f64;

    #[wasm_bindgen(method, structural, indexing_getter)]
    fn value(this: &Object, key: &str) -> JsValue;
}

/// What a frame on its way out is made of. Serialised as a map: for the names of a struct's fields serde-wasm-bindgen keeps
/// a hash table, which weighs more than all of this. No integer has 64 bits, which would bring the formatting machinery
/// for those that are too large.
enum Value<'a> {
    Nothing,
    Text(&'a str),
    Number(f64),
    Object(&'a [(&'static str, Self)]),
}

impl Serialize for Value<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(None)?;
                for (key, value) in *fields {
                    if !matches!(value, Self::Nothing) {
                        map.serialize_entry(key, value)?;
                    }
                }
                map.end()
            }
        }
    }
}

impl<'a> Value<'a> {
    fn token(token: Option<&'a Token>) -> Self {
        token.map_or(Self::Nothing, |token| Self::Text(token.expose()))
    }
}

/// Writes a frame as a JavaScript string.
pub fn write(frame: &ClientFrame) -> JsValue {
    match frame {
        ClientFrame::Hello { token, visitor_token } => write_fields(&[
            ("type", Value::Text("hello")),
            ("token", Value::token(token.as_ref())),
            ("visitorToken", Value::token(visitor_token.as_ref())),
        ]),
        ClientFrame::Subscribe { id, channel, position } => {
            write_request("subscribe", *id, channel, position.as_ref())
        }
        ClientFrame::Unsubscribe { id, channel } => write_request("unsubscribe", *id, channel, None),
        ClientFrame::Refresh { token } => {
            write_fields(&[("type", Value::Text("refresh")), ("token", Value::Text(token.expose()))])
        }
        ClientFrame::Pong => write_fields(&[("type", Value::Text("pong"))]),
    }
}

fn write_request(
    kind: &str,
    id: RequestId,
    channel: &UncheckedChannel,
    position: Option<&Position>,
) -> JsValue {
    let channel = [
        ("name", Value::Text(&channel.name)),
        ("resourceId", channel.resource_id.as_deref().map_or(Value::Nothing, Value::Text)),
    ];
    let position = position.map(|position| {
        [
            ("epoch", Value::Text(position.epoch.as_str())),
            ("offset", Value::Number(position.offset.get() as f64)),
        ]
    });
    write_fields(&[
        ("type", Value::Text(kind)),
        ("id", Value::Number(f64::from(id.0))),
        ("channel", Value::Object(&channel)),
        ("position", position.as_ref().map_or(Value::Nothing, |fields| Value::Object(fields))),
    ])
}

fn write_fields(fields: &[(&'static str, Value<'_>)]) -> JsValue {
    // Fails for maps with odd keys and for numbers beyond 2^53, neither of which a frame has.
    let object = Value::Object(fields).serialize(&Serializer::json_compatible());
    write_json(&object.unwrap_or(JsValue::UNDEFINED))
}

/// Reads a control frame that is parsed already. `None` for what this version does not know.
pub fn read_notice(frame: JsValue) -> Option<Notice> {
    let frame = Object::new(frame)?;
    let notice = match frame.text("type")?.as_str() {
        "welcome" => Notice::Welcome {
            visitor_token: frame.text("visitorToken").map(Token::new),
            heartbeat: read_heartbeat(&frame.object("heartbeat")?)?,
            expires_in_ms: frame.integer("expiresInMs"),
        },
        "refreshed" => Notice::Refreshed { expires_in_ms: frame.integer("expiresInMs") },
        "subscribed" => Notice::Subscribed {
            id: frame.request_id()?,
            number: frame.channel_number()?,
            position: read_position(&frame.object("position")?)?,
            recovered: frame.value("recovered").as_bool(),
        },
        "refused" => Notice::Refused {
            id: frame.request_id()?,
            status: frame.status()?,
            message: frame.text("message")?,
        },
        "ended" => Notice::Ended {
            number: frame.channel_number()?,
            status: frame.status()?,
            message: frame.text("message")?,
        },
        "ping" => Notice::Ping,
        "goodbye" => Notice::Goodbye { retry_after_ms: frame.integer("retryAfterMs")? as u32 },
        _ => Notice::Other,
    };
    Some(notice)
}

fn read_position(position: &Object) -> Option<Position> {
    Some(Position {
        epoch: Epoch::parse(&position.text("epoch")?)?,
        offset: Offset::new(position.integer("offset")?)?,
    })
}

fn read_heartbeat(heartbeat: &Object) -> Option<Heartbeat> {
    Some(Heartbeat {
        interval_ms: heartbeat.integer("intervalMs")? as u32,
        timeout_ms: heartbeat.integer("timeoutMs")? as u32,
    })
}

/// Reading what an object should have.
impl Object {
    fn new(value: JsValue) -> Option<Self> {
        value.is_object().then(|| value.unchecked_into())
    }

    fn object(&self, key: &str) -> Option<Self> {
        Self::new(self.value(key))
    }

    fn text(&self, key: &str) -> Option<String> {
        self.value(key).as_string()
    }

    fn integer(&self, key: &str) -> Option<u64> {
        let number = self.number(key);
        (!number.is_nan()).then_some(number as u64)
    }

    fn request_id(&self) -> Option<RequestId> {
        self.integer("id").map(|id| RequestId(id as u32))
    }

    fn channel_number(&self) -> Option<ChannelNumber> {
        self.integer("number").map(ChannelNumber)
    }

    fn status(&self) -> Option<Status> {
        Status::try_from(self.integer("status")? as u16).ok()
    }
}
