//! A map in a sorted vector: a few hundred bytes of code where the standard maps take kilobytes, which every page
//! would download.

/// Numbers in order with a small value each. Finding is logarithmic; adding at the end is constant, elsewhere linear,
/// which is a short `memmove` at the thousands of entries that a client has.
#[derive(Debug)]
pub(crate) struct SortedMap<V>(Vec<(u64, V)>);

impl<V: Copy> SortedMap<V> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn get(&self, key: u64) -> Option<V> {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|(_, value)| *value)
    }

    /// Adds an entry, in place of an earlier one with the same key.
    pub(crate) fn insert(&mut self, key: u64, value: V) {
        match self.find(key) {
            Ok(at) => {
                if let Some(entry) = self.0.get_mut(at) {
                    entry.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: u64) -> Option<V> {
        let at = self.find(key).ok()?;
        Some(self.0.remove(at).1)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, key: u64) -> Result<usize, usize> {
        self.0.binary_search_by(|(k, _)| k.cmp(&key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_the_standard_map(steps in prop::collection::vec((0u8..3, 0u64..20, any::<u8>()), 0..200)) {
            let mut ours = SortedMap::new();
            let mut model = BTreeMap::new();
            for (step, key, value) in steps {
                match step {
                    0 => {
                        ours.insert(key, value);
                        model.insert(key, value);
                    }
                    1 => prop_assert_eq!(ours.remove(key), model.remove(&key)),
                    _ => prop_assert_eq!(ours.get(key), model.get(&key).copied()),
                }
                prop_assert_eq!(ours.is_empty(), model.is_empty());
            }
        }
    }
}
