//! The commands that speak to a relay over TLS: whom they believe, and what they say of whom they do not.

use std::time::Duration;

use rcgen::{BasicConstraints, IsCa};
use realtime_relay::app::Relay;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::support::relay;
use super::support::secure::{Authority, Folder, names, signed_by_itself};
use super::terminal::{Ended, Running, command, end_of, run};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A relay that shows this certificate, its address by TLS, and the file of the one who signed it.
struct Secure {
    relay: Relay,
    url: String,
    folder: Folder,
}

impl Secure {
    async fn start(pair: &(String, String), authority: &str) -> Self {
        let folder = Folder::with(pair);
        std::fs::write(folder.path("ca.pem"), authority).unwrap();
        let relay = relay(&folder.flags().each_ref().map(String::as_str)).await;
        let url = format!("https://{}", relay.address());
        Self { relay, url, folder }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path(name).to_str().unwrap().to_owned()
    }

    /// Publishes to it and subscribes to it, neither of which may come to anything. Returns what both say.
    async fn refused(&self, url: &str, ca: &str) -> [String; 2] {
        let mut said = Vec::new();
        for command in [&["publish", "chat", "1"][..], &["subscribe", "chat"]] {
            let Ended { code, out, err } = run(&[command, &["--url", url, "--ca", ca]].concat()).await;
            assert_eq!((code, out.as_str()), (1, ""), "{err}");
            said.push(err);
        }
        said.try_into().unwrap()
    }
}

#[tokio::test]
async fn a_relay_whose_authority_is_named_is_published_to_subscribed_to_and_asked() {
    let authority = Authority::new();
    let secure = Secure::start(&authority.issue(), &authority.pem()).await;
    let (url, ca) = (secure.url.replace("127.0.0.1", "localhost"), secure.file("ca.pem"));
    let mut subscriber = Running::start(&["subscribe", "chat", "--url", &url, "--ca", &ca]);
    subscriber.says("listening to chat").await;
    let ended = run(&["publish", "chat", "\"Hi\"", "--url", &secure.url, "--ca", &ca]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(subscriber.line().await.contains(r#""offset":1,"payload":"Hi""#));
    subscriber.signal("TERM").await;
    assert_eq!(subscriber.code().await, 0);
    let ended =
        run(&["check", "--channel", "chat", "--as", "visitor:1", "--relay", &secure.url, "--ca", &ca]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(ended.out.starts_with("allowed: "), "{}", ended.out);
    secure.relay.stop().await;
}

#[tokio::test]
async fn without_a_file_the_authorities_of_the_system_are_believed_and_with_one_no_others() {
    let (authority, other) = (Authority::new(), Authority::new());
    let secure = Secure::start(&authority.issue(), &authority.pem()).await;
    std::fs::write(secure.folder.path("other.pem"), other.pem()).unwrap();
    let publish = |system: &str, more: &[&str]| {
        let mut command = command(&[&["publish", "chat", "1", "--url", &secure.url], more].concat());
        command.env("SSL_CERT_FILE", secure.file(system)).env_remove("SSL_CERT_DIR");
        end_of(command, "")
    };
    assert_eq!(publish("ca.pem", &[]).await.code, 0);
    let ended = publish("other.pem", &[]).await;
    assert_eq!(ended.code, 1);
    assert!(
        ended.err.contains(
            "its certificate is not of an authority that this system trusts: if it is your own, name"
        ) && ended.err.contains("--ca"),
        "{}",
        ended.err
    );
    let ended = publish("ca.pem", &["--ca", &secure.file("other.pem")]).await;
    assert_eq!(ended.code, 1, "the system's are not asked then");
    let ended = publish("missing.pem", &[]).await;
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("this system has no authorities"), "{}", ended.err);
    secure.relay.stop().await;
}

#[tokio::test]
async fn a_relay_that_is_not_believed_is_told_nothing_and_the_reason_is_told_at_once() {
    let authority = Authority::new();
    let other =
        Secure::start(&authority.issue_as(names(&["relay.example", "10.0.0.1"])), &authority.pem()).await;
    for said in other.refused(&other.url, &other.file("ca.pem")).await {
        assert!(
            said.contains("its certificate is not for 127.0.0.1 but for relay.example, 10.0.0.1: "),
            "{said}"
        );
    }
    for said in other.refused(&other.url, &other.file("cert.pem")).await {
        assert!(
            said.contains("its certificate is not of an authority in ") && said.contains("cert.pem: --ca"),
            "{said}"
        );
    }
    let ended = Secure::start(&authority.issue_ended(3 * DAY + DAY / 2), &authority.pem()).await;
    for said in ended.refused(&ended.url, &ended.file("ca.pem")).await {
        assert!(said.contains("its certificate ended 3 days ago: the relay needs a new one"), "{said}");
    }
    let mut params = names(&["127.0.0.1"]);
    params.not_before = params.not_after - DAY;
    let early = Secure::start(&authority.issue_as(params), &authority.pem()).await;
    for said in early.refused(&early.url, &early.file("ca.pem")).await {
        assert!(said.contains("its certificate is not valid yet"), "{said}");
    }
    for secure in [other, ended, early] {
        secure.relay.stop().await;
    }
}

#[tokio::test]
async fn a_certificate_signed_by_itself_stands_for_a_relay_unless_it_is_an_authoritys() {
    let own = signed_by_itself(IsCa::ExplicitNoCa);
    let secure = Secure::start(&own, &own.0).await;
    let ended = run(&["publish", "chat", "1", "--url", &secure.url, "--ca", &secure.file("ca.pem")]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    secure.relay.stop().await;
    let own = signed_by_itself(IsCa::Ca(BasicConstraints::Unconstrained));
    let secure = Secure::start(&own, &own.0).await;
    for said in secure.refused(&secure.url, &secure.file("ca.pem")).await {
        assert!(said.contains("has to be made with CA:FALSE"), "{said}");
    }
    secure.relay.stop().await;
}

#[tokio::test]
async fn who_takes_the_wrong_scheme_is_told_the_right_one() {
    let authority = Authority::new();
    let secure = Secure::start(&authority.issue(), &authority.pem()).await;
    let plain = relay(&[]).await;
    for said in secure.refused(&format!("https://{}", plain.address()), &secure.file("ca.pem")).await {
        assert!(said.contains("it does not speak TLS: if it speaks plain HTTP, write http://"), "{said}");
    }
    let url = secure.url.replace("https", "http");
    for command in [&["publish", "chat", "1"][..], &["subscribe", "chat"]] {
        let ended = run(&[command, &["--url", &url]].concat()).await;
        assert_eq!(ended.code, 1);
        assert!(ended.err.contains("this address speaks TLS: use https:// and wss://"), "{}", ended.err);
    }
    plain.stop().await;
    secure.relay.stop().await;
}

#[tokio::test]
async fn a_server_of_tls_that_answers_http_with_an_alert_is_recognised() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            assert_ne!(socket.read(&mut [0; 4096]).await.unwrap(), 0);
            // A fatal one, of the kind decode_error (RFC 8446 section 6).
            socket.write_all(&[21, 3, 3, 0, 2, 2, 50]).await.unwrap();
        }
    });
    for command in [&["publish", "chat", "1"][..], &["subscribe", "chat"]] {
        let ended = run(&[command, &["--url", &url]].concat()).await;
        assert_eq!(ended.code, 1);
        assert!(ended.err.contains("not HTTP: if that address speaks TLS, write https://"), "{}", ended.err);
    }
    server.abort();
}

#[tokio::test]
async fn a_file_of_authorities_that_cannot_be_used_is_a_wrong_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(file("empty.pem"), "no certificate\n").unwrap();
    std::fs::write(file("broken.pem"), "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n")
        .unwrap();
    let url = "https://127.0.0.1:1";
    for (ca, url, why) in [
        (file("missing.pem"), url, "cannot read the authorities in "),
        (file("empty.pem"), url, "there is no certificate in "),
        (file("broken.pem"), url, "cannot read the authorities in "),
        (file("empty.pem"), "http://127.0.0.1:1", "--ca is for addresses with https://"),
    ] {
        let ended = run(&["publish", "chat", "1", "--url", url, "--ca", &ca]).await;
        assert_eq!(ended.code, 2, "{}", ended.err);
        assert!(ended.err.contains(why), "{}", ended.err);
    }
}
