//! Records: how one thing stands in a file.
//!
//! ```text
//! magic  kind  flags  body bytes  number  offset  previous  at     checksum | body …  checksum
//! 2      1     1      4           8       8       8         8 ms   4        | n       4
//! ```
//!
//! Integers are little-endian, checksums CRC-32 over everything before them in the same part, begun with the file's
//! [`Seal`], so that a record that strayed from another file is none. The head's own checksum tells of a message whose
//! body is damaged whose it was, and lets a reader find the next record behind any damage.
//!
//! The magic starts with a byte that no UTF-8 text contains. All that comes from outside is text, so nobody can
//! publish something that a reader behind a damage takes for a record.

use crc32fast::Hasher;

/// See the module's words on it.
const MAGIC: [u8; 2] = [0xff, 0xd1];

/// Bytes of a record's head, its checksum included.
const HEAD_BYTES: usize = 44;

/// Bytes of a checksum.
const CHECKSUM_BYTES: usize = 4;

/// The flag of a record with which a write begins.
const BEGINS_WRITE: u8 = 1;

/// The flag of a record that is written again.
const IS_AGAIN: u8 = 2;

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file begins. The number is the file's.
    File,
    /// There is a stream. The offset is its newest message's.
    Stream,
    /// A message.
    Message,
    /// The id of a message that is no longer kept itself.
    Id,
}

impl Kind {
    const ALL: [Self; 4] = [Self::File, Self::Stream, Self::Message, Self::Id];

    const fn byte(self) -> u8 {
        match self {
            Self::File => 1,
            Self::Stream => 2,
            Self::Message => 3,
            Self::Id => 4,
        }
    }
}

/// The part of a record that each has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    /// Whether it is the first of what was written together.
    pub(crate) begins_write: bool,
    /// Whether it stood in an older file, and so tells nothing about what came before it in this one.
    pub(crate) is_again: bool,
    /// The channel's number; it holds within the file and the files around it of the same start of the relay.
    pub(crate) number: u64,
    pub(crate) offset: u64,
    /// The offset of the stream's message before it.
    pub(crate) previous: u64,
    /// When it was published, in milliseconds since 1970.
    pub(crate) at_ms: u64,
}

impl Head {
    /// A head with nothing but its kind and number.
    pub(crate) const fn of(kind: Kind, number: u64) -> Self {
        Self { kind, begins_write: false, is_again: false, number, offset: 0, previous: 0, at_ms: 0 }
    }
}

/// What a file's checksums begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seal(u32);

impl Seal {
    /// That of the file of a number.
    pub(crate) fn of(file: u32) -> Self {
        Self(crc32fast::hash(&file.to_le_bytes()))
    }

    fn checksum(self, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
        let mut hasher = Hasher::new_with_initial(self.0);
        hasher.update(bytes);
        hasher.finalize().to_le_bytes()
    }
}

/// Writes a record at the end of `out`. `body` writes its body.
pub(crate) fn write(out: &mut Vec<u8>, seal: Seal, head: &Head, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD_BYTES]);
    body(out);
    let (before, body) = out.split_at_mut(start + HEAD_BYTES);
    if let Some(place) = before.last_chunk_mut::<HEAD_BYTES>() {
        *place = encode_head(head, body.len() as u32, seal);
    }
    let checksum = seal.checksum(body);
    out.extend_from_slice(&checksum);
}

fn encode_head(head: &Head, body_bytes: u32, seal: Seal) -> [u8; HEAD_BYTES] {
    let mut bytes = [0; HEAD_BYTES];
    let begins_write = if head.begins_write { BEGINS_WRITE } else { 0 };
    let flags = begins_write | if head.is_again { IS_AGAIN } else { 0 };
    let fields: [&[u8]; 7] = [
        &[MAGIC[0], MAGIC[1], head.kind.byte(), flags],
        &body_bytes.to_le_bytes(),
        &head.number.to_le_bytes(),
        &head.offset.to_le_bytes(),
        &head.previous.to_le_bytes(),
        &head.at_ms.to_le_bytes(),
        &[],
    ];
    let (text, checksum) = bytes.split_at_mut(HEAD_BYTES - CHECKSUM_BYTES);
    let mut rest = &mut *text;
    for field in fields {
        let (place, after) = rest.split_at_mut(field.len());
        place.copy_from_slice(field);
        rest = after;
    }
    checksum.copy_from_slice(&seal.checksum(text));
    bytes
}

/// Reads a head, and how long the body is. `None` when it is none.
fn decode_head(bytes: &[u8], seal: Seal) -> Option<(Head, usize)> {
    let head = bytes.first_chunk::<HEAD_BYTES>()?;
    let (text, checksum) = head.split_last_chunk::<CHECKSUM_BYTES>()?;
    let (magic, rest) = text.split_first_chunk::<2>()?;
    if *magic != MAGIC || *checksum != seal.checksum(text) {
        return None;
    }
    let (&[kind, flags], rest) = rest.split_first_chunk::<2>()?;
    let (body_bytes, rest) = rest.split_first_chunk::<4>()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let (offset, rest) = rest.split_first_chunk::<8>()?;
    let (previous, rest) = rest.split_first_chunk::<8>()?;
    let head = Head {
        kind: Kind::ALL.into_iter().find(|known| known.byte() == kind)?,
        begins_write: flags & BEGINS_WRITE != 0,
        is_again: flags & IS_AGAIN != 0,
        number: u64::from_le_bytes(*number),
        offset: u64::from_le_bytes(*offset),
        previous: u64::from_le_bytes(*previous),
        at_ms: u64::from_le_bytes(rest.try_into().ok()?),
    };
    Some((head, u32::from_le_bytes(*body_bytes) as usize))
}

/// Bytes of a record with a body of so many.
pub(crate) const fn whole_bytes(body_bytes: usize) -> usize {
    HEAD_BYTES + body_bytes + CHECKSUM_BYTES
}

/// What stands next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A record.
    Record { at: usize, head: Head, body: &'a [u8] },
    /// A record whose body is damaged.
    BadBody { at: usize, head: Head, bytes: usize },
    /// Bytes that are no record.
    Unreadable { at: usize, bytes: usize },
}

impl Found<'_> {
    /// Where it begins.
    pub(crate) const fn at(&self) -> usize {
        match self {
            Self::Record { at, .. } | Self::BadBody { at, .. } | Self::Unreadable { at, .. } => *at,
        }
    }
}

/// Reads a file's records one after the other, and finds the next one behind whatever is none.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
    seal: Seal,
}

impl<'a> Records<'a> {
    pub(crate) const fn new(bytes: &'a [u8], seal: Seal) -> Self {
        Self { bytes, at: 0, seal }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Where the next head stands, from `self.at + 1` on.
    fn next_head(&self) -> usize {
        let rest = self.rest();
        let is_head = |place: &usize| {
            let tail = rest.get(*place..).unwrap_or_default();
            tail.starts_with(&MAGIC) && decode_head(tail, self.seal).is_some()
        };
        (1..rest.len()).find(is_head).unwrap_or(rest.len())
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        let rest = self.rest();
        let at = self.at;
        if rest.is_empty() {
            return None;
        }
        let Some((head, body_bytes)) = decode_head(rest, self.seal) else {
            let bytes = self.next_head();
            self.at += bytes;
            return Some(Found::Unreadable { at, bytes });
        };
        let whole = whole_bytes(body_bytes);
        self.at += whole.min(rest.len());
        let body = rest.get(HEAD_BYTES..HEAD_BYTES + body_bytes);
        let checksum = rest.get(HEAD_BYTES + body_bytes..whole);
        match (body, checksum) {
            (Some(body), Some(checksum)) if self.seal.checksum(body) == checksum => {
                Some(Found::Record { at, head, body })
            }
            _ => Some(Found::BadBody { at, head, bytes: whole.min(rest.len()) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEAL: Seal = Seal(7);

    fn head(kind: Kind, offset: u64) -> Head {
        Head {
            kind,
            begins_write: offset.is_multiple_of(3),
            is_again: offset.is_multiple_of(2),
            number: 17,
            offset,
            previous: offset / 2,
            at_ms: 1 << 40,
        }
    }

    /// A file of messages with these bodies, and where each begins.
    fn file(bodies: &[&[u8]]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = Vec::new();
        let mut starts = Vec::new();
        for (index, body) in bodies.iter().enumerate() {
            starts.push(bytes.len());
            write(&mut bytes, SEAL, &head(Kind::Message, index as u64), |out| out.extend_from_slice(body));
        }
        (bytes, starts)
    }

    fn readable(bytes: &[u8], seal: Seal) -> Vec<(u64, Vec<u8>)> {
        let records = Records::new(bytes, seal).filter_map(|found| match found {
            Found::Record { head, body, .. } => Some((head.offset, body.to_vec())),
            _ => None,
        });
        records.collect()
    }

    const BODIES: [&[u8]; 4] = [b"one", b"", b"[\"three\"]", &[0xff, 0xd1, 0xff, 0xd1, 0xff]];

    #[test]
    fn what_is_written_is_read() {
        for kind in Kind::ALL {
            let mut bytes = Vec::new();
            write(&mut bytes, SEAL, &head(kind, 6), |out| out.extend_from_slice(b"body"));
            let found: Vec<_> = Records::new(&bytes, SEAL).collect();
            assert_eq!(found, [Found::Record { at: 0, head: head(kind, 6), body: b"body" }]);
        }
    }

    #[test]
    fn a_record_of_another_file_is_none() {
        let (bytes, _) = file(&BODIES);
        assert_eq!(readable(&bytes, SEAL).len(), 4);
        assert!(readable(&bytes, Seal::of(1)).is_empty());
        assert_ne!(Seal::of(1), Seal::of(2));
    }

    #[test]
    fn any_flipped_bit_costs_one_record_and_is_found_where_it_is() {
        let (whole, starts) = file(&BODIES);
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let hit = starts.partition_point(|start| *start <= bit / 8) - 1;
            let damaged: Vec<_> =
                Records::new(&bytes, SEAL).filter(|found| !matches!(found, Found::Record { .. })).collect();
            assert_eq!(damaged.len(), 1, "bit {bit}");
            assert_eq!(damaged[0].at(), starts[hit], "bit {bit}");
            let left = readable(&bytes, SEAL);
            let expected: Vec<_> =
                (0..BODIES.len()).filter(|n| *n != hit).map(|n| (n as u64, BODIES[n].to_vec())).collect();
            assert_eq!(left, expected, "bit {bit}");
        }
    }

    #[test]
    fn a_damaged_body_leaves_the_head() {
        let (mut bytes, starts) = file(&BODIES);
        bytes[starts[2] + HEAD_BYTES] ^= 1;
        let found = Records::new(&bytes, SEAL).nth(2);
        assert_eq!(
            found,
            Some(Found::BadBody {
                at: starts[2],
                head: head(Kind::Message, 2),
                bytes: starts[3] - starts[2]
            })
        );
    }

    #[test]
    fn a_file_that_is_cut_anywhere_keeps_what_is_whole() {
        let (whole, starts) = file(&BODIES);
        for length in 0..whole.len() {
            let left = readable(&whole[..length], SEAL).len();
            let ends = starts[1..].iter().copied().chain([whole.len()]);
            assert_eq!(left, ends.filter(|end| *end <= length).count(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn reading_takes_any_bytes_and_accounts_for_all_of_them(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut end = 0;
            for found in Records::new(&bytes, SEAL) {
                prop_assert_eq!(found.at(), end);
                end += match found {
                    Found::Record { body, .. } => whole_bytes(body.len()),
                    Found::BadBody { bytes, .. } | Found::Unreadable { bytes, .. } => bytes,
                };
            }
            prop_assert_eq!(end, bytes.len());
        }
    }
}
