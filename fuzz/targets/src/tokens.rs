//! Tokens: nobody gets in who has none.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realtime_protocol::frame::Token;
use realtime_protocol::subscriber::UserId;
use realtime_relay::identity::claims::{Checks, Verified};
use realtime_relay::identity::keys::ring::KeyRing;
use realtime_relay::identity::keys::set::KeySet;
use realtime_relay::identity::verifier::{Verification, Verifier};
use realtime_relay::identity::visitor::Visitors;
use ring::hmac;
use ring::rand::SystemRandom;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::assert_one_line;

/// Keys of each kind, whose private halves were thrown away.
const KEYS: &str = include_str!("../../corpus/key_set/each-kind.json");

/// Random, so that no input can be signed with it.
static SECRET: LazyLock<String> = LazyLock::new(|| {
    let random: [u8; 32] = ring::rand::generate(&SystemRandom::new()).unwrap().expose();
    URL_SAFE_NO_PAD.encode(random)
});

/// The longest word of a token that may be told: its key's id, each character of which may become `\u{10ffff}`.
const MAX_REASON_BYTES: usize = 200 + 64 * 10;

/// Verifiers with a secret, with keys, and with both.
static VERIFIERS: LazyLock<[Verifier; 3]> = LazyLock::new(|| {
    let checks = checks();
    let ring = || {
        let (keys, _) = KeySet::read(KEYS.as_bytes(), &checks).expect("the keys can be used");
        let ring = KeyRing::default();
        ring.begin();
        ring.end(Ok(Some(keys)));
        Some(ring)
    };
    [
        Verifier::new(Some(&SECRET), None, &checks),
        Verifier::new(None, ring(), &checks),
        Verifier::new(Some(&SECRET), ring(), &checks),
    ]
});

fn checks() -> Checks {
    Checks { clock_skew: Duration::from_secs(5), ..Checks::default() }
}

/// No text verifies that nobody has signed, and no reason ends its line.
pub fn site_token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let token = Token::new(text);
    for verifier in &*VERIFIERS {
        match verifier.verify(&token) {
            Verification::Done(Ok(verified)) => panic!("{text:?} makes a user: {verified:?}"),
            Verification::Done(Err(error)) | Verification::KeyMissing(error) => {
                let reason = error.to_string();
                assert_one_line(&reason);
                assert!(reason.len() <= MAX_REASON_BYTES, "{reason}");
            }
        }
    }
}

/// A header on the first line and claims behind it, signed with the relay's own secret: what is accepted is HS256, of
/// now, and names a user. No other signature is taken for that one.
pub fn claims(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (header, claims) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    let token = signed(header, claims);
    let asked_at = SystemTime::now();
    if let Some(verified) = verify(&VERIFIERS[0], &token) {
        expect_right(header, claims, &verified, asked_at);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let reversed: String = signature.chars().rev().collect();
        for other in ["", &signature[1..], &reversed] {
            let is_other = other != signature;
            assert!(!is_other || verify(&VERIFIERS[0], &format!("{message}.{other}")).is_none());
        }
    }
    assert!(verify(&VERIFIERS[1], &token).is_none(), "a key set verifies no secret's signature");
}

/// What counts of a header. What is ignored of it need not even be text.
#[derive(Deserialize)]
struct Header {
    alg: String,
    crit: Option<IgnoredAny>,
}

/// What counts of claims, besides the end.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    nbf: Option<f64>,
}

fn expect_right(header: &[u8], claims: &[u8], verified: &Verified, asked_at: SystemTime) {
    let header: Header = serde_json::from_slice(header).expect("a header is JSON");
    assert_eq!((header.alg.as_str(), header.crit), ("HS256", None));
    let claims: Claims = serde_json::from_slice(claims).expect("claims are JSON");
    assert_eq!(claims.sub, verified.subscriber.id.as_str());
    assert!(UserId::parse(&claims.sub).is_ok());
    let asked_at = asked_at - Duration::from_secs(2);
    assert!(verified.expires_at.is_none_or(|end| end >= asked_at), "it has expired");
    let latest_start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(7);
    assert!(claims.nbf.is_none_or(|start| start <= latest_start.as_secs_f64()), "it is not valid yet");
}

fn verify(verifier: &Verifier, token: &str) -> Option<Verified> {
    match verifier.verify(&Token::new(token)) {
        Verification::Done(verified) => verified.ok(),
        Verification::KeyMissing(_) => None,
    }
}

fn signed(header: &[u8], claims: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Edits of a visitor's token, each a place and a byte that is put there; and the bytes themselves as a token. Whoever
/// shows anything but the token itself is a stranger.
pub fn visitor_token(bytes: &[u8]) {
    static VISITORS: LazyLock<Visitors> = LazyLock::new(Visitors::until_restart);
    let (visitor, token) = VISITORS.welcome(None);
    let mut edited = token.expose().as_bytes().to_vec();
    for edit in bytes.chunks_exact(2) {
        let at = usize::from(edit[0]) % edited.len();
        edited[at] = edit[1];
    }
    for text in [bytes, &edited].into_iter().filter_map(|bytes| std::str::from_utf8(bytes).ok()) {
        let (someone, theirs) = VISITORS.welcome(Some(Token::new(text)));
        let is_same = text == token.expose();
        assert_eq!(someone == visitor, is_same, "{text:?} for {:?}", token.expose());
        assert_eq!(theirs.expose() == text, is_same, "{text:?} is kept");
        assert_eq!(VISITORS.welcome(Some(theirs.clone())), (someone, theirs), "a new token is not known");
    }
}
