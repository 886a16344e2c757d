//! Messages as frames: what a channel collected leaves as one JSON array, built once for all who receive it.

use bytes::{Bytes, BytesMut};

/// Free bytes in front of a frame's text, for the transport's header. A server's WebSocket header has at most ten
/// (RFC 6455 section 5.2), so header and text are one buffer and one write.
pub const HEADROOM_BYTES: usize = 10;

/// A frame's text behind [`HEADROOM_BYTES`] of room.
pub type RoomyFrame = BytesMut;

/// A closed frame's spare room, as a part of its length: it may wait for slow readers, and what waits is counted by length.
const MAX_SPARE_PART: usize = 4;

/// A frame that grows: messages are copied into it as they come, so that nobody keeps a share of theirs.
#[derive(Debug, Default)]
pub struct Collected {
    /// Empty, or the frame but for its last bracket.
    frame: RoomyFrame,
}

impl Collected {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.frame.is_empty()
    }

    /// Whether this message would make the frame larger than `limit_bytes`. The first message never does.
    pub fn is_full_for(&self, message: &[u8], limit_bytes: usize) -> bool {
        let frame_bytes = self.frame.len().saturating_sub(HEADROOM_BYTES);
        !self.is_empty() && frame_bytes + 1 + message.len() + 1 > limit_bytes
    }

    /// Adds a message at the end.
    pub fn push(&mut self, message: &[u8]) {
        if self.is_empty() {
            // Exactly what one message needs: most have a frame of their own.
            self.frame = BytesMut::with_capacity(HEADROOM_BYTES + 1 + message.len() + 1);
            self.frame.extend_from_slice(&[0; HEADROOM_BYTES]);
            self.frame.extend_from_slice(b"[");
        } else {
            self.frame.extend_from_slice(b",");
        }
        self.frame.extend_from_slice(message);
    }

    /// The frame of all that was collected; nothing remains.
    pub fn close(&mut self) -> RoomyFrame {
        let mut frame = std::mem::take(&mut self.frame);
        frame.extend_from_slice(b"]");
        if frame.capacity() - frame.len() > frame.len() / MAX_SPARE_PART {
            return BytesMut::from(&*frame);
        }
        frame
    }
}

/// Joins messages into as few frames as `limit_bytes` allows, in order.
pub fn join(messages: Vec<Bytes>, limit_bytes: usize) -> Vec<RoomyFrame> {
    let mut frames = Vec::new();
    let mut collected = Collected::default();
    for message in messages {
        if collected.is_full_for(&message, limit_bytes) {
            frames.push(collected.close());
        }
        collected.push(&message);
    }
    if !collected.is_empty() {
        frames.push(collected.close());
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(messages: &[&'static str], limit_bytes: usize) -> Vec<String> {
        let messages = messages.iter().map(|text| Bytes::from_static(text.as_bytes())).collect();
        let text = |frame: RoomyFrame| String::from_utf8(frame[HEADROOM_BYTES..].to_vec()).unwrap();
        join(messages, limit_bytes).into_iter().map(text).collect()
    }

    #[test]
    fn messages_become_one_array() {
        assert_eq!(texts(&["[1]", "[2]", "[3]"], 100), ["[[1],[2],[3]]"]);
    }

    #[test]
    fn a_frame_is_closed_before_it_exceeds_its_limit() {
        // "[[1],[2]]" has nine bytes.
        assert_eq!(texts(&["[1]", "[2]", "[3]"], 9), ["[[1],[2]]", "[[3]]"]);
        assert_eq!(texts(&["[1]", "[2]", "[3]"], 8), ["[[1]]", "[[2]]", "[[3]]"]);
    }

    #[test]
    fn a_message_larger_than_the_limit_has_a_frame_of_its_own() {
        assert_eq!(texts(&["[1]", "[222222]", "[3]"], 5), ["[[1]]", "[[222222]]", "[[3]]"]);
    }

    #[test]
    fn a_closed_frame_has_little_room_to_spare() {
        for messages in 1..100 {
            let mut collected = Collected::default();
            (0..messages).for_each(|_| collected.push(b"[1,2,3]"));
            let frame = collected.close();
            assert_eq!(frame.len(), HEADROOM_BYTES + 1 + 8 * messages);
            assert!(
                frame.capacity() <= frame.len() * 5 / 4,
                "{messages}: {} spare",
                frame.capacity() - frame.len()
            );
            assert!(collected.is_empty());
        }
    }

    #[test]
    fn nothing_makes_no_frame() {
        assert!(texts(&[], 100).is_empty());
    }
}
