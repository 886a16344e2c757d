//! A server as a child process: started on cores of its own, asked for its processor time and its memory, stopped.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::BenchError;
use crate::machine::{cores, usage};
use crate::servers::server::Server;

/// How long a server may take to stop by itself. The relay gives its sessions six seconds and its requests three.
const STOP_DEADLINE: Duration = Duration::from_secs(12);

/// How long a server may take to accept connections where it said it would.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// What a server prints in front of its address.
const READY: &str = "listening on http://";

/// A server that runs. Dropped, it is stopped the hard way.
#[derive(Debug)]
pub struct Running {
    name: &'static str,
    child: Child,
    address: SocketAddr,
}

impl Running {
    /// Starts a server on these cores, and waits until it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(server: &dyn Server, cpus: &[usize]) -> Result<Self, BenchError> {
        let mut command = server.command();
        let name = server.name();
        let mut child = cores::on(cpus, || spawn(&mut command))?
            .map_err(BenchError::system(format!("start {}", command.get_program().display())))?;
        let address = match server.address() {
            Some(address) => accepts_at(address),
            None => printed_address(&mut child),
        };
        let Some(address) = address else {
            stop_hard(&mut child);
            let why = "it ended, or was silent, before it accepted connections; its log is above".to_owned();
            return Err(BenchError::Server { server: name.to_owned(), why });
        };
        Ok(Self { name, child, address })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The processor time that all its threads have used, user and system, in steps of 10 ms.
    ///
    /// # Errors
    /// When it does not run any more.
    pub fn cpu_time(&self) -> Result<Duration, BenchError> {
        usage::cpu_time(&self.child.id().to_string()).ok_or_else(|| self.gone())
    }

    /// The memory that it has in RAM.
    ///
    /// # Errors
    /// When it does not run any more.
    pub fn resident_bytes(&self) -> Result<u64, BenchError> {
        usage::resident_bytes(&self.child.id().to_string()).ok_or_else(|| self.gone())
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// When it did not stop in time, or ended with anything but success before.
    pub fn stop(mut self) -> Result<(), BenchError> {
        if let Some(status) = self.child.try_wait().map_err(BenchError::system("look after a child"))? {
            let why = format!("it ended during the measurement, with {status}");
            return Err(BenchError::Server { server: self.name.to_owned(), why });
        }
        signal(&self.child, Signal::TERM);
        let deadline = Instant::now() + STOP_DEADLINE;
        while Instant::now() < deadline {
            if self.child.try_wait().map_err(BenchError::system("look after a child"))?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let why = format!("it did not stop within {} seconds", STOP_DEADLINE.as_secs());
        Err(BenchError::Server { server: self.name.to_owned(), why })
    }

    fn gone(&self) -> BenchError {
        BenchError::Server { server: self.name.to_owned(), why: "it does not run any more".to_owned() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        stop_hard(&mut self.child);
    }
}

fn spawn(command: &mut Command) -> std::io::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()
}

/// Waits until somebody accepts connections there.
fn accepts_at(address: SocketAddr) -> Option<SocketAddr> {
    let deadline = Instant::now() + START_DEADLINE;
    while Instant::now() < deadline {
        if TcpStream::connect(address).is_ok() {
            return Some(address);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

fn printed_address(child: &mut Child) -> Option<SocketAddr> {
    let lines = BufReader::new(child.stdout.take()?).lines();
    lines.map_while(Result::ok).find_map(|line| line.strip_prefix(READY)?.parse().ok())
}

fn stop_hard(child: &mut Child) {
    // Errors mean that it has ended, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

fn signal(child: &Child, signal: Signal) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}
