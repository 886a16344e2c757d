//! The files of a history, and nothing of what is in them: the only place of the store that touches a disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::end::END_BYTES;

/// A place for numbered files, each of which is appended to and later removed as a whole, and for the file that says
/// where they end. Tests have media that fail.
pub(crate) trait Medium: Send + Sync {
    /// The numbers of the files that are there, ascending.
    fn files(&self) -> io::Result<Vec<u32>>;

    /// A file's bytes.
    fn read(&self, number: u32) -> io::Result<Vec<u8>>;

    /// Makes a file, empty even if there was one.
    fn create(&self, number: u32, reach: Reach) -> io::Result<Box<dyn Tail>>;

    /// Whether there is room for so many bytes.
    fn probe(&self, bytes: usize, reach: Reach) -> io::Result<()>;

    /// Sees to it that so many bytes of the disk are taken and used for nothing, until [`Medium::release`].
    fn reserve(&self, bytes: usize) -> io::Result<()>;

    /// Gives them back.
    fn release(&self) -> io::Result<()>;

    /// Removes a file, if it is there.
    fn remove(&self, number: u32) -> io::Result<()>;

    /// Cuts a file to so many bytes, on the disk.
    fn cut(&self, number: u32, bytes: u64) -> io::Result<()>;

    /// Returns when a file is on the disk.
    fn sync(&self, number: u32) -> io::Result<()>;

    /// Gives a file a name under which it is left alone, for people to look at.
    fn set_aside(&self, number: u32) -> io::Result<()>;

    /// What a file is called in messages to people.
    fn name(&self, number: u32) -> String;

    /// What the end's file is called in messages to people.
    fn end_name(&self) -> String;

    /// The bytes of the end's file and its inode; `None` when it is not there.
    fn read_end(&self) -> io::Result<Option<(Vec<u8>, u64)>>;

    /// Makes the end's file, whole or not at all, of what `content` makes of its inode.
    fn make_end(&self, content: &dyn Fn(u64) -> [u8; END_BYTES]) -> io::Result<()>;

    /// Writes over the end's file.
    fn write_end(&self, bytes: &[u8; END_BYTES], reach: Reach) -> io::Result<()>;
}

/// The file that is being appended to.
pub(crate) trait Tail: Send {
    /// Appends bytes. When it fails, some of them may be there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to so many bytes.
    fn cut(&mut self, bytes: u64) -> io::Result<()>;

    /// Returns when everything that was appended is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// How far a write has to have come before it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To the operating system.
    System,
    /// To the disk.
    Disk,
}

/// The extension of a history's files. Not `.log`, which people and programs clear away.
const EXTENSION: &str = "history";

/// The file that says where the history ends.
const END_FILE: &str = "history-end";

/// A file that is there only while the disk is tried.
const PROBE_FILE: &str = "probe";

/// Room for the day on which the disk is full.
const RESERVE_FILE: &str = "reserve";

/// A folder of a file system.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    end: parking_lot::Mutex<Option<File>>,
}

impl Folder {
    /// A folder that exists.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, end: parking_lot::Mutex::default() }
    }

    fn file(&self, number: u32) -> PathBuf {
        self.path.join(format!("{number:08}.{EXTENSION}"))
    }

    /// The folder's entries are on the disk.
    fn sync_entries(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl Medium for Folder {
    fn files(&self) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            numbers.extend(number_of(&entry?.path()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn read(&self, number: u32) -> io::Result<Vec<u8>> {
        fs::read(self.file(number))
    }

    fn create(&self, number: u32, reach: Reach) -> io::Result<Box<dyn Tail>> {
        let file = private().create(true).append(true).open(self.file(number))?;
        file.set_len(0)?;
        if reach == Reach::Disk {
            self.sync_entries()?;
        }
        Ok(Box::new(file))
    }

    fn probe(&self, bytes: usize, reach: Reach) -> io::Result<()> {
        let path = self.path.join(PROBE_FILE);
        let mut file = private().create(true).truncate(true).write(true).open(&path)?;
        let tried = file.write_all(&vec![0; bytes]).and_then(|()| match reach {
            Reach::Disk => file.sync_data(),
            Reach::System => Ok(()),
        });
        fs::remove_file(&path)?;
        tried
    }

    fn reserve(&self, bytes: usize) -> io::Result<()> {
        let path = self.path.join(RESERVE_FILE);
        if fs::metadata(&path).is_ok_and(|there| there.len() >= bytes as u64) {
            return Ok(());
        }
        let mut file = private().create(true).truncate(true).write(true).open(&path)?;
        file.write_all(&vec![0; bytes]).inspect_err(|_| drop(fs::remove_file(&path)))
    }

    fn release(&self) -> io::Result<()> {
        removed(&self.path.join(RESERVE_FILE))
    }

    fn remove(&self, number: u32) -> io::Result<()> {
        removed(&self.file(number))
    }

    fn cut(&self, number: u32, bytes: u64) -> io::Result<()> {
        let file = private().write(true).open(self.file(number))?;
        file.set_len(bytes)?;
        file.sync_all()
    }

    fn sync(&self, number: u32) -> io::Result<()> {
        File::open(self.file(number))?.sync_data()
    }

    fn set_aside(&self, number: u32) -> io::Result<()> {
        let file = self.file(number);
        let aside = file.with_extension(format!("{EXTENSION}.damaged"));
        fs::rename(file, aside)
    }

    fn name(&self, number: u32) -> String {
        self.file(number).display().to_string()
    }

    fn end_name(&self) -> String {
        self.path.join(END_FILE).display().to_string()
    }

    fn read_end(&self) -> io::Result<Option<(Vec<u8>, u64)>> {
        let path = self.path.join(END_FILE);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some((bytes, fs::metadata(&path)?.ino()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn make_end(&self, content: &dyn Fn(u64) -> [u8; END_BYTES]) -> io::Result<()> {
        let path = self.path.join(END_FILE);
        let draft = path.with_extension("new");
        let mut file = private().create(true).truncate(true).write(true).open(&draft)?;
        let inode = file.metadata()?.ino();
        file.write_all(&content(inode))?;
        file.sync_all()?;
        // The inode moves along.
        fs::rename(&draft, &path)?;
        self.sync_entries()
    }

    fn write_end(&self, bytes: &[u8; END_BYTES], reach: Reach) -> io::Result<()> {
        let mut end = self.end.lock();
        let file = match &mut *end {
            Some(file) => file,
            none => none.insert(private().write(true).open(self.path.join(END_FILE))?),
        };
        file.write_all_at(bytes, 0)?;
        if reach == Reach::Disk { file.sync_data() } else { Ok(()) }
    }
}

impl Tail for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Messages are nobody else's business.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Removes a file that need not be there.
fn removed(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn number_of(path: &Path) -> Option<u32> {
    if path.extension()? != EXTENSION {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}
