//! An authority of a test's own, certificates that it signs, and a client that trusts it and nobody else.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of this")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Who signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for 127.0.0.1 and localhost, and its key, in PEM.
    pub fn issue(&self) -> (String, String) {
        self.issue_as(names(&["127.0.0.1", "localhost"]))
    }

    /// A certificate for 127.0.0.1 that ends so long from now, and its key.
    pub fn issue_for(&self, lasting: Duration) -> (String, String) {
        self.issue_until(since_1970() + lasting)
    }

    /// The same, of which the certificate ended so long ago.
    pub fn issue_ended(&self, ago: Duration) -> (String, String) {
        self.issue_until(since_1970() - ago)
    }

    fn issue_until(&self, since_1970: Duration) -> (String, String) {
        let mut params = names(&["127.0.0.1"]);
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970;
        self.issue_as(params)
    }

    /// A certificate as these have it, and its key, in PEM.
    pub fn issue_as(&self, params: CertificateParams) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    /// A client's settings: it trusts this authority.
    pub fn client(&self) -> ClientConfig {
        self.client_of(rustls::DEFAULT_VERSIONS)
    }

    /// Those of a client that speaks these versions.
    pub fn client_of(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots).with_no_client_auth()
    }
}

/// What a certificate for these names is made of.
pub fn names(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

/// A certificate for 127.0.0.1 that nobody but its own key has signed, and the key, in PEM.
pub fn signed_by_itself(is_ca: IsCa) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = names(&["127.0.0.1"]);
    params.is_ca = is_ca;
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

/// A folder with a certificate and its key.
pub struct Folder {
    folder: TempDir,
}

impl Folder {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn with(pair: &(String, String)) -> Self {
        let folder = Self::new();
        folder.put(pair);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a pair, each file whole at once.
    pub fn put(&self, (certificate, key): &(String, String)) {
        for (name, text) in [("cert.pem", certificate), ("key.pem", key)] {
            std::fs::write(self.path("new"), text).unwrap();
            std::fs::rename(self.path("new"), self.path(name)).unwrap();
        }
    }

    /// The flags that name them.
    pub fn flags(&self) -> [String; 4] {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        [
            "--tls-cert".to_owned(),
            text(&self.path("cert.pem")),
            "--tls-key".to_owned(),
            text(&self.path("key.pem")),
        ]
    }
}

/// Connects to 127.0.0.1.
pub async fn connect(
    config: impl Into<Arc<ClientConfig>>,
    at: SocketAddr,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(config.into()).connect(name, TcpStream::connect(at).await?).await
}

/// The authority and the certificate of all relays of this process.
pub fn of_process() -> &'static (Authority, Folder) {
    static OF_PROCESS: OnceLock<(Authority, Folder)> = OnceLock::new();
    OF_PROCESS.get_or_init(|| {
        let authority = Authority::new();
        let folder = Folder::with(&authority.issue());
        (authority, folder)
    })
}
