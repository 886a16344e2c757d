//! Why a token is not accepted, in words that are fit for the log and for the page's developer.

use jsonwebtoken::errors::{Error, ErrorKind};

/// Why a token is not accepted. No variant holds any part of the token but the id of its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was valid once. A new one would do.
    #[error("the token has expired")]
    Expired,
    /// It will never be valid.
    #[error("the token is not valid: {0}")]
    Invalid(String),
    /// Nobody can say at the moment: the key is not to be had. The same token may do later.
    #[error("the token cannot be checked at the moment: {0}; try again")]
    Unavailable(String),
    /// The relay verifies no tokens.
    #[error("this relay verifies no tokens: start it with --token-secret or --token-jwks")]
    NoKeys,
}

impl TokenError {
    /// One that will never be valid.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }
}

impl From<&Error> for TokenError {
    /// What the library says, in our words: its own may have parts of the token in them.
    fn from(error: &Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::ExpiredSignature => return Self::Expired,
            ErrorKind::InvalidSignature => "its signature is not that of this relay's key",
            ErrorKind::InvalidAlgorithm => "its algorithm is not that of the key",
            ErrorKind::ImmatureSignature => "its \"nbf\" is in the future",
            ErrorKind::InvalidAudience => "its \"aud\" names none of --token-audience",
            ErrorKind::InvalidIssuer => "its \"iss\" is none of --token-issuer",
            ErrorKind::MissingRequiredClaim(claim) => match claim.as_str() {
                "aud" => "it has no \"aud\", and --token-audience wants one",
                "iss" => "it has no \"iss\", and --token-issuer wants one",
                _ => "it has no \"sub\"",
            },
            ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Utf8(_) => "it is not a JWT",
            ErrorKind::Json(_) | ErrorKind::InvalidClaimFormat(_) => {
                "its claims are not as they should be: \"sub\" and \"type\" are strings, \"exp\" and \"nbf\" \
                 numbers of seconds"
            }
            _ => "it cannot be read",
        };
        Self::invalid(reason)
    }
}
