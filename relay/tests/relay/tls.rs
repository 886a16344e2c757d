//! TLS of the relay's own, as clients and operators meet it. That sessions are the same over TLS is shown by
//! `tests/relay_over_tls`.

use std::sync::Arc;

use realtime_relay::app::Relay;
use rustls::HandshakeKind;
use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use crate::support::secure::{Authority, Folder, connect};
use crate::support::{Client, DEADLINE, part, raw_http, relay};

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

async fn relay_with(folder: &Folder) -> Relay {
    relay(&folder.flags().each_ref().map(String::as_str)).await
}

/// Starts a session over TLS.
async fn visitor(stream: TlsStream<TcpStream>, relay: &Relay) -> Client {
    let mut client = Client::connect_over(Box::new(stream), relay.address()).await;
    client.send(json!({"type": "hello"})).await;
    assert_eq!(client.frame().await["type"], "welcome");
    client
}

/// The certificate that a relay shows.
async fn shown(relay: &Relay, authority: &Authority) -> std::io::Result<CertificateDer<'static>> {
    let stream = connect(authority.client(), relay.address()).await?;
    Ok(stream.get_ref().1.peer_certificates().unwrap()[0].clone())
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_with_http_1_1_inside() {
    let authority = Authority::new();
    let relay = relay_with(&Folder::with(&authority.issue())).await;
    for version in [&TLS12, &TLS13] {
        let mut config = authority.client_of(&[version]);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut stream = connect(config, relay.address()).await.unwrap();
        let agreed = stream.get_ref().1;
        assert_eq!(agreed.protocol_version(), Some(version.version));
        assert_eq!(agreed.alpn_protocol(), Some(&b"http/1.1"[..]));
        stream.write_all(HEALTH).await.unwrap();
        let mut answer = String::new();
        // An end without a close_notify would be an error.
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    let mut only_h2 = authority.client();
    only_h2.alpn_protocols = vec![b"h2".to_vec()];
    let refused = connect(only_h2, relay.address()).await.unwrap_err();
    assert!(refused.to_string().contains("NoApplicationProtocol"), "{refused}");
    relay.stop().await;
}

#[tokio::test]
async fn who_comes_without_tls_is_told_what_is_spoken_here() {
    let authority = Authority::new();
    let relay = relay_with(&Folder::with(&authority.issue())).await;
    let answer = raw_http(&relay, HEALTH).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("bad_input")));
    assert!(answer.body.contains("this address speaks TLS: use https:// and wss://"), "{}", answer.body);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_come_to_its_end_is_given_up() {
    let authority = Authority::new();
    let relay = relay_with(&Folder::with(&authority.issue())).await;
    for begun in [&b""[..], &[22], &[22, 3, 1, 2, 0, 1]] {
        let begun_at = tokio::time::Instant::now();
        let mut socket = TcpStream::connect(relay.address()).await.unwrap();
        socket.write_all(begun).await.unwrap();
        let mut answer = Vec::new();
        // A socket that is closed with unread bytes is reset.
        let _ = socket.read_to_end(&mut answer).await;
        assert!(answer.is_empty(), "{answer:?}");
        assert!(begun_at.elapsed().as_secs() >= 10, "it has ten seconds");
    }
    part(relay, ()).await;
}

#[tokio::test]
async fn a_certificate_that_is_renewed_is_shown_to_new_clients_and_old_ones_notice_nothing() {
    let (before, after) = (Authority::new(), Authority::new());
    let folder = Folder::with(&before.issue());
    let relay = relay_with(&folder).await;
    let mut client = visitor(connect(before.client(), relay.address()).await.unwrap(), &relay).await;
    folder.put(&after.issue());
    relay.reload();
    let renewed = async { while shown(&relay, &after).await.is_err() {} };
    timeout(DEADLINE, renewed).await.expect("the new certificate in time");
    assert!(shown(&relay, &before).await.is_err());
    assert_eq!(client.subscribe(1, json!({"name": "c"}), None).await["type"], "subscribed");
    part(relay, client).await;
}

#[tokio::test]
async fn a_broken_pair_leaves_the_certificate_before_in_force_and_a_right_one_is_taken_behind_it() {
    let (authority, after) = (Authority::new(), Authority::new());
    let folder = Folder::with(&authority.issue());
    let relay = relay_with(&folder).await;
    let certificate = shown(&relay, &authority).await.unwrap();
    // A certificate with the key of another.
    let (own, _) = after.issue();
    folder.put(&(own, after.issue().1));
    relay.reload();
    // Longer than it takes to see it and to let it settle.
    for _ in 0..20 {
        assert_eq!(shown(&relay, &authority).await.unwrap(), certificate);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    folder.put(&after.issue());
    let renewed = async { while shown(&relay, &after).await.is_err() {} };
    timeout(DEADLINE, renewed).await.expect("the new certificate in time");
    relay.stop().await;
}

#[tokio::test]
async fn who_comes_back_makes_a_short_handshake() {
    let authority = Authority::new();
    let relay = relay_with(&Folder::with(&authority.issue())).await;
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(authority.client_of(&[version]));
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let mut stream = connect(Arc::clone(&config), relay.address()).await.unwrap();
            stream.write_all(HEALTH).await.unwrap();
            stream.read_to_end(&mut Vec::new()).await.unwrap();
            kinds.push(stream.get_ref().1.handshake_kind().unwrap());
        }
        assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed], "{version:?}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_session_outlives_that_its_client_changes_the_keys() {
    let authority = Authority::new();
    let relay = relay_with(&Folder::with(&authority.issue())).await;
    let mut stream = connect(authority.client_of(&[&TLS13]), relay.address()).await.unwrap();
    stream.get_mut().1.refresh_traffic_keys().unwrap();
    let mut client = visitor(stream, &relay).await;
    assert_eq!(client.subscribe(1, json!({"name": "c"}), None).await["type"], "subscribed");
    part(relay, client).await;
}

#[tokio::test]
async fn a_session_that_ends_says_so_in_tls_too() {
    let authority = Authority::new();
    let relay = relay_with(&Folder::with(&authority.issue())).await;
    let mut stream = connect(authority.client(), relay.address()).await.unwrap();
    let request = "GET /v1/realtime HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Protocol: realtime.v1.json\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        assert_ne!(timeout(DEADLINE, stream.read_buf(&mut heard)).await.unwrap().unwrap(), 0);
    }
    let stopping = tokio::spawn(relay.stop());
    // A connection that ends without a close_notify is an error here: somebody may have cut it.
    timeout(DEADLINE, stream.read_to_end(&mut heard)).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&heard);
    assert!(text.starts_with("HTTP/1.1 101") && text.contains("the relay is restarting"), "{text}");
    drop(stream);
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_relay_whose_certificate_is_not_right_does_not_start_and_says_why() {
    let authority = Authority::new();
    let folder = Folder::with(&(authority.issue().0, authority.issue().1));
    let flags = folder.flags();
    let settings = crate::support::settings(&flags.each_ref().map(String::as_str));
    let error = Relay::start(settings).await.err().unwrap().to_string();
    assert!(error.starts_with("TLS cannot be started: the key in "), "{error}");
    assert!(error.contains("is not that of the first certificate in"), "{error}");
}
