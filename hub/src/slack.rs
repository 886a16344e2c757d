//! Room that tables keep when what they held has gone: given back once it is four times what is needed, so that a crowd
//! of channels that came once does not weigh for ever.

use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::{BuildHasher, Hash};

/// Tables with room for fewer than this stay as they are.
const SMALL: usize = 64;

/// The room to leave to a table, twice what it holds; `None` while it is not much too large.
///
/// Between two shrinkings a table has to lose half of what it held, so the work for an entry stays constant.
const fn fitting(held: usize, room: usize) -> Option<usize> {
    if room < SMALL || room / 4 < held { None } else { Some(held * 2) }
}

/// A table that can give back room.
pub(crate) trait GivesBack {
    /// Gives back what is far more than it needs.
    fn give_back(&mut self);
}

impl<K: Eq + Hash, V, S: BuildHasher> GivesBack for HashMap<K, V, S> {
    fn give_back(&mut self) {
        if let Some(room) = fitting(self.len(), self.capacity()) {
            self.shrink_to(room);
        }
    }
}

impl<T> GivesBack for VecDeque<T> {
    fn give_back(&mut self) {
        if let Some(room) = fitting(self.len(), self.capacity()) {
            self.shrink_to(room);
        }
    }
}

impl<T> GivesBack for BinaryHeap<T> {
    fn give_back(&mut self) {
        if let Some(room) = fitting(self.len(), self.capacity()) {
            self.shrink_to(room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_back_the_room_of_a_crowd_that_has_gone_and_keeps_what_it_holds() {
        let mut table: HashMap<u32, u32> = (0..10_000).map(|number| (number, number)).collect();
        table.retain(|number, _| *number < 100);
        table.give_back();
        assert!((100..1_000).contains(&table.capacity()), "room for {}", table.capacity());
        assert!((0..100).all(|number| table.get(&number) == Some(&number)));
        table.clear();
        table.give_back();
        assert_eq!(table.capacity(), 0);
    }

    #[test]
    fn queues_and_heaps_do_too_and_stay_in_order() {
        let mut queue: VecDeque<u32> = (0..10_000).collect();
        let mut heap: BinaryHeap<u32> = (0..10_000).collect();
        queue.drain(..9_900);
        while heap.len() > 100 {
            heap.pop();
        }
        queue.give_back();
        heap.give_back();
        assert!(queue.capacity() < 1_000 && heap.capacity() < 1_000);
        assert!(queue.into_iter().eq(9_900..10_000));
        assert!(heap.into_sorted_vec().into_iter().eq(0..100));
    }

    #[test]
    fn a_table_that_is_small_or_half_full_stays_as_it_is() {
        assert_eq!(fitting(0, 63), None);
        assert_eq!(fitting(2_501, 10_000), None);
        assert_eq!(fitting(2_500, 10_000), Some(5_000));
    }
}
