//! Frames of a channel that were read and found right, to compare what other subscribers get with.

/// Bytes that a run holds at most: with what a read takes in, it stays in a core's own cache.
const MAX_BYTES: usize = 192 * 1024;

/// Whole frames, one behind the other, and which places of the channel they fill.
#[derive(Debug, Default)]
pub struct Run {
    bytes: Vec<u8>,
    /// The place of the first message.
    first: usize,
    ends: Vec<End>,
}

/// Where a frame ends: in bytes, and as the place behind its last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Bytes.
    pub bytes: usize,
    /// The place.
    pub place: usize,
}

impl Run {
    /// Adds a frame that fills the places from `from` to `to`. What does not continue the run begins a new one.
    pub fn push(&mut self, frame: &[u8], from: usize, to: usize) {
        if from != self.end().place || self.bytes.len() + frame.len() > MAX_BYTES {
            self.bytes.clear();
            self.ends.clear();
            self.first = from;
        }
        self.bytes.extend_from_slice(frame);
        self.ends.push(End { bytes: self.bytes.len(), place: to });
    }

    /// How far `bytes`, which begin at `place`, equal this run: the last frame that ends within them. `None` when
    /// there is nothing of that place here, or when a single byte differs.
    pub fn matching(&self, place: usize, bytes: &[u8]) -> Option<End> {
        let start = self.start_of(place)?;
        let known = self.bytes.get(start..)?;
        let common = known.len().min(bytes.len());
        if known.get(..common) != bytes.get(..common) {
            return None;
        }
        let behind = self.ends.partition_point(|end| end.bytes <= start + common);
        let end = self.ends.get(behind.checked_sub(1)?).filter(|end| end.bytes > start)?;
        Some(End { bytes: end.bytes - start, place: end.place })
    }

    /// Where the frame begins whose first message has this place.
    fn start_of(&self, place: usize) -> Option<usize> {
        if place == self.first {
            return Some(0);
        }
        let index = self.ends.binary_search_by_key(&place, |end| end.place).ok()?;
        self.ends.get(index).map(|end| end.bytes)
    }

    fn end(&self) -> End {
        self.ends.last().copied().unwrap_or(End { bytes: 0, place: self.first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        let mut run = Run::default();
        run.push(b"[one,two]", 5, 7);
        run.push(b"[three]", 7, 8);
        run
    }

    #[test]
    fn equal_bytes_match_up_to_the_last_whole_frame() {
        let run = run();
        assert_eq!(run.matching(5, b"[one,two][three]"), Some(End { bytes: 16, place: 8 }));
        assert_eq!(run.matching(5, b"[one,two][th"), Some(End { bytes: 9, place: 7 }));
        assert_eq!(run.matching(5, b"[one,two][three][four]"), Some(End { bytes: 16, place: 8 }));
        assert_eq!(run.matching(7, b"[three]"), Some(End { bytes: 7, place: 8 }));
        assert_eq!(run.matching(7, b"[thr"), None);
    }

    #[test]
    fn a_byte_that_differs_or_a_place_that_is_not_here_matches_nothing() {
        let run = run();
        assert_eq!(run.matching(5, b"[one,twO][three]"), None);
        assert_eq!(run.matching(6, b"[two]"), None);
        assert_eq!(run.matching(8, b"[four]"), None);
        assert_eq!(run.matching(4, b"[one,two]"), None);
    }

    #[test]
    fn a_run_stays_small_and_begins_anew_where_it_is_not_continued() {
        let mut run = run();
        run.push(b"[nine]", 9, 10);
        assert_eq!(run.matching(7, b"[three]"), None);
        assert_eq!(run.matching(9, b"[nine]"), Some(End { bytes: 6, place: 10 }));
        let large = vec![b'x'; MAX_BYTES];
        run.push(&large, 10, 11);
        assert_eq!(run.bytes.len(), MAX_BYTES);
        assert_eq!(run.matching(10, &large), Some(End { bytes: MAX_BYTES, place: 11 }));
    }
}
