//! Reading a history that is no folder: what a start would make of a file's bytes, for whoever examines them.

use std::io;

use super::contract::Restore;
use super::damage::Report;
use super::end::{Boot, END_BYTES};
use super::load::{LoadError, load};
use super::medium::{Medium, Reach, Tail};

/// Reads a history of one file, which has the number 1, and of an end's file, if there is one, as a start does. `None`
/// when a newer relay wrote it.
pub fn survey(file: &[u8], end: Option<&[u8]>, restore: &mut dyn Restore) -> Option<Report> {
    match load(&Bytes { file, end }, Boot::UNKNOWN, restore) {
        Ok(loaded) => Some(loaded.report),
        // Bytes that are there can be read.
        Err(LoadError::Newer(_) | LoadError::Io(_)) => None,
    }
}

/// A medium that cannot be written to.
struct Bytes<'a> {
    file: &'a [u8],
    end: Option<&'a [u8]>,
}

fn read_only<T>() -> io::Result<T> {
    Err(io::ErrorKind::ReadOnlyFilesystem.into())
}

impl Medium for Bytes<'_> {
    fn files(&self) -> io::Result<Vec<u32>> {
        Ok(vec![1])
    }

    fn read(&self, _: u32) -> io::Result<Vec<u8>> {
        Ok(self.file.to_vec())
    }

    fn create(&self, _: u32, _: Reach) -> io::Result<Box<dyn Tail>> {
        read_only()
    }

    fn probe(&self, _: usize, _: Reach) -> io::Result<()> {
        read_only()
    }

    fn reserve(&self, _: usize) -> io::Result<()> {
        read_only()
    }

    fn release(&self) -> io::Result<()> {
        read_only()
    }

    fn remove(&self, _: u32) -> io::Result<()> {
        read_only()
    }

    fn cut(&self, _: u32, _: u64) -> io::Result<()> {
        read_only()
    }

    fn sync(&self, _: u32) -> io::Result<()> {
        read_only()
    }

    fn set_aside(&self, _: u32) -> io::Result<()> {
        read_only()
    }

    fn name(&self, _: u32) -> String {
        "the file".to_owned()
    }

    fn end_name(&self) -> String {
        "the end's file".to_owned()
    }

    fn read_end(&self) -> io::Result<Option<(Vec<u8>, u64)>> {
        Ok(self.end.map(|end| (end.to_vec(), 0)))
    }

    fn make_end(&self, _: &dyn Fn(u64) -> [u8; END_BYTES]) -> io::Result<()> {
        Ok(())
    }

    fn write_end(&self, _: &[u8; END_BYTES], _: Reach) -> io::Result<()> {
        read_only()
    }
}
