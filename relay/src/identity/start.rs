//! Starting what establishes identities: the key set is read, or waited for.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::establish::Identities;
use super::keys::keeper::Keeper;
use super::keys::place::{KeysAt, Readable};
use super::settings::IdentitySettings;
use crate::outbound::reason::reason;
use crate::ready::Readiness;

/// The part of the relay that is not ready before the key set has been read.
const PART: &str = "key set";

/// Why identities cannot be established.
#[derive(Debug, thiserror::Error)]
pub enum IdentityStartError {
    /// The file with the key set is not right.
    #[error("the key set {file} cannot be used: {reason}")]
    Keys {
        /// Which file.
        file: KeysAt,
        /// Why.
        reason: String,
    },
    /// There is no HTTPS to be had.
    #[error("cannot load the certificates by which the issuer at {issuer} is recognised: {reason}")]
    Tls {
        /// Whose keys are wanted.
        issuer: KeysAt,
        /// Why.
        reason: String,
    },
}

/// Identities, and the tasks that keep their key set until they are cancelled. A file is read at once, since what is
/// wrong with it is a mistake of the operator. An issuer that does not answer is waited for: until it does, clients
/// with a token of its are told to come back, and the relay is not ready.
///
/// # Errors
/// [`IdentityStartError`]: nothing is left running then.
pub async fn start(
    settings: &IdentitySettings,
    readiness: &Arc<Readiness>,
    tracker: &TaskTracker,
    cancel: &CancellationToken,
) -> Result<Identities, IdentityStartError> {
    let Some(place) = &settings.token_keys else { return Ok(Identities::new(settings, None)) };
    let readable = Readable::new(place)
        .map_err(|error| IdentityStartError::Tls { issuer: place.clone(), reason: reason(&error) })?;
    let schedule = settings.schedule.unwrap_or_else(|| place.schedule());
    let mut keeper = Keeper::new(readable, place, settings.checks.clone(), schedule);
    let ring = keeper.ring();
    if let KeysAt::File(_) = place {
        let read = keeper.read().await;
        read.map_err(|reason| IdentityStartError::Keys { file: place.clone(), reason })?;
    } else {
        readiness.fault(PART, format!("the key set {place} has not been read yet"));
        let (ring, readiness, cancel) = (ring.clone(), Arc::clone(readiness), cancel.clone());
        tracker.spawn(async move {
            if cancel.run_until_cancelled(ring.filled()).await.is_some() {
                readiness.clear(PART);
            }
        });
    }
    tracker.spawn(keeper.run(cancel.clone()));
    Ok(Identities::new(settings, Some(ring)))
}
