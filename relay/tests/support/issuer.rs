//! An issuer of tokens: keys of each kind, the key set that it publishes, and a server that publishes it.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test uses a part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Header};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Making an RSA key takes long; these are for tests only.
const RSA: [&str; 2] =
    [include_str!("../fixtures/keys/rsa.pem"), include_str!("../fixtures/keys/rsa-other.pem")];

/// A key pair of an issuer.
pub struct KeyPair {
    pub kid: &'static str,
    pub algorithm: Algorithm,
    private: Private,
}

enum Private {
    Rsa(Box<RsaKeyPair>),
    Elliptic(EcdsaKeyPair),
    Edwards(Ed25519KeyPair),
}

impl KeyPair {
    /// The first or the second RSA key there is.
    pub fn rsa(kid: &'static str, algorithm: Algorithm, which: usize) -> Self {
        let private = Private::Rsa(Box::new(RsaKeyPair::from_der(&rsa_der(which)).unwrap()));
        Self { kid, algorithm, private }
    }

    /// A new key of a curve.
    pub fn new(kid: &'static str, algorithm: Algorithm) -> Self {
        let random = SystemRandom::new();
        let elliptic = |curve| {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
            Private::Elliptic(EcdsaKeyPair::from_pkcs8(curve, pkcs8.as_ref(), &random).unwrap())
        };
        let private = match algorithm {
            Algorithm::ES256 => elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::ES384 => elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::EdDSA => {
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                Private::Edwards(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
            }
            other => panic!("{other:?} is of no curve"),
        };
        Self { kid, algorithm, private }
    }

    /// The public key, as it is published (RFC 7518, section 6; RFC 8037).
    pub fn public(&self) -> Value {
        let coded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.private {
            Private::Rsa(pair) => {
                let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "n": coded(&n), "e": coded(&e)})
            }
            Private::Elliptic(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": curve, "x": coded(x), "y": coded(y)})
            }
            Private::Edwards(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": coded(pair.public_key().as_ref())})
            }
        };
        jwk["alg"] = format!("{:?}", self.algorithm).into();
        jwk["kid"] = self.kid.into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// Signs claims, naming the key.
    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.to_owned()), ..Header::new(self.algorithm) };
        self.sign_with(&header, claims)
    }

    /// Signs claims under a header of any kind, with the algorithm that it names where the key can do that.
    pub fn sign_with(&self, header: &Header, claims: &Value) -> String {
        let random = SystemRandom::new();
        signed(header, claims, |message| match &self.private {
            Private::Rsa(pair) => {
                let padding: &dyn RsaEncoding = match header.alg {
                    Algorithm::RS384 => &RSA_PKCS1_SHA384,
                    Algorithm::RS512 => &RSA_PKCS1_SHA512,
                    Algorithm::PS256 => &RSA_PSS_SHA256,
                    Algorithm::PS384 => &RSA_PSS_SHA384,
                    Algorithm::PS512 => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
            Private::Elliptic(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Private::Edwards(pair) => pair.sign(message).as_ref().to_vec(),
        })
    }
}

/// Signs claims with a secret, by the algorithm that the header names.
pub fn sign_by_secret(header: &Header, secret: &[u8], claims: &Value) -> String {
    let digest = match header.alg {
        Algorithm::HS256 => hmac::HMAC_SHA256,
        Algorithm::HS384 => hmac::HMAC_SHA384,
        Algorithm::HS512 => hmac::HMAC_SHA512,
        other => panic!("{other:?} needs no secret"),
    };
    signed(header, claims, |message| hmac::sign(&hmac::Key::new(digest, secret), message).as_ref().to_vec())
}

/// A JWT (RFC 7515, section 7.1), whatever its header and its claims are.
pub fn signed(header: &impl Serialize, claims: &impl Serialize, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let coded = |text: String| URL_SAFE_NO_PAD.encode(text);
    let [header, claims] =
        [serde_json::to_string(header), serde_json::to_string(claims)].map(|part| coded(part.unwrap()));
    let message = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// The DER inside an RSA key's PEM.
pub fn rsa_der(which: usize) -> Vec<u8> {
    let lines = RSA[which].lines().filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).unwrap()
}

/// The key set of these keys.
pub fn key_set(keys: &[&KeyPair]) -> String {
    json!({"keys": keys.iter().map(|key| key.public()).collect::<Vec<_>>()}).to_string()
}

/// Seconds since the epoch, so many from now.
pub fn in_seconds(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

/// What a key server answers.
#[derive(Clone)]
pub enum Reply {
    /// A key set, or what is said to be one.
    Keys(String),
    /// This status, and nothing else.
    Status(u16),
    /// Go there.
    Redirect(String),
    /// Nothing, ever.
    Silence,
}

/// A server of a key set, on a port of its own.
pub struct KeyServer {
    pub address: SocketAddr,
    requests: Arc<AtomicUsize>,
    reply: Arc<Mutex<Reply>>,
    tls: Option<TlsAcceptor>,
    serving: Option<JoinHandle<()>>,
    /// What keeps its address while it is away.
    place: Option<TcpSocket>,
}

impl KeyServer {
    /// A server that answers like this.
    pub async fn start(reply: Reply) -> Self {
        Self::start_with(reply, None).await
    }

    /// One that speaks TLS.
    pub async fn start_tls(reply: Reply, tls: TlsAcceptor) -> Self {
        Self::start_with(reply, Some(tls)).await
    }

    async fn start_with(reply: Reply, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut server = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            reply: Arc::new(Mutex::new(reply)),
            tls,
            serving: None,
            place: None,
        };
        server.serve(listener);
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}/keys.json", self.address)
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Answers like this from now on.
    pub fn answer(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// Goes away: connections are refused, and nobody else gets the address.
    pub async fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            let _ = serving.await;
            let place = TcpSocket::new_v4().unwrap();
            place.set_reuseaddr(true).unwrap();
            place.bind(self.address).unwrap();
            self.place = Some(place);
        }
    }

    /// Comes back where it was.
    pub fn come_back(&mut self) {
        let place = self.place.take().expect("it is away");
        self.serve(place.listen(1024).unwrap());
    }

    fn serve(&mut self, listener: TcpListener) {
        let (requests, reply, tls) = (Arc::clone(&self.requests), Arc::clone(&self.reply), self.tls.clone());
        self.serving = Some(tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (requests, reply, tls) = (Arc::clone(&requests), Arc::clone(&reply), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => answer(socket, requests, reply).await,
                        // A client that does not trust this server goes away.
                        Some(tls) => {
                            if let Ok(socket) = tls.accept(socket).await {
                                answer(socket, requests, reply).await;
                            }
                        }
                    }
                });
            }
        }));
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
    }
}

async fn answer(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    requests: Arc<AtomicUsize>,
    reply: Arc<Mutex<Reply>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            // A connection that the client has opened in advance, or closes.
            Err(_) => return,
        }
    }
    requests.fetch_add(1, Ordering::SeqCst);
    let reply = reply.lock().unwrap().clone();
    let (status, more, body) = match reply {
        Reply::Keys(body) => (200, String::new(), body),
        Reply::Status(status) => (status, String::new(), String::new()),
        Reply::Redirect(to) => (302, format!("Location: {to}\r\n"), String::new()),
        Reply::Silence => return std::future::pending().await,
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n{more}\r\n",
        body.len()
    );
    // A client that has read enough may be gone.
    let _ = socket.write_all((head + &body).as_bytes()).await;
    let _ = socket.shutdown().await;
}
