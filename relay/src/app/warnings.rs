//! What an operator should know about settings that are right and perhaps not meant.

use std::net::SocketAddr;

use crate::settings::{DEVELOPMENT_KEY, Settings};

/// RFC 7518 (section 3.2) wants as many of a key for HS256.
const SECRET_BYTES: usize = 32;

/// Says so in the log.
pub fn warn_about(settings: &Settings, address: SocketAddr) {
    if settings.has_development_key() {
        tracing::warn!(
            "everyone who reaches this relay may publish with the key {DEVELOPMENT_KEY:?}: give one of your own with --api-key"
        );
    }
    let identity = &settings.identity;
    let stays_known = identity.token_secret.is_some() || !identity.visitor_keys.is_empty();
    let only_visitors = identity.token_secret.is_none() && identity.token_keys.is_none();
    if only_visitors {
        let stranger = if stays_known { "" } else { ", and a stranger after a restart" };
        tracing::warn!("neither a token secret nor a key set was given: everyone is a visitor{stranger}");
    } else if !stays_known {
        tracing::warn!("no visitor key was given: a visitor is a stranger after a restart");
    }
    if identity.token_secret.as_ref().is_some_and(|secret| secret.len() < SECRET_BYTES) {
        tracing::warn!(
            "the token secret has fewer than {SECRET_BYTES} bytes, so who has a token can find it by trying: use a long \
             random one, for example from `openssl rand -hex 32`"
        );
    }
    if identity.token_keys.is_some() && identity.checks.audiences.is_empty() {
        tracing::warn!(
            "no token audience was given: tokens that the issuer signed for others are accepted too"
        );
    }
    if !address.ip().is_loopback() && settings.allow_origins.iter().any(|origin| origin == "*") {
        tracing::warn!("pages of every origin may connect");
    }
}
