//! Mutations of seeds, the same ones for the same number: what a fuzzer does, without its memory of what was new.

use realtime_random::SplitMix64;

/// Words that parsers know, put where they do not expect them.
const WORDS: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"-1",
    b"1e400",
    b"9007199254740992",
    b"18446744073709551616",
    b"\\ud800",
    b"\\u0000",
    b"\0",
    b"\n",
    b"\r\n",
    b"\xFF",
    b"\xC3",
    "\u{202E}".as_bytes(),
    b"%2e",
    b"%2F",
    b"..",
    b"/",
    b".",
    b"\x7F",
    b"\xFE",
    b"\x81",
    b"\x80",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":",
];

/// The most that a mutation grows to.
const MAX_BYTES: usize = 4096;

/// A source of numbers that are the same in every run.
#[derive(Debug)]
pub struct Numbers(SplitMix64);

impl Numbers {
    /// The numbers of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    /// A number below the limit, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0.below(limit as u64) as usize
    }
}

/// One of the seeds after one to six changes.
///
/// # Panics
/// When there are no seeds.
pub fn mutate(seeds: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seeds[numbers.below(seeds.len())].clone();
    for _ in 0..=numbers.below(6) {
        change(&mut bytes, seeds, numbers);
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], numbers: &mut Numbers) {
    let at = numbers.below(bytes.len() + 1);
    let end = (at + 1 + numbers.below(16)).min(bytes.len());
    match numbers.below(8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
        1 if at < bytes.len() => bytes[at] = numbers.below(256) as u8,
        2 => drop(bytes.drain(at..end)),
        3 => {
            let again = bytes[at..end].to_vec();
            insert(bytes, at, &again);
        }
        4 => bytes.truncate(at),
        5 => {
            let other = &seeds[numbers.below(seeds.len())];
            let from = numbers.below(other.len() + 1);
            insert(bytes, at, &other[from..]);
        }
        _ => insert(bytes, at, WORDS[numbers.below(WORDS.len())]),
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, what: &[u8]) {
    bytes.splice(at..at, what.iter().copied());
}
