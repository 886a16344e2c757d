//! Which tokens are accepted, and why the others are not.

use jsonwebtoken::Header;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::identity::keys::set::KeySet;
use crate::test_issuer::{KeyPair, in_seconds, key_set, rsa_der, sign_by_secret, signed};

const SECRET: &str = "the secret of the site";

fn checks() -> Checks {
    Checks { clock_skew: Duration::from_secs(5), ..Checks::default() }
}

fn with_secret() -> Verifier {
    Verifier::new(Some(SECRET), None, &checks())
}

/// A verifier of these keys, and of a secret where one is given.
fn with_keys(secret: Option<&str>, keys: &[&KeyPair], checks: &Checks) -> Verifier {
    Verifier::new(secret, Some(ring_of(&key_set(keys), checks)), checks)
}

fn ring_of(set: &str, checks: &Checks) -> KeyRing {
    let ring = KeyRing::default();
    ring.begin();
    ring.end(Ok(Some(KeySet::read(set.as_bytes(), checks).unwrap().0)));
    ring
}

fn hs256(claims: &Value) -> String {
    by_secret(Algorithm::HS256, SECRET.as_bytes(), claims)
}

fn by_secret(algorithm: Algorithm, secret: &[u8], claims: &Value) -> String {
    sign_by_secret(&Header::new(algorithm), secret, claims)
}

fn verify(verifier: &Verifier, token: &str) -> Result<Verified, TokenError> {
    match verifier.verify(&Token::new(token)) {
        Verification::Done(verified) => verified,
        Verification::KeyMissing(error) => panic!("a key is missing: {error}"),
    }
}

fn reason(verifier: &Verifier, token: &str) -> String {
    verify(verifier, token).expect_err("a refusal").to_string()
}

/// What a verifier says whose key is missing.
fn missing(verifier: &Verifier, token: &str) -> String {
    match verifier.verify(&Token::new(token)) {
        Verification::Done(verified) => panic!("no key is missing: {verified:?}"),
        Verification::KeyMissing(error) => error.to_string(),
    }
}

fn user(kind: SubscriberType) -> Subscriber {
    Subscriber { id: UserId::parse("u1").unwrap(), kind }
}

fn encoded(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[test]
fn a_token_makes_its_bearer_the_user_that_it_names() {
    let cases = [
        (json!({"sub": "u1"}), SubscriberType::Member),
        (json!({"sub": "u1", "type": "ADMIN"}), SubscriberType::Admin),
        (json!({"sub": "u1", "type": null}), SubscriberType::Member),
        (json!({"sub": "u1", "type": "member", "exp": in_seconds(60)}), SubscriberType::Member),
        (json!({"sub": "u1", "type": "Visitor", "aud": "anyone", "iss": 7}), SubscriberType::Visitor),
    ];
    for (claims, kind) in cases {
        let verified = verify(&with_secret(), &hs256(&claims)).unwrap_or_else(|e| panic!("{claims}: {e}"));
        assert_eq!(verified.subscriber, user(kind), "{claims}");
        assert_eq!(verified.expires_at.is_some(), claims.get("exp").is_some());
    }
}

#[test]
fn a_token_that_is_not_right_is_refused_with_the_reason() {
    let cases = [
        (json!({"sub": "u1", "exp": in_seconds(-60)}), "expired"),
        (json!({"sub": "u1", "exp": 0}), "expired"),
        (json!({"sub": "u1", "nbf": in_seconds(60)}), "nbf"),
        (json!({"sub": "u1", "exp": "tomorrow"}), "numbers of seconds"),
        (json!({"sub": "u1", "exp": null}), "numbers of seconds"),
        (json!({"sub": "u1", "exp": -1}), "numbers of seconds"),
        (json!({"sub": "u1", "nbf": "tomorrow"}), "numbers of seconds"),
        (json!({"type": "Member"}), "\"sub\" and \"type\" are strings"),
        (json!({"sub": ""}), "empty"),
        (json!({"sub": "a\nb"}), "control character"),
        (json!({"sub": "x".repeat(257)}), "too long"),
        (json!({"sub": 7}), "\"sub\" and \"type\" are strings"),
        (json!({"sub": "u1", "type": "root"}), "none of Admin, Member and Visitor"),
        (json!({"sub": "u1", "type": 7}), "\"sub\" and \"type\" are strings"),
        (json!(["u1"]), "claims are not as they should be"),
        (json!({"sub": "u1", "pad": "x".repeat(MAX_TOKEN_BYTES)}), "at most 12288 are allowed"),
    ];
    for (claims, words) in cases {
        let reason = reason(&with_secret(), &hs256(&claims));
        assert!(reason.contains(words), "{claims}: {reason}");
    }
}

#[test]
fn a_claim_that_is_there_twice_is_refused() {
    let claims: Box<serde_json::value::RawValue> =
        serde_json::from_str(r#"{"sub":"u1","sub":"admin"}"#).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    let token = signed(&json!({"alg": "HS256"}), &claims, |message| {
        ring::hmac::sign(&key, message).as_ref().to_vec()
    });
    assert!(reason(&with_secret(), &token).contains("claims are not as they should be"));
}

#[test]
fn the_clock_skew_is_granted_at_both_ends_and_told_as_part_of_the_right() {
    let verifier = |skew| {
        Verifier::new(Some(SECRET), None, &Checks { clock_skew: Duration::from_secs(skew), ..checks() })
    };
    let end = in_seconds(-30);
    let over = hs256(&json!({"sub": "u1", "exp": end}));
    let early = hs256(&json!({"sub": "u1", "nbf": in_seconds(30)}));
    assert!(reason(&verifier(0), &over).contains("expired") && reason(&verifier(0), &early).contains("nbf"));
    let verified = verify(&verifier(60), &over).unwrap();
    let told = verified.expires_at.unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(told, u64::try_from(end).unwrap() + 60);
    assert!(verify(&verifier(60), &early).is_ok());
}

#[test]
fn an_end_that_no_clock_can_show_is_none() {
    for end in ["18446744073709550000", "1.8e19"] {
        let claims: Value = serde_json::from_str(&format!(r#"{{"sub":"u1","exp":{end}}}"#)).unwrap();
        assert_eq!(verify(&with_secret(), &hs256(&claims)).unwrap().expires_at, None, "{end}");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let valid = hs256(&json!({"sub": "u1"}));
    let [head, claims, signature] = valid.split('.').collect::<Vec<_>>()[..] else { panic!("{valid}") };
    let other = encoded(r#"{"sub":"admin"}"#);
    for (token, words) in [
        (String::new(), "not a JWT"),
        ("not a token".to_owned(), "not a JWT"),
        ("..".to_owned(), "not a JWT"),
        (format!("{head}.{claims}"), "not a JWT"),
        (format!("{head}.{claims}."), "signature"),
        (format!("{head}.{claims}.{signature}A"), "signature"),
        (format!("{head}.{claims}.{signature}%"), "not a JWT"),
        (format!("{head}.{claims}.{signature}.{signature}"), "not a JWT"),
        (format!("{head}.{other}.{signature}"), "signature"),
        (format!("{head}.{}.{signature}", encoded("{}")), "signature"),
        (format!("{}.{claims}.{signature}", encoded("{}")), "not a JWT"),
    ] {
        let reason = reason(&with_secret(), &token);
        assert!(reason.contains(words), "{token:?}: {reason}");
    }
}

#[test]
fn an_unsigned_token_is_refused_however_it_is_written() {
    let key = KeyPair::new("k", Algorithm::EdDSA);
    let both = with_keys(Some(SECRET), &[&key], &checks());
    let claims = encoded(r#"{"sub":"u1"}"#);
    for algorithm in [r#""none""#, r#""None""#, r#""NONE""#, r#""""#, "null", "[\"HS256\"]"] {
        let head = encoded(&format!(r#"{{"alg":{algorithm},"kid":"k"}}"#));
        for signature in ["", "AAAA"] {
            let reason = reason(&both, &format!("{head}.{claims}.{signature}"));
            assert!(reason.contains("not a JWT of an algorithm that is known"), "{algorithm}: {reason}");
        }
    }
}

#[test]
fn of_the_algorithms_with_a_secret_only_one_counts_and_only_with_the_right_secret() {
    let claims = json!({"sub": "u1"});
    for (token, words) in [
        (by_secret(Algorithm::HS256, b"guess", &claims), "not that of this relay's token secret"),
        (by_secret(Algorithm::HS256, b"", &claims), "not that of this relay's token secret"),
        (by_secret(Algorithm::HS384, SECRET.as_bytes(), &claims), "only HS256"),
        (by_secret(Algorithm::HS512, SECRET.as_bytes(), &claims), "only HS256"),
        (KeyPair::new("k", Algorithm::ES256).sign(&claims), "ES256, which needs --token-jwks"),
    ] {
        let reason = reason(&with_secret(), &token);
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn a_key_of_each_algorithm_is_taken_by_its_id_and_without() {
    let keys = [
        KeyPair::rsa("rs256", Algorithm::RS256, 0),
        KeyPair::rsa("rs384", Algorithm::RS384, 0),
        KeyPair::rsa("rs512", Algorithm::RS512, 0),
        KeyPair::rsa("ps256", Algorithm::PS256, 0),
        KeyPair::rsa("ps384", Algorithm::PS384, 0),
        KeyPair::rsa("ps512", Algorithm::PS512, 0),
        KeyPair::new("es256", Algorithm::ES256),
        KeyPair::new("es384", Algorithm::ES384),
        KeyPair::new("eddsa", Algorithm::EdDSA),
    ];
    let verifier = with_keys(None, &keys.iter().collect::<Vec<_>>(), &checks());
    for key in &keys {
        for header in [
            Header { kid: Some(key.kid.to_owned()), ..Header::new(key.algorithm) },
            Header::new(key.algorithm),
        ] {
            let token = key.sign_with(&header, &json!({"sub": "u1"}));
            let verified = verify(&verifier, &token).unwrap_or_else(|e| panic!("{}: {e}", key.kid));
            assert_eq!(verified.subscriber, user(SubscriberType::Member), "{}", key.kid);
        }
    }
}

#[test]
fn an_rsa_key_may_be_published_with_a_zero_in_front() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let key = KeyPair::rsa("k", Algorithm::RS256, 0);
    let mut jwk = key.public();
    jwk["n"] = URL_SAFE_NO_PAD.encode([vec![0], rsa_modulus(&jwk)].concat()).into();
    let ring = ring_of(&json!({"keys": [jwk]}).to_string(), &checks());
    let verifier = Verifier::new(None, Some(ring), &checks());
    assert!(verify(&verifier, &key.sign(&json!({"sub": "u1"}))).is_ok());
}

#[test]
fn a_token_without_a_key_id_may_be_of_any_key_of_its_algorithm() {
    let keys = [KeyPair::new("a", Algorithm::EdDSA), KeyPair::new("b", Algorithm::EdDSA)];
    let verifier = with_keys(None, &[&keys[0], &keys[1]], &checks());
    for key in &keys {
        let token = key.sign_with(&Header::new(Algorithm::EdDSA), &json!({"sub": "u1"}));
        assert!(verify(&verifier, &token).is_ok(), "{}", key.kid);
    }
    let stranger = KeyPair::new("c", Algorithm::EdDSA);
    let token = stranger.sign_with(&Header::new(Algorithm::EdDSA), &json!({"sub": "u1"}));
    assert!(missing(&verifier, &token).contains("not that of a key of the key set"));
}

#[test]
fn a_public_key_is_no_secret() {
    let key = KeyPair::rsa("k", Algorithm::RS256, 0);
    let header = Header { kid: Some("k".to_owned()), ..Header::new(Algorithm::HS256) };
    let jwk = key.public();
    // Whatever form of the public key a careless verifier might use as the secret.
    let forms = [
        jwk.to_string().into_bytes(),
        jwk["n"].as_str().unwrap().as_bytes().to_vec(),
        rsa_modulus(&jwk),
        rsa_der(0),
        key_set(&[&key]).into_bytes(),
    ];
    for secret in forms {
        let token = sign_by_secret(&header, &secret, &json!({"sub": "u1"}));
        let only_keys = with_keys(None, &[&key], &checks());
        assert!(reason(&only_keys, &token).contains("HS256, which needs --token-secret"));
        let both = with_keys(Some(SECRET), &[&key], &checks());
        assert!(reason(&both, &token).contains("not that of this relay's token secret"));
    }
}

fn rsa_modulus(jwk: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap()
}

#[test]
fn a_key_is_good_for_its_own_algorithm_only() {
    let rsa = KeyPair::rsa("rsa", Algorithm::RS256, 0);
    let elliptic = KeyPair::new("ec", Algorithm::ES256);
    let verifier = with_keys(None, &[&rsa, &elliptic], &checks());
    let named = |kid: &str, algorithm| Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
    let claims = json!({"sub": "u1"});
    for token in [
        rsa.sign_with(&named("rsa", Algorithm::RS512), &claims),
        rsa.sign_with(&named("rsa", Algorithm::PS256), &claims),
        rsa.sign_with(&named("ec", Algorithm::RS256), &claims),
        elliptic.sign_with(&named("rsa", Algorithm::ES256), &claims),
    ] {
        assert!(reason(&verifier, &token).contains("not that of the key that it names"));
    }
    let other = KeyPair::rsa("rsa", Algorithm::RS256, 1).sign(&claims);
    assert!(reason(&verifier, &other).contains("signature is not that of a key"));
    let pss = rsa.sign_with(&Header::new(Algorithm::PS256), &claims);
    assert!(missing(&verifier, &pss).contains("none of its algorithm"));
}

#[test]
fn a_key_that_a_token_brings_along_counts_for_nothing() {
    let (ours, theirs) = (KeyPair::new("k", Algorithm::ES256), KeyPair::new("k", Algorithm::ES256));
    let verifier = with_keys(None, &[&ours], &checks());
    let header = Header {
        kid: Some("k".to_owned()),
        jwk: Some(serde_json::from_value(theirs.public()).unwrap()),
        jku: Some("https://attacker.example/keys.json".to_owned()),
        x5u: Some("https://attacker.example/chain.pem".to_owned()),
        ..Header::new(Algorithm::ES256)
    };
    let token = theirs.sign_with(&header, &json!({"sub": "u1"}));
    assert!(reason(&verifier, &token).contains("signature is not that of a key"));
}

#[test]
fn extensions_that_must_be_understood_are_refused() {
    let header = Header { crit: Some(vec!["b64".to_owned()]), ..Header::new(Algorithm::HS256) };
    let token = sign_by_secret(&header, SECRET.as_bytes(), &json!({"sub": "u1"}));
    assert!(reason(&with_secret(), &token).contains("crit"));
}

#[test]
fn a_token_must_be_meant_for_one_of_the_audiences_and_come_from_one_of_the_issuers() {
    let key = KeyPair::new("k", Algorithm::EdDSA);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let checks = Checks { audiences: names(&["relay", "site"]), issuers: names(&["i1", "i2"]), ..checks() };
    let verifier = with_keys(Some(SECRET), &[&key], &checks);
    let accepted = [
        json!({"sub": "u1", "aud": "relay", "iss": "i1"}),
        json!({"sub": "u1", "aud": ["other", "site"], "iss": "i2"}),
    ];
    let refused = [
        (json!({"sub": "u1", "iss": "i1"}), "no \"aud\""),
        (json!({"sub": "u1", "aud": "other", "iss": "i1"}), "\"aud\" names none"),
        (json!({"sub": "u1", "aud": [], "iss": "i1"}), "\"aud\" names none"),
        (json!({"sub": "u1", "aud": ["other"], "iss": "i1"}), "\"aud\" names none"),
        (json!({"sub": "u1", "aud": 7, "iss": "i1"}), "no \"aud\""),
        (json!({"sub": "u1", "aud": "relay"}), "no \"iss\""),
        (json!({"sub": "u1", "aud": "relay", "iss": "i3"}), "\"iss\" is none"),
        (json!({"sub": "u1", "aud": "relay", "iss": ""}), "\"iss\" is none"),
        (json!({"sub": "u1", "aud": "relay", "iss": {}}), "no \"iss\""),
    ];
    // The checks are the same whoever signed.
    let sign: [&dyn Fn(&Value) -> String; 2] = [&|claims| key.sign(claims), &hs256];
    for sign in sign {
        for claims in &accepted {
            assert!(verify(&verifier, &sign(claims)).is_ok(), "{claims}");
        }
        for (claims, words) in &refused {
            let reason = reason(&verifier, &sign(claims));
            assert!(reason.contains(words), "{claims}: {reason}");
        }
    }
}

#[test]
fn a_key_that_is_not_in_the_set_is_missing_and_may_come() {
    let (here, new) = (KeyPair::new("here", Algorithm::EdDSA), KeyPair::new("new\n", Algorithm::EdDSA));
    let verifier = with_keys(None, &[&here], &checks());
    let told = missing(&verifier, &new.sign(&json!({"sub": "u1"})));
    assert!(told.contains(r#"has no key "new\n""#), "{told}");
    let long = KeyPair::new("k", Algorithm::EdDSA);
    let header = Header { kid: Some("x".repeat(2_000)), ..Header::new(Algorithm::EdDSA) };
    assert!(missing(&verifier, &long.sign_with(&header, &json!({"sub": "u1"}))).len() < 200);
    let before_the_first = Verifier::new(None, Some(KeyRing::default()), &checks());
    missing(&before_the_first, &here.sign(&json!({"sub": "u1"})));
}

#[test]
fn a_token_that_has_expired_is_told_so_even_when_its_key_is_gone() {
    let (here, gone) = (KeyPair::new("here", Algorithm::EdDSA), KeyPair::new("gone", Algorithm::EdDSA));
    let verifier = with_keys(None, &[&here], &checks());
    let token = gone.sign(&json!({"sub": "u1", "exp": in_seconds(-60)}));
    assert_eq!(verify(&verifier, &token), Err(TokenError::Expired));
}

#[test]
fn a_verifier_without_keys_refuses_every_token() {
    let verifier = Verifier::new(None, None, &checks());
    assert_eq!(verify(&verifier, &hs256(&json!({"sub": "u1"}))), Err(TokenError::NoKeys));
}
