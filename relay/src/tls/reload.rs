//! Watching the certificate and its key: a pair that can be used is put in force, the one before stays otherwise.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::certificates::Certificates;
use super::expiry::Expiry;
use super::gauge;
use super::pair::{PairError, PairFiles, PairText};

/// How often the files are looked at. They have some kilobytes, so reading them is less than asking for time stamps is
/// worth.
const EVERY: Duration = Duration::from_secs(1);

/// How long what was found has to stay as it is before it is loaded: a certificate and its key are two files, and
/// whoever renews them writes one after the other.
const SETTLING: Duration = Duration::from_millis(200);

/// How often that is waited for. Files that never come to rest are loaded as they are.
const MAX_SETTLINGS: usize = 20;

/// Two files, what was found in them last, and what is in force.
#[derive(Debug)]
pub struct Watched {
    files: PairFiles,
    certificates: Arc<Certificates>,
    seen: Result<PairText, PairError>,
    in_force: PairText,
    expiry: Expiry,
}

impl Watched {
    /// Loads a pair and begins to watch it.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn load(files: PairFiles) -> Result<Self, PairError> {
        let text = files.read()?;
        let pair = files.parse(&text)?;
        let mut expiry = Expiry::default();
        expiry.replace(&pair);
        let certificates = Arc::new(Certificates::new(pair));
        gauge::note_in_force(true);
        Ok(Self { files, certificates, seen: Ok(text.clone()), in_force: text, expiry })
    }

    /// What is in force, now and later.
    pub fn certificates(&self) -> Arc<Certificates> {
        Arc::clone(&self.certificates)
    }

    /// Watches until it is cancelled; `told` has it look at once.
    pub async fn run(mut self, told: Arc<Notify>, cancel: CancellationToken) {
        let watching = async {
            loop {
                self.expiry.tell(SystemTime::now());
                tokio::select! {
                    () = told.notified() => {}
                    () = sleep(EVERY) => {}
                }
                self.look().await;
            }
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = watching => {}
        }
    }

    /// Looks at the files, and puts in force what is new and can be used.
    async fn look(&mut self) {
        let mut found = read(&self.files).await;
        if found == self.seen {
            return;
        }
        for _ in 0..MAX_SETTLINGS {
            sleep(SETTLING).await;
            let again = read(&self.files).await;
            if std::mem::replace(&mut found, again) == found {
                break;
            }
        }
        self.seen = found;
        self.take();
    }

    fn take(&mut self) {
        let text = match &self.seen {
            Ok(text) => text,
            Err(error) => return complain(error),
        };
        let is_new = *text != self.in_force;
        if is_new {
            match self.files.parse(text) {
                Ok(pair) => {
                    self.expiry.replace(&pair);
                    self.certificates.replace(pair);
                }
                Err(error) => return complain(&error),
            }
            gauge::count_reload("loaded");
            self.in_force = text.clone();
        }
        gauge::note_in_force(true);
        let file = self.files.certificate.display();
        if is_new {
            tracing::info!(%file, "the certificate has changed and is in force for new connections");
        } else {
            tracing::info!(%file, "the certificate and its key are there again, as they were");
        }
    }
}

/// Says what is wrong with what was found: each time that it is something else.
fn complain(error: &PairError) {
    gauge::count_reload("failed");
    gauge::note_in_force(false);
    tracing::error!("the certificate cannot be renewed, so the one before stays in force: {error}");
}

async fn read(files: &PairFiles) -> Result<PairText, PairError> {
    let (files, path) = (files.clone(), files.certificate.clone());
    let reading = spawn_blocking(move || files.read()).await;
    reading.unwrap_or_else(|error| Err(PairError::Unreadable { path, why: error.to_string() }))
}
