//! Messages as bytes. A server does not mask, so one buffer serves every recipient.

use bytes::{Buf, Bytes, BytesMut};
use realtime_hub::joined::{HEADROOM_BYTES, RoomyFrame};
use realtime_protocol::close::MAX_REASON_BYTES;
use soketto::base::{Codec, Header, OpCode};

/// A text message from a frame that has room for the header in front: no copy.
pub fn text_in_place(mut frame: RoomyFrame) -> Bytes {
    let length = frame.len().saturating_sub(HEADROOM_BYTES);
    let mut codec = Codec::new();
    let header = codec.encode_header(&header(OpCode::Text, length));
    let start = HEADROOM_BYTES - header.len();
    if let Some(room) = frame.get_mut(start..HEADROOM_BYTES) {
        room.copy_from_slice(header);
    }
    // To be shared, bytes want a header of their own; skipping some does not.
    frame.advance(start);
    frame.freeze()
}

/// A text message.
pub fn text(text: &str) -> Bytes {
    message(OpCode::Text, text.as_bytes())
}

/// A binary message. The protocol has none; whoever tests this room wants them all.
pub fn binary(data: &[u8]) -> Bytes {
    message(OpCode::Binary, data)
}

/// The answer to a ping, with the ping's data.
pub fn pong(data: &[u8]) -> Bytes {
    message(OpCode::Pong, data)
}

/// A close frame. A reason that is too long is cut at a character's end.
pub fn close(code: u16, reason: &str) -> Bytes {
    let end = (0..=MAX_REASON_BYTES.min(reason.len())).rev().find(|end| reason.is_char_boundary(*end));
    let reason = reason.get(..end.unwrap_or(0)).unwrap_or_default();
    let mut data = code.to_be_bytes().to_vec();
    data.extend_from_slice(reason.as_bytes());
    message(OpCode::Close, &data)
}

/// A close frame without a code, which answers one without a code.
pub fn close_without_code() -> Bytes {
    message(OpCode::Close, &[])
}

fn message(opcode: OpCode, data: &[u8]) -> Bytes {
    let mut codec = Codec::new();
    let header = codec.encode_header(&header(opcode, data.len()));
    let mut frame = BytesMut::with_capacity(header.len() + data.len());
    frame.extend_from_slice(header);
    frame.extend_from_slice(data);
    frame.freeze()
}

fn header(opcode: OpCode, length: usize) -> Header {
    let mut header = Header::new(opcode);
    header.set_fin(true).set_payload_len(length);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_in_the_room_makes_the_same_bytes_as_a_header_in_front() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let body = "x".repeat(length);
            let mut roomy = BytesMut::from(&[0u8; HEADROOM_BYTES][..]);
            roomy.extend_from_slice(body.as_bytes());
            assert_eq!(text_in_place(roomy), text(&body), "{length}");
        }
    }

    #[test]
    fn a_close_reason_is_cut_to_what_a_close_frame_holds() {
        let frame = close(4000, &"ü".repeat(100));
        // Header 2, code 2, and 61 of the two-byte characters.
        assert_eq!(frame.len(), 2 + 2 + 122);
        assert!(std::str::from_utf8(&frame[4..]).is_ok());
    }
}
