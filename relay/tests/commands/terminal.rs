//! The built command, run as at a terminal: no settings of the surroundings, and a deadline for everything.
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::support::{DEADLINE, patient};

/// How a command ended and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The command with these arguments, which ends with its handle at the latest.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
    command.args(args);
    undisturbed(command)
}

/// A line for the shell, which finds the command as `relay`.
pub(crate) fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    let folder = Path::new(env!("CARGO_BIN_EXE_relay")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    command.args(["-c", line]).env("PATH", format!("{}:{path}", folder.display()));
    undisturbed(command)
}

fn undisturbed(mut command: Command) -> Command {
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("RELAY_") {
            command.env_remove(variable);
        }
    }
    command.kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command to its end.
pub(crate) async fn run(args: &[&str]) -> Ended {
    run_with_input(args, "").await
}

pub(crate) async fn run_with_input(args: &[&str], input: &str) -> Ended {
    end_of(command(args), input).await
}

pub(crate) async fn end_of(mut command: Command, input: &str) -> Ended {
    let mut child = command.spawn().unwrap();
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input may be gone already.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    let output = timeout(DEADLINE, child.wait_with_output()).await.expect("an end in time").unwrap();
    Ended {
        code: output.status.code().expect("an exit code, not a signal"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A relay whose log is read when it has ended.
pub(crate) struct Logged {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Where its counts are.
    pub(crate) operators: SocketAddr,
    log: JoinHandle<String>,
}

impl Logged {
    /// Starts a relay of its own process, since a process has one set of counts.
    pub(crate) async fn serve(flags: &[&str]) -> Self {
        let fixed = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"];
        let mut relay = Running::start(&patient(&[&fixed[..], flags].concat()));
        let (line, mut log) = relay.says_after("metrics are served here").await;
        let operators = line.split("address=").nth(1).unwrap().trim().parse().unwrap();
        let line = relay.line().await;
        let address = line.rsplit("://").next().unwrap().parse().unwrap();
        let Running { child, mut err, .. } = relay;
        let log = tokio::spawn(async move {
            while let Ok(Some(line)) = err.next_line().await {
                log.push(line);
            }
            log.join("\n")
        });
        Self { child, address, operators, log }
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Ends it, and returns what it has logged.
    pub(crate) async fn end(mut self) -> String {
        self.child.kill().await.unwrap();
        timeout(DEADLINE, self.log).await.expect("the log's end in time").unwrap()
    }
}

/// A command that runs on, read line by line.
pub(crate) struct Running {
    child: Child,
    out: Option<Lines<BufReader<ChildStdout>>>,
    err: Lines<BufReader<ChildStderr>>,
}

impl Running {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::spawn(command(args))
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let out = Some(BufReader::new(child.stdout.take().unwrap()).lines());
        let err = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, out, err }
    }

    /// The next line of standard output.
    pub(crate) async fn line(&mut self) -> String {
        let line = self.out.as_mut().unwrap().next_line();
        timeout(DEADLINE, line).await.expect("a line in time").unwrap().expect("a line")
    }

    /// Reads on in standard error until a line has these words, and returns it.
    pub(crate) async fn says(&mut self, words: &str) -> String {
        self.says_after(words).await.0
    }

    /// The same, with what it said before.
    async fn says_after(&mut self, words: &str) -> (String, Vec<String>) {
        let mut heard = Vec::new();
        loop {
            let line = timeout(DEADLINE, self.err.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("nothing more after {heard:?}")).unwrap();
            match line {
                Some(line) if line.contains(words) => return (line, heard),
                Some(line) => heard.push(line),
                None => panic!("{words:?} is not in {heard:?}"),
            }
        }
    }

    /// Stops reading standard output, as `head` does.
    pub(crate) fn close_output(&mut self) {
        self.out = None;
    }

    /// Sends a signal by name.
    /// A file of what Linux tells of the process.
    pub(crate) fn told(&self, file: &str) -> String {
        let id = self.child.id().expect("it runs");
        std::fs::read_to_string(format!("/proc/{id}/{file}")).unwrap()
    }

    pub(crate) async fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.child.id().expect("it runs"));
        assert!(Command::new("sh").args(["-c", &kill]).status().await.unwrap().success());
    }

    /// Waits for the end; returns the exit code.
    pub(crate) async fn code(mut self) -> i32 {
        timeout(DEADLINE, self.child.wait()).await.expect("an end in time").unwrap().code().expect("a code")
    }
}
