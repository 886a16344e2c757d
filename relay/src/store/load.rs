//! Reading a history at the start: everything that is there, and the truth about what is not.
//!
//! Every file tells by itself whose messages it has, begins with a summary of the streams that the file before it was
//! written to, and each message names the one before it. So a damage costs what it hit: a message that is missing
//! shows as a gap in its stream, and a stream that may have lost its newest messages is known by the summary. Only
//! where the newest file is damaged nobody knows which streams had more: those that are not mentioned behind the damage
//! begin anew, and their readers are told.

use std::collections::HashMap;
use std::io;

use realtime_protocol::channel::Channel;
use uuid::Uuid;

use super::body::{FORMAT, FileBody};
use super::contract::Restore;
use super::damage::{Damage, Report, What};
use super::end::{Boot, End, ReadEnd};
use super::files::Sealed;
use super::loaded_streams::{Place, Settled};
use super::medium::{Medium, Reach};
use super::record::{Found, Kind, Records, Seal};
use super::scan::{Numbered, Scan};
use super::streams::{Known, Streams};

/// A history that has been read.
pub(crate) struct Loaded {
    pub(crate) files: Vec<Sealed>,
    /// What the end's file says now. If there was none that could be read, it leaves what is there in doubt.
    pub(crate) end: End,
    /// The inode of the end's file.
    pub(crate) inode: u64,
    /// The streams that the newest file was written to.
    pub(crate) newest: Streams,
    /// The channels whose streams have to begin anew.
    pub(crate) doubtful: Vec<Channel>,
    /// The newest file that is damaged or missing; 0 when none is.
    pub(crate) damaged_up_to: u32,
    /// Whose messages damaged files have.
    pub(crate) numbered: HashMap<u32, Numbered>,
    pub(crate) report: Report,
}

/// Why a history cannot be read at all.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// A newer relay wrote it.
    Newer(u16),
    /// The folder cannot be read.
    Io(io::Error),
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// How far a file is to be believed.
#[derive(Debug, Clone, Copy)]
enum Belief {
    /// To exactly this byte.
    UpTo(u64),
    /// At least to this byte: what was written behind it may be there or not.
    AtLeast(u64),
    /// To its end, wherever that is.
    Whole,
    /// Nobody knows.
    Doubt,
}

/// Reads everything that a medium has, and gives it to `restore`.
pub(crate) fn load(medium: &dyn Medium, boot: Boot, restore: &mut dyn Restore) -> Result<Loaded, LoadError> {
    let mut scan = Scan::new(restore);
    let (end, belief) = read_end(medium, boot, &mut scan.report)?;
    let mut present = medium.files()?;
    if let Some(end) = end {
        // Files that were begun and never used, or were no longer needed.
        for number in present.extract_if(.., |number| !(end.oldest..=end.newest).contains(number)) {
            let _ = medium.remove(number);
        }
    }
    let first = end.map(|end| end.oldest).or(present.first().copied());
    let newest = end.map(|end| end.newest).or(present.last().copied()).unwrap_or_default();
    let mut files = Vec::new();
    let mut damaged_up_to = 0;
    let mut numbered = HashMap::new();
    let mut ahead = None;
    let mut store = end.map(|end| end.store);
    let numbers = first.filter(|_| newest > 0).into_iter().flat_map(|first| first..=newest);
    for number in numbers {
        let file = ahead.take().unwrap_or_else(|| read(medium, number, &present, &mut store));
        let next = (number < newest).then(|| read(medium, number + 1, &present, &mut store));
        let tells = next.as_ref().and_then(|next| begin_of(next.as_ref().ok()?, number + 1));
        let belief = match tells {
            Some(begin) => Belief::UpTo(begin.previous_bytes),
            None if number == newest => belief,
            None => Belief::Whole,
        };
        ahead = next;
        match file {
            Ok(bytes) => files.push(scan_file(medium, number, &bytes, belief, &mut scan)),
            Err(What::Newer(format)) => return Err(LoadError::Newer(format)),
            Err(what) => scan.doubt(number, 0, Damage { file: medium.name(number), what }),
        }
        if files.last().is_none_or(|file| file.is_damaged || file.number < number) {
            damaged_up_to = number;
            numbered.insert(number, scan.numbered());
        }
    }
    if newest > 0 && matches!(belief, Belief::Doubt) {
        scan.streams.doubt(Place { file: newest, at: usize::MAX });
    }
    let unsure = End {
        store: store.unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0),
        oldest: first.unwrap_or_default(),
        newest,
        bytes: files.last().map_or(0, |file| file.bytes),
        is_clean: newest == 0,
        is_synced: false,
        boot: Boot::UNKNOWN,
        inode: 0,
    };
    let end = match (end, belief) {
        // Now it is known how much is there: from now on nothing of it may go missing unnoticed.
        (Some(end), Belief::AtLeast(_)) => Some(End { bytes: unsure.bytes, boot, ..end }),
        (end, _) => end,
    };
    let (end, inode) = keep_end(medium, end, unsure)?;
    let Settling { newest, doubtful, report } = settle(scan, newest, damaged_up_to == newest);
    Ok(Loaded { files, end, inode, newest, doubtful, damaged_up_to, numbered, report })
}

/// Sees to it that there is an end's file. Returns what it says, and its inode.
fn keep_end(medium: &dyn Medium, read: Option<End>, unsure: End) -> io::Result<(End, u64)> {
    if medium.read_end()?.is_none() {
        medium.make_end(&|inode| End { inode, ..unsure }.encode())?;
    } else {
        // On a disk that fails, what it said so far has to do.
        let _ = medium.write_end(&read.unwrap_or(unsure).encode(), Reach::Disk);
    }
    let inode = medium.read_end()?.map_or(0, |(_, inode)| inode);
    Ok((read.unwrap_or(End { inode, ..unsure }), inode))
}

fn read_end(
    medium: &dyn Medium,
    boot: Boot,
    report: &mut Report,
) -> Result<(Option<End>, Belief), LoadError> {
    let mut damaged = |what| report.damage.push(Damage { file: medium.end_name(), what });
    let Some((bytes, inode)) = medium.read_end()? else {
        if !medium.files()?.is_empty() {
            damaged(What::NoEnd);
        }
        return Ok((None, Belief::Doubt));
    };
    let end = match End::decode(&bytes) {
        ReadEnd::End(end) => end,
        ReadEnd::Newer(version) => return Err(LoadError::Newer(version.into())),
        ReadEnd::Damaged => {
            damaged(What::NoEnd);
            return Ok((None, Belief::Doubt));
        }
    };
    let belief = match end {
        _ if end.inode != inode => {
            damaged(What::Copied);
            Belief::Doubt
        }
        _ if end.is_clean || end.boot == boot => Belief::UpTo(end.bytes),
        _ if end.is_synced => Belief::AtLeast(end.bytes),
        _ => {
            damaged(What::MachineDown);
            Belief::Doubt
        }
    };
    Ok((Some(end), belief))
}

/// Reads a file of the store that it says, or of any, if that is not known yet.
fn read(medium: &dyn Medium, number: u32, present: &[u32], store: &mut Option<u64>) -> Result<Vec<u8>, What> {
    if !present.contains(&number) {
        return Err(What::Missing);
    }
    let bytes = medium.read(number).map_err(|error| What::Io(error.to_string()))?;
    if let Some(format) = format_of(&bytes, number).filter(|format| *format > FORMAT) {
        return Err(What::Newer(format));
    }
    let of_file = begin_of(&bytes, number).map(|begin| begin.store);
    match of_file.is_none_or(|of_file| *store.get_or_insert(of_file) == of_file) {
        true => Ok(bytes),
        false => Err(What::Foreign),
    }
}

/// What a file's first record says.
fn begin_of(bytes: &[u8], number: u32) -> Option<FileBody> {
    FileBody::read(first_body(bytes, number)?)
}

/// The format that a file's first record names.
fn format_of(bytes: &[u8], number: u32) -> Option<u16> {
    FileBody::format(first_body(bytes, number)?)
}

fn first_body(bytes: &[u8], number: u32) -> Option<&[u8]> {
    match Records::new(bytes, Seal::of(number)).next()? {
        Found::Record { head, body, .. } if head.kind == Kind::File => Some(body),
        _ => None,
    }
}

fn scan_file(medium: &dyn Medium, number: u32, bytes: &[u8], belief: Belief, scan: &mut Scan<'_>) -> Sealed {
    let name = medium.name(number);
    let (counts, sure) = match belief {
        Belief::UpTo(end) => (end, end),
        Belief::AtLeast(end) => (bytes.len() as u64, end),
        Belief::Whole => (bytes.len() as u64, bytes.len() as u64),
        Belief::Doubt => (bytes.len() as u64, 0),
    };
    let counting = bytes.get(..counts as usize).unwrap_or(bytes);
    if counting.len() < bytes.len() {
        // What was never acknowledged must not be taken for something later, when less is known.
        if let Err(error) = medium.cut(number, counts) {
            tracing::warn!(%error, file = name, "what was not acknowledged could not be cut off");
        }
    }
    let scanned = scan.file(number, name.clone(), counting, sure as usize);
    let missing = sure.saturating_sub(bytes.len() as u64);
    if missing > 0 {
        scan.doubt(number, bytes.len(), Damage { file: name, what: What::Truncated { missing } });
    }
    Sealed {
        number,
        bytes: scanned.bytes,
        newest_at: scanned.newest_at,
        is_damaged: scanned.is_damaged || missing > 0,
    }
}

/// What the streams of a history came to.
struct Settling {
    newest: Streams,
    doubtful: Vec<Channel>,
    report: Report,
}

/// Settles the streams. If the newest file is damaged, it may have been written to for any of them.
fn settle(scan: Scan<'_>, newest: u32, is_damaged: bool) -> Settling {
    let (streams, restore, mut report) = scan.finish();
    let mut written = Vec::new();
    let mut doubtful = Vec::new();
    for (channel, stream, settled) in streams.into_settled() {
        report.channels += 1;
        match settled {
            Settled::Known { floor, given_up } => {
                report.lost_messages += given_up;
                let number = restore.settle(&channel, stream.last, floor);
                if let Some(number) = number.filter(|_| is_damaged || stream.written_in == newest) {
                    let known = Known { channel, epoch: stream.epoch, last: stream.last, is_written: true };
                    written.push((number, known));
                }
            }
            Settled::Doubtful { given_up } => {
                report.lost_messages += given_up;
                report.renewed_channels += 1;
                doubtful.push(channel);
            }
        }
    }
    Settling { newest: Streams::of(written), doubtful, report }
}
