//! A large frame in the kernel's own pages, which sockets share, where a write would copy it for each of them.
//!
//! The frame is written to a pipe once. For each socket the pipe's pages are branched to a second pipe (`tee`) and moved
//! from there to the socket (`splice`): two system calls instead of one, and no copy. The pages belong to the pipe and to
//! the sockets that have not sent them yet; the relay's memory is not among them, so nothing that it does later can
//! change what is on its way.

use std::os::fd::{AsFd, OwnedFd};

use rustix::io;
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice, tee};

/// Bytes from which on two system calls cost clearly less than one and the copy
/// (`docs/decisions/0014-what-the-data-plane-costs.md`).
const MIN_BYTES: usize = 24 * 1024;

/// Readers from which on making the pipes, some ten microseconds, is nothing beside the copies.
const MIN_READERS: usize = 64;

/// A frame in pages that sockets share.
#[derive(Debug)]
pub struct Pages {
    source: Pipe,
    /// Empty between two sockets. None where it could not be made again, or the system has no such calls.
    branch: Option<Pipe>,
    bytes: usize,
}

impl Pages {
    /// The pages of a frame, if that is worth it for so many readers, and the system grants them.
    pub fn of(frame: &[u8], readers: usize) -> Option<Self> {
        if frame.len() < MIN_BYTES || readers < MIN_READERS {
            return None;
        }
        Self::holding(frame).ok().flatten()
    }

    /// None when a pipe has no room for all of it.
    fn holding(frame: &[u8]) -> io::Result<Option<Self>> {
        let bytes = frame.len();
        let source = Pipe::with_room(bytes)?;
        let branch = Some(Pipe::with_room(bytes)?);
        let is_whole = io::write(&source.writer, frame)? == bytes;
        Ok(is_whole.then_some(Self { source, branch, bytes }))
    }

    /// Gives the frame to a socket that does not block, from its beginning. Returns how many bytes the socket took: fewer
    /// than all when it has no more room, and 0 when it took none, for whatever reason. What a write then meets tells why.
    pub fn give(&mut self, socket: impl AsFd) -> usize {
        let Some(branch) = self.branch.take() else { return 0 };
        let flags = SpliceFlags::NONBLOCK;
        if tee(&self.source.reader, &branch.writer, self.bytes, flags) != Ok(self.bytes) {
            return 0;
        }
        let taken = match splice(&branch.reader, None, socket, None, self.bytes, flags) {
            Ok(taken) => taken,
            Err(io::Errno::INVAL | io::Errno::NOSYS | io::Errno::OPNOTSUPP | io::Errno::PERM) => return 0,
            Err(_) => 0,
        };
        // What is left in a pipe goes with it: it must not be in front of the next socket's.
        self.branch = if taken == self.bytes { Some(branch) } else { Pipe::with_room(self.bytes).ok() };
        taken
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
