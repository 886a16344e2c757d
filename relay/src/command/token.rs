//! `relay token`: a signed token for a user, as the site's backend would make it.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use realtime_protocol::subscriber::{SubscriberType, UserId};
use serde::Serialize;

use super::failure::Failure;
use super::output;
use crate::identity::cryptography;
use crate::settings::SettingsError;

/// What `relay token` is given.
#[derive(Args)]
pub struct TokenArgs {
    /// The user's id
    #[arg(long, value_name = "ID", value_parser = UserId::parse)]
    pub sub: UserId,

    /// What the user is to the site: Admin, Member or Visitor
    #[arg(long = "type", value_name = "TYPE", default_value = "Member", value_parser = kind)]
    pub kind: SubscriberType,

    /// How long the token is valid: a number with s, m, h or d behind it, such as 30s, 15m, 1h, 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = span)]
    pub ttl: Duration,

    /// Whom the token is meant for (`aud`), where the relay has a --token-audience; may be given more than once
    #[arg(long, value_name = "AUDIENCE")]
    pub aud: Vec<String>,

    /// Whom the token is from (`iss`), where the relay has a --token-issuer
    #[arg(long, value_name = "ISSUER")]
    pub iss: Option<String>,

    /// The secret that the relay verifies tokens with; better given by the environment, which no list of processes
    /// shows
    #[arg(long, env = "RELAY_TOKEN_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub token_secret: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a UserId,
    #[serde(rename = "type")]
    kind: SubscriberType,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aud: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    iat: u64,
    exp: u64,
}

/// Prints a token.
///
/// # Errors
/// When the secret is empty, or the token would outlive every calendar.
pub fn run(args: &TokenArgs) -> Result<ExitCode, Failure> {
    if args.token_secret.is_empty() {
        return Err(Failure::usage(SettingsError::EmptySecret));
    }
    let token = sign(args, SystemTime::now())?;
    output::print(&format!("{token}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// A JWT with the claims that the relay reads, signed with HS256.
fn sign(args: &TokenArgs, now: SystemTime) -> Result<String, Failure> {
    let iat = now.duration_since(UNIX_EPOCH).map_err(Failure::failed)?.as_secs();
    let exp = iat.saturating_add(args.ttl.as_secs());
    let claims =
        Claims { sub: &args.sub, kind: args.kind, aud: &args.aud, iss: args.iss.as_deref(), iat, exp };
    cryptography::install();
    let key = EncodingKey::from_secret(args.token_secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(Failure::failed)
}

/// Reads what a user is to the site, in any case.
///
/// # Errors
/// The three words that there are.
pub fn kind(text: &str) -> Result<SubscriberType, &'static str> {
    SubscriberType::parse(text).ok_or("a type is Admin, Member or Visitor, in any case")
}

const SPAN_RULE: &str =
    "a time is a whole number above 0 with s, m, h or d behind it, at most 36500d: 30s, 15m, 1h, 7d";

/// The longest time: a century. What is longer is a mistake.
const LONGEST: Duration = Duration::from_hours(24 * 36_500);

fn span(text: &str) -> Result<Duration, &'static str> {
    let unit = match text.chars().next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 60 * 60,
        Some('d') => 24 * 60 * 60,
        _ => return Err(SPAN_RULE),
    };
    let number = text.get(..text.len() - 1).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    number
        .and_then(|digits| digits.parse::<u64>().ok()?.checked_mul(unit))
        .map(Duration::from_secs)
        .filter(|span| !span.is_zero() && *span <= LONGEST)
        .ok_or(SPAN_RULE)
}

#[cfg(test)]
mod tests {
    use realtime_protocol::frame::Token;
    use realtime_protocol::subscriber::Subscriber;

    use super::*;
    use crate::identity::claims::{Checks, Verified};
    use crate::identity::error::TokenError;
    use crate::identity::verifier::{Verification, Verifier};

    fn args(aud: &[&str], iss: Option<&str>) -> TokenArgs {
        TokenArgs {
            sub: UserId::parse("anna").unwrap(),
            kind: SubscriberType::Admin,
            ttl: Duration::from_secs(60),
            aud: aud.iter().map(|audience| (*audience).to_owned()).collect(),
            iss: iss.map(str::to_owned),
            token_secret: "secret".to_owned(),
        }
    }

    fn verify(secret: &str, checks: &Checks, token: String) -> Result<Verified, TokenError> {
        match Verifier::new(Some(secret), None, checks).verify(&Token::new(token)) {
            Verification::Done(verified) => verified,
            Verification::KeyMissing(error) => panic!("{error}"),
        }
    }

    #[test]
    fn the_relay_recognises_the_user_until_the_token_expires() {
        let (args, now, checks) = (args(&[], None), SystemTime::now(), Checks::default());
        let verified = verify("secret", &checks, sign(&args, now).unwrap()).unwrap();
        assert_eq!(verified.subscriber, Subscriber { id: args.sub.clone(), kind: args.kind });
        let old = sign(&args, now - Duration::from_secs(120)).unwrap();
        assert_eq!(verify("secret", &checks, old), Err(TokenError::Expired));
        assert!(verify("other", &checks, sign(&args, now).unwrap()).is_err());
    }

    #[test]
    fn a_relay_that_wants_an_audience_and_an_issuer_finds_them() {
        let checks = Checks {
            audiences: vec!["relay".to_owned()],
            issuers: vec!["https://site".to_owned()],
            ..Checks::default()
        };
        let with =
            |aud: &[&str], iss| verify("secret", &checks, sign(&args(aud, iss), SystemTime::now()).unwrap());
        assert!(with(&["relay"], Some("https://site")).is_ok());
        assert!(with(&["other", "relay"], Some("https://site")).is_ok());
        assert!(with(&[], Some("https://site")).is_err() && with(&["relay"], None).is_err());
    }

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        let cases = [("30s", 30), ("15m", 900), ("1h", 3600), ("7d", 604_800), ("036500d", 3_153_600_000)];
        for (text, seconds) in cases {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "s", "0s", "1", "1.5h", "-1h", "+1h", "1w", "1 h", "36501d", "99999999999999999999s", "1ä"]
        {
            assert_eq!(span(text), Err(SPAN_RULE), "{text}");
        }
    }

    #[test]
    fn a_type_is_read_in_any_case() {
        assert_eq!(kind("visitor"), Ok(SubscriberType::Visitor));
        assert!(kind("root").unwrap_err().contains("Admin, Member or Visitor"));
    }
}
