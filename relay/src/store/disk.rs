//! The store on a disk.

use std::sync::Arc;
use std::time::Duration;

use realtime_hub::deferred::{Placed, StreamRef, Ticket};
use realtime_protocol::channel::Channel;
use uuid::Uuid;

use super::clean::{Keeping, Reason, Wait, clean};
use super::contract::{Collected, Commit, Hubs, Restore, Status, Store};
use super::damage::Report;
use super::end::Boot;
use super::files::{Files, Sealed};
use super::folder::{DataFolder, FolderError};
use super::load::{LoadError, Loaded, load};
use super::log::Log;
use super::medium::{Folder, Medium};
use super::outcome::Outcome;
use super::queue::{Author, Queue};
use super::refusal::Refusal;

/// When a message counts as stored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// When the operating system has it: it survives the end of the process, however that ends.
    #[default]
    Process,
    /// When the disk has it: it survives the end of the machine, too.
    Machine,
}

/// Bytes at which a file is sealed and the next one begun: the least that is given back at once, and the most that a
/// damaged file can cost.
const FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Two files: below that, room is not worth the reading and writing.
const SPARE_BYTES: u64 = 32 * 1024 * 1024;

/// How long a disk may take for a write before it counts as one that does not answer: as long as backends wait for an answer
/// to a publish. A disk that others keep busy may take seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How a store goes about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) durability: Durability,
    /// How long anything is kept at the most.
    pub(crate) longest: Duration,
    /// Bytes at which a file is sealed.
    pub(crate) file_bytes: u64,
    /// Bytes that may be on the disk without being needed, twice over, whatever is held.
    pub(crate) spare_bytes: u64,
    /// How long the disk may take for a write before nothing more is taken.
    pub(crate) patience: Duration,
}

/// A history on a disk.
pub struct DiskStore {
    pub(super) log: Log,
    keeping: Keeping,
}

/// What opening a store brings besides the store.
pub(crate) struct Opened {
    pub(crate) store: DiskStore,
    /// Channels whose streams have to begin anew, with the store knowing.
    pub(crate) doubtful: Vec<Channel>,
    pub(crate) report: Report,
}

impl DiskStore {
    /// Reads what a folder has, and goes on from there. `longest` is how long anything is kept at the most.
    pub(crate) fn open(
        folder: &DataFolder,
        durability: Durability,
        longest: Duration,
        restore: &mut dyn Restore,
    ) -> Result<Opened, FolderError> {
        let medium = Arc::new(Folder::new(folder.path().to_owned()));
        let rules = Rules {
            durability,
            longest,
            file_bytes: FILE_BYTES,
            spare_bytes: SPARE_BYTES,
            patience: PATIENCE,
        };
        Self::over(medium, Boot::now(), rules, restore).map_err(|error| match error {
            LoadError::Newer(version) => FolderError::Newer { path: folder.path().to_owned(), version },
            LoadError::Io(source) => FolderError::Unusable { path: folder.path().to_owned(), source },
        })
    }

    /// As [`DiskStore::open`], over any medium and in any life of the machine.
    pub(crate) fn over(
        medium: Arc<dyn Medium>,
        boot: Boot,
        rules: Rules,
        restore: &mut dyn Restore,
    ) -> Result<Opened, LoadError> {
        let Loaded { files, end, inode, newest, doubtful, damaged_up_to, numbered, report } =
            load(&*medium, boot, restore)?;
        let author = Author {
            store: end.store,
            start: Uuid::new_v4().as_u64_pair().0,
            boot,
            inode,
            is_synced: rules.durability == Durability::Machine,
        };
        let queue = Queue::new(author, rules.file_bytes, rules.patience, Files::new(files, end), newest);
        let keeping = Keeping::new(&rules, damaged_up_to, numbered);
        Ok(Opened { store: Self { log: Log::new(medium, queue), keeping }, doubtful, report })
    }

    /// Everything is on the disk, and the next start need not doubt it. To be called when [`Store::commit`] has
    /// answered `None`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(&self) -> std::io::Result<()> {
        self.log.finish()
    }

    /// A number that grows for as long as the disk goes on answering.
    pub(crate) fn answers(&self) -> u64 {
        self.log.answers()
    }

    /// Messages of which nobody knows yet whether they are stored.
    pub(crate) fn waiting(&self) -> usize {
        self.log.queue().waiting()
    }
}

impl DiskStore {
    /// Gives back every file that should go; `wait` waits for what was written again.
    pub(super) fn tidy(&self, now: Duration, held_bytes: u64, hubs: &dyn Hubs, wait: &Wait<'_>) {
        while let Some((file, reason)) = self.due(now, held_bytes) {
            self.log.relieve();
            match clean(&self.log, &file, self.keeping.numbered(&file), hubs, wait) {
                Ok(again_bytes) => self.keeping.learn(reason, &file, again_bytes),
                Err(refusal) => {
                    // The log says already that nothing can be stored.
                    let file = self.log.medium.name(file.number);
                    tracing::debug!(%refusal, file, "an old file of the history cannot be given back now");
                    return;
                }
            }
        }
    }

    /// The file that should go now, if one should.
    fn due(&self, now: Duration, held_bytes: u64) -> Option<(Sealed, Reason)> {
        let span = self.log.queue().files.growing().and_then(|file| file.span);
        if span.is_some_and(|(first, _)| first + self.keeping.longest <= now) {
            self.log.relieve();
            self.log.queue().roll();
            self.log.wake();
        }
        let queue = self.log.queue();
        let file = queue.files.oldest_sealed()?;
        let reason = self.keeping.reason(&file, now, queue.files.bytes(), held_bytes)?;
        Some((file, reason))
    }
}

impl Store for DiskStore {
    fn message(&self, placed: &Placed<'_>) -> Result<Collected, Refusal> {
        self.log.collect(|batch, streams| batch.message(placed, streams))
    }

    fn stream(&self, stream: StreamRef<'_>) -> Result<Collected, Refusal> {
        self.log.collect(|batch, streams| batch.stream(stream, streams))
    }

    fn outcome(&self, ticket: Ticket) -> Option<Arc<Outcome>> {
        self.log.queue().outcome(ticket)
    }

    fn commit(&self) -> Option<Commit> {
        self.log.commit()
    }

    fn told(&self, commit: &Commit) {
        self.log.queue().told(commit);
    }

    fn let_go(&self) {
        self.log.queue().let_go();
    }

    fn upkeep(&self, now: Duration, held_bytes: usize, hubs: &dyn Hubs) {
        let runtime = tokio::runtime::Handle::current();
        self.tidy(now, held_bytes as u64, hubs, &|outcome| runtime.block_on(outcome.wait()));
    }

    fn close(&self) {
        self.log.queue().close();
        self.log.wake();
    }

    fn status(&self) -> Status {
        self.log.queue().status()
    }
}
