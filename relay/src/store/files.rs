//! Which files a history has.

use std::collections::VecDeque;
use std::time::Duration;

use super::end::End;

/// A file that nothing is appended to any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) number: u32,
    /// Bytes that count.
    pub(crate) bytes: u64,
    /// When the newest of its messages was published.
    pub(crate) newest_at: Duration,
    /// It is not as it was written.
    pub(crate) is_damaged: bool,
}

/// The file that is appended to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growing {
    pub(crate) number: u32,
    pub(crate) bytes: u64,
    /// When the first and the newest of its messages were published.
    pub(crate) span: Option<(Duration, Duration)>,
}

/// All files, from the oldest to the newest.
#[derive(Debug)]
pub(crate) struct Files {
    sealed: VecDeque<Sealed>,
    growing: Option<Growing>,
    /// Where the history ended when this start found it. It holds until something is written.
    found: End,
}

impl Files {
    pub(crate) fn new(sealed: Vec<Sealed>, found: End) -> Self {
        Self { sealed: sealed.into(), growing: None, found }
    }

    /// The file that is appended to; `None` until something was written since the start.
    pub(crate) const fn growing(&self) -> Option<&Growing> {
        self.growing.as_ref()
    }

    pub(crate) fn oldest_sealed(&self) -> Option<Sealed> {
        self.sealed.front().copied()
    }

    /// The number of a file after all these.
    pub(crate) const fn next_number(&self) -> u32 {
        let newest = match &self.growing {
            Some(file) => file.number,
            None => self.found.newest,
        };
        newest + 1
    }

    /// The numbers of the files that are sealed.
    pub(crate) fn sealed_numbers(&self) -> Vec<u32> {
        self.sealed.iter().map(|file| file.number).collect()
    }

    /// Bytes of the newest file.
    pub(crate) fn newest_bytes(&self) -> u64 {
        let sealed = self.sealed.back().map(|file| file.bytes);
        self.growing.map(|file| file.bytes).or(sealed).unwrap_or_default()
    }

    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        let growing = self.growing.map(|file| file.bytes);
        self.sealed.iter().map(|file| file.bytes).chain(growing).sum()
    }

    /// Something was written, to a new file or to the one that grows.
    pub(crate) fn wrote(&mut self, opened: Option<u32>, bytes: u64, newest_at: Option<Duration>) {
        if let Some(number) = opened {
            self.sealed.extend(self.growing.take().map(Growing::sealed));
            self.growing = Some(Growing { number, bytes: 0, span: None });
        }
        if let Some(file) = &mut self.growing {
            file.bytes += bytes;
            if let Some(at) = newest_at {
                let (first, newest) = file.span.unwrap_or((at, at));
                file.span = Some((first.min(at), newest.max(at)));
            }
        }
    }

    /// The oldest file is gone.
    pub(crate) fn remove_oldest(&mut self) {
        self.sealed.pop_front();
    }

    /// The number of the oldest file.
    pub(crate) fn oldest(&self) -> Option<u32> {
        self.sealed.front().map(|file| file.number).or(self.growing.map(|file| file.number))
    }

    /// Where they end, `author` telling who writes that. As long as nothing is written, what was found still holds.
    pub(crate) fn end(&self, author: End) -> End {
        let end = match self.growing {
            Some(file) => End { newest: file.number, bytes: file.bytes, ..author },
            None => self.found,
        };
        End { oldest: self.oldest().unwrap_or(end.newest), ..end }
    }
}

impl Growing {
    fn sealed(self) -> Sealed {
        let newest_at = self.span.map_or(Duration::ZERO, |(_, newest)| newest);
        Sealed { number: self.number, bytes: self.bytes, newest_at, is_damaged: false }
    }
}
