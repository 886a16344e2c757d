//! An issuer that is asked over TLS: who it is counts.

use std::path::Path;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair as TlsKey};
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::issuer::{KeyPair, KeyServer, Reply, key_set};
use super::terminal::{Running, command};

/// A server for the name `localhost`, and the certificate of the authority that says so, in PEM.
async fn server_of(key: &KeyPair) -> (KeyServer, String) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, TlsKey::generate().unwrap()).unwrap();
    let own = TlsKey::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&own, &authority).unwrap();

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(own.serialize_der()).unwrap(),
        )
        .unwrap();
    let reply = Reply::Keys(key_set(&[key]));
    (KeyServer::start_tls(reply, TlsAcceptor::from(Arc::new(config))).await, authority.pem())
}

/// A relay that trusts the authorities of a file.
fn relay(keys: &str, authorities: &Path) -> Running {
    let mut command = command(&["serve", "--listen", "127.0.0.1:0", "--token-jwks", keys]);
    command.env("SSL_CERT_FILE", authorities).env_remove("SSL_CERT_DIR");
    Running::spawn(command)
}

#[tokio::test]
async fn an_issuer_is_believed_when_its_certificate_is_of_a_trusted_authority_and_for_its_name() {
    let key = KeyPair::new("k", Algorithm::EdDSA);
    let (server, authority) = server_of(&key).await;
    let (_, other) = server_of(&key).await;
    let folder = tempfile::tempdir().unwrap();
    let [trusted, stranger] = ["trusted.pem", "stranger.pem"].map(|name| folder.path().join(name));
    std::fs::write(&trusted, authority).unwrap();
    std::fs::write(&stranger, other).unwrap();
    let url = |name: &str| format!("https://{name}:{}/keys.json", server.address.port());

    relay(&url("localhost"), &trusted).says(r#"the key set has been read keys="https://localhost"#).await;
    assert_eq!(server.requests(), 1);
    let told = relay(&url("localhost"), &stranger).says("the key set cannot be read").await;
    assert!(told.contains("UnknownIssuer") || told.contains("BadSignature"), "{told}");
    let told = relay(&url("127.0.0.1"), &trusted).says("the key set cannot be read").await;
    assert!(told.contains("not valid for name"), "{told}");
    assert_eq!(server.requests(), 1, "nothing is asked of a stranger");
}
