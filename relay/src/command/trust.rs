//! Whose certificates a command believes, and what it says of those that it does not.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, ClientConfig, Error, OtherError, RootCertStore};

use super::dial::DialError;

/// The protocol that is spoken inside (RFC 7301).
const ALPN: &[u8] = b"http/1.1";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Who may have signed the certificate of a relay.
#[derive(Debug)]
pub struct Authorities {
    from: From,
    roots: RootCertStore,
}

/// Where authorities are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// The system, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead.
    System,
    /// The file of `--ca`.
    File(PathBuf),
}

/// Why there are no authorities.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthorities {
    /// The file cannot be read, or is damaged.
    #[error("cannot read the authorities in {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The file has none.
    #[error("there is no certificate in {}: --ca takes PEM, with -----BEGIN CERTIFICATE----- in it", .0.display())]
    Empty(PathBuf),
    /// The system has none.
    #[error(
        "this system has no authorities by which a relay can be recognised{0}: install them (ca-certificates), or name \
         the relay's own with --ca"
    )]
    NoneOfSystem(String),
}

/// Why a relay is not believed to be the one that the address names.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// Its certificate is of somebody unknown.
    #[error("its certificate is not of an authority {from}: {}", from.remedy())]
    UnknownAuthority {
        /// Where the known ones are from.
        from: From,
    },
    /// It shows the certificate of an authority as its own.
    #[error(
        "its certificate is that of an authority (CA:TRUE), which cannot stand for a relay: one that is signed by itself \
         has to be made with CA:FALSE, and is named by --ca then"
    )]
    AuthorityItself,
    /// Its certificate is for others.
    #[error(
        "its certificate is not for {asked} but for {}: --url has to have a name that is in the certificate",
        named(.presented)
    )]
    WrongName {
        /// The host of the address.
        asked: String,
        /// What the certificate is for.
        presented: Vec<String>,
    },
    /// Its certificate has ended.
    #[error("its certificate ended {}: the relay needs a new one, or this machine's clock is wrong", ago(.0))]
    Ended(Duration),
    /// Its certificate has not begun.
    #[error("its certificate is not valid yet: perhaps the clock of this machine or of its maker is wrong")]
    NotYet,
    /// It speaks something else.
    #[error("it does not speak TLS: if it speaks plain HTTP, write http://")]
    NoTls,
    /// Something rarer.
    #[error("the TLS handshake failed: {0}")]
    Other(Error),
}

impl Authorities {
    /// Reads those of a file, or else of the system.
    ///
    /// # Errors
    /// When there are none.
    pub fn read(file: Option<&Path>) -> Result<Self, NoAuthorities> {
        match file {
            Some(path) => Ok(Self { from: From::File(path.to_owned()), roots: of_file(path)? }),
            None => Ok(Self { from: From::System, roots: of_system()? }),
        }
    }

    /// How a handshake is made with a relay that one of them has signed: TLS 1.2 or 1.3.
    ///
    /// # Errors
    /// Never with the versions and the cryptography that this is built with.
    pub fn config(&self) -> Result<ClientConfig, Error> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(config)
    }

    /// What the error of a handshake means.
    pub fn explain(&self, error: io::Error) -> DialError {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(error) => DialError::Distrusted(self.distrust(error)),
            None => DialError::Unreachable(error),
        }
    }

    fn distrust(&self, error: &Error) -> Distrust {
        match error {
            Error::InvalidCertificate(why) => self.disbelief(why),
            Error::InvalidMessage(_) => Distrust::NoTls,
            error => Distrust::Other(error.clone()),
        }
    }

    fn disbelief(&self, why: &CertificateError) -> Distrust {
        match why {
            // A bad signature: an authority of the same name is known, and it was another one.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                Distrust::UnknownAuthority { from: self.from.clone() }
            }
            CertificateError::NotValidForNameContext { expected, presented } => {
                Distrust::WrongName { asked: expected.to_str().into_owned(), presented: presented.clone() }
            }
            CertificateError::ExpiredContext { time, not_after } => Distrust::Ended(since(*time, *not_after)),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Distrust::NotYet,
            CertificateError::Other(other) if is_of_an_authority(other) => Distrust::AuthorityItself,
            other => Distrust::Other(Error::InvalidCertificate(other.clone())),
        }
    }
}

impl From {
    const fn remedy(&self) -> &'static str {
        match self {
            Self::System => {
                "if it is your own, name the file with that authority's certificate (PEM) by --ca"
            }
            Self::File(_) => {
                "--ca takes the certificate of the authority that signed the relay's, or all of them"
            }
        }
    }
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("that this system trusts"),
            Self::File(path) => write!(f, "in {}", path.display()),
        }
    }
}

fn of_file(path: &Path) -> Result<RootCertStore, NoAuthorities> {
    let unreadable =
        |why: &dyn fmt::Display| NoAuthorities::Unreadable { path: path.to_owned(), why: why.to_string() };
    let text = std::fs::read(path).map_err(|error| unreadable(&error))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() { Err(NoAuthorities::Empty(path.to_owned())) } else { Ok(roots) }
}

fn of_system() -> Result<RootCertStore, NoAuthorities> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems have some that are too old to be read.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
        return Err(NoAuthorities::NoneOfSystem(why));
    }
    Ok(roots)
}

/// rustls has no word of its own for that, and passes on that of the webpki inside it.
fn is_of_an_authority(error: &OtherError) -> bool {
    error.0.to_string() == "CaUsedAsEndEntity"
}

/// Names as people write them: rustls has `DnsName("a")` and `IpAddress(::1)`.
fn named(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inside = name.split_once('(').map_or(name.as_str(), |(_, inside)| inside.trim_end_matches(')'));
        inside.trim_matches('"').to_owned()
    };
    match presented {
        [] => "no name at all".to_owned(),
        presented => presented.iter().map(bare).collect::<Vec<_>>().join(", "),
    }
}

fn since(now: UnixTime, then: UnixTime) -> Duration {
    Duration::from_secs(now.as_secs().saturating_sub(then.as_secs()))
}

fn ago(ended: &Duration) -> String {
    match ended.as_secs() / DAY.as_secs() {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}
