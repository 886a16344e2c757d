//! What waits for one reader: frames that its connection did not take yet.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// A queue of frames, bounded in bytes. Frames are shared between outboxes; each outbox counts them in full, since
/// that is how far its reader is behind.
#[derive(Debug)]
pub struct Outbox {
    frames: VecDeque<Bytes>,
    waiting_bytes: usize,
    limit_bytes: usize,
}

/// The outbox cannot take the frame: the reader is too slow and has to come back and recover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

impl Outbox {
    /// An empty outbox. It owns no memory until something waits.
    pub const fn new(limit_bytes: usize) -> Self {
        Self { frames: VecDeque::new(), waiting_bytes: 0, limit_bytes }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes that wait.
    pub const fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Adds a frame, or the rest of one, at the end.
    ///
    /// # Errors
    /// [`Overflow`] when more than the limit would wait; the outbox is unchanged then. A frame alone always fits.
    pub fn push(&mut self, frame: Bytes) -> Result<(), Overflow> {
        if !self.is_empty() && self.waiting_bytes + frame.len() > self.limit_bytes {
            return Err(Overflow);
        }
        self.waiting_bytes += frame.len();
        self.frames.push_back(frame);
        Ok(())
    }

    /// The first bytes that wait, for one vectored write. Returns how many slices were filled.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slot, frame) in slices.iter_mut().zip(&self.frames) {
            *slot = IoSlice::new(frame);
            filled += 1;
        }
        filled
    }

    /// Takes away the first `written` bytes.
    pub fn advance(&mut self, mut written: usize) {
        self.waiting_bytes = self.waiting_bytes.saturating_sub(written);
        while let Some(frame) = self.frames.front_mut() {
            if written < frame.len() {
                frame.advance(written);
                return;
            }
            written -= frame.len();
            self.frames.pop_front();
        }
        // A reader that was slow once keeps no queue.
        self.frames = VecDeque::new();
    }

    /// Throws away what waits.
    pub fn clear(&mut self) {
        self.frames = VecDeque::new();
        self.waiting_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(outbox: &Outbox) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 8];
        let filled = outbox.slices(&mut slices);
        slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn bytes_leave_in_order_whatever_the_cuts() {
        let mut outbox = Outbox::new(100);
        for frame in ["one", "two", "three"] {
            outbox.push(Bytes::from_static(frame.as_bytes())).unwrap();
        }
        outbox.advance(4);
        assert_eq!(waiting(&outbox), b"wothree");
        assert_eq!(outbox.waiting_bytes(), 7);
        outbox.advance(7);
        assert!(outbox.is_empty());
        assert_eq!(outbox.waiting_bytes(), 0);
    }

    #[test]
    fn a_frame_beyond_the_limit_is_an_overflow_and_changes_nothing() {
        let mut outbox = Outbox::new(5);
        outbox.push(Bytes::from_static(b"abc")).unwrap();
        assert_eq!(outbox.push(Bytes::from_static(b"def")), Err(Overflow));
        assert_eq!(waiting(&outbox), b"abc");
        outbox.push(Bytes::from_static(b"de")).unwrap();
    }

    #[test]
    fn a_single_frame_may_be_larger_than_the_limit() {
        let mut outbox = Outbox::new(1);
        outbox.push(Bytes::from_static(b"a large frame")).unwrap();
        assert_eq!(outbox.push(Bytes::from_static(b"b")), Err(Overflow));
    }
}
