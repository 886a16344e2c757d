//! Standard output and standard error.

use std::io::{self, ErrorKind, Write};

use super::failure::Failure;

/// Writes to standard output. A reader that has gone, like `head` with enough lines, is no failure.
///
/// # Errors
/// When the output cannot be written for another reason, such as a full disk.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something to the person at the terminal, on a line of its own.
pub fn say(text: &str) {
    // Whoever closed standard error does not want to hear.
    let _ = writeln!(io::stderr(), "relay: {text}");
}
