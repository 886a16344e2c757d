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
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    /// The same, of which the certificate ends so long from now.
    pub fn issue_for(&self, lasting: Duration) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970 + lasting;
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
