//! Lines for standard output, written by a thread of their own: a reader that pauses must not keep the command from
//! hearing signals.

use std::io::{self, ErrorKind, Write};
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Lines that may wait for a slow reader. When as many do, nothing more is read from the relay, which then sends this
/// client away to recover later: nothing is lost, and memory is bounded.
const MAX_WAITING: usize = 64;

/// How long the last lines may take once the command is to end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where lines go.
pub struct Lines {
    waiting: mpsc::Sender<String>,
    end: oneshot::Receiver<io::Result<()>>,
}

impl Lines {
    /// Starts to write to `out`. Each line is written and flushed at once.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let (waiting, lines) = mpsc::channel(MAX_WAITING);
        let (ended, end) = oneshot::channel();
        thread::Builder::new().name("lines".to_owned()).spawn(move || {
            // Nobody may be left to hear it.
            let _ = ended.send(write_all(lines, out));
        })?;
        Ok(Self { waiting, end })
    }

    /// Writes a line after those before it; waits while too many are waiting. False when the reader has gone.
    pub async fn write(&self, line: String) -> bool {
        self.waiting.send(line).await.is_ok()
    }

    /// Waits until nothing can be written any more.
    pub async fn closed(&self) {
        self.waiting.closed().await;
    }

    /// Lets what waits be written, for a second at the longest. A reader that has gone is no error.
    ///
    /// # Errors
    /// When a line could not be written for another reason.
    pub async fn finish(self) -> io::Result<()> {
        drop(self.waiting);
        match timeout(LAST_WORDS, self.end).await {
            Ok(Ok(Err(error))) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

fn write_all(mut lines: mpsc::Receiver<String>, mut out: impl Write) -> io::Result<()> {
    while let Some(line) = lines.blocking_recv() {
        out.write_all(line.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::pipe;

    use super::*;

    #[tokio::test]
    async fn what_waits_is_written_before_the_end() {
        let (reader, writer) = pipe().unwrap();
        let lines = Lines::start(writer).unwrap();
        assert!(lines.write("a\n".to_owned()).await && lines.write("b\n".to_owned()).await);
        lines.finish().await.unwrap();
        assert_eq!(io::read_to_string(reader).unwrap(), "a\nb\n");
    }

    #[tokio::test]
    async fn a_reader_that_has_gone_closes_the_lines_and_is_no_error() {
        let (reader, writer) = pipe().unwrap();
        let lines = Lines::start(writer).unwrap();
        drop(reader);
        assert!(lines.write("a\n".to_owned()).await);
        lines.closed().await;
        assert!(!lines.write("b\n".to_owned()).await);
        lines.finish().await.unwrap();
    }

    #[tokio::test]
    async fn another_failure_is_told() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let lines = Lines::start(full).unwrap();
        assert!(lines.write("a\n".to_owned()).await);
        assert_eq!(lines.finish().await.unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
