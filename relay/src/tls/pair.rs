//! A certificate and its key, read from two PEM files (RFC 7468).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

/// Bytes of one of the files. A chain of ten certificates with large keys has less than a tenth of that.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// How an encrypted key begins (RFC 7468 section 11, RFC 1421).
const ENCRYPTED: [&str; 2] = ["BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"];

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFiles {
    /// The certificate, and behind it those that lead to the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What the two files have in them.
#[derive(Clone, PartialEq, Eq)]
pub struct PairText {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// Why there is no pair to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// A file cannot be read.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The file of the certificate has none.
    #[error(
        "there is no certificate in {path}: it should be PEM, with -----BEGIN CERTIFICATE----- in it, the relay's own \
         certificate first and then those that lead to its authority"
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The file of the key has none.
    #[error(
        "there is no private key in {path}: it should be PEM, with -----BEGIN PRIVATE KEY----- (PKCS #8), \
         BEGIN EC PRIVATE KEY or BEGIN RSA PRIVATE KEY in it"
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key needs a passphrase.
    #[error(
        "the key in {path} is encrypted, and nobody can be asked for the passphrase: openssl pkey -in {path} -out \
         FILE writes one that is not"
    )]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// A file is no PEM.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The two do not belong together.
    #[error(
        "the key in {key} is not that of the first certificate in {certificate}: the relay's own certificate comes \
         first, those that lead to its authority behind it"
    )]
    NoMatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The key or the certificate is of a kind that cannot be used.
    #[error(
        "the certificate in {certificate} and the key in {key} cannot be used: {why}; keys are ECDSA P-256 or P-384, \
         Ed25519, or RSA with 2048 to 8192 bits"
    )]
    Unusable {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        why: String,
    },
}

impl PairFiles {
    /// Reads both files. Blocks while it does.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn read(&self) -> Result<PairText, PairError> {
        Ok(PairText { certificate: read(&self.certificate)?, key: read(&self.key)? })
    }

    /// Makes of what was read a pair that can be shown to clients.
    ///
    /// # Errors
    /// What is wrong with it and what would be right.
    pub fn parse(&self, text: &PairText) -> Result<CertifiedKey, PairError> {
        let chain = self.chain(&text.certificate)?;
        let key = self.key(&text.key)?;
        CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| self.unusable(&error))
    }

    fn chain(&self, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, PairError> {
        let path = || self.certificate.clone();
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
        match chain {
            Ok(chain) if chain.is_empty() => Err(PairError::NoCertificate { path: path() }),
            Ok(chain) => Ok(chain),
            Err(error) => Err(PairError::Damaged { path: path(), why: damage(&error).to_owned() }),
        }
    }

    fn key(&self, text: &[u8]) -> Result<PrivateKeyDer<'static>, PairError> {
        let path = || self.key.clone();
        let readable = String::from_utf8_lossy(text);
        if ENCRYPTED.iter().any(|mark| readable.contains(mark)) {
            return Err(PairError::EncryptedKey { path: path() });
        }
        PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
            pem::Error::NoItemsFound => PairError::NoKey { path: path() },
            error => PairError::Damaged { path: path(), why: damage(&error).to_owned() },
        })
    }

    fn unusable(&self, error: &Error) -> PairError {
        let (certificate, key) = (self.certificate.clone(), self.key.clone());
        match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => PairError::NoMatch { certificate, key },
            error => PairError::Unusable { certificate, key, why: error.to_string() },
        }
    }
}

impl std::fmt::Debug for PairText {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PairText").finish_non_exhaustive()
    }
}

/// What is wrong with a PEM file, without a word of what is in it: that may be a key.
const fn damage(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a -----BEGIN …----- has no -----END …-----",
        pem::Error::IllegalSectionStart { .. } => "a line with -----BEGIN is cut off",
        pem::Error::Base64Decode(_) => {
            "what stands between -----BEGIN …----- and -----END …----- is no Base64"
        }
        _ => "it is no PEM",
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PairError> {
    let unreadable =
        |error: io::Error| PairError::Unreadable { path: path.to_owned(), why: error.to_string() };
    let about = fs::metadata(path).map_err(unreadable)?;
    if about.len() > MAX_FILE_BYTES {
        return Err(unreadable(io::Error::other(format!("it has more than {MAX_FILE_BYTES} bytes"))));
    }
    fs::read(path).map_err(unreadable)
}

#[cfg(test)]
#[path = "pair_test.rs"]
mod tests;
