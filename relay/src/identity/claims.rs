//! What a token says, and what is expected of it.
//!
//! Claims (RFC 7519): `sub` is the user's id; `type` is `Admin`, `Member` or `Visitor` in any case, `Member` when it is
//! missing; `exp` and `nbf` are honoured when they are present; `aud` and `iss` are looked at when the settings name
//! audiences and issuers, and must be there then.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, Validation};
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use serde::Deserialize;

use super::error::TokenError;

/// What is expected of every token, whoever signed it.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    /// One of these must be among the token's audiences; none: the claim is not looked at.
    pub audiences: Vec<String>,
    /// One of these must be the token's issuer; none: the claim is not looked at.
    pub issuers: Vec<String>,
    /// How far the clocks of relay and issuer may be apart. Whole seconds.
    pub clock_skew: Duration,
}

/// What a token says, once it has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The user.
    pub subscriber: Subscriber,
    /// When the token stops being valid, clock skew included.
    pub expires_at: Option<SystemTime>,
}

/// The claims that count.
#[derive(Deserialize)]
pub(super) struct Claims {
    sub: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    exp: Option<f64>,
}

impl Checks {
    /// The checks as the library wants them, for keys of one algorithm: no other is accepted, `none` least of all.
    pub(super) fn of(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = self.clock_skew.as_secs();
        validation.validate_nbf = true;
        validation.validate_aud = !self.audiences.is_empty();
        let mut required = vec!["sub"];
        if !self.audiences.is_empty() {
            required.push("aud");
            validation.set_audience(&self.audiences);
        }
        if !self.issuers.is_empty() {
            required.push("iss");
            validation.set_issuer(&self.issuers);
        }
        validation.set_required_spec_claims(&required);
        validation
    }

    /// What verified claims say.
    pub(super) fn read(&self, claims: Claims) -> Result<Verified, TokenError> {
        let id = UserId::parse(&claims.sub).map_err(|why| TokenError::Invalid(format!("\"sub\": {why}")))?;
        let kind = match claims.kind {
            None => SubscriberType::Member,
            Some(text) => SubscriberType::parse(&text)
                .ok_or_else(|| TokenError::invalid("\"type\" is none of Admin, Member and Visitor"))?,
        };
        // An end that no clock can show is none.
        let expires_at = claims.exp.and_then(|seconds| {
            let end = Duration::try_from_secs_f64(seconds).ok()?.checked_add(self.clock_skew)?;
            UNIX_EPOCH.checked_add(end)
        });
        Ok(Verified { subscriber: Subscriber { id, kind }, expires_at })
    }
}
