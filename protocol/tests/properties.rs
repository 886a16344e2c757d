//! What holds for every frame: a round trip changes nothing, and whatever a stranger sends is read or refused with
//! a reason, never a panic.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use proptest::prelude::*;
use realtime_protocol::channel::{Channel, UncheckedChannel};
use realtime_protocol::codec::{read_client_frame, read_relay_frame, write_client_frame, write_message};
use realtime_protocol::frame::{ChannelNumber, ClientFrame, RelayFrame, RequestId, Token};
use realtime_protocol::position::{Epoch, Offset, Position};
use serde_json::value::RawValue;

const MAX: u64 = (1 << 53) - 1;

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..8)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn client_frame() -> impl Strategy<Value = ClientFrame> {
    let channel = (any::<String>(), prop::option::of(any::<String>()))
        .prop_map(|(name, resource_id)| UncheckedChannel { name, resource_id });
    let token = || prop::option::of(any::<String>().prop_map(Token::new));
    let position = (any::<u64>(), 0..=MAX).prop_map(|(bits, offset)| Position {
        epoch: Epoch::from_bits(bits),
        offset: Offset::new(offset).unwrap(),
    });
    prop_oneof![
        (token(), token()).prop_map(|(token, visitor_token)| ClientFrame::Hello { token, visitor_token }),
        (any::<u32>(), channel.clone(), prop::option::of(position)).prop_map(|(id, channel, position)| {
            ClientFrame::Subscribe { id: RequestId(id), channel, position }
        }),
        (any::<u32>(), channel)
            .prop_map(|(id, channel)| ClientFrame::Unsubscribe { id: RequestId(id), channel }),
        any::<String>().prop_map(|token| ClientFrame::Refresh { token: Token::new(token) }),
        Just(ClientFrame::Pong),
    ]
}

proptest! {
    #[test]
    fn a_client_frame_survives_the_wire(frame in client_frame()) {
        prop_assert_eq!(read_client_frame(&write_client_frame(&frame)).unwrap(), frame);
    }

    #[test]
    fn a_payload_survives_the_wire_byte_for_byte(
        value in json_value(), spaces in " {0,3}", number in 0..=MAX, offset in 0..=MAX,
        publisher in prop::option::of(any::<String>()),
    ) {
        let text = format!("{spaces}{value}");
        let payload: Box<RawValue> = serde_json::from_str(&text).unwrap();
        let mut frame = b"[".to_vec();
        write_message(
            &mut frame, ChannelNumber(number), Offset::new(offset).unwrap(), &payload, publisher.as_deref(),
        );
        frame.push(b']');
        let read = read_relay_frame(std::str::from_utf8(&frame).unwrap()).unwrap();
        let RelayFrame::Messages(messages) = read else { panic!("messages expected") };
        prop_assert_eq!(messages.len(), 1);
        prop_assert_eq!(messages[0].payload.get(), payload.get());
        prop_assert_eq!(messages[0].number.0, number);
        prop_assert_eq!(messages[0].offset.get(), offset);
        prop_assert_eq!(&messages[0].publisher, &publisher);
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_reason(text in any::<String>()) {
        if let Err(error) = read_client_frame(&text) {
            prop_assert!(error.to_string().len() > "not a frame of this protocol: ".len());
        }
        if let Err(error) = read_relay_frame(&text) {
            prop_assert!(error.to_string().len() > "not a frame of this protocol: ".len());
        }
    }

    #[test]
    fn a_truncated_frame_is_refused(frame in client_frame(), cut in any::<prop::sample::Index>()) {
        let text = write_client_frame(&frame);
        let at = (0..text.len()).filter(|at| text.is_char_boundary(*at)).collect::<Vec<_>>();
        prop_assert!(read_client_frame(&text[..*cut.get(&at)]).is_err());
    }

    #[test]
    fn a_channel_that_is_accepted_keeps_its_name(name in "[A-Za-z0-9_-]{1,140}", id in "[^\\p{Cc}]{0,50}") {
        let channel = Channel::parse(&name, Some(&id)).unwrap();
        prop_assert_eq!(channel.name(), name.as_str());
        prop_assert_eq!(channel.resource_id().unwrap_or(""), id.as_str());
        prop_assert_eq!(channel.parent().is_some(), !id.is_empty());
    }

    #[test]
    fn any_channel_is_accepted_or_refused_with_a_reason(name in any::<String>(), id in any::<String>()) {
        if let Err(error) = Channel::parse(&name, Some(&id)) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn hostile_frames_are_refused_with_the_reason() {
    let deep = format!(r#"{{"type":"hello","extra":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let refused = [
        ("", "EOF"),
        ("null", "internally tagged"),
        ("[]", ""),
        ("{}", "missing field `type`"),
        (r#"{"type":"greet"}"#, "unknown variant `greet`"),
        (r#"{"type":7}"#, "expected"),
        (r#"{"type":"subscribe","id":1}"#, "missing field `channel`"),
        (r#"{"type":"subscribe","id":-1,"channel":{"name":"a"}}"#, "u32"),
        (r#"{"type":"subscribe","id":1.5,"channel":{"name":"a"}}"#, "u32"),
        (r#"{"type":"subscribe","id":4294967296,"channel":{"name":"a"}}"#, "u32"),
        (r#"{"type":"subscribe","id":1,"channel":"chat"}"#, "chat"),
        (r#"{"type":"subscribe","id":1,"channel":{"name":7}}"#, "expected a string"),
        (r#"{"type":"subscribe","id":1,"channel":{"name":"a"},"position":{"epoch":"","offset":1}}"#, "epoch"),
        (
            r#"{"type":"subscribe","id":1,"channel":{"name":"a"},"position":{"epoch":"e","offset":9007199254740992}}"#,
            "offset",
        ),
        (deep.as_str(), "recursion limit"),
        (r#"{"type":"refresh"}"#, "missing field `token`"),
        (r#"{"type":"refresh","token":7}"#, "expected a string"),
        ("{\"type\":\"pong\"} {}", "trailing"),
    ];
    for (text, reason) in refused {
        let error = read_client_frame(text).expect_err(text).to_string();
        assert!(error.contains(reason), "{error:?} should name {reason:?}");
    }
    for text in ["[[1,2]]", "[[1,2,3,\"p\",5]]", "[[1,-2,3]]", "[{}]", "[[1,2,3]", "[[1,2,3,4]]"] {
        assert!(read_relay_frame(text).is_err(), "{text}");
    }
}

#[test]
fn a_token_in_the_wrong_place_is_not_told() {
    let token = format!("eyJhbGciOiJIUzI1NiJ9.{}.signature", "eyJzdWIi".repeat(10));
    for frame in [
        format!("\"{token}\""),
        format!(r#"{{"type":"{token}"}}"#),
        format!(r#"{{"type":"subscribe","id":"{token}","channel":{{"name":"a"}}}}"#),
        format!(r#"{{"type":"subscribe","id":1,"channel":"{token}"}}"#),
        format!(r#"{{"type":"hello","token":["{token}"]}}"#),
        token.clone(),
    ] {
        let error = read_client_frame(&frame).expect_err(&frame).to_string();
        assert!(!error.contains("signature") && !error.contains("eyJzdWIi"), "{error}");
    }
}

#[test]
fn unknown_keys_are_ignored() {
    assert_eq!(read_client_frame(r#"{"type":"pong","at":17}"#).unwrap(), ClientFrame::Pong);
}

#[test]
fn a_token_is_hidden_from_debug_output() {
    let frame = ClientFrame::Hello { token: Some(Token::new("secret-text")), visitor_token: None };
    assert!(!format!("{frame:?}").contains("secret-text"));
    let frame = ClientFrame::Refresh { token: Token::new("secret-text") };
    assert!(!format!("{frame:?}").contains("secret-text"));
}
