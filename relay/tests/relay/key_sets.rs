//! Tokens that an issuer signed with one of the keys that it publishes.

use std::time::Duration;

use jsonwebtoken::{Algorithm, Header};
use realtime_relay::app::Relay;
use realtime_relay::identity::keys::schedule::Schedule;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::issuer::{KeyPair, KeyServer, Reply, in_seconds, key_set, sign_by_secret};
use crate::support::{Client, DEADLINE, http, relay, settings};

/// A relay that may ask for keys more often than one in earnest.
async fn quick_relay(flags: &[&str]) -> Relay {
    let mut settings = settings(flags);
    let quick = Duration::from_millis(100);
    settings.identity.schedule =
        Some(Schedule { cooldown: quick, first_retry: quick, last_retry: quick, ..Schedule::URL });
    Relay::start(settings).await.unwrap()
}

async fn publishing(keys: &[&KeyPair]) -> KeyServer {
    KeyServer::start(Reply::Keys(key_set(keys))).await
}

/// Says hello with a token: the identity that it gets, or the close code and reason.
async fn hello(relay: &Relay, token: &str) -> Result<serde_json::Value, (u16, String)> {
    let mut client = Client::connect(relay).await;
    client.send(json!({"type": "hello", "token": token})).await;
    let welcome = client.frame_or_close().await?;
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    Ok(welcome["subscriber"].clone())
}

/// Says hello again and again until it is answered like this.
async fn eventually(
    relay: &Relay,
    token: &str,
    is_right: impl Fn(&Result<serde_json::Value, (u16, String)>) -> bool,
) {
    let start = Instant::now();
    loop {
        let answer = hello(relay, token).await;
        if is_right(&answer) {
            return;
        }
        assert!(start.elapsed() < DEADLINE, "still {answer:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn tokens_of_every_kind_of_key_make_members() {
    let keys = [
        KeyPair::rsa("rsa", Algorithm::RS256, 0),
        KeyPair::new("ec", Algorithm::ES256),
        KeyPair::new("ed", Algorithm::EdDSA),
    ];
    let server = publishing(&keys.iter().collect::<Vec<_>>()).await;
    let relay = relay(&["--token-jwks", &server.url()]).await;
    for key in &keys {
        let token = key.sign(&json!({"sub": "anna", "type": "admin", "exp": in_seconds(60)}));
        assert_eq!(hello(&relay, &token).await, Ok(json!({"id": "anna", "type": "Admin"})), "{}", key.kid);
    }
    assert_eq!(server.requests(), 1, "the keys are kept");
    relay.stop().await;
}

#[tokio::test]
async fn a_client_that_comes_before_the_keys_waits_for_them() {
    let key = KeyPair::new("k", Algorithm::EdDSA);
    let server = publishing(&[&key]).await;
    for _ in 0..10 {
        let relay = relay(&["--token-jwks", &server.url()]).await;
        assert!(hello(&relay, &key.sign(&json!({"sub": "anna"}))).await.is_ok());
        relay.stop().await;
    }
    assert_eq!(server.requests(), 10, "the first reading is enough");
}

#[tokio::test]
async fn a_secret_and_a_key_set_may_be_used_together_and_are_never_confused() {
    let key = KeyPair::rsa("rsa", Algorithm::RS256, 0);
    let server = publishing(&[&key]).await;
    let relay = relay(&["--token-jwks", &server.url(), "--token-secret", "secret"]).await;
    let claims = json!({"sub": "anna"});
    let by_secret = |secret: &[u8]| {
        let header = Header { kid: Some("rsa".to_owned()), ..Header::new(Algorithm::HS256) };
        sign_by_secret(&header, secret, &claims)
    };
    assert!(hello(&relay, &key.sign(&claims)).await.is_ok());
    assert!(hello(&relay, &by_secret(b"secret")).await.is_ok());
    let public = key.public();
    for forged in [public["n"].as_str().unwrap(), &public.to_string(), &key_set(&[&key])] {
        let (code, reason) = hello(&relay, &by_secret(forged.as_bytes())).await.unwrap_err();
        assert!(code == 4501 && reason.contains("signature"), "{code} {reason}");
    }
    // {"alg":"none"}.{"sub":"anna"}.
    let (code, _) = hello(&relay, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0.").await.unwrap_err();
    assert_eq!(code, 4501);
    relay.stop().await;
}

#[tokio::test]
async fn audience_and_issuer_are_checked_where_the_settings_name_them() {
    let key = KeyPair::new("k", Algorithm::EdDSA);
    let server = publishing(&[&key]).await;
    let flags =
        ["--token-jwks", &server.url(), "--token-audience", "relay,site", "--token-issuer", "https://i"];
    let relay = relay(&flags).await;
    let signed = |aud: &str, iss: &str| key.sign(&json!({"sub": "anna", "aud": aud, "iss": iss}));
    assert!(hello(&relay, &signed("site", "https://i")).await.is_ok());
    for (aud, iss, words) in [("other", "https://i", "\"aud\""), ("site", "https://j", "\"iss\"")] {
        let (code, reason) = hello(&relay, &signed(aud, iss)).await.unwrap_err();
        assert!(code == 4501 && reason.contains(words), "{code} {reason}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_new_key_is_fetched_when_the_first_token_names_it_and_an_old_one_goes() {
    let (old, new) = (KeyPair::new("old", Algorithm::EdDSA), KeyPair::new("new", Algorithm::ES256));
    let server = publishing(&[&old]).await;
    let relay = quick_relay(&["--token-jwks", &server.url()]).await;
    let claims = json!({"sub": "anna"});
    assert!(hello(&relay, &old.sign(&claims)).await.is_ok());
    server.answer(Reply::Keys(key_set(&[&new])));
    assert!(hello(&relay, &new.sign(&claims)).await.is_ok());
    let (code, reason) = hello(&relay, &old.sign(&claims)).await.unwrap_err();
    assert!(code == 4501 && reason.contains("no key \"old\""), "{code} {reason}");
    relay.stop().await;
}

#[tokio::test]
async fn tokens_with_made_up_keys_do_not_bother_the_issuer() {
    let key = KeyPair::new("real", Algorithm::EdDSA);
    let server = publishing(&[&key]).await;
    let mut settings = settings(&["--token-jwks", &server.url(), "--hello-timeout-seconds", "5"]);
    // Longer than this test takes, so that one reading is all there is.
    settings.identity.schedule = Some(Schedule { cooldown: Duration::from_secs(3_600), ..Schedule::URL });
    let relay = Relay::start(settings).await.unwrap();
    let claims = json!({"sub": "anna"});
    // The first reading may take longer than a hello may.
    eventually(&relay, &key.sign(&claims), Result::is_ok).await;
    let made_up = KeyPair::new("made up", Algorithm::EdDSA).sign(&claims);
    let strangers = (0..50).map(|_| hello(&relay, &made_up));
    let answers = futures_util::future::join_all(strangers).await;
    assert_eq!(server.requests(), 1);
    // Nobody can say yet whether there is such a key: they may come back.
    for answer in answers {
        assert_eq!(answer.unwrap_err().0, 4008);
    }
    // Everyone else is served meanwhile.
    eventually(&relay, &key.sign(&claims), Result::is_ok).await;
    assert_eq!(server.requests(), 1);
    relay.stop().await;
}

#[tokio::test]
async fn an_issuer_that_is_down_at_the_start_keeps_clients_waiting_and_nobody_away() {
    let key = KeyPair::new("k", Algorithm::EdDSA);
    let mut server = publishing(&[&key]).await;
    server.stop().await;
    let relay = quick_relay(&["--token-jwks", &server.url()]).await;
    let token = key.sign(&json!({"sub": "anna"}));
    let (code, reason) = hello(&relay, &token).await.unwrap_err();
    assert!(code == 4008 && reason.contains("try again"), "{code} {reason}");
    Client::visitor(&relay).await;
    let ready = http(&relay, "GET", "/readyz", "", "").await;
    assert!(ready.status == 503 && ready.body.contains("has not been read yet"), "{}", ready.body);
    server.come_back();
    eventually(&relay, &token, Result::is_ok).await;
    let start = Instant::now();
    while http(&relay, "GET", "/readyz", "", "").await.status != 200 {
        assert!(start.elapsed() < DEADLINE, "it has its keys and does not say so");
        sleep(Duration::from_millis(20)).await;
    }
    relay.stop().await;
}

#[tokio::test]
async fn an_outage_leaves_the_keys_in_force() {
    let key = KeyPair::new("k", Algorithm::EdDSA);
    let mut server = publishing(&[&key]).await;
    let relay = quick_relay(&["--token-jwks", &server.url()]).await;
    let token = key.sign(&json!({"sub": "anna"}));
    assert!(hello(&relay, &token).await.is_ok());
    server.stop().await;
    let unknown = KeyPair::new("unknown", Algorithm::EdDSA).sign(&json!({"sub": "anna"}));
    let (code, reason) = hello(&relay, &unknown).await.unwrap_err();
    assert!(code == 4008 && reason.contains("refused"), "{code} {reason}");
    assert!(hello(&relay, &token).await.is_ok());
    server.come_back();
    for trouble in [
        Reply::Status(500),
        Reply::Keys("<html>".to_owned()),
        Reply::Keys(r#"{"keys":[]}"#.to_owned()),
        Reply::Keys(" ".repeat(600_000)),
    ] {
        server.answer(trouble);
        assert_eq!(hello(&relay, &unknown).await.unwrap_err().0, 4008);
        assert!(hello(&relay, &token).await.is_ok());
    }
    server.answer(Reply::Keys(key_set(&[&key])));
    eventually(&relay, &unknown, |answer| answer.as_ref().is_err_and(|(code, _)| *code == 4501)).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let key = KeyPair::new("k", Algorithm::EdDSA);
    let elsewhere = publishing(&[&key]).await;
    let server = KeyServer::start(Reply::Redirect(elsewhere.url())).await;
    let relay = quick_relay(&["--token-jwks", &server.url()]).await;
    let (code, reason) = hello(&relay, &key.sign(&json!({"sub": "anna"}))).await.unwrap_err();
    assert!(code == 4008 && reason.contains("redirect"), "{code} {reason}");
    assert_eq!(elsewhere.requests(), 0);
    relay.stop().await;
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let (old, new) = (KeyPair::new("old", Algorithm::EdDSA), KeyPair::new("new", Algorithm::EdDSA));
    std::fs::write(&file, key_set(&[&old])).unwrap();
    let relay = quick_relay(&["--token-jwks", file.to_str().unwrap()]).await;
    let claims = json!({"sub": "anna"});
    assert!(hello(&relay, &old.sign(&claims)).await.is_ok());
    std::fs::write(&file, "{").unwrap();
    assert_eq!(hello(&relay, &new.sign(&claims)).await.unwrap_err().0, 4008);
    assert!(hello(&relay, &old.sign(&claims)).await.is_ok());
    std::fs::write(&file, key_set(&[&new])).unwrap();
    eventually(&relay, &new.sign(&claims), Result::is_ok).await;
    assert_eq!(hello(&relay, &old.sign(&claims)).await.unwrap_err().0, 4501);
    relay.stop().await;
}

#[tokio::test]
async fn a_file_that_is_not_right_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    for (text, words) in [
        (None, "No such file"),
        (Some("{}"), "{\"keys\":[…]} is expected"),
        (Some(r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#), "give that as --token-secret"),
    ] {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let started = Relay::start(settings(&["--token-jwks", file.to_str().unwrap()])).await;
        let error = started.err().expect("no start").to_string();
        assert!(error.contains("keys.json cannot be used") && error.contains(words), "{error}");
    }
}
