//! A relay as a process of its own, which can be killed and started again at the same address.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::support::{DEADLINE, patient};

/// A relay that runs.
pub(crate) struct Process {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

/// The command, without anything of the surroundings.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
    command.args(args).kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("RELAY_") {
            command.env_remove(variable);
        }
    }
    command
}

fn serve(address: SocketAddr, folder: &Path, flags: &[&str]) -> Command {
    let listen = address.to_string();
    let fixed = ["serve", "--listen", &listen, "--data-dir", folder.to_str().unwrap()];
    command(&patient(&[&fixed, flags].concat()))
}

impl Process {
    /// Starts a relay over a data folder, and kills it after a while, wherever it is then.
    pub(crate) async fn start_and_kill(address: SocketAddr, folder: &Path, flags: &[&str], after: Duration) {
        let mut child = serve(address, folder, flags).spawn().unwrap();
        sleep(after).await;
        child.kill().await.unwrap();
    }

    /// Starts a relay over a data folder, and waits until it listens.
    pub(crate) async fn start(address: SocketAddr, folder: &Path, flags: &[&str]) -> Self {
        Self::of(serve(address, folder, flags)).await
    }

    /// Starts a relay over a data folder that is a file system of its own, of so many MiB, which nobody else sees.
    /// `None` where this process may not make one.
    pub(crate) async fn start_on_small_disk(
        address: SocketAddr,
        folder: &Path,
        mebibytes: u32,
    ) -> Option<Self> {
        let script = format!("mount -t tmpfs -o size={mebibytes}m tmpfs \"$1\" && shift && exec \"$@\"");
        let folder_text = folder.to_str().unwrap();
        let in_own_world = |flags: &[&str]| {
            let mut command = Command::new("unshare");
            command.args(flags).args(["sh", "-c", &script, "sh", folder_text]).kill_on_drop(true);
            command
        };
        for flags in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
            let tried = in_own_world(flags).arg("true").stderr(Stdio::null()).status().await;
            if tried.is_ok_and(|status| status.success()) {
                let relay = serve(address, folder, &[]);
                let mut command = in_own_world(flags);
                command.arg(relay.as_std().get_program()).args(relay.as_std().get_args());
                command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
                return Some(Self::of(command).await);
            }
        }
        None
    }

    /// A file as this process sees it.
    pub(crate) fn sees(&self, file: &Path) -> PathBuf {
        Path::new("/proc").join(self.id().to_string()).join("root").join(file.strip_prefix("/").unwrap())
    }

    /// Starts a relay over a data folder at a socket that is handed over as systemd does it: as descriptor 3.
    pub(crate) async fn start_at(socket: &TcpListener, folder: &Path) -> Self {
        let relay = command(&patient(&["serve", "--data-dir", folder.to_str().unwrap()]));
        let mut handing = Command::new("sh");
        handing
            .args(["-c", "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\"", "sh"])
            .arg(relay.as_std().get_program())
            .args(relay.as_std().get_args())
            .stdin(OwnedFd::from(socket.try_clone().unwrap()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Self::of(handing).await
    }

    /// Starts it. Both of its outputs go through one pipe, so that all that it logged before it listened is known when
    /// it does.
    async fn of(mut command: Command) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
        let process = Self { child: command.spawn().unwrap(), log: Arc::default() };
        // Its ends of the pipe: the last line is followed by an end then.
        drop(command);
        let reader = pipe::Receiver::from_owned_fd(reader.into()).unwrap();
        let (mut lines, log) = (BufReader::new(reader).lines(), Arc::clone(&process.log));
        let mut hear = async move || {
            let line = lines.next_line().await.unwrap_or_default();
            log.lock().unwrap().extend(line.clone());
            line
        };
        loop {
            match timeout(DEADLINE, hear()).await.expect("a relay in time") {
                Some(line) if line.starts_with("listening on") => break,
                Some(_) => {}
                None => panic!("it does not listen: {:?}", process.log()),
            }
        }
        tokio::spawn(async move { while hear().await.is_some() {} });
        process
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Kills it, as the system would for want of memory.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends it a signal by name.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().await.unwrap().success());
    }

    /// Waits until its log says something.
    pub(crate) async fn says(&self, words: &str) {
        let said = async {
            while !self.log().iter().any(|line| line.contains(words)) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(DEADLINE, said).await.unwrap_or_else(|_| panic!("{words:?} is not in {:?}", self.log()));
    }

    /// How it has ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        timeout(DEADLINE, self.child.wait()).await.expect("an end in time").unwrap()
    }

    /// Stops it in good order.
    pub(crate) async fn stop(mut self) {
        self.signal("TERM").await;
        let status = self.end().await;
        assert!(status.success(), "{status}: {:?}", self.log());
    }
}
