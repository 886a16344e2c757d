//! A frame in the kernel's own pages, which sockets share, where a write would copy it for each of them.
//!
//! The frame is written to a pipe once, or some times in a row where it is small. The pipe's pages are branched to a
//! second pipe (`tee`), and from there each socket is given one frame (`splice`): no copy, and hardly more than one system
//! call for each. The pages belong to the pipe and to the sockets that have not sent them yet; the relay's memory is not
//! among them, so nothing that it does later can change what is on its way.

use std::io::IoSlice;
use std::os::fd::{AsFd, OwnedFd};

use rustix::io;
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice, tee};

/// Bytes from which on this costs less than the copy (`docs/decisions/0014-what-the-data-plane-costs.md`).
const MIN_BYTES: usize = 4 * 1024;

/// Readers from which on making the pipes, some ten microseconds, is nothing beside the copies.
const MIN_READERS: usize = 64;

/// Bytes of all copies from which on making the pipes is nothing beside them.
const MIN_COPIED_BYTES: usize = MIN_READERS * 24 * 1024;

/// Bytes that are branched at once: what a pipe has room for unless it is asked for more.
const BRANCHED_BYTES: usize = 64 * 1024;

/// Readers for each time that the frame is in its pipe: they pay for the copy.
const READERS_PER_REPEAT: usize = 32;

/// A frame in pages that sockets share.
#[derive(Debug)]
pub struct Pages {
    /// The frame, `repeats` times.
    source: Pipe,
    repeats: usize,
    /// None where it could not be made again, or the system has no such calls.
    branch: Option<Branch>,
    bytes: usize,
}

/// Whole frames on their way to the next sockets.
#[derive(Debug)]
struct Branch {
    pipe: Pipe,
    frames: usize,
}

impl Pages {
    /// The pages of a frame, if that is worth it for so many readers, and the system grants them.
    pub fn of(frame: &[u8], readers: usize) -> Option<Self> {
        let copied = frame.len().saturating_mul(readers);
        if frame.len() < MIN_BYTES || readers < MIN_READERS || copied < MIN_COPIED_BYTES {
            return None;
        }
        let repeats = (BRANCHED_BYTES / frame.len()).min(readers / READERS_PER_REPEAT).max(1);
        Self::holding(frame, repeats).ok().flatten()
    }

    /// None when a pipe has no room for all of it.
    fn holding(frame: &[u8], repeats: usize) -> io::Result<Option<Self>> {
        let (bytes, all) = (frame.len(), frame.len() * repeats);
        let source = Pipe::with_room(all)?;
        let branch = Some(Branch::empty(all)?);
        // In one call, which fills every page.
        let is_whole = io::writev(&source.writer, &vec![IoSlice::new(frame); repeats])? == all;
        Ok(is_whole.then_some(Self { source, repeats, branch, bytes }))
    }

    /// Gives the frame to a socket that does not block, from its beginning. Returns how many bytes the socket took: fewer
    /// than all when it has no more room, and 0 when it took none, for whatever reason. What a write then meets tells why.
    pub fn give(&mut self, socket: impl AsFd) -> usize {
        let Some(mut branch) = self.branch.take() else { return 0 };
        let (flags, all) = (SpliceFlags::NONBLOCK, self.bytes * self.repeats);
        if branch.frames == 0 {
            if tee(&self.source.reader, &branch.pipe.writer, all, flags) != Ok(all) {
                return 0;
            }
            branch.frames = self.repeats;
        }
        let taken = match splice(&branch.pipe.reader, None, socket, None, self.bytes, flags) {
            Ok(taken) => taken,
            Err(io::Errno::INVAL | io::Errno::NOSYS | io::Errno::OPNOTSUPP | io::Errno::PERM) => return 0,
            Err(_) => 0,
        };
        // What is left of a frame in a pipe goes with it: it must not be in front of the next socket's.
        self.branch = if taken == self.bytes {
            branch.frames -= 1;
            Some(branch)
        } else {
            Branch::empty(all).ok()
        };
        taken
    }
}

impl Branch {
    fn empty(room_bytes: usize) -> io::Result<Self> {
        Ok(Self { pipe: Pipe::with_room(room_bytes)?, frames: 0 })
    }
}

#[derive(Debug)]
struct Pipe {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Pipe {
    /// An empty pipe with room for so many bytes, as long as the system's limit for pipes allows them.
    fn with_room(bytes: usize) -> io::Result<Self> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        fcntl_setpipe_size(&writer, bytes)?;
        Ok(Self { reader, writer })
    }
}

#[cfg(test)]
#[path = "pages_test.rs"]
mod tests;
