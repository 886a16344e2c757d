//! The relay's settings: flags over environment variables over a TOML file over defaults.
//!
//! Every setting has one name: `--max-payload-bytes`, `RELAY_MAX_PAYLOAD_BYTES` and `max-payload-bytes` are the same.
//! A key of the file that is unknown is refused by name.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use realtime_hub::settings::HubSettings;
use serde::{Deserialize, Serialize};

use crate::session::state::SessionRules;

/// The key of a relay that listens on loopback and was given none.
pub const DEVELOPMENT_KEY: &str = "dev";

/// Settings as they are written, each of which may be missing.
#[derive(Args, Serialize, Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Options {
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8787]
    #[arg(long, env = "RELAY_LISTEN", value_name = "ADDR")]
    pub listen: Option<SocketAddr>,

    /// File with settings, in TOML; its keys are the names of these flags
    #[arg(long, env = "RELAY_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// The site's permissions file; without one, everyone may read every channel
    /// [default: DIR/backend/realtime-permissions.js of --site, where it exists]
    #[arg(long, env = "RELAY_PERMISSIONS", value_name = "FILE")]
    pub permissions: Option<PathBuf>,

    /// Refuse every subscription when there is no permissions file, instead of allowing it [default: false]
    #[arg(long, env = "RELAY_REQUIRE_PERMISSIONS", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub require_permissions: Option<bool>,

    /// Serve this folder's static files; its backend folder is never served
    #[arg(long, env = "RELAY_SITE", value_name = "DIR")]
    pub site: Option<PathBuf>,

    /// Key with which a backend may publish; may be given more than once
    /// [default on a loopback address: dev]
    #[arg(
        long = "api-key",
        env = "RELAY_API_KEY",
        value_delimiter = ',',
        hide_env_values = true,
        value_name = "KEY"
    )]
    #[serde(rename = "api-key")]
    pub api_keys: Option<Vec<String>>,

    /// Secret with which the site signs its users' tokens (JWT, HS256); without one, everyone is a visitor
    #[arg(long, env = "RELAY_TOKEN_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub token_secret: Option<String>,

    /// Origin whose pages may connect, like `https://example.org`, or `*` for all; may be given more than once.
    /// The relay's own origin always may, and on a loopback address every page of this machine
    #[arg(long = "allow-origin", env = "RELAY_ALLOW_ORIGIN", value_delimiter = ',', value_name = "ORIGIN")]
    #[serde(rename = "allow-origin")]
    pub allow_origins: Option<Vec<String>>,

    /// Sessions that may be connected at once [default: 100000]
    #[arg(long, env = "RELAY_MAX_SESSIONS", value_name = "N")]
    pub max_sessions: Option<usize>,

    /// Subscriptions that one session may have [default: 10000]
    #[arg(long, env = "RELAY_MAX_SUBSCRIPTIONS", value_name = "N")]
    pub max_subscriptions: Option<usize>,

    /// Bytes of a published payload [default: 65536]
    #[arg(long, env = "RELAY_MAX_PAYLOAD_BYTES", value_name = "BYTES")]
    pub max_payload_bytes: Option<usize>,

    /// Messages that one API key may publish in a second [default: no limit]
    #[arg(long, env = "RELAY_MAX_PUBLISHES_PER_SECOND", value_name = "N")]
    pub max_publishes_per_second: Option<u32>,

    /// Bytes that may wait for one slow client before it has to come back and recover [default: 1048576]
    #[arg(long, env = "RELAY_MAX_OUTBOX_BYTES", value_name = "BYTES")]
    pub max_outbox_bytes: Option<usize>,

    /// Messages that a channel keeps for clients that lost their connection [default: 1000]
    #[arg(long, env = "RELAY_HISTORY_MESSAGES", value_name = "N")]
    pub history_messages: Option<usize>,

    /// How long a message is kept for them, in seconds [default: 300]
    #[arg(long, env = "RELAY_HISTORY_SECONDS", value_name = "SECONDS")]
    pub history_seconds: Option<u64>,

    /// Memory that all channels together may keep, in bytes [default: 268435456]
    #[arg(long, env = "RELAY_MAX_HISTORY_BYTES", value_name = "BYTES")]
    pub max_history_bytes: Option<usize>,

    /// How often a client hears a heartbeat at the least, in seconds [default: 25]
    #[arg(long, env = "RELAY_HEARTBEAT_SECONDS", value_name = "SECONDS")]
    pub heartbeat_seconds: Option<u64>,

    /// How much longer than that a silence may last, in seconds [default: 10]
    #[arg(long, env = "RELAY_HEARTBEAT_TIMEOUT_SECONDS", value_name = "SECONDS")]
    pub heartbeat_timeout_seconds: Option<u64>,

    /// How long a client may take to say hello, in seconds [default: 10]
    #[arg(long, env = "RELAY_HELLO_TIMEOUT_SECONDS", value_name = "SECONDS")]
    pub hello_timeout_seconds: Option<u64>,

    /// What to log: error, warn, info, debug or trace, for all or by module [default: info]
    #[arg(long, env = "RELAY_LOG", value_name = "FILTER")]
    pub log: Option<String>,
}

/// Settings in force.
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The permissions file.
    pub permissions: Option<PathBuf>,
    /// Whether a missing permissions file refuses all.
    pub require_permissions: bool,
    /// The folder of static files.
    pub site: Option<PathBuf>,
    /// Keys that may publish.
    pub api_keys: Vec<String>,
    /// Whether the only key is the development key, because none was given.
    pub has_development_key: bool,
    /// The secret of the site's tokens.
    pub token_secret: Option<String>,
    /// Origins that may connect besides the relay's own.
    pub allow_origins: Vec<String>,
    /// Sessions at once.
    pub max_sessions: usize,
    /// Bytes of a payload.
    pub max_payload_bytes: usize,
    /// Messages that a key may publish in a second, if that is limited.
    pub max_publishes_per_second: Option<u32>,
    /// Bytes that may wait for a client.
    pub max_outbox_bytes: usize,
    /// The rules of channels.
    pub hub: HubSettings,
    /// Bytes that all channels may keep.
    pub max_history_bytes: usize,
    /// The rules of sessions.
    pub session: SessionRules,
    /// The log's filter.
    pub log: String,
}

/// Settings that cannot be used, with what would be right.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings file {path}: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file has an unknown key, a wrong type, or is no TOML.
    #[error("the settings file {path} is not right: {source}")]
    NotRight {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// Everyone on the network could publish.
    #[error(
        "{0} is not a loopback address, so backends need a key of your own to publish: set --api-key or RELAY_API_KEY"
    )]
    NoKey(IpAddr),
    /// A key that nobody can send.
    #[error("an API key is empty or has characters other than visible ASCII: it is sent in an HTTP header")]
    BadKey,
    /// A secret that can be guessed.
    #[error("the token secret is empty: use a long random one, for example from `openssl rand -hex 32`")]
    EmptySecret,
    /// A number of zero makes no sense there.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
}

impl Options {
    /// Fills what is missing from the settings file, and the rest with defaults.
    ///
    /// # Errors
    /// [`SettingsError`], in words for the operator.
    pub fn resolve(self) -> Result<Settings, SettingsError> {
        let file = self.of_file()?;
        self.over(file).with_defaults()
    }

    /// What the settings file says; nothing when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or is not right.
    pub fn of_file(&self) -> Result<Self, SettingsError> {
        Ok(self.config.as_deref().map(read_file).transpose()?.unwrap_or_default())
    }

    fn over(self, below: Self) -> Self {
        Self {
            listen: self.listen.or(below.listen),
            config: self.config,
            permissions: self.permissions.or(below.permissions),
            require_permissions: self.require_permissions.or(below.require_permissions),
            site: self.site.or(below.site),
            api_keys: self.api_keys.or(below.api_keys),
            token_secret: self.token_secret.or(below.token_secret),
            allow_origins: self.allow_origins.or(below.allow_origins),
            max_sessions: self.max_sessions.or(below.max_sessions),
            max_subscriptions: self.max_subscriptions.or(below.max_subscriptions),
            max_payload_bytes: self.max_payload_bytes.or(below.max_payload_bytes),
            max_publishes_per_second: self.max_publishes_per_second.or(below.max_publishes_per_second),
            max_outbox_bytes: self.max_outbox_bytes.or(below.max_outbox_bytes),
            history_messages: self.history_messages.or(below.history_messages),
            history_seconds: self.history_seconds.or(below.history_seconds),
            max_history_bytes: self.max_history_bytes.or(below.max_history_bytes),
            heartbeat_seconds: self.heartbeat_seconds.or(below.heartbeat_seconds),
            heartbeat_timeout_seconds: self.heartbeat_timeout_seconds.or(below.heartbeat_timeout_seconds),
            hello_timeout_seconds: self.hello_timeout_seconds.or(below.hello_timeout_seconds),
            log: self.log.or(below.log),
        }
    }

    fn with_defaults(self) -> Result<Settings, SettingsError> {
        let listen = self.listen.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8787));
        let given_keys = self.api_keys.unwrap_or_default();
        let has_development_key = given_keys.is_empty();
        if has_development_key && !listen.ip().is_loopback() {
            return Err(SettingsError::NoKey(listen.ip()));
        }
        let api_keys = if has_development_key { vec![DEVELOPMENT_KEY.to_owned()] } else { given_keys };
        if api_keys.iter().any(|key| key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(SettingsError::BadKey);
        }
        if self.token_secret.as_deref() == Some("") {
            return Err(SettingsError::EmptySecret);
        }
        let seconds = |given: Option<u64>, default, name| match given.unwrap_or(default) {
            0 => Err(SettingsError::Zero(name)),
            seconds => Ok(Duration::from_secs(seconds)),
        };
        if self.max_publishes_per_second == Some(0) {
            return Err(SettingsError::Zero("max-publishes-per-second"));
        }
        let history_age = seconds(self.history_seconds, 300, "history-seconds")?;
        Ok(Settings {
            listen,
            permissions: self.permissions.or_else(|| self.site.as_deref().and_then(permissions_of)),
            require_permissions: self.require_permissions.unwrap_or(false),
            site: self.site,
            api_keys,
            has_development_key,
            token_secret: self.token_secret,
            allow_origins: self.allow_origins.unwrap_or_default(),
            max_sessions: self.max_sessions.unwrap_or(100_000),
            max_payload_bytes: self.max_payload_bytes.unwrap_or(64 * 1024),
            max_publishes_per_second: self.max_publishes_per_second,
            max_outbox_bytes: self.max_outbox_bytes.unwrap_or(1024 * 1024),
            hub: HubSettings {
                history_messages: self.history_messages.unwrap_or(1_000),
                history_age,
                ..HubSettings::default()
            },
            max_history_bytes: self.max_history_bytes.unwrap_or(256 * 1024 * 1024),
            session: SessionRules {
                heartbeat_interval: seconds(self.heartbeat_seconds, 25, "heartbeat-seconds")?,
                heartbeat_timeout: seconds(self.heartbeat_timeout_seconds, 10, "heartbeat-timeout-seconds")?,
                hello_timeout: seconds(self.hello_timeout_seconds, 10, "hello-timeout-seconds")?,
                max_subscriptions: self.max_subscriptions.unwrap_or(10_000),
            },
            log: self.log.unwrap_or_else(|| "info".to_owned()),
        })
    }
}

impl Settings {
    /// The settings as they could be written. What is missing has no value.
    pub fn as_options(&self) -> Options {
        Options {
            listen: Some(self.listen),
            config: None,
            permissions: self.permissions.clone(),
            require_permissions: Some(self.require_permissions),
            site: self.site.clone(),
            api_keys: Some(self.api_keys.clone()),
            token_secret: self.token_secret.clone(),
            allow_origins: Some(self.allow_origins.clone()),
            max_sessions: Some(self.max_sessions),
            max_subscriptions: Some(self.session.max_subscriptions),
            max_payload_bytes: Some(self.max_payload_bytes),
            max_publishes_per_second: self.max_publishes_per_second,
            max_outbox_bytes: Some(self.max_outbox_bytes),
            history_messages: Some(self.hub.history_messages),
            history_seconds: Some(self.hub.history_age.as_secs()),
            max_history_bytes: Some(self.max_history_bytes),
            heartbeat_seconds: Some(self.session.heartbeat_interval.as_secs()),
            heartbeat_timeout_seconds: Some(self.session.heartbeat_timeout.as_secs()),
            hello_timeout_seconds: Some(self.session.hello_timeout.as_secs()),
            log: Some(self.log.clone()),
        }
    }
}

/// The permissions file of a site folder, where there is one.
pub fn permissions_of(site: &Path) -> Option<PathBuf> {
    let file = site.join("backend/realtime-permissions.js");
    file.exists().then_some(file)
}

fn read_file(path: &Path) -> Result<Options, SettingsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|source| SettingsError::NotRight { path: path.to_owned(), source: Box::new(source) })
}

#[cfg(test)]
#[path = "settings_test.rs"]
mod tests;
