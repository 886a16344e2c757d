//! The data folder: who may use it, and the visitors' key.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// Locked for as long as a relay uses the folder; holds its process id.
const LOCK_FILE: &str = "lock";

/// Holds the key with which visitor tokens are signed.
const VISITOR_KEY_FILE: &str = "visitor-key";

/// Bytes of a key file that are looked at.
const MAX_KEY_BYTES: u64 = 4_096;

/// A folder that this relay, and no other, keeps its data in, until this is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// The system releases the lock with the file, however the process ends.
    _lock: File,
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made, or not be written to.
    #[error(
        "cannot use the data folder {path}: {source}; give the relay a folder of its own that it may write to"
    )]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another relay uses it.
    #[error("the data folder {path} is in use by another relay{holder}: give each relay a folder of its own")]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Which one, where that is known.
        holder: String,
    },
    /// The history was written by a newer relay.
    #[error(
        "the history in {path} was written by a newer relay (format {version}): start that one, or take another folder"
    )]
    Newer {
        /// The folder.
        path: PathBuf,
        /// The format.
        version: u16,
    },
    /// The visitors' key cannot be used.
    #[error("the visitor key in {path} is not right: {why}")]
    VisitorKey {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        why: String,
    },
}

impl DataFolder {
    /// Makes the folder if there is none, and takes hold of it.
    ///
    /// # Errors
    /// [`FolderError`]
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let unusable = |source| FolderError::Unusable { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let mut lock = options.open(path.join(LOCK_FILE)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(FolderError::InUse { path: path.to_owned(), holder: holder(&mut lock) });
            }
            Err(fs::TryLockError::Error(source)) => return Err(unusable(source)),
        }
        // For the words of whoever comes in vain; the lock itself does not depend on it.
        let _ = lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id()));
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key with which visitor tokens are signed, as text: made at the first call, and the same ever after.
    ///
    /// # Errors
    /// [`FolderError::VisitorKey`] when the file cannot be read or written, or holds no key.
    pub fn visitor_key(&self) -> Result<String, FolderError> {
        let path = self.path.join(VISITOR_KEY_FILE);
        let wrong = |why: String| FolderError::VisitorKey { path: path.clone(), why };
        match fs::symlink_metadata(&path) {
            Ok(_) => read_key(&path).map_err(wrong),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_key(&self.path, &path).map_err(|error| wrong(error.to_string()))
            }
            Err(error) => Err(wrong(error.to_string())),
        }
    }
}

fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    let read = lock.rewind().and_then(|()| lock.take(20).read_to_string(&mut text));
    match text.trim().parse::<u32>() {
        Ok(process) if read.is_ok() => format!(" (process {process})"),
        _ => String::new(),
    }
}

fn read_key(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mode = file.metadata().map_err(|error| error.to_string())?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(
            file = %path.display(),
            mode = format!("{:o}", mode & 0o777),
            "others than the relay may use the visitor key: take it from them with chmod 600"
        );
    }
    let mut text = String::new();
    file.take(MAX_KEY_BYTES).read_to_string(&mut text).map_err(|error| error.to_string())?;
    let key = text.trim();
    if key.len() < 32 {
        return Err("it has fewer than 32 characters: put back the file, or remove it, and visitors become \
                    strangers once"
            .to_owned());
    }
    Ok(key.to_owned())
}

/// Makes a key. It is there whole or not at all.
fn make_key(folder: &Path, path: &Path) -> io::Result<String> {
    // Each has 122 random bits from the system's generator.
    let key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let draft = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&draft)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_for_its_owner_alone_and_used_by_one() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let folder = DataFolder::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let error = DataFolder::open(&path).unwrap_err().to_string();
        assert!(error.contains(&format!("by another relay (process {})", std::process::id())), "{error}");
        assert!(error.contains("a folder of its own"), "{error}");
        drop(folder);
        DataFolder::open(&path).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_refused_with_its_name() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("file");
        fs::write(&path, "").unwrap();
        let error = DataFolder::open(&path.join("data")).unwrap_err().to_string();
        assert!(error.contains("file/data") && error.contains("may write to"), "{error}");
    }

    #[test]
    fn the_visitor_key_is_made_once_for_the_owner_alone_and_stays() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(parent.path()).unwrap();
        let key = folder.visitor_key().unwrap();
        assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
        let file = parent.path().join("visitor-key");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.visitor_key().unwrap(), key);
        fs::write(&file, "a key of the operator's, long enough to be one\n").unwrap();
        assert_eq!(folder.visitor_key().unwrap(), "a key of the operator's, long enough to be one");
        fs::remove_file(&file).unwrap();
        assert_ne!(folder.visitor_key().unwrap(), key);
    }

    #[test]
    fn a_visitor_key_that_is_none_is_refused_with_what_to_do() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(parent.path()).unwrap();
        fs::write(parent.path().join("visitor-key"), "short").unwrap();
        let error = folder.visitor_key().unwrap_err().to_string();
        assert!(
            error.contains("visitor-key") && error.contains("put back the file, or remove it"),
            "{error}"
        );
    }
}
