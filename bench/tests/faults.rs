//! The load generator against servers that lie: each fault has to end the measurement, whoever reads first.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use realtime_bench::bare::command;
use realtime_bench::check::fault::Fault;
use realtime_bench::error::BenchError;
use realtime_bench::load::crowd::{Crowd, Totals};
use realtime_bench::load::waiter::Waits;
use realtime_bench::servers::bare::Bare;
use realtime_bench::servers::server::Server;
use realtime_bench::wire::payload::Payload;
use realtime_bench::wire::{frame, http};

/// Subscribers of every test.
const SUBSCRIBERS: usize = 3;

/// Messages of the one burst that every test publishes.
const BURST: usize = 5;

/// What a server makes of a burst for one of its subscribers: which of the messages it sends, in which order.
type Sends = fn(subscriber: usize) -> Vec<usize>;

/// A server with the bare loop's words: takes its subscribers one after the other, then one publish, and sends what
/// it wants.
fn lying_server(sends: Sends) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut subscribers: Vec<TcpStream> = (0..SUBSCRIBERS).map(|_| subscriber(&listener)).collect();
        let (mut publisher, _) = listener.accept().unwrap();
        let request = read_until(&mut publisher, |bytes| http::first(bytes).is_some());
        let messages = payloads(http::first(&request).unwrap().body);
        for (index, subscriber) in subscribers.iter_mut().enumerate() {
            let mut frames = Vec::new();
            for message in sends(index) {
                frame::push_server_text(&mut frames, &messages[message]);
            }
            subscriber.write_all(&frames).unwrap();
        }
        publisher.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        // Until the load has gone: a connection that ends would be another fault. How it goes does not matter.
        let _ = publisher.read(&mut [0; 16]);
    });
    address
}

fn subscriber(listener: &TcpListener) -> TcpStream {
    let (mut socket, _) = listener.accept().unwrap();
    read_until(&mut socket, |bytes| http::first(bytes).is_some());
    socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").unwrap();
    read_until(&mut socket, |bytes| frame::short_client_text(bytes).is_some());
    let mut reply = Vec::new();
    frame::push_server_text(&mut reply, command::SUBSCRIBED);
    socket.write_all(&reply).unwrap();
    socket
}

fn read_until(socket: &mut TcpStream, is_whole: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    while !is_whole(&bytes) {
        let length = socket.read(&mut buffer).unwrap();
        assert!(length > 0, "the load went away");
        bytes.extend_from_slice(&buffer[..length]);
    }
    bytes
}

fn payloads(mut body: &[u8]) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    while let Some((_, payload, rest)) = command::first(body) {
        payloads.push(payload.to_vec());
        body = rest;
    }
    payloads
}

/// Publishes one burst, waits for as many deliveries as the server sends, and checks.
fn measure(sends: Sends) -> Result<(), BenchError> {
    let dialect = Bare { program: PathBuf::new() }.dialect(Payload::of_bytes(32));
    let mut crowd = Crowd::new(lying_server(sends), dialect, Waits::Asleep)?;
    crowd.subscribe(SUBSCRIBERS, 1, 1)?;
    crowd.add_publishers(1)?;
    crowd.publish(0, (0..BURST).map(|_| 0), Instant::now())?;
    let delivered = (0..SUBSCRIBERS).map(|subscriber| sends(subscriber).len() as u64).sum();
    crowd.reach(Totals { delivered, answered: 1 })?;
    crowd.check_whole(true)
}

fn fault(sends: Sends) -> Fault {
    match measure(sends).expect_err("a fault") {
        BenchError::Subscriber { fault, .. } | BenchError::Channel { fault, .. } => fault,
        other => panic!("no fault of messages: {other}"),
    }
}

#[test]
fn a_server_that_sends_everything_once_and_in_order_passes() {
    measure(|_| vec![0, 1, 2, 3, 4]).unwrap();
}

/// Which of the subscribers reads first is chance, and what the others are told depends on it.
fn is_told(fault: &Fault) -> bool {
    matches!(fault, Fault::WrongNumber { .. } | Fault::Behind { .. } | Fault::Stranger(_))
}

#[test]
fn a_message_that_one_subscriber_does_not_get_is_found() {
    let gap = fault(|subscriber| if subscriber == 1 { vec![0, 1, 3, 4] } else { vec![0, 1, 2, 3, 4] });
    assert!(is_told(&gap), "{gap}");
    let end = fault(|subscriber| if subscriber == 2 { vec![0, 1, 2, 3] } else { vec![0, 1, 2, 3, 4] });
    assert_eq!(end, Fault::Behind { got: 4, due: 5 });
}

#[test]
fn a_message_that_one_subscriber_gets_twice_is_found() {
    let double =
        fault(|subscriber| if subscriber == 2 { vec![0, 1, 1, 2, 3, 4] } else { vec![0, 1, 2, 3, 4] });
    assert!(is_told(&double), "{double}");
}

#[test]
fn messages_that_one_subscriber_gets_in_another_order_are_found() {
    let swap = fault(|subscriber| if subscriber == 0 { vec![0, 1, 2, 4, 3] } else { vec![0, 1, 2, 3, 4] });
    assert!(is_told(&swap), "{swap}");
}

#[test]
fn what_goes_wrong_for_all_alike_is_found_too() {
    assert_eq!(fault(|_| vec![0, 1, 3, 4]), Fault::Lost { missing: 1, published: 5 });
    assert_eq!(fault(|_| vec![0, 1, 2, 2, 3, 4]), Fault::Stranger(2));
    assert_eq!(fault(|_| vec![0, 2, 1, 3, 4]), Fault::Swapped { before: 2, after: 1 });
}
