//! Settings as the code takes them: checked, typed, and none missing.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use realtime_hub::settings::HubSettings;

use super::error::SettingsError;
use super::identity::{clock_skew, keys_at, names, secret, visitor_keys};
use super::options::Complete;
use super::retention;
use crate::http::address::Network;
use crate::identity::claims::Checks;
use crate::identity::settings::IdentitySettings;
use crate::log::start::LogFormat;
use crate::permission::webhook::address::BackendAddress;
use crate::permission::webhook::settings::WebhookSettings;
use crate::permission::webhook::signature::Secret;
use crate::session::flood::FrameLimit;
use crate::session::rules::SessionRules;
use crate::store::disk::Durability;
use crate::tls::pair::PairFiles;

/// The key of a relay that listens on loopback and was given none.
pub const DEVELOPMENT_KEY: &str = "dev";

/// A hundred years: whoever means "for ever" may write that.
const MAX_SECONDS: u64 = 100 * 365 * 24 * 60 * 60;

/// Settings in force.
pub struct Settings {
    /// The file that some of them may come from.
    pub config: Option<PathBuf>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to listen for operators.
    pub metrics_listen: Option<SocketAddr>,
    /// The certificate that clients are shown and its key, where they speak TLS.
    pub tls: Option<PairFiles>,
    /// The permissions file.
    pub permissions: Option<PathBuf>,
    /// The backend that decides about permissions.
    pub webhook: Option<WebhookSettings>,
    /// Whether all is refused when nothing decides about permissions.
    pub require_permissions: bool,
    /// The folder of static files.
    pub site: Option<PathBuf>,
    /// Keys that may publish.
    pub api_keys: Vec<String>,
    /// How clients are known.
    pub identity: IdentitySettings,
    /// Origins that may connect besides the relay's own.
    pub allow_origins: Vec<String>,
    /// Sessions at once.
    pub max_sessions: usize,
    /// Connections of one address at once; 0 for no limit.
    pub max_connections_per_address: usize,
    /// Proxies that tell a client's address.
    pub trusted_proxies: Vec<Network>,
    /// Bytes of a payload.
    pub max_payload_bytes: usize,
    /// Messages that a key may publish in a second, if that is limited.
    pub max_publishes_per_second: Option<u32>,
    /// Running subscriptions that are asked about again in a second.
    pub max_rechecks_per_second: u32,
    /// Bytes that may wait for a client.
    pub max_outbox_bytes: usize,
    /// The rules of channels.
    pub hub: HubSettings,
    /// Bytes that all channels may keep.
    pub max_history_bytes: usize,
    /// Where messages outlive the relay, if they do.
    pub data_dir: Option<PathBuf>,
    /// When a message counts as stored there.
    pub durability: Durability,
    /// Bytes that histories and what waits for clients may have together.
    pub max_memory_bytes: usize,
    /// The rules of sessions.
    pub session: SessionRules,
    /// The log's filter.
    pub log: String,
    /// How the log is written.
    pub log_format: LogFormat,
}

impl Settings {
    /// Whether backends publish with the key that everyone knows.
    pub fn has_development_key(&self) -> bool {
        self.api_keys.iter().any(|key| key == DEVELOPMENT_KEY)
    }

    /// Checks settings and makes them what the code needs.
    pub(super) fn check(given: Complete) -> Result<Self, SettingsError> {
        let webhook = webhook(&given)?;
        let keeps = given.data_dir.is_some();
        Ok(Self {
            webhook,
            api_keys: api_keys(given.api_key, given.listen)?,
            config: given.config,
            tls: tls(given.tls_cert, given.tls_key)?,
            listen: given.listen,
            metrics_listen: given.metrics_listen,
            permissions: given.permissions,
            require_permissions: given.require_permissions,
            site: given.site,
            identity: IdentitySettings {
                token_secret: secret(given.token_secret)?,
                token_keys: given.token_jwks.map(keys_at).transpose()?,
                schedule: None,
                checks: Checks {
                    audiences: names("token-audience", given.token_audience)?,
                    issuers: names("token-issuer", given.token_issuer)?,
                    clock_skew: clock_skew(given.token_clock_skew_seconds)?,
                },
                visitor_keys: visitor_keys(given.visitor_key.unwrap_or_default())?,
            },
            allow_origins: origins(given.allow_origin)?,
            max_sessions: at_least_one("max-sessions", given.max_sessions)?,
            max_connections_per_address: at_least_one(
                "max-connections-per-address",
                given.max_connections_per_address,
            )?,
            trusted_proxies: given.trusted_proxy,
            max_payload_bytes: at_least_one("max-payload-bytes", given.max_payload_bytes)?,
            max_publishes_per_second: not_zero("max-publishes-per-second", given.max_publishes_per_second)?,
            max_rechecks_per_second: at_least_one("max-rechecks-per-second", given.max_rechecks_per_second)?,
            max_outbox_bytes: at_least_one("max-outbox-bytes", given.max_outbox_bytes)?,
            hub: HubSettings {
                retentions: retention::check(
                    &given.retention,
                    given.history_messages,
                    seconds("history-seconds", given.history_seconds)?,
                )?,
                ..HubSettings::default()
            },
            max_history_bytes: given.max_history_bytes,
            max_memory_bytes: memory(given.max_memory_bytes, given.max_history_bytes)?,
            data_dir: given.data_dir,
            durability: durability(given.durability, keeps)?,
            session: SessionRules {
                heartbeat_interval: seconds("heartbeat-seconds", given.heartbeat_seconds)?,
                heartbeat_timeout: seconds("heartbeat-timeout-seconds", given.heartbeat_timeout_seconds)?,
                hello_timeout: seconds("hello-timeout-seconds", given.hello_timeout_seconds)?,
                idle_timeout: seconds("idle-timeout-seconds", given.idle_timeout_seconds)?,
                max_subscriptions: at_least_one("max-subscriptions", given.max_subscriptions)?,
                frames: FrameLimit::new(
                    at_least_one("max-frames-per-second", given.max_frames_per_second)?,
                    given.max_subscriptions,
                ),
            },
            log: log_filter(given.log)?,
            log_format: given.log_format,
        })
    }
}

fn api_keys(given: Option<Vec<String>>, listen: SocketAddr) -> Result<Vec<String>, SettingsError> {
    let keys = given.unwrap_or_default();
    if keys.is_empty() {
        return Err(SettingsError::NoKey(listen.ip()));
    }
    if keys.iter().any(|key| key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(SettingsError::BadKey);
    }
    Ok(keys)
}

/// Origins as browsers write them (`null` is what pages of a file have). One with a path, without a scheme, with a `*` for
/// some hosts, or with the port that browsers leave out, would let nobody in and say nothing.
fn origins(given: Vec<String>) -> Result<Vec<String>, SettingsError> {
    match given.iter().find(|origin| !["*", "null"].contains(&origin.as_str()) && !is_origin(origin)) {
        Some(wrong) => Err(SettingsError::BadOrigin { given: wrong.clone() }),
        None => Ok(given),
    }
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let is_left_out =
        matches!((scheme, host.rsplit_once(':')), ("http", Some((_, "80"))) | ("https", Some((_, "443"))));
    let is_host = |char: char| !"/?#@\\*".contains(char) && !char.is_whitespace() && !char.is_control();
    // Apps bring schemes of their own (`capacitor://localhost`), so any is taken.
    !scheme.is_empty() && !host.is_empty() && !is_left_out && host.chars().all(is_host)
}

/// What survives the machine is kept somewhere.
const fn durability(given: Durability, keeps: bool) -> Result<Durability, SettingsError> {
    match given {
        Durability::Machine if !keeps => Err(SettingsError::NothingToKeepIn),
        _ => Ok(given),
    }
}

/// A filter that can be read, and whose words without `=` are levels: a module's name alone would write all of that one,
/// and nothing else of the relay.
fn log_filter(given: String) -> Result<String, SettingsError> {
    match crate::log::start::check(&given) {
        Ok(()) => Ok(given),
        Err(why) => Err(SettingsError::BadLog { given, why }),
    }
}

/// Histories leave something of the memory for what waits.
const fn memory(max_memory: usize, max_history: usize) -> Result<usize, SettingsError> {
    if max_memory > max_history {
        Ok(max_memory)
    } else {
        Err(SettingsError::NoMemoryLeft { max_memory, max_history })
    }
}

fn tls(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<PairFiles>, SettingsError> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(PairFiles { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(SettingsError::HalfAPair { given: "tls-cert", missing: "tls-key" }),
        (None, Some(_)) => Err(SettingsError::HalfAPair { given: "tls-key", missing: "tls-cert" }),
    }
}

fn webhook(given: &Complete) -> Result<Option<WebhookSettings>, SettingsError> {
    let timeout = at_least_one("permissions-timeout-ms", given.permissions_timeout_ms)?;
    let Some(max_in_flight) = NonZeroU32::new(given.permissions_max_in_flight) else {
        return Err(SettingsError::Zero("permissions-max-in-flight"));
    };
    // Of several the first signs; the backend takes any, which lets both change theirs without a gap.
    let secrets = given.permissions_secret.as_deref().unwrap_or_default();
    if secrets.iter().any(String::is_empty) {
        return Err(SettingsError::EmptyPermissionsSecret);
    }
    let Some(url) = &given.permissions_url else { return Ok(None) };
    if given.permissions.is_some() {
        return Err(SettingsError::TwoDeciders);
    }
    Ok(Some(WebhookSettings {
        address: BackendAddress::parse(url).map_err(SettingsError::PermissionsUrl)?,
        secret: secrets.first().map(|secret| Secret::new(secret)),
        timeout: Duration::from_millis(timeout),
        max_in_flight,
        remembered_for: match given.permissions_cache_seconds {
            0 => None,
            given => Some(seconds("permissions-cache-seconds", given)?),
        },
    }))
}

/// A span that is neither 0 nor so long that adding it to a moment would overflow.
pub(super) fn seconds(name: &'static str, given: u64) -> Result<Duration, SettingsError> {
    if given > MAX_SECONDS {
        return Err(SettingsError::TooLong { name, max: MAX_SECONDS });
    }
    at_least_one(name, given).map(Duration::from_secs)
}

fn at_least_one<T: Default + PartialEq>(name: &'static str, given: T) -> Result<T, SettingsError> {
    Ok(not_zero(name, Some(given))?.unwrap_or_default())
}

/// A number that may be missing, but not be 0.
fn not_zero<T: Default + PartialEq>(
    name: &'static str,
    given: Option<T>,
) -> Result<Option<T>, SettingsError> {
    if given == Some(T::default()) { Err(SettingsError::Zero(name)) } else { Ok(given) }
}
