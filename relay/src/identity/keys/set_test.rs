//! Which keys of a set are taken, and why the others are not.

use serde_json::json;

use super::*;
use crate::test_issuer::{KeyPair, key_set};

fn read(keys: &[Value]) -> Result<(KeySet, Vec<LeftOut>), KeySetError> {
    KeySet::read(json!({"keys": keys, "more": true}).to_string().as_bytes(), &Checks::default())
}

/// A published key, changed.
fn changed(key: &KeyPair, change: impl FnOnce(&mut Value)) -> Value {
    let mut jwk = key.public();
    change(&mut jwk);
    jwk
}

#[test]
fn a_key_that_cannot_be_used_is_left_out_with_the_reason() {
    let rsa = KeyPair::rsa("k", Algorithm::RS256, 0);
    let p256 = KeyPair::new("k", Algorithm::ES256);
    let ed = KeyPair::new("k", Algorithm::EdDSA);
    let rows = [
        (changed(&ed, |k| k["d"] = "secret".into()), "private key"),
        (json!({"kty": "oct", "k": "c2VjcmV0", "kid": "k"}), "shared secret"),
        (changed(&rsa, |k| k["use"] = "enc".into()), "not meant for verifying"),
        (changed(&rsa, |k| k["key_ops"] = json!(["encrypt"])), "not meant for verifying"),
        (changed(&rsa, |k| k["n"] = k["n"].as_str().unwrap()[..340].into()), "2048 to 8192 bits"),
        (changed(&rsa, |k| k["n"] = k["n"].as_str().unwrap()[..340].repeat(5).into()), "2048 to 8192 bits"),
        (changed(&rsa, |k| k["n"] = "".into()), "2048 to 8192 bits"),
        (changed(&rsa, |k| k["n"] = "no base64!".into()), "not base64url"),
        (changed(&rsa, |k| k["alg"] = "ES256".into()), "not one for its kind of key"),
        (changed(&rsa, |k| k["alg"] = "HS256".into()), "not one for its kind of key"),
        (changed(&rsa, |k| k["alg"] = "none".into()), "not known here"),
        (changed(&p256, |k| k["alg"] = "ES384".into()), "not one for its kind of key"),
        (changed(&p256, |k| k["x"] = "AAAA".into()), "wrong size"),
        (changed(&p256, |k| k["crv"] = "P-521".into()), "RSA, P-256, P-384 and Ed25519 are"),
        (changed(&p256, |k| k["crv"] = "secp256k1".into()), "RSA, P-256, P-384 and Ed25519 are"),
        (changed(&ed, |k| k["x"] = "AAAA".into()), "wrong size"),
        (changed(&ed, |k| k["crv"] = "X25519".into()), "RSA, P-256, P-384 and Ed25519 are"),
        (json!({"kid": "k"}), "RSA, P-256, P-384 and Ed25519 are"),
        (json!({"kty": "RSA", "kid": 7}), "not a JWK"),
        (json!("a key"), "not a JWK"),
    ];
    let good = KeyPair::new("good", Algorithm::EdDSA);
    for (key, words) in rows {
        let Err(KeySetError::NoneUsable(why)) = read(std::slice::from_ref(&key)) else {
            panic!("{key} is taken")
        };
        assert!(why.contains(words), "{key}: {why}");
        // It does not cost the others.
        let (set, left_out) = read(&[key.clone(), good.public()]).unwrap();
        assert_eq!(set.names(), ["good:EdDSA"], "{key}");
        assert_eq!(left_out, [LeftOut { id: key["kid"].as_str().map(str::to_owned), why }]);
    }
}

#[test]
fn a_key_has_the_algorithm_that_it_names_or_the_usual_one_of_its_kind() {
    let rsa = |alg| KeyPair::rsa("rsa", alg, 0).public();
    let without = |key: KeyPair| changed(&key, |k| drop(k.as_object_mut().unwrap().remove("alg")));
    let (set, left_out) = read(&[
        rsa(Algorithm::PS512),
        without(KeyPair::rsa("plain", Algorithm::PS512, 0)),
        without(KeyPair::new("p256", Algorithm::ES256)),
        without(KeyPair::new("p384", Algorithm::ES384)),
        without(KeyPair::new("ed\"", Algorithm::EdDSA)),
        changed(&KeyPair::new("k", Algorithm::EdDSA), |k| drop(k.as_object_mut().unwrap().remove("kid"))),
    ])
    .unwrap();
    assert_eq!(left_out, []);
    let names = ["rsa:PS512", "plain:RS256", "p256:ES256", "p384:ES384", "ed\\\":EdDSA", "(no kid):EdDSA"];
    assert_eq!(set.names(), names);
}

#[test]
fn what_is_no_key_set_is_refused() {
    let read = |text: &str| KeySet::read(text.as_bytes(), &Checks::default()).err().unwrap();
    for text in ["", "<html>", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":7}"#] {
        assert_eq!(read(text), KeySetError::NotASet, "{text}");
    }
    assert_eq!(read(r#"{"keys":[]}"#), KeySetError::Empty);
    let many = json!({"keys": vec![json!({}); MAX_KEYS + 1]}).to_string();
    assert_eq!(read(&many), KeySetError::TooMany(65));
}

#[test]
fn a_token_that_names_no_key_is_not_tried_with_very_many() {
    let keys: Vec<_> = (0..=MAX_TRIES).map(|_| KeyPair::new("k", Algorithm::EdDSA)).collect();
    let tried = |count| {
        let text = key_set(&keys.iter().take(count).collect::<Vec<_>>());
        let (set, _) = KeySet::read(text.as_bytes(), &Checks::default()).unwrap();
        match set.candidates(None, Algorithm::EdDSA) {
            Candidates::Some(keys) => Ok(keys.len()),
            Candidates::None(why) => Err(why),
            Candidates::Missing => panic!("there are keys"),
        }
    };
    assert_eq!(tried(MAX_TRIES), Ok(MAX_TRIES));
    assert!(tried(MAX_TRIES + 1).unwrap_err().contains("too many to try"));
}
