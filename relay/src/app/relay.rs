//! A relay: its parts are built in order, started, and stopped in the opposite order.

use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use realtime_protocol::limits::MAX_CLIENT_FRAME_BYTES;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::app::error::StartError;
use crate::app::stage::{Stage, wait};
use crate::app::tasks::{start_delivery, start_following, start_http, start_renewal};
use crate::app::warnings::warn_about;
use crate::broker::history::History;
use crate::broker::shards::Broker;
use crate::clock::Clock;
use crate::http::address::TrustedProxies;
use crate::http::api::Api;
use crate::http::key::ApiKeys;
use crate::http::listen::Entrance;
use crate::http::origin::Origins;
use crate::http::places::Places;
use crate::http::rate::PublishRate;
use crate::http::realtime::Door;
use crate::http::routes::{Face, routes};
use crate::identity::settings::IdentitySettings;
use crate::identity::start as identity;
use crate::listener;
use crate::measure::recorder;
use crate::measure::scrape::Measured;
use crate::providers::Provider;
use crate::ready::Readiness;
use crate::session::recheck::rechecks::Rechecks;
use crate::session::recheck::selection::Selection;
use crate::session::registry::Registry;
use crate::session::sessions::{Relief, Sessions};
use crate::settings::Settings;
use crate::store::folder::{DataFolder, FolderError};
use crate::tls::certificates;
use crate::tls::door::TlsDoor;
use crate::tls::pair::PairFiles;
use crate::tls::reload::Watched;

/// How long requests that are under way may take once the relay stops.
const HTTP_DEADLINE: Duration = Duration::from_secs(3);

/// How long sessions may take to end. More than a session's own farewell.
const SESSION_DEADLINE: Duration = Duration::from_secs(6);

/// How long it may take to let go of the key set.
const KEEPING_DEADLINE: Duration = Duration::from_secs(1);

/// Connections that there may be besides those of sessions: backends that publish, handshakes, pages of `--site`.
pub const CONNECTIONS_BESIDE_SESSIONS: usize = 2_000;

/// Connections at the address for operators.
const MAX_OPERATORS: usize = 100;

/// A running relay.
pub struct Relay {
    address: SocketAddr,
    sessions: Arc<Sessions>,
    readiness: Arc<Readiness>,
    http: Stage,
    for_operators: Option<(Stage, SocketAddr)>,
    session_tasks: TaskTracker,
    delivery: Stage,
    history: Option<History>,
    keeping: Stage,
    /// Has the permissions file looked at, where there is one.
    reload: Option<Arc<Notify>>,
    /// Has the certificate looked at, where there is one.
    renew: Option<Arc<Notify>>,
}

/// How a relay has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Whatever it accepted is where it should be.
    InGoodOrder,
    /// The disk did not take the end of the history; the log says why.
    WithHistoryOpen,
}

impl Relay {
    /// Starts a relay. When this returns, it accepts connections.
    ///
    /// # Errors
    /// [`StartError`]: nothing is left running then.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        Self::start_at(settings, None).await
    }

    /// Starts a relay at a socket that was handed over, where one was: not at the address of the settings then.
    ///
    /// # Errors
    /// [`StartError`]: nothing is left running then.
    pub async fn start_at(settings: Settings, socket: Option<StdTcpListener>) -> Result<Self, StartError> {
        recorder::install();
        let provider = Provider::choose(&settings)?;
        Self::start_parts(settings, provider, socket).await
    }

    /// Starts a relay that asks this provider for permission, whatever the settings say about that.
    ///
    /// # Errors
    /// [`StartError`]: nothing is left running then.
    pub async fn start_with(settings: Settings, provider: Provider) -> Result<Self, StartError> {
        recorder::install();
        Self::start_parts(settings, provider, None).await
    }

    async fn start_parts(
        mut settings: Settings,
        provider: Provider,
        socket: Option<StdTcpListener>,
    ) -> Result<Self, StartError> {
        let readiness = Arc::new(Readiness::default());
        if let Some(site) = settings.site.as_ref().filter(|site| !site.is_dir()) {
            return Err(StartError::Site(site.clone()));
        }
        let tls = settings.tls.clone().map(load_tls).transpose()?;
        let (listener, address) = match socket {
            Some(socket) => listener::take_over(socket).map_err(StartError::Socket)?,
            None => listen(settings.listen)?,
        };
        let operators = settings.metrics_listen.map(listen).transpose()?;
        let folder = settings.data_dir.as_deref().map(DataFolder::open).transpose()?;
        keep_visitors(folder.as_ref(), &mut settings.identity)?;
        warn_about(&settings, address);

        let keeping = Stage::default();
        let identities =
            identity::start(&settings.identity, &readiness, &keeping.tracker, &keeping.cancel).await?;
        let (tls, renew) = tls.map(|(door, watching)| (door, start_renewal(watching, &keeping))).unzip();
        let clock = Clock::start();
        let mut broker = Broker::new(&settings.hub, settings.max_history_bytes, clock);
        let history = folder
            .map(|folder| History::open(&mut broker, &settings.hub, folder, settings.durability))
            .transpose()?;
        let sessions = Arc::new(Sessions {
            broker,
            identities,
            permission: provider.permission,
            rules: Arc::new(settings.session),
            max_outbox_bytes: settings.max_outbox_bytes,
            max_memory_bytes: settings.max_memory_bytes,
            max_frame_bytes: MAX_CLIENT_FRAME_BYTES,
            clock,
            registry: Registry::default(),
            rechecks: Rechecks::new(settings.max_rechecks_per_second),
            relief: Relief::default(),
        });
        let delivery = start_delivery(&sessions, &readiness);
        let reload = provider.followed.map(|followed| start_following(followed, &sessions, &delivery));
        let session_tasks = TaskTracker::new();
        let places = Arc::new(Places::new(
            settings.max_sessions.saturating_add(CONNECTIONS_BESIDE_SESSIONS),
            settings.max_connections_per_address,
            TrustedProxies::new(settings.trusted_proxies),
        ));
        let door = Door {
            sessions: Arc::clone(&sessions),
            origins: Arc::new(Origins::new(settings.allow_origins, address.ip().is_loopback())),
            max_sessions: settings.max_sessions,
            places: Arc::clone(&places),
            tracker: session_tasks.clone(),
        };
        let api = Arc::new(Api {
            door,
            rate: PublishRate::new(settings.api_keys.len(), settings.max_publishes_per_second),
            keys: ApiKeys::new(settings.api_keys),
            max_payload_bytes: settings.max_payload_bytes,
            site: settings.site,
            measured: Measured {
                recorder: recorder::install(),
                sessions: Arc::clone(&sessions),
                requests: Arc::default(),
                readiness: Arc::clone(&readiness),
                places: Arc::clone(&places),
                max_sessions: settings.max_sessions,
                max_history_bytes: settings.max_history_bytes,
                started_at: SystemTime::now(),
            },
        });
        let http = start_http(Entrance { listener, tls, places }, routes(&api, Face::Public));
        let for_operators = operators.map(|(listener, address)| {
            tracing::info!(%address, "metrics are served here, without a key");
            let places = Arc::new(Places::new(MAX_OPERATORS, 0, TrustedProxies::default()));
            let entrance = Entrance { listener, tls: None, places };
            (start_http(entrance, routes(&api, Face::Operators)), address)
        });
        Ok(Self {
            address,
            sessions,
            readiness,
            http,
            for_operators,
            session_tasks,
            delivery,
            history,
            keeping,
            reload,
            renew,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether clients speak TLS with it.
    pub const fn is_secure(&self) -> bool {
        self.renew.is_some()
    }

    /// Where it listens for operators, if it does.
    pub fn operators_address(&self) -> Option<SocketAddr> {
        self.for_operators.as_ref().map(|(_, address)| *address)
    }

    /// Looks at the certificate and at the permissions file now, and has all running subscriptions asked about again, whether it has changed
    /// or not.
    pub fn reload(&self) {
        if let Some(renew) = &self.renew {
            renew.notify_one();
        }
        match &self.reload {
            Some(reload) => reload.notify_one(),
            None => {
                let subscriptions = self.sessions.recheck(&Selection::ALL);
                tracing::info!(subscriptions, "running subscriptions are asked about again");
            }
        }
    }

    /// Stops it in good order: accepts nothing new, answers what is under way, delivers what was accepted, tells
    /// every client when to come back, and closes. A disk that does not answer is not waited for without end.
    pub async fn stop(self) -> Stopped {
        tracing::info!("stopping");
        self.readiness.fault("relay", "the relay is stopping");
        self.http.stop(HTTP_DEADLINE, "requests").await;
        // Before the deliveries, which are of what is stored.
        let stopped = close(self.history).await;
        self.delivery.stop(HTTP_DEADLINE, "deliveries").await;
        self.sessions.registry.drain();
        self.session_tasks.close();
        wait(&self.session_tasks, SESSION_DEADLINE, "sessions").await;
        self.keeping.stop(KEEPING_DEADLINE, "the key set").await;
        if let Some((stage, _)) = self.for_operators {
            stage.stop(HTTP_DEADLINE, "requests of operators").await;
        }
        let totals = self.sessions.broker.totals();
        tracing::info!(published = totals.published, delivered = totals.delivered, "stopped");
        stopped
    }
}

/// Everything that was accepted is stored for good, if the disk lets it.
async fn close(history: Option<History>) -> Stopped {
    let Some(history) = history else { return Stopped::InGoodOrder };
    match history.close().await {
        Ok(()) => Stopped::InGoodOrder,
        Err(error) => {
            tracing::error!(%error, "the history could not be closed: the next start will check it");
            Stopped::WithHistoryOpen
        }
    }
}

/// Without a key of the operator's, the data folder's makes that visitors stay the same over restarts.
fn keep_visitors(folder: Option<&DataFolder>, identity: &mut IdentitySettings) -> Result<(), FolderError> {
    if let Some(folder) = folder
        && identity.token_secret.is_none()
        && identity.visitor_keys.is_empty()
    {
        identity.visitor_keys.push(folder.visitor_key()?);
    }
    Ok(())
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    listener::listen(address).map_err(|source| StartError::Listen { address, source })
}

/// Loads the certificate. Returns what makes handshakes with it, and what follows its files.
fn load_tls(files: PairFiles) -> Result<(TlsDoor, Watched), StartError> {
    let watched = Watched::load(files)?;
    Ok((TlsDoor::new(certificates::config(watched.certificates())?), watched))
}
