//! What waits for one reader: frames that its connection did not take yet.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// A queue of frames, bounded in bytes. Frames are shared between outboxes; each outbox counts them in full, since
/// that is how far its reader is behind.
#[derive(Debug)]
pub struct Outbox {
    frames: VecDeque<Bytes>,
    /// The first frame's beginning has left already, so its rest must leave before anything else.
    is_front_cut: bool,
    waiting_bytes: usize,
    /// How many of the waiting bytes do not count towards the limit.
    granted_bytes: usize,
    limit_bytes: usize,
}

/// The outbox cannot take the frame: the reader is too slow and has to come back and recover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

impl Outbox {
    /// An empty outbox. It owns no memory until something waits.
    pub const fn new(limit_bytes: usize) -> Self {
        Self { frames: VecDeque::new(), is_front_cut: false, waiting_bytes: 0, granted_bytes: 0, limit_bytes }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes that wait.
    pub const fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Adds a frame at the end.
    ///
    /// # Errors
    /// [`Overflow`] when more than the limit would wait; the outbox is unchanged then. A frame alone always fits.
    pub fn push(&mut self, frame: Bytes) -> Result<(), Overflow> {
        if !self.is_empty() && self.waiting_bytes - self.granted_bytes + frame.len() > self.limit_bytes {
            return Err(Overflow);
        }
        self.waiting_bytes += frame.len();
        self.frames.push_back(frame);
        Ok(())
    }

    /// Adds a frame that does not count towards the limit: what a reader asked for and the hub has bounded already,
    /// as opposed to what it fails to read.
    pub fn grant(&mut self, frame: Bytes) {
        self.waiting_bytes += frame.len();
        self.granted_bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Adds the rest of a frame whose beginning the connection took. Nothing else waits then.
    pub fn push_rest(&mut self, rest: Bytes) {
        self.is_front_cut = true;
        self.waiting_bytes += rest.len();
        self.frames.push_front(rest);
    }

    /// Throws away what waits and ends with a last frame, which always fits. Only the rest of a frame that has left
    /// in part stays, since the reader could not tell the last frame from it otherwise.
    pub fn end_with(&mut self, last: Bytes) {
        let rest = self.frames.pop_front().filter(|_| self.is_front_cut);
        self.frames = rest.into_iter().chain([last]).collect();
        self.waiting_bytes = self.frames.iter().map(Bytes::len).sum();
        self.granted_bytes = 0;
    }

    /// What waits, frame by frame.
    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        self.frames.iter().map(AsRef::as_ref)
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
        self.granted_bytes = self.granted_bytes.saturating_sub(written);
        while let Some(frame) = self.frames.front_mut() {
            if written < frame.len() {
                frame.advance(written);
                self.is_front_cut |= written > 0;
                return;
            }
            written -= frame.len();
            self.is_front_cut = false;
            self.frames.pop_front();
        }
        // A reader that was slow once keeps no queue.
        self.frames = VecDeque::new();
    }

    /// Throws away what waits.
    pub fn clear(&mut self) {
        self.frames = VecDeque::new();
        self.is_front_cut = false;
        self.waiting_bytes = 0;
        self.granted_bytes = 0;
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
    fn what_was_granted_does_not_count_and_what_follows_does() {
        let mut outbox = Outbox::new(5);
        outbox.grant(Bytes::from_static(b"a long recovery"));
        outbox.push(Bytes::from_static(b"live")).unwrap();
        assert_eq!(outbox.push(Bytes::from_static(b"more")), Err(Overflow));
        outbox.advance(15);
        assert_eq!(outbox.push(Bytes::from_static(b"more")), Err(Overflow));
        outbox.advance(4);
        outbox.push(Bytes::from_static(b"more")).unwrap();
    }

    #[test]
    fn the_last_frame_leaves_behind_the_rest_of_the_one_that_is_on_its_way() {
        let frames = || ["one", "two"].map(|frame| Bytes::from_static(frame.as_bytes()));
        let mut untouched = Outbox::new(3);
        untouched.push_rest(Bytes::from_static(b"ne"));
        untouched.advance(2);
        untouched.push(Bytes::from_static(b"one")).unwrap();
        untouched.end_with(Bytes::from_static(b"bye"));
        assert_eq!(waiting(&untouched), b"bye");

        let mut cut = Outbox::new(100);
        frames().into_iter().for_each(|frame| cut.push(frame).unwrap());
        cut.advance(1);
        cut.end_with(Bytes::from_static(b"bye"));
        assert_eq!(waiting(&cut), b"nebye");
        assert_eq!(cut.waiting_bytes(), 5);
    }

    #[test]
    fn a_single_frame_may_be_larger_than_the_limit() {
        let mut outbox = Outbox::new(1);
        outbox.push(Bytes::from_static(b"a large frame")).unwrap();
        assert_eq!(outbox.push(Bytes::from_static(b"b")), Err(Overflow));
    }
}
