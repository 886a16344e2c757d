//! Secrets stay out of the log, whatever comes, and nobody else writes lines of it.

use std::net::SocketAddr;

use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use super::issuer::{KeyPair, in_seconds, key_set, sign_by_secret};
use super::support::{Client, DEADLINE, KEY_AND_JSON, http, patient};
use super::terminal::command;

/// What no log may have. Each stands in a part of a token that only the token has.
const MARK: &str = "c2VjcmV0LW1hcms";

/// A relay that logs all there is to log, and where it listens.
async fn relay(flags: &[&str]) -> (tokio::process::Child, SocketAddr) {
    let all = ["serve", "--listen", "127.0.0.1:0", "--log", "trace", "--hello-timeout-seconds", "2"];
    let mut child = command(&patient(&[&all[..], flags].concat())).spawn().unwrap();
    let mut line = String::new();
    let out = child.stdout.as_mut().unwrap();
    while !line.ends_with('\n') {
        line.push(char::from(out.read_u8().await.unwrap()));
    }
    (child, line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap())
}

/// Ends a relay, and returns all that it has logged.
async fn log_of(child: tokio::process::Child) -> String {
    let kill = format!("kill -s TERM {}", child.id().unwrap());
    assert!(tokio::process::Command::new("sh").args(["-c", &kill]).status().await.unwrap().success());
    let output = tokio::time::timeout(DEADLINE, child.wait_with_output()).await.unwrap().unwrap();
    String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap()
}

/// Says these frames one after the other, and waits for what comes of the last one.
async fn say(address: SocketAddr, frames: &[Value]) -> Value {
    let mut client = Client::connect(&address).await;
    let mut answer = Value::Null;
    for frame in frames {
        client.send(frame.clone()).await;
        answer = client
            .frame_or_close()
            .await
            .unwrap_or_else(|(code, reason)| json!({"code": code, "reason": reason}));
    }
    answer
}

fn hello(token: &str) -> Value {
    json!({"type": "hello", "token": token})
}

fn refresh(token: &str) -> Value {
    json!({"type": "refresh", "token": token})
}

/// A token whose header, claims and signature are each as they are, with the mark in its claims.
fn marked(key: &KeyPair, claims: Value) -> String {
    let mut claims = claims;
    claims["mark"] = MARK.into();
    key.sign(&claims)
}

/// The parts of a token, which are as secret as the whole.
fn parts(token: &str) -> Vec<String> {
    token.split('.').skip(1).filter(|part| part.len() > 20).map(str::to_owned).collect()
}

#[tokio::test]
async fn no_token_appears_in_the_log_on_any_path() {
    let key = KeyPair::new("k", Algorithm::EdDSA);
    let unknown = KeyPair::new("unknown", Algorithm::EdDSA);
    let impostor = KeyPair::new("k", Algorithm::EdDSA);
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.json");
    std::fs::write(&keys, key_set(&[&key])).unwrap();
    let secrets = ["--token-secret", "the-token-secret", "--visitor-key", "the-visitor-secret"];
    let (child, address) = relay(&[&["--token-jwks", keys.to_str().unwrap()], &secrets[..]].concat()).await;

    let valid = marked(&key, json!({"sub": "anna", "exp": in_seconds(600)}));
    let other = marked(&key, json!({"sub": "ben"}));
    let expired = marked(&key, json!({"sub": "anna", "exp": in_seconds(-600)}));
    let early = marked(&key, json!({"sub": "anna", "nbf": in_seconds(600)}));
    let untyped = marked(&key, json!({"sub": "anna", "type": 7}));
    let forged = marked(&impostor, json!({"sub": "anna"}));
    let missing = marked(&unknown, json!({"sub": "anna"}));
    let guessed = sign_by_secret(&Header::default(), b"guess", &json!({"sub": "anna", "mark": MARK}));
    let large = marked(&key, json!({"sub": "anna", "pad": "x".repeat(9_500)}));
    let half = valid[..valid.len() / 2].to_owned();
    let wrong = [expired, early, untyped, forged, missing, guessed, large, half, MARK.to_owned()];
    for token in &wrong {
        assert!(say(address, &[hello(token)]).await["code"].is_number(), "{token} is accepted");
        assert!(say(address, &[hello(&valid), refresh(token)]).await["code"].is_number());
    }
    assert_eq!(say(address, &[hello(&valid)]).await["type"], "welcome");
    assert_eq!(say(address, &[hello(&valid), refresh(&valid)]).await["type"], "refreshed");
    assert_eq!(say(address, &[hello(&valid), refresh(&other)]).await["code"], 4501);
    let visitor = say(address, &[json!({"type": "hello"})]).await["visitorToken"].clone();
    say(address, &[json!({"type": "hello", "visitorToken": visitor})]).await;
    say(address, &[json!({"type": "hello", "visitorToken": valid})]).await;
    // In places where no token belongs.
    for frame in [
        json!(valid),
        json!({"type": valid}),
        json!({"type": "hello", "token": [valid]}),
        json!({"type": "hello", "token": {valid.clone(): 1}}),
        json!({"type": "subscribe", "id": valid, "channel": {"name": "a"}}),
        json!({"type": "subscribe", "id": 1, "channel": valid}),
        json!({"type": "subscribe", "id": 1, "channel": {"name": valid}}),
    ] {
        say(address, &[json!({"type": "hello"}), frame]).await;
    }

    let log = log_of(child).await;
    // The log has what it is for.
    for words in ["token refused", "DEBUG", "the key set has been read", "no key \"unknown\""] {
        assert!(log.contains(words), "no {words:?} in {log}");
    }
    let visitor = visitor.as_str().unwrap().to_owned();
    let signature = visitor.split('.').nth(1).unwrap().to_owned();
    let secrets = wrong.iter().chain([&valid, &other]).flat_map(|token| parts(token));
    let more = [MARK, "the-token-secret", "the-visitor-secret"].map(str::to_owned);
    for secret in secrets.chain(more).chain([visitor, signature]) {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret}");
    }
}

/// Begins a line that looks like the relay's own, and colours what follows.
const FORGED: &str =
    "x\r\n2026-01-01T00:00:00.000000Z ERROR realtime_relay::forged: \u{1b}[31mforged\u{2028}";

#[tokio::test]
async fn nobody_who_connects_writes_a_line_of_the_log() {
    let secret = "the-token-secret";
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("realtime-permissions.js");
    std::fs::write(
        &rules,
        "import { permissionsRouter } from 'wix-realtime-backend';\n\
         permissionsRouter.default((channel, who) => { console.log(who.id, channel.resourceId); throw new Error(channel.resourceId); });\n\
         export function realtime_check_permission(channel, who) { return permissionsRouter.check(channel, who); }\n",
    )
    .unwrap();
    let (child, address) =
        relay(&["--token-secret", secret, "--api-key", "dev", "--permissions", rules.to_str().unwrap()])
            .await;

    let named =
        sign_by_secret(&Header::default(), secret.as_bytes(), &json!({"sub": FORGED, "type": FORGED}));
    let keyed = sign_by_secret(
        &Header { kid: Some(FORGED.to_owned()), ..Header::default() },
        secret.as_bytes(),
        &json!({"sub": "anna", FORGED: FORGED}),
    );
    for first in
        [hello(&named), hello(&keyed), hello(FORGED), json!({"type": "hello", "visitorToken": FORGED})]
    {
        say(address, &[first]).await;
    }
    for frame in [
        json!(FORGED),
        json!({"type": FORGED}),
        json!({"type": "refresh", "token": FORGED}),
        json!({"type": "subscribe", "id": FORGED, "channel": {"name": "a"}}),
        json!({"type": "subscribe", "id": 1, "channel": {"name": FORGED}}),
        json!({"type": "subscribe", "id": 1, "channel": {"name": "a", "resourceId": FORGED}}),
        json!({"type": "subscribe", "id": 1, "channel": {"name": "a", "resourceId": "one", FORGED: FORGED}}),
    ] {
        say(address, &[json!({"type": "hello"}), frame]).await;
    }
    let path = "/v1/%0d%0a2026-01-01T00:00:00.000000Z%20ERROR%20forged%1b%5b31m";
    http(&address, "GET", path, "", "").await;
    for (path, body) in [
        ("/v1/publish", json!({"channel": {"name": FORGED}, "payload": FORGED})),
        ("/v1/disconnect", json!({"user": FORGED, "reason": FORGED})),
        ("/v1/permissions/recheck", json!({"user": FORGED})),
        (
            "/v1/permissions/explain",
            json!({"channel": {"name": "a"}, "subscriber": {"id": FORGED, "type": FORGED}}),
        ),
    ] {
        http(&address, "POST", path, KEY_AND_JSON, &body.to_string()).await;
    }

    let log = log_of(child).await;
    // What they said is in the log, on lines that are the relay's.
    assert!(log.contains("forged"), "{log}");
    for line in log.lines() {
        assert!(!line.starts_with("2026-01-01") && !line.trim_start().starts_with("ERROR"), "{line:?}");
        assert!(!line.contains(['\u{1b}', '\r', '\u{2028}']), "{line:?}");
    }
}
