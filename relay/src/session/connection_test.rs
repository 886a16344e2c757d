//! What reaches the other side of a connection, and what its session is told.

use std::io::Read;
use std::net::TcpStream as Socket;

use tokio::net::TcpListener;

use super::*;

/// A connection of a user, and its other side.
pub(in crate::session) async fn connection(session: u64, user: &str) -> (Arc<Connection>, Socket) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Socket::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let (socket, _) = listener.accept().await.unwrap();
    socket.writable().await.unwrap();
    let connection = Arc::new(Connection::new(SessionId(session), socket.into(), 1024));
    connection.identify(UserId::parse(user).unwrap());
    (connection, client)
}

fn frame(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// Reads as much as is expected, and holds it to that.
fn expect(client: &mut Socket, expected: &str) {
    let mut bytes = vec![0; expected.len()];
    client.read_exact(&mut bytes).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

const SEVEN: ChannelNumber = ChannelNumber(7);
const EIGHT: ChannelNumber = ChannelNumber(8);

#[tokio::test]
async fn behind_the_last_frame_about_a_channel_nothing_of_it_is_written_until_it_is_read_again() {
    let (connection, mut client) = connection(1, "anna").await;
    connection.join(SEVEN, true, frame("[subscribed 7]"));
    connection.join(EIGHT, true, frame("[subscribed 8]"));
    connection.flush();
    connection.write(SEVEN, &frame("[7 a]"));
    connection.left(SEVEN);
    connection.finish(SEVEN, frame("[ended 7]"), Duration::ZERO);
    // A flusher that had taken this before the session left.
    connection.write(SEVEN, &frame("[7 b]"));
    connection.flush();
    connection.write(EIGHT, &frame("[8 a]"));
    expect(&mut client, "[subscribed 7][subscribed 8][7 a][ended 7][8 a]");
    connection.join(SEVEN, true, frame("[subscribed 7]"));
    connection.flush();
    connection.write(SEVEN, &frame("[7 c]"));
    expect(&mut client, "[subscribed 7][7 c]");
}

#[tokio::test]
async fn the_channels_that_it_reads_are_each_known_once() {
    let (connection, _client) = connection(1, "anna").await;
    connection.join(SEVEN, true, frame(""));
    connection.join(SEVEN, false, frame(""));
    connection.join(EIGHT, true, frame(""));
    assert_eq!(connection.channels(), [SEVEN, EIGHT]);
    connection.left(SEVEN);
    connection.left(SEVEN);
    assert_eq!(connection.channels(), [EIGHT]);
}

#[tokio::test]
async fn orders_are_taken_once_in_their_order_and_not_by_a_session_that_ends() {
    let (connection, _client) = connection(1, "anna").await;
    let told = |connection: &Connection| -> Vec<String> {
        connection.take_orders().iter().map(|order| format!("{order:?}")).collect()
    };
    connection.tell(Order::Drain { window: Duration::ZERO });
    connection.tell(Order::Disconnect { comes_back: false, reason: "x".into() });
    connection.woken().await;
    let orders = told(&connection);
    assert!(orders[0].starts_with("Drain") && orders[1].starts_with("Disconnect"), "{orders:?}");
    assert!(told(&connection).is_empty());
    connection.end(frame("[close]"));
    connection.tell(Order::Drain { window: Duration::ZERO });
    assert!(told(&connection).is_empty());
}

#[tokio::test]
async fn a_client_that_takes_no_answers_is_read_no_further_until_it_does_and_its_outbox_is_for_messages() {
    let (connection, mut client) = connection(1, "anna").await;
    let answer = frame(&"a".repeat(1_000));
    let mut answers = 0;
    while !connection.waits().on_answers {
        connection.queue(answer.clone());
        connection.flush();
        answers += 1;
    }
    // The outbox holds 1,024 bytes of messages, however many answers wait before them.
    assert_eq!(connection.state(), SendingState::Open);
    connection.write(SEVEN, &frame(&"m".repeat(1_000)));
    assert_eq!(connection.state(), SendingState::Open);
    let reading = std::thread::spawn(move || {
        let mut bytes = vec![0; answers * 1_000 + 1_000];
        client.read_exact(&mut bytes).unwrap();
        bytes
    });
    while connection.has_waiting() {
        connection.socket().writable().await.unwrap();
        connection.flush();
    }
    assert!(!connection.waits().on_answers);
    assert!(reading.join().unwrap().ends_with(b"mmm"));
}

#[tokio::test]
async fn what_the_socket_takes_of_what_waits_is_told() {
    let (connection, mut client) = connection(1, "anna").await;
    connection.queue(frame("[one]"));
    connection.queue_recovery(frame("[two]"));
    assert_eq!(connection.write_on(), 10);
    assert_eq!(connection.write_on(), 0);
    expect(&mut client, "[one][two]");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_frame_in_shared_pages_arrives_whole_though_its_reader_stops_in_the_middle() {
    let (connection, mut client) = connection(1, "anna").await;
    let text: String = (0..50_000).map(|number| format!("{number:06}")).collect();
    let mut pages = Pages::of(text.as_bytes(), 1_000).expect("pages to share");
    let mut frames = 0;
    while !connection.has_waiting() {
        connection.write_shared(SEVEN, &frame(&text), &mut pages);
        frames += 1;
    }
    let reading = std::thread::spawn(move || {
        let mut bytes = vec![0; frames * 300_000];
        client.read_exact(&mut bytes).unwrap();
        bytes
    });
    while connection.has_waiting() {
        connection.socket().writable().await.unwrap();
        connection.flush();
    }
    assert!(reading.join().unwrap() == text.repeat(frames).into_bytes());
}
