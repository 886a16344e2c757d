//! What a publish says, as one number: by it a repeated publish is told from another one that shows the same id.

use std::num::NonZeroU64;

use realtime_protocol::subscriber::UserId;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use crate::publication::{Audience, Publication};

/// A hash of a payload's bytes, of who receives it and of whose it is: XXH3 with 64 bits, which is the same in every
/// process, so that it can be stored. Two publishes meet in it by chance once in 10^19. It has no secret: only who
/// holds a key publishes, and whoever makes two of their own messages meet gets the first one's answer for the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentHash(NonZeroU64);

impl ContentHash {
    /// The hash of a publication, whatever its id.
    pub fn of(publication: &Publication<'_>) -> Self {
        Self::of_parts(publication.payload, publication.publisher, &publication.audience)
    }

    /// The hash of a publication with these parts.
    pub fn of_parts(payload: &RawValue, publisher: Option<&UserId>, audience: &Audience) -> Self {
        let text = |user: &UserId| xxh3_64(user.as_str().as_bytes());
        let (is_targeted, users) = match audience {
            Audience::Everyone => (0, 0),
            // In no order: it is a set.
            Audience::Users(users) => (1, users.iter().map(text).fold(0, u64::wrapping_add)),
        };
        let parts = [
            xxh3_64(payload.get().as_bytes()),
            is_targeted,
            users,
            publisher.is_some().into(),
            publisher.map_or(0, text),
        ];
        let mut bytes = [0; 40];
        for (place, part) in bytes.chunks_exact_mut(8).zip(parts) {
            place.copy_from_slice(&part.to_le_bytes());
        }
        // Zero is left free for "unknown".
        Self(NonZeroU64::new(xxh3_64(&bytes)).unwrap_or(NonZeroU64::MIN))
    }

    /// The number, as it is stored.
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// What was stored; `None` for zero, which no publication has.
    pub const fn from_stored(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use super::*;

    fn hash(payload: &str, publisher: Option<&str>, users: Option<&[&str]>) -> ContentHash {
        let payload: &RawValue = serde_json::from_str(payload).unwrap();
        let user = |id: &str| UserId::parse(id).unwrap();
        let audience = users.map_or(Audience::Everyone, |users| {
            Audience::Users(Arc::new(users.iter().map(|id| user(id)).collect::<HashSet<_>>()))
        });
        ContentHash::of_parts(payload, publisher.map(user).as_ref(), &audience)
    }

    #[test]
    fn everything_that_a_subscriber_could_notice_makes_another_hash() {
        let all = [
            hash("1", None, None),
            hash("2", None, None),
            hash("\"1\"", None, None),
            hash("1", Some("anna"), None),
            hash("1", Some("bert"), None),
            hash("1", None, Some(&[])),
            hash("1", None, Some(&["anna"])),
            hash("1", None, Some(&["anna", "bert"])),
            hash("1", Some("anna"), Some(&["bert"])),
            hash("1", Some("bert"), Some(&["anna"])),
        ];
        let numbers: HashSet<_> = all.iter().map(|hash| hash.get()).collect();
        assert_eq!(numbers.len(), all.len());
    }

    #[test]
    fn recipients_have_no_order() {
        let users = ["anna", "bert", "clara", "dora"];
        let mut others = users;
        others.reverse();
        assert_eq!(hash("1", None, Some(&users)), hash("1", None, Some(&others)));
    }

    #[test]
    fn a_hash_is_the_same_in_every_process_since_it_is_stored() {
        let stored = hash("{\"a\":1}", Some("anna"), Some(&["bert"])).get();
        assert_eq!(stored, 2_210_476_730_855_417_425, "the number that files have");
        assert_eq!(ContentHash::from_stored(stored).map(ContentHash::get), Some(stored));
        assert_eq!(ContentHash::from_stored(0), None);
    }
}
