//! The list of settings: each one's name, help, type and default.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::layers::settings;
use super::retention::RetentionTable;
use super::words::{address, whole};
use crate::http::address::Network;
use crate::log::start::LogFormat;
use crate::store::disk::Durability;

settings! {
    /// Settings as they are written, each of which may be missing.
    #[derive(Args, Serialize, Deserialize, Default, Clone)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
    pub struct Options {
        /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8787]
        #[arg(long, env = "RELAY_LISTEN", value_parser = address, value_name = "ADDR")]
        listen: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8787),

        /// File with settings, in TOML; its keys are the names of these flags
        #[arg(long, env = "RELAY_CONFIG", value_name = "FILE")]
        #[serde(skip)]
        config: PathBuf,

        /// The site's permissions file; without one and without a backend that decides, everyone may read every channel
        /// [default: DIR/backend/realtime-permissions.js of --site, where it exists]
        #[arg(long, env = "RELAY_PERMISSIONS", value_name = "FILE")]
        permissions: PathBuf,

        /// Backend that decides about permissions, instead of a file: the relay posts each question to
        /// URL/v1/check-subscriber-permissions
        #[arg(long, env = "RELAY_PERMISSIONS_URL", value_name = "URL")]
        permissions_url: String,

        /// Secret that signs those questions, shared with the backend; of several, separated by commas, the first
        #[arg(
            long,
            env = "RELAY_PERMISSIONS_SECRET",
            value_delimiter = ',',
            hide_env_values = true,
            value_name = "SECRET"
        )]
        permissions_secret: Vec<String>,

        /// How long that backend may take for an answer, in milliseconds [default: 1000]
        #[arg(long, env = "RELAY_PERMISSIONS_TIMEOUT_MS", value_parser = whole::<u64>, value_name = "MS")]
        permissions_timeout_ms: u64 = 1_000,

        /// Questions that are put to it at the same time [default: 64]
        #[arg(long, env = "RELAY_PERMISSIONS_MAX_IN_FLIGHT", value_parser = whole::<u32>, value_name = "N")]
        permissions_max_in_flight: u32 = 64,

        /// How long its answers are remembered, in seconds; 0 asks each time [default: 0]
        #[arg(long, env = "RELAY_PERMISSIONS_CACHE_SECONDS", value_parser = whole::<u64>, value_name = "SECONDS")]
        permissions_cache_seconds: u64 = 0,

        /// Refuse every subscription when nothing decides about permissions, instead of allowing it [default: false]
        #[arg(long, env = "RELAY_REQUIRE_PERMISSIONS", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
        require_permissions: bool = false,

        /// Serve this folder's static files; its backend folder is never served
        #[arg(long, env = "RELAY_SITE", value_name = "DIR")]
        site: PathBuf,

        /// Key with which a backend may publish; may be given more than once
        /// [default on a loopback address: dev]
        #[arg(
            long,
            env = "RELAY_API_KEY",
            value_delimiter = ',',
            hide_env_values = true,
            value_name = "KEY"
        )]
        api_key: Vec<String>,

        /// Secret with which the site signs its users' tokens (JWT, HS256); without one and without --token-jwks,
        /// everyone is a visitor
        #[arg(long, env = "RELAY_TOKEN_SECRET", hide_env_values = true, value_name = "SECRET")]
        token_secret: String,

        /// Key set (JWKS) of whoever signs users' tokens: a file, or an https:// address. It is read again by itself
        #[arg(long, env = "RELAY_TOKEN_JWKS", value_name = "FILE|URL")]
        token_jwks: String,

        /// Audience that a token must be meant for (`aud`); may be given more than once, and one is enough.
        /// Without one, the claim is not looked at
        #[arg(long, env = "RELAY_TOKEN_AUDIENCE", value_delimiter = ',', value_name = "AUDIENCE")]
        token_audience: Vec<String> = Vec::new(),

        /// Issuer that a token must be from (`iss`); may be given more than once, and one is enough.
        /// Without one, the claim is not looked at
        #[arg(long, env = "RELAY_TOKEN_ISSUER", value_delimiter = ',', value_name = "ISSUER")]
        token_issuer: Vec<String> = Vec::new(),

        /// How far the clocks of relay and issuer may be apart, in seconds [default: 5]
        #[arg(long, env = "RELAY_TOKEN_CLOCK_SKEW_SECONDS", value_parser = whole::<u64>, value_name = "SECONDS")]
        token_clock_skew_seconds: u64 = 5,

        /// Secret with which the relay signs visitors' tokens; may be given more than once: the first signs, all
        /// verify [default: derived from the token secret, where there is one, else random until the restart]
        #[arg(
            long,
            env = "RELAY_VISITOR_KEY",
            value_delimiter = ',',
            hide_env_values = true,
            value_name = "SECRET"
        )]
        visitor_key: Vec<String>,

        /// Origin whose pages may connect, like `https://example.org`, or `*` for all; may be given more than once.
        /// The relay's own origin always may, and on a loopback address every page of this machine
        #[arg(long, env = "RELAY_ALLOW_ORIGIN", value_delimiter = ',', value_name = "ORIGIN")]
        allow_origin: Vec<String> = Vec::new(),

        /// Sessions that may be connected at once [default: 100000]
        #[arg(long, env = "RELAY_MAX_SESSIONS", value_parser = whole::<usize>, value_name = "N")]
        max_sessions: usize = 100_000,

        /// Connections that one address may have at once (of IPv6, one /64), 0 for no limit; addresses of private
        /// networks have none [default: 1000]
        #[arg(long, env = "RELAY_MAX_CONNECTIONS_PER_ADDRESS", value_parser = whole::<usize>, value_name = "N")]
        max_connections_per_address: usize = 1_000,

        /// Address or network of a proxy that is believed when it tells a client's address by X-Forwarded-For, like
        /// 10.0.0.0/8; may be given more than once
        #[arg(long, env = "RELAY_TRUSTED_PROXY", value_delimiter = ',', value_name = "NETWORK")]
        trusted_proxy: Vec<Network> = Vec::new(),

        /// Subscriptions that one session may have [default: 10000]
        #[arg(long, env = "RELAY_MAX_SUBSCRIPTIONS", value_parser = whole::<usize>, value_name = "N")]
        max_subscriptions: usize = 10_000,

        /// Messages that one client may send in a second, besides those that take up and give up its subscriptions
        /// once [default: 100]
        #[arg(long, env = "RELAY_MAX_FRAMES_PER_SECOND", value_parser = whole::<u32>, value_name = "N")]
        max_frames_per_second: u32 = 100,

        /// Bytes of a published payload [default: 65536]
        #[arg(long, env = "RELAY_MAX_PAYLOAD_BYTES", value_parser = whole::<usize>, value_name = "BYTES")]
        max_payload_bytes: usize = 64 * 1024,

        /// Messages that one API key may publish in a second [default: no limit]
        #[arg(long, env = "RELAY_MAX_PUBLISHES_PER_SECOND", value_parser = whole::<u32>, value_name = "N")]
        max_publishes_per_second: u32,

        /// Running subscriptions that are asked about again in a second, after permissions have changed [default: 5000]
        #[arg(long, env = "RELAY_MAX_RECHECKS_PER_SECOND", value_parser = whole::<u32>, value_name = "N")]
        max_rechecks_per_second: u32 = 5_000,

        /// Bytes that may wait for one slow client before it has to come back and recover [default: 1048576]
        #[arg(long, env = "RELAY_MAX_OUTBOX_BYTES", value_parser = whole::<usize>, value_name = "BYTES")]
        max_outbox_bytes: usize = 1024 * 1024,

        /// Messages that a channel keeps for clients that lost their connection [default: 1000]
        #[arg(long, env = "RELAY_HISTORY_MESSAGES", value_parser = whole::<usize>, value_name = "N")]
        history_messages: usize = 1_000,

        /// How long a message is kept for them, in seconds [default: 300]
        #[arg(long, env = "RELAY_HISTORY_SECONDS", value_parser = whole::<u64>, value_name = "SECONDS")]
        history_seconds: u64 = 300,

        /// Memory that all channels together may keep, in bytes [default: 268435456]
        #[arg(long, env = "RELAY_MAX_HISTORY_BYTES", value_parser = whole::<usize>, value_name = "BYTES")]
        max_history_bytes: usize = 256 * 1024 * 1024,

        /// Folder in which messages outlive the relay; without one they are in memory only
        #[arg(long, env = "RELAY_DATA_DIR", value_name = "DIR")]
        data_dir: PathBuf,

        /// When a message is safe enough for its publish to be answered: `process`, when it survives the end of the
        /// relay, however that ends; `machine`, when it survives the end of the machine, too [default: process]
        #[arg(long, env = "RELAY_DURABILITY", value_name = "WHAT")]
        durability: Durability = Durability::Process,

        /// What channels of a name keep instead: the `[[retention]]` tables of the settings file, the first that names
        /// a channel counting
        #[arg(skip)]
        retention: Vec<RetentionTable> = Vec::new(),

        /// How often a client hears a heartbeat at the least, in seconds [default: 25]
        #[arg(long, env = "RELAY_HEARTBEAT_SECONDS", value_parser = whole::<u64>, value_name = "SECONDS")]
        heartbeat_seconds: u64 = 25,

        /// How much longer than that a silence may last, in seconds [default: 10]
        #[arg(long, env = "RELAY_HEARTBEAT_TIMEOUT_SECONDS", value_parser = whole::<u64>, value_name = "SECONDS")]
        heartbeat_timeout_seconds: u64 = 10,

        /// How long a client may take to say hello, in seconds [default: 10]
        #[arg(long, env = "RELAY_HELLO_TIMEOUT_SECONDS", value_parser = whole::<u64>, value_name = "SECONDS")]
        hello_timeout_seconds: u64 = 10,

        /// How long a client may be connected without a subscription, in seconds [default: 300]
        #[arg(long, env = "RELAY_IDLE_TIMEOUT_SECONDS", value_parser = whole::<u64>, value_name = "SECONDS")]
        idle_timeout_seconds: u64 = 300,

        /// Bytes that histories and what waits for slow clients may have together; beyond it those for whom most waits
        /// are sent away to recover. More than --max-history-bytes [default: 536870912]
        #[arg(long, env = "RELAY_MAX_MEMORY_BYTES", value_parser = whole::<usize>, value_name = "BYTES")]
        max_memory_bytes: usize = 512 * 1024 * 1024,

        /// Certificate in PEM, with those that lead to its authority behind it: clients speak TLS then (https, wss).
        /// Another one in the file is put in force without a restart
        #[arg(long, env = "RELAY_TLS_CERT", value_name = "FILE")]
        tls_cert: PathBuf,

        /// Its private key in PEM
        #[arg(long, env = "RELAY_TLS_KEY", value_name = "FILE")]
        tls_key: PathBuf,

        /// Address at which GET /metrics, /readyz and /healthz need no key; keep strangers from it
        #[arg(long, env = "RELAY_METRICS_LISTEN", value_parser = address, value_name = "ADDR")]
        metrics_listen: SocketAddr,

        /// What to log: error, warn, info, debug or trace, for all or by module [default: info]
        #[arg(long, env = "RELAY_LOG", value_name = "FILTER")]
        log: String = "info".to_owned(),

        /// How to log: lines for people (text) or objects for machines (json) [default: text]
        #[arg(long, env = "RELAY_LOG_FORMAT", value_name = "FORMAT")]
        log_format: LogFormat = LogFormat::Text,
    }
}
