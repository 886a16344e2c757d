//! Positions: where a message stands in its stream, and where a reader stands.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::limits::{MAX_EPOCH_CHARS, MAX_SAFE_INTEGER};

/// Which life of a stream an offset belongs to. A stream that was lost starts again with a new epoch.
///
/// Cloned for every position that is told: one stream's positions share its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// Checks the text of an epoch: 1 to [`MAX_EPOCH_CHARS`] characters of `[A-Za-z0-9_-]`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let is_right = (1..=MAX_EPOCH_CHARS).contains(&text.len()) && text.bytes().all(is_allowed);
        is_right.then(|| Self(text.into()))
    }

    /// An epoch from 64 random bits, as 13 characters.
    pub fn from_bits(bits: u64) -> Self {
        const DIGITS: [char; 32] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j',
            'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'y', 'z',
        ];
        let digit = |index: u32| DIGITS.get((bits >> (index * 5) & 31) as usize).copied().unwrap_or('0');
        Self((0..13).map(digit).collect::<String>().into())
    }

    /// The epoch as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl TryFrom<String> for Epoch {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("an epoch has 1 to 64 characters of A-Z, a-z, 0-9, \"_\" and \"-\"")
    }
}

/// The place of a message in its stream. Later messages have higher offsets; the distance between two of them means
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct Offset(u64);

impl Offset {
    /// The place before every message.
    pub const START: Self = Self(0);

    /// An offset from its number; `None` above 2^53 - 1, which not every JSON reader keeps exact.
    pub const fn new(number: u64) -> Option<Self> {
        if number <= MAX_SAFE_INTEGER { Some(Self(number)) } else { None }
    }

    /// The offset after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The offset's number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Offset {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        Self::new(number).ok_or("an offset is at most 9007199254740991")
    }
}

/// Where a reader stands: it has everything of this epoch up to and with this offset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The stream's life.
    pub epoch: Epoch,
    /// The last offset that the reader has.
    pub offset: Offset,
}
