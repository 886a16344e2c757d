//! Which permission provider the settings ask for, and what keeps it up to date.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::outbound::reason::reason;
use crate::permission::file::FilePermission;
use crate::permission::fixed::FixedPermission;
use crate::permission::gauge;
use crate::permission::misplaced;
use crate::permission::provider::Permission;
use crate::permission::reload::{self, Watched};
use crate::permission::script::error::ScriptError;
use crate::permission::script::settings::{EngineLimits, PoolSettings};
use crate::permission::script::sight::Source;
use crate::permission::webhook::asker::WebhookPermission;
use crate::permission::webhook::settings::WebhookSettings;
use crate::session::recheck::selection::Selection;
use crate::session::sessions::Sessions;
use crate::settings::Settings;
use crate::settings::resolve::PERMISSIONS_OF_SITE;

/// A provider, and the file that it follows, if it does.
pub struct Provider {
    /// Who is asked.
    pub permission: Arc<dyn Permission>,
    /// What it follows.
    pub followed: Option<Followed>,
}

/// A file that a provider follows.
pub struct Followed {
    watched: Watched,
    permission: Arc<FilePermission>,
}

/// Why there is no provider.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The permissions file does not load.
    #[error("the permissions file does not load: {0}")]
    Script(#[from] ScriptError),
    /// The threads for permissions cannot be started.
    #[error("cannot start the threads that run the permissions file: {0}")]
    Threads(io::Error),
    /// The certificates of the system cannot be loaded.
    #[error("cannot load the certificates by which the permissions backend is recognised: {0}")]
    Tls(String),
}

impl Provider {
    /// One that nothing has to be done for.
    pub fn of(permission: Arc<dyn Permission>) -> Self {
        Self { permission, followed: None }
    }

    /// The one that the settings ask for. Says in the log what that means.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn choose(settings: &Settings) -> Result<Self, ProviderError> {
        if let Some(webhook) = &settings.webhook {
            return Self::of_backend(webhook);
        }
        match (&settings.permissions, &settings.site) {
            (Some(file), site) => Self::of_file(file, site.as_deref()),
            (None, site) => Ok(Self::without_file(site.as_deref(), settings.require_permissions)),
        }
    }

    fn without_file(site: Option<&Path>, requires_one: bool) -> Self {
        let otherwise = everyone_or_nobody(requires_one);
        if let Some(found) = misplaced::look(site) {
            tracing::warn!("{}", misplaced::advice(&found, site));
        }
        match site {
            Some(site) => Self::of_site(site, otherwise),
            None => Self::of(Arc::new(otherwise)),
        }
    }

    fn of_file(file: &Path, site: Option<&Path>) -> Result<Self, ProviderError> {
        let source = Source { file: file.to_owned(), site: site.map(PathBuf::from) };
        let (watched, script) = Watched::load(source, EngineLimits::default())?;
        let permission = FilePermission::without_script(FixedPermission::RefuseAll, PoolSettings::default());
        permission.replace(script).map_err(ProviderError::Threads)?;
        gauge::note_file(true);
        tracing::info!(file = %file.display(), "permissions are asked of this file");
        Ok(Self::following(watched, permission))
    }

    fn of_backend(webhook: &WebhookSettings) -> Result<Self, ProviderError> {
        let asker =
            WebhookPermission::new(webhook.clone()).map_err(|error| ProviderError::Tls(reason(&error)))?;
        let backend = webhook.address.as_str();
        if webhook.is_open_to_strangers() {
            tracing::warn!(
                backend,
                "questions about permissions go to another machine unencrypted and unsigned: whoever is on the way can \
                 answer them; use https, and give both sides a --permissions-secret"
            );
        }
        tracing::info!(backend, "permissions are asked of this backend");
        Ok(Self::of(Arc::new(asker)))
    }

    /// A site that has no permissions file may get one.
    fn of_site(site: &Path, otherwise: FixedPermission) -> Self {
        let source = Source { file: site.join(PERMISSIONS_OF_SITE), site: Some(site.to_owned()) };
        let watched = Watched::missing(source, EngineLimits::default());
        Self::following(watched, FilePermission::without_script(otherwise, PoolSettings::default()))
    }

    fn following(watched: Watched, permission: FilePermission) -> Self {
        let permission = Arc::new(permission);
        Self {
            permission: Arc::<FilePermission>::clone(&permission),
            followed: Some(Followed { watched, permission }),
        }
    }
}

impl Followed {
    /// Keeps the provider up to date until it is cancelled. All running subscriptions are asked about again when
    /// another version of the file is in force, and whenever this is `told` to look.
    pub async fn run(self, sessions: Arc<Sessions>, told: Arc<Notify>, cancel: CancellationToken) {
        let Self { watched, permission } = self;
        let recheck = move || sessions.recheck(&Selection::ALL);
        reload::run(watched, permission, told, recheck, cancel).await;
    }
}

fn everyone_or_nobody(requires_one: bool) -> FixedPermission {
    if requires_one {
        tracing::warn!("there is no permissions file, and --require-permissions: nobody may subscribe");
        FixedPermission::RefuseAll
    } else {
        tracing::warn!(
            "there is no permissions file: EVERYONE may read EVERY channel; give one with --permissions, or a backend \
             that decides with --permissions-url"
        );
        FixedPermission::AllowAll
    }
}
