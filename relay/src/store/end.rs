//! Where the history ends: a small file that is written over after every write, so that a start can tell whether
//! anything is missing.
//!
//! It holds the same twice, each with a checksum, so that one damaged place does not matter.

use uuid::Uuid;

/// What the file begins with; the last byte is the version of the format.
const MAGIC: [u8; 8] = *b"RTRELAY\x01";

/// Bytes of one of the two copies.
const COPY_BYTES: usize = 72;

/// Bytes of the file.
pub(crate) const END_BYTES: usize = 2 * COPY_BYTES;

/// How far the history goes, and who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// The store, a random number.
    pub(crate) store: u64,
    /// The oldest file.
    pub(crate) oldest: u32,
    /// The newest file.
    pub(crate) newest: u32,
    /// Bytes of the newest file that count. What is behind them was never acknowledged.
    pub(crate) bytes: u64,
    /// The relay stopped in good order, and everything is on the disk.
    pub(crate) is_clean: bool,
    /// Every write was on the disk before it was acknowledged.
    pub(crate) is_synced: bool,
    /// Which life of the machine it was written in. A machine that went down has lost what was not on its disk.
    pub(crate) boot: Boot,
    /// The inode of this very file: a copy of the folder has another, and may be from the past.
    pub(crate) inode: u64,
}

/// A life of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Boot(u128);

impl Boot {
    /// None that a machine ever has.
    pub(crate) const UNKNOWN: Self = Self(0);

    /// This one. On systems that do not tell, every start of the relay counts as one.
    pub(crate) fn now() -> Self {
        let told = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        let id = told.and_then(|text| Uuid::parse_str(text.trim()).ok());
        Self(id.unwrap_or_else(Uuid::new_v4).as_u128())
    }

    #[cfg(test)]
    pub(crate) const fn of(number: u128) -> Self {
        Self(number)
    }
}

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadEnd {
    /// Where the history ends.
    End(End),
    /// A newer relay wrote it.
    Newer(u8),
    /// Both copies are damaged.
    Damaged,
}

impl End {
    /// The file's bytes.
    pub(crate) fn encode(&self) -> [u8; END_BYTES] {
        let mut copy = Vec::with_capacity(COPY_BYTES);
        copy.extend_from_slice(&MAGIC);
        copy.extend_from_slice(&self.store.to_le_bytes());
        copy.extend_from_slice(&self.oldest.to_le_bytes());
        copy.extend_from_slice(&self.newest.to_le_bytes());
        copy.extend_from_slice(&self.bytes.to_le_bytes());
        copy.extend_from_slice(&u64::from(self.is_clean).to_le_bytes());
        copy.extend_from_slice(&u32::from(self.is_synced).to_le_bytes());
        copy.extend_from_slice(&self.boot.0.to_le_bytes());
        copy.extend_from_slice(&self.inode.to_le_bytes());
        copy.extend_from_slice(&crc32fast::hash(&copy).to_le_bytes());
        let mut bytes = [0; END_BYTES];
        for (place, byte) in bytes.iter_mut().zip(copy.iter().chain(&copy)) {
            *place = *byte;
        }
        bytes
    }

    /// Reads the file.
    pub(crate) fn decode(bytes: &[u8]) -> ReadEnd {
        let copies = bytes.as_chunks::<COPY_BYTES>().0;
        let whole = copies.iter().filter_map(decode_copy);
        // Copies differ when the relay was killed while it wrote them: the newer one is ahead.
        whole.max_by_key(rank).unwrap_or(ReadEnd::Damaged)
    }
}

fn rank(read: &ReadEnd) -> (u8, u32, u64) {
    match read {
        ReadEnd::Newer(_) => (2, 0, 0),
        ReadEnd::End(end) => (1, end.newest, end.bytes),
        ReadEnd::Damaged => (0, 0, 0),
    }
}

fn decode_copy(copy: &[u8; COPY_BYTES]) -> Option<ReadEnd> {
    let (text, checksum) = copy.split_last_chunk::<4>()?;
    if crc32fast::hash(text).to_le_bytes() != *checksum {
        return None;
    }
    let (magic, mut rest) = text.split_first_chunk::<8>()?;
    let ([name @ .., version], [wanted @ .., ours]) = (magic, &MAGIC);
    if name != wanted {
        return None;
    }
    if version != ours {
        return Some(ReadEnd::Newer(*version));
    }
    Some(ReadEnd::End(End {
        store: u64::from_le_bytes(take(&mut rest)?),
        oldest: u32::from_le_bytes(take(&mut rest)?),
        newest: u32::from_le_bytes(take(&mut rest)?),
        bytes: u64::from_le_bytes(take(&mut rest)?),
        is_clean: u64::from_le_bytes(take(&mut rest)?) != 0,
        is_synced: u32::from_le_bytes(take(&mut rest)?) != 0,
        boot: Boot(u128::from_le_bytes(take(&mut rest)?)),
        inode: u64::from_le_bytes(take(&mut rest)?),
    }))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end() -> End {
        End {
            store: u64::MAX,
            oldest: 3,
            newest: 9,
            bytes: 1 << 40,
            is_clean: true,
            is_synced: false,
            boot: Boot::of(u128::MAX - 5),
            inode: 77,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for is_clean in [true, false] {
            let end = End { is_clean, is_synced: !is_clean, ..end() };
            assert_eq!(End::decode(&end.encode()), ReadEnd::End(end));
        }
    }

    #[test]
    fn any_flipped_bit_leaves_the_other_copy() {
        for bit in 0..END_BYTES * 8 {
            let mut bytes = end().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(End::decode(&bytes), ReadEnd::End(end()), "bit {bit}");
        }
    }

    #[test]
    fn a_file_that_is_cut_or_damaged_twice_is_known_to_be() {
        for length in 0..END_BYTES {
            let expected = if length < COPY_BYTES { ReadEnd::Damaged } else { ReadEnd::End(end()) };
            assert_eq!(End::decode(&end().encode()[..length]), expected, "{length}");
        }
        let mut bytes = end().encode();
        bytes[20] ^= 1;
        bytes[COPY_BYTES + 30] ^= 1;
        assert_eq!(End::decode(&bytes), ReadEnd::Damaged);
    }

    #[test]
    fn a_write_that_was_cut_short_counts_as_far_as_it_came() {
        let later = End { bytes: (1 << 40) + 10, ..end() };
        let mut bytes = end().encode();
        bytes[..COPY_BYTES].copy_from_slice(&later.encode()[..COPY_BYTES]);
        assert_eq!(End::decode(&bytes), ReadEnd::End(later));
    }

    #[test]
    fn what_a_newer_relay_wrote_is_recognised() {
        let mut copy = end().encode()[..COPY_BYTES].to_vec();
        copy[7] = 2;
        let checksum = crc32fast::hash(&copy[..COPY_BYTES - 4]);
        copy[COPY_BYTES - 4..].copy_from_slice(&checksum.to_le_bytes());
        assert_eq!(End::decode(&copy), ReadEnd::Newer(2));
    }

    #[test]
    fn a_machine_that_is_up_has_one_boot() {
        if std::path::Path::new("/proc/sys/kernel/random/boot_id").exists() {
            assert_eq!(Boot::now(), Boot::now());
        }
    }
}
