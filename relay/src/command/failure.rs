//! Why a command did not do what it was asked, and the exit code that says so.

use std::process::ExitCode;

/// The exit code for a command line that is not right: clap's own.
const USAGE: u8 = 2;

/// Why a command ends without success. Shows as one sentence for the person at the terminal.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The command line, the environment or a settings file is not right. Running it again brings the same.
    #[error("{0}")]
    Usage(String),
    /// The command line is right, and the work failed.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// A wrong command line.
    pub fn usage(why: impl ToString) -> Self {
        Self::Usage(why.to_string())
    }

    /// Work that failed.
    pub fn failed(why: impl ToString) -> Self {
        Self::Failed(why.to_string())
    }

    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(USAGE),
            Self::Failed(_) => ExitCode::FAILURE,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}
