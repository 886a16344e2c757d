//! Which server a name stands for.

use std::path::{Path, PathBuf};
use std::{env, ffi::OsString};

use clap::ValueEnum;

use crate::error::BenchError;
use crate::servers::bare::Bare;
use crate::servers::lines::Lines;
use crate::servers::nats::Nats;
use crate::servers::nchan::Nchan;
use crate::servers::relay::{History, Relay};
use crate::servers::server::Server;
use crate::servers::socket_io::SocketIo;

/// A server that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// The relay
    Relay,
    /// The relay with its history on a disk: a message counts when the operating system has it
    RelayProcess,
    /// The same: a message counts when the disk has it
    RelayMachine,
    /// A single-threaded epoll loop that does nothing but write: what this kernel allows
    Bare,
    /// Bun's own WebSocket server with its native publish
    Bun,
    /// Node's ws in a loop
    Ws,
    /// Socket.IO under Node
    SocketIo,
    /// nginx with the Nchan module
    Nchan,
    /// NATS over WebSocket
    Nats,
}

/// Where programs are and how they are started.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The relay's program.
    pub relay: PathBuf,
    /// Further flags of `relay serve`.
    pub relay_flags: Vec<OsString>,
    /// The folder of other servers' scripts and packages.
    pub peers: PathBuf,
    /// The folder that nginx and Nchan are unpacked in.
    pub nchan: PathBuf,
    /// The program of NATS.
    pub nats: PathBuf,
}

impl Choice {
    /// The adapter of this server.
    ///
    /// # Errors
    /// When its program is not there.
    pub fn server(self, programs: &Programs) -> Result<Box<dyn Server>, BenchError> {
        let peer = |file: &str| programs.peers.join(file);
        match self {
            Self::Relay => relay("relay", programs, None),
            Self::RelayProcess => relay("relay, process", programs, Some("process")),
            Self::RelayMachine => relay("relay, machine", programs, Some("machine")),
            Self::Bare => {
                let program = env::current_exe().map_err(BenchError::system("find this program"))?;
                Ok(Box::new(Bare { program }))
            }
            Self::Bun => {
                let program = peer("node_modules/bun/bin/bun.exe");
                exists("Bun", &program, INSTALL)?;
                Ok(Box::new(Lines { name: "Bun", program: program.into(), script: peer("bun.js") }))
            }
            Self::Ws => {
                exists("ws", &peer("node_modules/ws"), INSTALL)?;
                Ok(Box::new(Lines { name: "ws", program: "node".into(), script: peer("ws.js") }))
            }
            Self::SocketIo => {
                exists("Socket.IO", &peer("node_modules/socket.io"), INSTALL)?;
                Ok(Box::new(SocketIo { script: peer("socket-io.js") }))
            }
            Self::Nchan => {
                exists("Nchan", &programs.nchan.join("usr/sbin/nginx"), INSTALL)?;
                let work = env::temp_dir().join(format!("realtime-bench-nginx-{}", std::process::id()));
                Ok(Box::new(Nchan::new(programs.nchan.clone(), work)?))
            }
            Self::Nats => {
                exists("NATS", &programs.nats, INSTALL)?;
                let work = env::temp_dir().join(format!("realtime-bench-nats-{}", std::process::id()));
                Ok(Box::new(Nats::new(programs.nats.clone(), work)?))
            }
        }
    }
}

fn relay(
    name: &'static str,
    programs: &Programs,
    durability: Option<&'static str>,
) -> Result<Box<dyn Server>, BenchError> {
    let advice = "build it with `cargo build --release -p realtime-relay`, or name another with --relay-bin";
    exists("relay", &programs.relay, advice)?;
    let history = durability.map(History::new);
    Ok(Box::new(Relay {
        name,
        program: programs.relay.clone(),
        flags: programs.relay_flags.clone(),
        history,
    }))
}

const INSTALL: &str = "`npm run bench` installs it when --servers names it";

fn exists(server: &str, path: &Path, advice: &str) -> Result<(), BenchError> {
    if path.exists() {
        return Ok(());
    }
    let why = format!("there is nothing at {}: {advice}", path.display());
    Err(BenchError::Server { server: server.to_owned(), why })
}
