//! A disk for tests: it fills up, fails and forgets when it is told to, and its files can be damaged.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::end::END_BYTES;
use super::medium::{Medium, Reach, Tail};

/// A disk that outlives the store that uses it.
#[derive(Debug, Clone, Default)]
pub(super) struct FakeDisk(Arc<Mutex<Content>>);

#[derive(Debug, Default, Clone)]
pub(super) struct Content {
    pub(super) files: BTreeMap<u32, File>,
    pub(super) end: Option<File>,
    pub(super) inode: u64,
    pub(super) set_aside: Vec<u32>,
    /// Operations that still succeed; every one fails when there are none left.
    pub(super) operations_left: Option<u32>,
    /// Bytes that still fit.
    pub(super) room: Option<usize>,
    /// Bytes that are kept for a full disk.
    pub(super) reserved: usize,
}

#[derive(Debug, Default, Clone)]
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    /// What is left of it when the machine goes down.
    pub(super) synced: Vec<u8>,
}

impl FakeDisk {
    /// A disk with the same on it.
    pub(super) fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().clone())))
    }

    /// Looks at the disk, or changes it.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Content) -> T) -> T {
        act(&mut self.0.lock())
    }

    /// The machine goes down: only what is on the disk for sure is left, and of the rest a part.
    pub(super) fn lose_power(&self, share: f64) {
        self.with(|content| {
            for file in content.files.values_mut().chain(&mut content.end) {
                let unsynced = file.bytes.len().saturating_sub(file.synced.len());
                let left = file.synced.len() + (unsynced as f64 * share) as usize;
                if file.bytes.starts_with(&file.synced) {
                    file.bytes.truncate(left);
                } else {
                    // Written over: the old content is what was on the disk.
                    file.bytes.clone_from(&file.synced);
                }
            }
        });
    }
}

impl Content {
    /// One operation, which may fail.
    fn operate(&mut self) -> io::Result<()> {
        match &mut self.operations_left {
            Some(0) => Err(io::Error::from_raw_os_error(5)),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// How many of these bytes fit.
    fn fit(&mut self, bytes: usize) -> usize {
        let fitting = self.room.map_or(bytes, |room| room.min(bytes));
        if let Some(room) = &mut self.room {
            *room -= fitting;
        }
        fitting
    }
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Medium for FakeDisk {
    fn files(&self) -> io::Result<Vec<u32>> {
        Ok(self.with(|content| content.files.keys().copied().collect()))
    }

    fn read(&self, number: u32) -> io::Result<Vec<u8>> {
        self.with(|content| content.files.get(&number).map(|file| file.bytes.clone()).ok_or_else(missing))
    }

    fn create(&self, number: u32, _: Reach) -> io::Result<Box<dyn Tail>> {
        self.with(|content| {
            content.operate()?;
            content.files.insert(number, File::default());
            Ok(Box::new(FakeTail { disk: self.clone(), number }) as Box<dyn Tail>)
        })
    }

    fn probe(&self, bytes: usize, _: Reach) -> io::Result<()> {
        self.with(|content| {
            content.operate()?;
            if content.room.is_some_and(|room| room < bytes) { Err(full()) } else { Ok(()) }
        })
    }

    fn reserve(&self, bytes: usize) -> io::Result<()> {
        self.with(|content| {
            content.operate()?;
            let missing = bytes.saturating_sub(content.reserved);
            if content.room.is_some_and(|room| room < missing) {
                return Err(full());
            }
            content.room = content.room.map(|room| room - missing);
            content.reserved += missing;
            Ok(())
        })
    }

    fn release(&self) -> io::Result<()> {
        self.with(|content| {
            content.operate()?;
            let released = std::mem::take(&mut content.reserved);
            content.room = content.room.map(|room| room + released);
            Ok(())
        })
    }

    fn remove(&self, number: u32) -> io::Result<()> {
        self.with(|content| {
            content.operate()?;
            let removed = content.files.remove(&number);
            if let Some(room) = &mut content.room {
                *room += removed.map_or(0, |file| file.bytes.len());
            }
            Ok(())
        })
    }

    fn cut(&self, number: u32, bytes: u64) -> io::Result<()> {
        let mut tail = FakeTail { disk: self.clone(), number };
        tail.cut(bytes)?;
        tail.sync()
    }

    fn sync(&self, number: u32) -> io::Result<()> {
        self.with(|content| {
            content.operate()?;
            let file = content.files.get_mut(&number).ok_or_else(missing)?;
            file.synced.clone_from(&file.bytes);
            Ok(())
        })
    }

    fn set_aside(&self, number: u32) -> io::Result<()> {
        self.with(|content| {
            content.operate()?;
            content.files.remove(&number).ok_or_else(missing)?;
            content.set_aside.push(number);
            Ok(())
        })
    }

    fn name(&self, number: u32) -> String {
        format!("file {number}")
    }

    fn end_name(&self) -> String {
        "the end".to_owned()
    }

    fn read_end(&self) -> io::Result<Option<(Vec<u8>, u64)>> {
        Ok(self.with(|content| content.end.as_ref().map(|end| (end.bytes.clone(), content.inode))))
    }

    fn make_end(&self, make: &dyn Fn(u64) -> [u8; END_BYTES]) -> io::Result<()> {
        self.with(|content| {
            let bytes = make(content.inode).to_vec();
            content.end = Some(File { bytes: bytes.clone(), synced: bytes });
            Ok(())
        })
    }

    fn write_end(&self, bytes: &[u8; END_BYTES], reach: Reach) -> io::Result<()> {
        self.with(|content| {
            content.operate()?;
            let end = content.end.as_mut().ok_or_else(missing)?;
            end.bytes = bytes.to_vec();
            if reach == Reach::Disk {
                end.synced = bytes.to_vec();
            }
            Ok(())
        })
    }
}

struct FakeTail {
    disk: FakeDisk,
    number: u32,
}

impl FakeTail {
    fn with<T>(&self, act: impl FnOnce(&mut File) -> T) -> io::Result<T> {
        self.disk.with(|content| content.files.get_mut(&self.number).map(act).ok_or_else(missing))
    }
}

impl Tail for FakeTail {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        // A write that fails half-way leaves its half.
        let operated = self.disk.with(Content::operate);
        let fitting = self.disk.with(|content| content.fit(bytes.len()));
        let written = if operated.is_ok() { fitting } else { fitting / 2 };
        self.with(|file| file.bytes.extend_from_slice(&bytes[..written]))?;
        operated?;
        if fitting == bytes.len() { Ok(()) } else { Err(full()) }
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.disk.with(Content::operate)?;
        let freed = self.with(|file| {
            let before = file.bytes.len();
            file.bytes.truncate(bytes as usize);
            file.synced.truncate(bytes as usize);
            before - file.bytes.len()
        })?;
        self.disk.with(|content| content.room = content.room.map(|room| room + freed));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.with(Content::operate)?;
        self.with(|file| file.synced.clone_from(&file.bytes))
    }
}
