//! One subscriber's place in its channel, moved on by the bytes that it reads.

use crate::check::fault::Fault;
use crate::check::ledger::{Delivered, Ledger};
use crate::wire::frame::{self, Frame, Kind};

/// Takes the messages out of a frame.
pub trait Messages {
    /// The frames that a server says everything in: of text, unless its protocol is one of bytes.
    fn kind(&self) -> Kind {
        Kind::Text
    }

    /// Gives every message of a frame of that kind to `each`, in order. Returns whether it is a frame of messages at all: one
    /// that is not is about the connection.
    ///
    /// # Errors
    /// [`Fault::Garbled`], and what `each` says.
    fn messages(
        &self,
        body: &[u8],
        each: &mut dyn FnMut(Delivered) -> Result<(), Fault>,
    ) -> Result<bool, Fault>;
}

/// How far a subscriber has read its channel.
#[derive(Debug, Default)]
pub struct Track {
    place: usize,
    /// The beginning of a frame whose rest has not come.
    partial: Vec<u8>,
}

impl Track {
    /// Which place is next.
    pub const fn place(&self) -> usize {
        self.place
    }

    /// Takes the next bytes, in whatever pieces they come. Frames that hold no messages go to `other`.
    ///
    /// # Errors
    /// The first [`Fault`]; the track is not to be used after that.
    pub fn take(
        &mut self,
        bytes: &[u8],
        ledger: &mut Ledger,
        messages: &(impl Messages + ?Sized),
        other: &mut dyn FnMut(Frame<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.partial.is_empty() {
            return self.frames(bytes, ledger, messages, other);
        }
        let mut joined = std::mem::take(&mut self.partial);
        joined.extend_from_slice(bytes);
        self.frames(&joined, ledger, messages, other)
    }

    fn frames(
        &mut self,
        mut bytes: &[u8],
        ledger: &mut Ledger,
        messages: &(impl Messages + ?Sized),
        other: &mut dyn FnMut(Frame<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let used = if let Some(end) = ledger.matching(self.place, bytes) {
                self.place = end.place;
                end.bytes
            } else if let Some(frame) = frame::first(bytes)? {
                if !self.read(&frame, bytes, ledger, messages)? {
                    other(frame)?;
                }
                frame.bytes
            } else {
                self.partial = bytes.to_vec();
                return Ok(());
            };
            bytes = bytes.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    fn read(
        &mut self,
        frame: &Frame<'_>,
        bytes: &[u8],
        ledger: &mut Ledger,
        messages: &(impl Messages + ?Sized),
    ) -> Result<bool, Fault> {
        if frame.kind != messages.kind() {
            return Ok(false);
        }
        let from = self.place;
        let has_messages = messages.messages(frame.body, &mut |delivered| {
            ledger.note(self.place, delivered)?;
            self.place += 1;
            Ok(())
        })?;
        if has_messages {
            ledger.keep(bytes.get(..frame.bytes).unwrap_or_default(), from, self.place);
        }
        Ok(has_messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames like `3,4,5`: numbers of messages. `hello` is none.
    struct Numbers;

    impl Messages for Numbers {
        fn messages(
            &self,
            body: &[u8],
            each: &mut dyn FnMut(Delivered) -> Result<(), Fault>,
        ) -> Result<bool, Fault> {
            if body == b"hello" {
                return Ok(false);
            }
            for number in std::str::from_utf8(body).unwrap().split(',') {
                each(Delivered { number: number.parse().unwrap(), offset: None })?;
            }
            Ok(true)
        }
    }

    fn frames(texts: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for text in texts {
            frame::push_server_text(&mut bytes, text.as_bytes());
        }
        bytes
    }

    /// Reads the texts as one subscriber, in pieces. Returns its place and how many frames held no messages.
    fn read(ledger: &mut Ledger, texts: &[&str], piece: usize) -> Result<(usize, usize), Fault> {
        let mut track = Track::default();
        let mut others = 0;
        for piece in frames(texts).chunks(piece) {
            track.take(piece, ledger, &Numbers, &mut |_| {
                others += 1;
                Ok(())
            })?;
        }
        assert!(track.partial.is_empty());
        Ok((track.place, others))
    }

    #[test]
    fn subscribers_that_read_the_same_agree_whatever_the_pieces_and_the_frames() {
        for piece in [1, 2, 5, 1_000] {
            let mut ledger = Ledger::default();
            assert_eq!(read(&mut ledger, &["1,2", "3", "4,5"], piece), Ok((5, 0)));
            assert_eq!(read(&mut ledger, &["1,2", "3", "4,5"], 3), Ok((5, 0)));
            assert_eq!(read(&mut ledger, &["1", "hello", "2,3,4", "hello", "5"], piece), Ok((5, 2)));
            assert_eq!(read(&mut ledger, &["1,2", "hello", "3", "4,5", "6"], piece), Ok((6, 1)));
            assert_eq!(ledger.numbers(0..9).count(), 0);
            assert_eq!(ledger.numbers(0..6).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        }
    }

    #[test]
    fn a_gap_a_double_and_a_swap_are_found() {
        let wrong = |due, got, place, is_again| Err(Fault::WrongNumber { due, got, place, is_again });
        for piece in [1, 4, 1_000] {
            let mut ledger = Ledger::default();
            read(&mut ledger, &["1,2", "3", "4,5"], piece).unwrap();
            assert_eq!(read(&mut ledger, &["1,2", "4,5"], piece), wrong(3, 4, 2, false), "a gap");
            assert_eq!(read(&mut ledger, &["1,2", "2", "3"], piece), wrong(3, 2, 2, true), "a double");
            assert_eq!(read(&mut ledger, &["2,1", "3"], piece), wrong(1, 2, 0, false), "a swap in a frame");
            assert_eq!(
                read(&mut ledger, &["1,2", "4,5", "3"], piece),
                wrong(3, 4, 2, false),
                "a swap of frames"
            );
            assert_eq!(
                read(&mut ledger, &["1,2", "3", "4,6"], piece),
                wrong(5, 6, 4, false),
                "a gap in a frame"
            );
        }
    }

    #[test]
    fn a_subscriber_that_ends_early_is_told_by_its_place() {
        let mut ledger = Ledger::default();
        read(&mut ledger, &["1,2", "3"], 100).unwrap();
        assert_eq!(read(&mut ledger, &["1,2"], 100), Ok((2, 0)));
    }
}
