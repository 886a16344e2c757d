//! Which server a name stands for.

use std::path::PathBuf;
use std::{env, ffi::OsString};

use clap::ValueEnum;

use crate::error::BenchError;
use crate::servers::bare::Bare;
use crate::servers::relay::Relay;
use crate::servers::server::Server;

/// A server that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// The relay
    Relay,
    /// A single-threaded epoll loop that does nothing but write: what this kernel allows
    Bare,
}

/// Where programs are and how they are started.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The relay's program.
    pub relay: PathBuf,
    /// Further flags of `relay serve`.
    pub relay_flags: Vec<OsString>,
}

impl Choice {
    /// The adapter of this server.
    ///
    /// # Errors
    /// When its program is not there.
    pub fn server(self, programs: &Programs) -> Result<Box<dyn Server>, BenchError> {
        match self {
            Self::Relay if !programs.relay.exists() => Err(BenchError::Server {
                server: "relay".to_owned(),
                why: format!(
                    "there is no program at {}: build it with `cargo build --release -p realtime-relay`, or name \
                     another with --relay-bin",
                    programs.relay.display()
                ),
            }),
            Self::Relay => {
                Ok(Box::new(Relay { program: programs.relay.clone(), flags: programs.relay_flags.clone() }))
            }
            Self::Bare => {
                let program = env::current_exe().map_err(BenchError::system("find this program"))?;
                Ok(Box::new(Bare { program }))
            }
        }
    }
}
