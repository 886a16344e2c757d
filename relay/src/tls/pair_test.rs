//! What is wrong with two files, in words.

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;

fn certificate(key: &KeyPair) -> String {
    CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(key).unwrap().pem()
}

/// The two files, in a folder that is gone with the test.
fn files(certificate: &str, key: &str) -> (TempDir, PairFiles) {
    let folder = tempfile::tempdir().unwrap();
    let files = PairFiles { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
    fs::write(&files.certificate, certificate).unwrap();
    fs::write(&files.key, key).unwrap();
    (folder, files)
}

fn load(files: &PairFiles) -> Result<CertifiedKey, String> {
    files.read().and_then(|text| files.parse(&text)).map_err(|error| error.to_string())
}

#[test]
fn a_certificate_and_its_key_are_taken_with_what_stands_around_them() {
    let key = KeyPair::generate().unwrap();
    let certificate = format!("Subject: localhost\n{}\n{}", certificate(&key), certificate(&key));
    let (_folder, files) = files(&certificate, &format!("# a key\n{}", key.serialize_pem()));
    assert_eq!(load(&files).unwrap().cert.len(), 2);
}

#[test]
fn what_is_wrong_with_a_pair_is_told_with_what_would_be_right() {
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let (right, key, other) = (certificate(&key), key.serialize_pem(), other.serialize_pem());
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let cut_off = &right[..right.len() / 2];
    let cases = [
        (right.as_str(), other.as_str(), "k.pem is not that of the first certificate in"),
        ("", &key, "there is no certificate in"),
        (&key, &key, "there is no certificate in"),
        (&right, "", "there is no private key in"),
        (&right, &right, "there is no private key in"),
        (&right, encrypted, "is encrypted, and nobody can be asked for the passphrase: openssl pkey -in"),
        (cut_off, &key, "c.pem is damaged: a -----BEGIN …----- has no -----END …-----"),
        (no_certificate, &key, "cannot be used"),
        (&right, no_key, "keys are ECDSA P-256 or P-384"),
    ];
    for (certificate, key, words) in cases {
        let (_folder, files) = files(certificate, key);
        let error = load(&files).unwrap_err();
        assert!(error.contains(words), "{words}: {error}");
        assert!(!error.contains("AAAA"), "what is in the file is nobody's: {error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let files = PairFiles { certificate: "/does/not/exist.pem".into(), key: "/k.pem".into() };
    assert!(load(&files).unwrap_err().starts_with("cannot read /does/not/exist.pem: No such file"));
}
