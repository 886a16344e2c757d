//! Watching a permissions file: a version that loads is put in force, the last one that did stays otherwise.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::file::FilePermission;
use super::gauge;
use super::script::error::ScriptError;
use super::script::loaded::Script;
use super::script::settings::EngineLimits;
use super::script::sight::{Sight, Source, Stamps};

/// How often the files are looked at. Soon enough for somebody who saves a file and looks at the page, and next to
/// nothing for the relay: it reads the time stamps of a few files.
const EVERY: Duration = Duration::from_secs(1);

/// How long files have to stay as they are before they are loaded: an editor or a deployment may be at it still, and
/// half a file may load.
const SETTLING: Duration = Duration::from_millis(100);

/// How often that is waited for. Files that never come to rest are loaded as they are.
const MAX_SETTLINGS: usize = 20;

/// A permissions file, the version of it in force, and what was seen of it last.
#[derive(Debug)]
pub struct Watched {
    source: Source,
    limits: EngineLimits,
    in_force: Option<Arc<Script>>,
    state: State,
    sight: Sight,
    stamps: Stamps,
}

/// What there is on disk.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// The version in force.
    InForce,
    /// No file.
    Gone,
    /// A version that does not load.
    Fails(ScriptError),
}

/// What a look at the files brings.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// The file is not there any more.
    Gone,
    /// The file does not load.
    Fails(ScriptError),
    /// The file loads again, and is the version in force.
    Back,
    /// Another version.
    Changed(Arc<Script>),
}

impl Watched {
    /// Loads a file and begins to watch it.
    ///
    /// # Errors
    /// When it does not load.
    pub fn load(source: Source, limits: EngineLimits) -> Result<(Self, Arc<Script>), ScriptError> {
        let (loaded, sight) = Script::look_and_load(&source, limits);
        let script = loaded?;
        let stamps = sight.stamps(&source);
        let in_force = Some(Arc::clone(&script));
        Ok((Self { source, limits, in_force, state: State::InForce, sight, stamps }, script))
    }

    /// Begins to watch for a file that does not exist yet.
    pub fn missing(source: Source, limits: EngineLimits) -> Self {
        let (sight, stamps) = (Sight::default(), Stamps::default());
        Self { source, limits, in_force: None, state: State::Gone, sight, stamps }
    }

    /// Looks at the files, and loads them when they have changed. Blocks while it does.
    pub fn look(&mut self) -> Option<News> {
        if !self.source.exists() {
            return (self.state != State::Gone).then(|| {
                self.state = State::Gone;
                News::Gone
            });
        }
        if self.state != State::Gone && self.is_as_it_was() {
            return None;
        }
        self.settle();
        let (loaded, sight) = Script::look_and_load(&self.source, self.limits);
        self.stamps = sight.stamps(&self.source);
        self.sight = sight;
        self.news(loaded)
    }

    fn news(&mut self, loaded: Result<Arc<Script>, ScriptError>) -> Option<News> {
        let (state, news) = match loaded {
            Err(error) => (State::Fails(error.clone()), News::Fails(error)),
            Ok(script) if self.in_force.as_ref() == Some(&script) => (State::InForce, News::Back),
            Ok(script) => {
                self.in_force = Some(Arc::clone(&script));
                self.state = State::InForce;
                return Some(News::Changed(script));
            }
        };
        let before = std::mem::replace(&mut self.state, state);
        (before != self.state).then_some(news)
    }

    /// Time stamps that are old tell it; for others the contents are read.
    fn is_as_it_was(&mut self) -> bool {
        let stamps = self.sight.stamps(&self.source);
        let has_same_stamps = stamps == self.stamps && stamps.are_settled(SystemTime::now());
        self.stamps = stamps;
        !self.sight.is_empty() && (has_same_stamps || self.sight.again(&self.source) == self.sight)
    }

    fn settle(&self) {
        let mut last = self.sight.again(&self.source);
        for _ in 0..MAX_SETTLINGS {
            thread::sleep(SETTLING);
            let now = self.sight.again(&self.source);
            if now == last {
                return;
            }
            last = now;
        }
    }
}

/// Watches until it is cancelled. When another version is in force, and whenever it is `told` to look, `recheck` is
/// called, which has running subscriptions asked about again and says how many.
pub async fn run(
    mut watched: Watched,
    permission: Arc<FilePermission>,
    told: Arc<Notify>,
    recheck: impl Fn() -> usize,
    cancel: CancellationToken,
) {
    loop {
        let is_told = tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            () = told.notified() => true,
            () = sleep(EVERY) => false,
        };
        let looking = spawn_blocking(move || {
            let news = watched.look();
            (watched, news)
        });
        let looked = tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            looked = looking => looked,
        };
        let Ok((looked, news)) = looked else {
            tracing::error!("watching the permissions file panicked: it is not watched any more");
            return;
        };
        watched = looked;
        let has_changed = news.is_some_and(|news| apply(news, &watched.source, &permission));
        if has_changed || is_told {
            let subscriptions = recheck();
            tracing::info!(subscriptions, "running subscriptions are asked about again");
        }
    }
}

/// Does what the news ask for. Returns whether another version is in force.
fn apply(news: News, source: &Source, permission: &FilePermission) -> bool {
    gauge::note_file(!matches!(news, News::Gone | News::Fails(_)));
    match news {
        News::Gone => {
            tracing::warn!("the permissions file {} is gone: its last version stays in force", source.name());
        }
        News::Back => tracing::info!("the permissions file loads again, as it was"),
        News::Fails(error) => {
            gauge::count_reload("failed");
            tracing::error!("the permissions file does not load, so what was in force before stays: {error}");
        }
        News::Changed(script) => {
            let changes = permission.script().map_or_else(
                || script.files().map(str::to_owned).collect(),
                |before| script.changes_since(&before),
            );
            if let Err(error) = permission.replace(script) {
                tracing::error!("the threads that run the permissions file cannot be started: {error}");
                return false;
            }
            gauge::count_reload("loaded");
            tracing::info!("the permissions file has changed and is in force: {}", changes.join(", "));
            return true;
        }
    }
    false
}

#[cfg(test)]
#[path = "reload_test.rs"]
mod tests;
