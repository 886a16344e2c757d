//! Frames of both directions.

use realtime_protocol::channel::UncheckedChannel;
use realtime_protocol::codec::{
    RawPayload, read_client_frame, read_relay_frame, write_client_frame, write_control, write_message,
};
use realtime_protocol::frame::{ClientFrame, Message, RelayFrame};

use crate::assert_one_line;

/// Characters that an error shows of one word: a token is longer.
const LONGEST_WORD_CHARS: usize = 64;

/// A client's frame that is read is the same after it was written and read again; an error shows no long word.
pub fn client_frame(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let frame = match read_client_frame(text) {
        Ok(frame) => frame,
        Err(error) => return assert_discreet(&error.to_string()),
    };
    let written = write_client_frame(&frame);
    assert_eq!(read_client_frame(&written).as_ref().ok(), Some(&frame), "written as {written}");
    if let ClientFrame::Subscribe { channel, .. } | ClientFrame::Unsubscribe { channel, .. } = &frame
        && let Ok(checked) = channel.check()
    {
        assert_eq!(UncheckedChannel::from(&checked).check(), Ok(checked));
    }
}

/// A relay's frame that is read is the same after it was written and read again, its payloads byte for byte.
pub fn relay_frame(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let frame = match read_relay_frame(text) {
        Ok(frame) => frame,
        Err(error) => return assert_discreet(&error.to_string()),
    };
    match &frame {
        RelayFrame::Control(control) => {
            let written = write_control(control);
            let RelayFrame::Control(again) = read_relay_frame(&written).expect("what was written is read")
            else {
                panic!("a control frame became messages: {written}")
            };
            assert_eq!(*control, again);
        }
        RelayFrame::Messages(messages) => {
            let written = write_messages(messages);
            let RelayFrame::Messages(again) = read_relay_frame(&written).expect("what was written is read")
            else {
                panic!("messages became a control frame: {written}")
            };
            assert_eq!(parts(messages), parts(&again));
            for message in messages {
                assert!(text.contains(message.payload.get()), "the payload is not as it came");
            }
        }
    }
}

/// Writes messages as the relay does.
fn write_messages(messages: &[Message<RawPayload>]) -> String {
    let mut out = b"[".to_vec();
    for message in messages {
        if out.len() > 1 {
            out.push(b',');
        }
        let publisher = message.publisher.as_deref();
        write_message(&mut out, message.number, message.offset, &message.payload, publisher);
    }
    out.push(b']');
    String::from_utf8(out).expect("frames are text")
}

fn parts(messages: &[Message<RawPayload>]) -> Vec<(u64, u64, &str, Option<&str>)> {
    let mut parts = Vec::new();
    for Message { number, offset, payload, publisher } in messages {
        parts.push((number.0, offset.get(), payload.get(), publisher.as_deref()));
    }
    parts
}

/// An error is for logs: one line, and no token of the frame in it.
fn assert_discreet(error: &str) {
    assert_one_line(error);
    for word in error.split(' ') {
        assert!(word.chars().count() <= LONGEST_WORD_CHARS, "an error shows too much: {error}");
    }
}
