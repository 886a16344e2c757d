//! Every fault, at both ends.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use faults::proxy::{Direction, Fault, How};
use tokio::net::TcpSocket;

use crate::ends::{ANYWHERE, Scene, end_of, hears, hears_nothing, say, soon};

#[tokio::test]
async fn without_a_fault_bytes_and_ends_pass_both_ways() {
    let scene = Scene::new().await;
    let (mut client, mut server) = scene.connect().await;
    say(&mut client, "up").await;
    hears(&mut server, "up").await;
    say(&mut server, "down").await;
    hears(&mut client, "down").await;
    drop(client);
    assert_eq!(end_of(&mut server).await, Ok(()));
    let counts = scene.proxy.counts();
    assert_eq!((counts.accepted, counts.bytes_up, counts.bytes_down), (1, 2, 4));
    assert_eq!(counts.arrivals_ms.len(), 1);
}

#[tokio::test]
async fn a_cut_ends_both_ends_and_leaves_new_connections_alone() {
    for (how, end) in [(How::Reset, Err(ErrorKind::ConnectionReset)), (How::Orderly, Ok(()))] {
        let scene = Scene::new().await;
        let (mut client, mut server) = scene.connect().await;
        say(&mut client, "before").await;
        hears(&mut server, "before").await;
        scene.proxy.apply(&Fault::Cut { how });
        assert_eq!(end_of(&mut client).await, end);
        assert_eq!(end_of(&mut server).await, end);
        let (mut client, mut server) = scene.connect().await;
        say(&mut client, "anew").await;
        hears(&mut server, "anew").await;
    }
}

#[tokio::test]
async fn a_stalled_direction_carries_nothing_until_it_is_healed_and_then_everything() {
    let scene = Scene::new().await;
    let (mut client, mut server) = scene.connect().await;
    scene.proxy.apply(&Fault::Stall { direction: Direction::Up });
    say(&mut client, "waiting").await;
    hears_nothing(&mut server).await;
    say(&mut server, "down").await;
    hears(&mut client, "down").await;
    scene.proxy.heal();
    hears(&mut server, "waiting").await;

    scene.proxy.apply(&Fault::Stall { direction: Direction::Both });
    drop(client);
    hears_nothing(&mut server).await;
    scene.proxy.heal();
    assert_eq!(end_of(&mut server).await, Ok(()), "an end waits too");
}

#[tokio::test]
async fn half_closing_ends_one_direction_while_the_other_goes_on() {
    for direction in [Direction::Up, Direction::Down] {
        let scene = Scene::new().await;
        let (client, server) = scene.connect().await;
        let (mut writer, mut reader) =
            if direction == Direction::Up { (client, server) } else { (server, client) };
        say(&mut writer, "before").await;
        hears(&mut reader, "before").await;
        scene.proxy.apply(&Fault::HalfClose { direction });
        assert_eq!(end_of(&mut reader).await, Ok(()));
        say(&mut writer, "for nobody").await;
        say(&mut reader, "the other way").await;
        hears(&mut writer, "the other way").await;
    }
}

#[tokio::test]
async fn what_has_fallen_into_a_black_hole_never_comes_out_even_when_it_is_healed() {
    let scene = Scene::new().await;
    let (mut client, mut server) = scene.connect().await;
    scene.proxy.apply(&Fault::BlackHole);
    let mut meanwhile = scene.connect_alone().await;
    // The connection that there is falls into it when its task has heard of it.
    while soon(async { scene.proxy.counts().open }).await < 2 {
        tokio::task::yield_now().await;
    }
    say(&mut client, "lost").await;
    say(&mut meanwhile, "lost").await;
    hears_nothing(&mut server).await;
    scene.proxy.heal();
    hears_nothing(&mut server).await;
    hears_nothing(&mut client).await;
    hears_nothing(&mut meanwhile).await;
    let (mut client, mut server) = scene.connect().await;
    say(&mut client, "through").await;
    hears(&mut server, "through").await;
}

#[tokio::test]
async fn a_delay_holds_everything_back_in_its_order() {
    let scene = Scene::new().await;
    scene.proxy.apply(&Fault::Delay { direction: Direction::Down, ms: 200, jitter_ms: 100 });
    let (mut client, mut server) = scene.connect().await;
    let began = Instant::now();
    for piece in ["one ", "two ", "three"] {
        say(&mut server, piece).await;
        tokio::task::yield_now().await;
    }
    hears(&mut client, "one two three").await;
    assert!(began.elapsed() >= Duration::from_millis(200), "it took {:?}", began.elapsed());
}

#[tokio::test]
async fn a_throttled_line_takes_as_long_as_its_bytes_need() {
    let scene = Scene::new().await;
    scene.proxy.apply(&Fault::Throttle { direction: Direction::Up, bytes_per_second: 10_000 });
    let (mut client, mut server) = scene.connect().await;
    let began = Instant::now();
    let text = "0123456789".repeat(300);
    say(&mut client, &text).await;
    hears(&mut server, &text).await;
    // 3,000 bytes, of which the first step of 500 need not wait.
    assert!(began.elapsed() >= Duration::from_millis(240), "it took {:?}", began.elapsed());
    scene.proxy.heal();
    say(&mut client, "fast again").await;
    hears(&mut server, "fast again").await;
}

#[tokio::test]
async fn refused_connections_are_reset_and_counted_and_those_that_there_are_stay() {
    let scene = Scene::new().await;
    let (mut client, mut server) = scene.connect().await;
    scene.proxy.apply(&Fault::Refuse);
    let mut refused = scene.connect_alone().await;
    assert_eq!(end_of(&mut refused).await, Err(ErrorKind::ConnectionReset));
    say(&mut client, "still here").await;
    hears(&mut server, "still here").await;
    let counts = scene.proxy.counts();
    assert_eq!((counts.accepted, counts.refused), (2, 1));
}

#[tokio::test]
async fn a_captive_portal_answers_whatever_is_asked_with_its_page() {
    let scene = Scene::new().await;
    scene.proxy.apply(&Fault::Portal { html: "<p>Log in".to_owned() });
    let mut client = scene.connect_alone().await;
    say(&mut client, "GET /v1/realtime HTTP/1.1\r\nupgrade: websocket\r\n\r\n").await;
    hears(&mut client, "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 9\r\n").await;
    hears(&mut client, "connection: close\r\n\r\n<p>Log in").await;
    assert_eq!(end_of(&mut client).await, Ok(()));
}

#[tokio::test]
async fn where_nobody_listens_a_client_is_reset_and_new_connections_can_be_led_elsewhere() {
    let (scene, elsewhere) = (Scene::new().await, Scene::new().await);
    scene.proxy.lead_to(elsewhere.proxy.address());
    let mut client = scene.connect_alone().await;
    say(&mut client, "hello").await;
    let mut server = elsewhere.accept().await;
    hears(&mut server, "hello").await;

    drop(elsewhere);
    // An address that is taken, and at which nobody listens.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind(ANYWHERE).unwrap();
    scene.proxy.lead_to(nobody.local_addr().unwrap());
    assert_eq!(end_of(&mut client).await, Ok(()), "its own connection ends with the proxy behind");
    let mut client = scene.connect_alone().await;
    assert_eq!(end_of(&mut client).await, Err(ErrorKind::ConnectionReset));
}
