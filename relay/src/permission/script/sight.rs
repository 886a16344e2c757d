//! What a permissions file and everything that was looked at to load it are like on disk.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::site::SiteFolder;

/// How old a file has to be for its time stamp to tell whether it has changed since: file systems count in up to two
/// seconds, and a file may be written twice within one count.
const SETTLED_AGE: Duration = Duration::from_secs(3);

/// The files that a load looked at, by their names in the site folder, each with its contents' hash. A file that was
/// looked for and not found is one of them, since the load would be another if it were there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight(BTreeMap<String, Option<u64>>);

/// Where a permissions file is.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file.
    pub file: PathBuf,
    /// The site folder; without one, what [`SiteFolder::of_file`] takes it to be.
    pub site: Option<PathBuf>,
}

impl Source {
    /// Opens the site folder anew: a link in the way to it may lead elsewhere by now.
    ///
    /// # Errors
    /// When the folder, or without a folder the file, does not exist.
    pub fn folder(&self) -> std::io::Result<SiteFolder> {
        match &self.site {
            Some(site) => SiteFolder::open(site),
            None => SiteFolder::of_file(&self.file),
        }
    }

    /// Whether the file itself is there.
    pub fn exists(&self) -> bool {
        self.file.exists()
    }

    /// The name of the file in its site folder; the path as it was given while there is no telling.
    pub fn name(&self) -> String {
        let name = self.folder().ok().and_then(|folder| folder.name_of(&self.file));
        name.unwrap_or_else(|| self.file.display().to_string())
    }
}

impl Sight {
    /// Notes what a file contains, or that it is not there.
    pub fn note(&mut self, name: &str, contents: Option<&[u8]>) {
        self.0.insert(name.to_owned(), contents.map(hash));
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was looked at.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the same files are like now.
    pub fn again(&self, source: &Source) -> Self {
        let folder = source.folder().ok();
        // As a load reads them, so that what it cannot read does not look changed for ever.
        let contents = |name: &String| folder.as_ref()?.read(name).ok().as_deref().map(hash);
        Self(self.0.keys().map(|name| (name.clone(), contents(name))).collect())
    }

    /// Their time stamps, which are quicker to look at than their contents.
    pub fn stamps(&self, source: &Source) -> Stamps {
        let folder = source.folder().ok();
        let stamp = |name: &String| Stamp::of(&folder.as_ref()?.path_of(name)?);
        Stamps(self.0.keys().map(stamp).collect())
    }
}

/// The time stamps of the files of a [`Sight`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamps(Vec<Option<Stamp>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: SystemTime,
    device_and_inode: (u64, u64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = path.metadata().ok()?;
        Some(Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok()?,
            device_and_inode: (metadata.dev(), metadata.ino()),
        })
    }
}

impl Stamps {
    /// Whether each is so old that its file cannot have changed without it.
    pub fn are_settled(&self, now: SystemTime) -> bool {
        let is_settled =
            |stamp: &Stamp| now.duration_since(stamp.modified).is_ok_and(|age| age > SETTLED_AGE);
        self.0.iter().flatten().all(is_settled)
    }
}

fn hash(contents: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(contents);
    hasher.finish()
}
