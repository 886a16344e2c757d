//! Why settings cannot be used.

use std::net::IpAddr;
use std::path::PathBuf;

use super::words;

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
    #[error("the settings file {path} is not right: {}", told(source))]
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
    /// A certificate without its key, or a key without its certificate.
    #[error("--{given} is given and --{missing} is not: TLS needs a certificate and its private key")]
    HalfAPair {
        /// What is there.
        given: &'static str,
        /// What is not.
        missing: &'static str,
    },
    /// A key that nobody can send.
    #[error("an API key is empty or has characters other than visible ASCII: it is sent in an HTTP header")]
    BadKey,
    /// A secret that can be guessed.
    #[error("the token secret is empty: use a long random one, for example from `openssl rand -hex 32`")]
    EmptySecret,
    /// A secret that signs nothing.
    #[error("a permissions secret is empty: use a long random one, for example from `openssl rand -hex 32`")]
    EmptyPermissionsSecret,
    /// The address of the permissions backend.
    #[error("--permissions-url: {0}")]
    PermissionsUrl(String),
    /// Nobody could say which of the two counts.
    #[error(
        "permissions are decided by a file or by a backend, not by both: give --permissions or --permissions-url \
         (they may also come from the environment or the settings file; relay config tells)"
    )]
    TwoDeciders,
    /// A key set that is nowhere.
    #[error("--token-jwks {given:?} is not right: {why}")]
    BadKeySet {
        /// What was given.
        given: String,
        /// What is wrong with it, and what would be right.
        why: &'static str,
    },
    /// A visitor key that can be guessed.
    #[error(
        "a visitor key has fewer than 16 characters: use long random ones, for example from `openssl rand -hex 32`"
    )]
    ShortVisitorKey,
    /// Clocks that far apart are not to be allowed for.
    #[error("token-clock-skew-seconds must be at most {0}")]
    ClockSkew(u64),
    /// An origin that no browser sends.
    #[error(
        "--allow-origin {given:?} is no origin: it wants scheme and host, and a port where the browser shows one, such as \
         https://www.example.com, each by name, or * for all"
    )]
    BadOrigin {
        /// What was given.
        given: String,
    },
    /// A promise about messages that are in memory.
    #[error("--durability machine needs a folder to keep messages in: give one with --data-dir")]
    NothingToKeepIn,
    /// A filter of the log that would write nothing, or cannot be read.
    #[error(
        "--log {given:?} is not right: {why}; use for example info, debug or info,realtime_relay::session=debug"
    )]
    BadLog {
        /// What was given.
        given: String,
        /// What is wrong with it.
        why: String,
    },
    /// A name that is none.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// A number of zero makes no sense there.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    /// A span that no clock can count to.
    #[error("{name} must be at most {max}, which is a hundred years")]
    TooLong {
        /// Which.
        name: &'static str,
        /// The most, in seconds.
        max: u64,
    },
    /// Histories would leave nothing for what waits for clients.
    #[error(
        "max-memory-bytes ({max_memory}) must be larger than max-history-bytes ({max_history}): what waits for slow \
         clients has what histories leave of it"
    )]
    NoMemoryLeft {
        /// What both may have together.
        max_memory: usize,
        /// What histories may have.
        max_history: usize,
    },
    /// A retention table that is not right.
    #[error("[[retention]] of channels {channels:?}: {reason}")]
    Retention {
        /// The table's channels.
        channels: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
}

/// What the reader of the file says, its reason in words for people.
fn told(error: &toml::de::Error) -> String {
    error.to_string().trim_end().replace(error.message(), &words::of_file(error.message()))
}
