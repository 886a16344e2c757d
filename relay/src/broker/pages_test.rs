//! Shared pages: what reaches each socket, byte by byte.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use realtime_random::SplitMix64;

use super::*;

/// A frame of these is worth pages for the fewest readers.
const ENOUGH_BYTES: usize = MIN_COPIED_BYTES / MIN_READERS;

/// A socket that does not block, and its other side.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let socket = listener.accept().unwrap().0;
    socket.set_nonblocking(true).unwrap();
    (socket, client)
}

/// Bytes of which no two stretches are alike.
fn frame(bytes: usize, seed: u64) -> Vec<u8> {
    let mut numbers = SplitMix64::new(seed);
    std::iter::repeat_with(|| numbers.number() as u8).take(bytes).collect()
}

fn read(client: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut read = vec![0; bytes];
    client.read_exact(&mut read).unwrap();
    read
}

#[test]
fn every_socket_gets_the_same_bytes_whatever_their_number() {
    for bytes in [MIN_BYTES, MIN_BYTES + 1, 4_760, 9_500, 24_577, 32_768, 65_535, 65_536, 65_546, 200_001] {
        let frame = frame(bytes, 1);
        let mut pages = Pages::of(&frame, 1_000).unwrap();
        // More than one branch of the smallest.
        for _ in 0..40 {
            let (socket, mut client) = pair();
            let mut taken = pages.give(&socket);
            let mut got = read(&mut client, taken);
            // What a socket of this system does not take at once.
            while taken < bytes {
                taken += (&socket).write(&frame[taken..]).unwrap();
                let rest = taken - got.len();
                got.extend(read(&mut client, rest));
            }
            assert!(got == frame, "{bytes} bytes");
        }
    }
}

#[test]
fn a_socket_that_takes_a_part_leaves_nothing_to_the_next_one() {
    let frame = frame(300_000, 2);
    let mut pages = Pages::of(&frame, MIN_READERS).unwrap();
    let (slow, mut slow_client) = pair();
    let mut given = Vec::new();
    while given.last().is_none_or(|taken| *taken == frame.len()) {
        given.push(pages.give(&slow));
    }
    let (quick, mut quick_client) = pair();
    let taken = pages.give(&quick);
    assert!(taken > 0);
    assert!(read(&mut quick_client, taken) == frame[..taken]);
    for taken in given {
        assert!(read(&mut slow_client, taken) == frame[..taken], "{taken} bytes");
    }
    // Nothing else was sent.
    drop((slow, quick));
    assert_eq!(slow_client.read(&mut [0]).unwrap(), 0);
    assert_eq!(quick_client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn what_is_on_its_way_stays_as_it_was_when_the_frame_and_its_pages_are_gone() {
    let first = frame(40_000, 3);
    let (socket, mut client) = pair();
    let taken = Pages::of(&first, MIN_READERS).unwrap().give(&socket);
    // Whoever wants pages now gets those that are free.
    let others: Vec<_> = (0..64).filter_map(|seed| Pages::of(&frame(40_000, seed), MIN_READERS)).collect();
    assert!(read(&mut client, taken) == first[..taken]);
    drop(others);
}

#[test]
fn a_socket_that_takes_a_part_amid_a_branch_leaves_nothing_of_it_to_the_next_one() {
    let frame = frame(5_000, 6);
    let mut pages = Pages::of(&frame, 1_000).unwrap();
    let (slow, mut slow_client) = pair();
    let mut given = 0;
    while pages.give(&slow) == frame.len() {
        given += 1;
    }
    // The last one was cut, or not begun, somewhere within a branch.
    assert!(given > pages.repeats);
    for _ in 0..2 * pages.repeats {
        let (quick, mut quick_client) = pair();
        assert_eq!(pages.give(&quick), frame.len());
        assert!(read(&mut quick_client, frame.len()) == frame);
    }
    for _ in 0..given {
        assert!(read(&mut slow_client, frame.len()) == frame);
    }
}

#[test]
fn a_connection_that_is_gone_takes_nothing_and_the_next_one_all() {
    let frame = frame(MIN_BYTES, 4);
    let mut pages = Pages::of(&frame, 1_000).unwrap();
    let (gone, client) = pair();
    drop(client);
    while pages.give(&gone) > 0 {}
    assert_ne!((&gone).write(&frame).unwrap_err().kind(), ErrorKind::WouldBlock);
    let (socket, mut client) = pair();
    assert_eq!(pages.give(&socket), frame.len());
    assert!(read(&mut client, frame.len()) == frame);
}

#[test]
fn few_readers_or_a_small_frame_are_left_to_writes() {
    let of = |bytes, readers| Pages::of(&vec![0; bytes], readers);
    assert!(of(ENOUGH_BYTES, MIN_READERS).is_some());
    assert!(of(ENOUGH_BYTES - 1, MIN_READERS).is_none());
    assert!(of(1 << 20, MIN_READERS - 1).is_none());
    assert!(of(MIN_BYTES, 1_000).is_some());
    assert!(of(MIN_BYTES - 1, 1_000).is_none());
    assert!(of(MIN_BYTES, 100).is_none());
}

#[test]
fn where_the_system_cannot_share_pages_nothing_is_taken_and_it_is_asked_once() {
    let frame = frame(MIN_BYTES, 5);
    let mut pages = Pages::of(&frame, 1_000).unwrap();
    // Linux splices nothing to the end of a file.
    let file = tempfile::NamedTempFile::new().unwrap();
    let file = File::options().append(true).open(file.path()).unwrap();
    assert_eq!(pages.give(&file), 0);
    let (socket, _client) = pair();
    assert_eq!(pages.give(&socket), 0);
    assert_eq!(file.metadata().unwrap().len(), 0);
}
