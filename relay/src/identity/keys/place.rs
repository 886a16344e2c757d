//! Where a key set is: in a file, or at an address.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, StatusCode, Url, header};
use tokio::time::timeout;

use super::schedule::Schedule;
use crate::outbound::body;
use crate::outbound::client::{client, is_loopback};
use crate::outbound::reason::reason;

/// Bytes of a key set. [`MAX_KEYS`](super::set::MAX_KEYS) large ones with their certificates have less.
const MAX_BYTES: usize = 512 * 1024;

/// How long an issuer may take to answer. Less than a client may take for its hello, so that who waits hears why.
const DEADLINE: Duration = Duration::from_secs(5);

/// Where a key set is, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysAt {
    /// A file.
    File(PathBuf),
    /// An address that answers a GET with the set.
    Url(Url),
}

impl KeysAt {
    /// How often it is read.
    pub const fn schedule(&self) -> Schedule {
        match self {
            Self::File(_) => Schedule::FILE,
            Self::Url(_) => Schedule::URL,
        }
    }

    /// Reads `https://…`, or the name of a file. Plain `http` is for this machine only: whoever can change what comes
    /// over it could sign as anybody.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Some((scheme, _)) = text.split_once("://") else {
            return if text.is_empty() { Err("it is empty") } else { Ok(Self::File(text.into())) };
        };
        let url: Url = text.parse().map_err(|_| "it is not an address")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has a name or a password in it: a key set is public");
        }
        match scheme.to_ascii_lowercase().as_str() {
            "https" => Ok(Self::Url(url)),
            "http" if is_loopback(&url) => Ok(Self::Url(url)),
            "http" => Err("it is http, which anyone on the way can change: use https"),
            _ => Err("it is neither https:// nor the name of a file"),
        }
    }
}

impl std::fmt::Display for KeysAt {
    /// For the log: an address without its query.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(url.as_str().split(['?', '#']).next().unwrap_or_default()),
        }
    }
}

/// Something that a key set can be read from.
pub trait Place: Send + 'static {
    /// Its text.
    ///
    /// # Errors
    /// Why there is none, as the end of a sentence.
    fn read(&mut self) -> impl Future<Output = Result<Vec<u8>, String>> + Send;
}

/// A place that can be read.
pub enum Readable {
    /// A file.
    File(PathBuf),
    /// An address, and what asks it.
    Url(Client, Url),
}

impl Readable {
    /// Makes a place readable.
    ///
    /// # Errors
    /// When there is no HTTP client to be had.
    pub fn new(place: &KeysAt) -> Result<Self, reqwest::Error> {
        Ok(match place {
            KeysAt::File(path) => Self::File(path.clone()),
            KeysAt::Url(url) => Self::Url(client(url, 1)?, url.clone()),
        })
    }
}

impl Place for Readable {
    async fn read(&mut self) -> Result<Vec<u8>, String> {
        match self {
            Self::File(path) => read_file(path.clone()).await,
            Self::Url(client, url) => {
                let answer = timeout(DEADLINE, fetch(client, url.clone())).await;
                answer.unwrap_or_else(|_| Err(format!("no answer within {} seconds", DEADLINE.as_secs())))
            }
        }
    }
}

async fn read_file(path: PathBuf) -> Result<Vec<u8>, String> {
    let read = move || {
        let bytes = std::fs::metadata(&path)?.len();
        if bytes > MAX_BYTES as u64 {
            return Ok(Err(format!("it has {bytes} bytes: at most {MAX_BYTES} are allowed")));
        }
        std::fs::read(&path).map(Ok)
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

async fn fetch(client: &Client, url: Url) -> Result<Vec<u8>, String> {
    let accept = "application/jwk-set+json, application/json";
    let request = client.get(url).header(header::ACCEPT, accept);
    let answer = request.send().await.map_err(|error| reason(&error))?;
    match answer.status() {
        StatusCode::OK => body::read(answer, MAX_BYTES).await,
        status if status.is_redirection() => {
            Err(format!("it answers {status}, and redirects are not followed: give the address itself"))
        }
        status => Err(format!("it answers {status}")),
    }
}
