//! A relay as a process of its own, that can be killed, paused, drained and started anew.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use realtime_bench::machine::usage::cpu_time;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a relay may take to listen, on a machine that has other things to do.
const START_LIMIT: Duration = Duration::from_secs(120);

/// How long it may take to stop in good order: it says that six seconds are the most.
const DRAIN_LIMIT: Duration = Duration::from_secs(120);

/// What a relay prints in front of its address.
const READY: &str = "listening on http://";

/// How a relay is started, each time anew.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The program.
    pub program: PathBuf,
    /// Its flags besides `serve --listen 127.0.0.1:0`.
    pub flags: Vec<OsString>,
    /// Variables of its environment besides this process's own.
    pub env: Vec<(OsString, OsString)>,
    /// Where its log goes, behind what is there.
    pub log: PathBuf,
}

/// A relay that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct RelayProcess {
    child: Child,
    address: SocketAddr,
}

impl RelayProcess {
    /// Starts a relay, and waits until it listens.
    ///
    /// # Errors
    /// When it does not; its log says why.
    pub async fn start(setup: &Setup) -> io::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(&setup.log)?;
        let mut child = Command::new(&setup.program)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(&setup.flags)
            .envs(setup.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                io::Error::other(format!("{} does not start: {error}", setup.program.display()))
            })?;
        let output =
            child.stdout.take().ok_or_else(|| io::Error::other("its standard output is not there"))?;
        let silent =
            || io::Error::other(format!("the relay did not listen; its log is {}", setup.log.display()));
        let line = timeout(START_LIMIT, BufReader::new(output).lines().next_line())
            .await
            .map_err(|_| silent())??;
        let address =
            line.as_deref().and_then(|line| line.strip_prefix(READY)?.parse().ok()).ok_or_else(silent)?;
        Ok(Self { child, address })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process's id, as a folder in /proc has it.
    fn id(&self) -> String {
        self.child.id().map(|id| id.to_string()).unwrap_or_default()
    }

    /// The processor time that it has taken so far, in seconds; 0 when it is gone.
    pub fn cpu_s(&self) -> f64 {
        cpu_time(&self.id()).unwrap_or_default().as_secs_f64()
    }

    /// Ends it with SIGKILL, in the middle of whatever it does.
    pub async fn kill(&mut self) {
        // It fails when the relay has ended by itself, which the caller's clients notice.
        let _ = self.child.kill().await;
    }

    /// Has it stop in good order (SIGTERM), and waits.
    ///
    /// # Errors
    /// When it takes too long, or ends with anything but success.
    pub async fn drain(&mut self) -> io::Result<()> {
        self.signal(Signal::TERM);
        let status = timeout(DRAIN_LIMIT, self.child.wait()).await.map_err(|_| {
            io::Error::other(format!("the relay did not stop within {} s", DRAIN_LIMIT.as_secs()))
        })??;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("the relay ended with {status}")))
        }
    }

    /// Stops its every thread where it is (SIGSTOP).
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Why it has ended, if it has without being asked.
    pub fn has_ended(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(|status| status.to_string())
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            // It fails when the process is gone.
            let _ = kill_process(pid, signal);
        }
    }
}
