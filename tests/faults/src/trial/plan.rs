//! What is tried.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Where the relay keeps its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Keeps {
    /// In memory: it ends with the process.
    Memory,
    /// On a disk; an acknowledged publish is with the operating system.
    Process,
    /// On a disk; an acknowledged publish is on the disk itself.
    Machine,
}

impl Keeps {
    /// Whether what was acknowledged outlives the relay.
    pub fn is_durable(self) -> bool {
        self != Self::Memory
    }

    /// Its word, as `--durability` takes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Process => "process",
            Self::Machine => "machine",
        }
    }
}

/// One trial.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The relay's program.
    pub relay: PathBuf,
    /// Everything that is left to chance follows from it, but for the moments at which the machine does things.
    pub seed: u64,
    /// How long things go wrong.
    pub length: Duration,
    /// Where the relay keeps its history.
    pub keeps: Keeps,
    /// libfaketime, for jumps of the relay's wall clock.
    pub libfaketime: Option<PathBuf>,
    /// Where the history of a trial that broke a promise is left, with the relay's log.
    pub evidence: PathBuf,
}
