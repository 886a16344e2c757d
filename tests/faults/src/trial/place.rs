//! Where a trial's relay lives: a folder, a disk that can be full, a clock that can jump, and members' tokens.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use realtime_protocol::frame::Token;
use tempfile::TempDir;

use super::cast::{PERMISSIONS, SHORT_WINDOW, WINDOW};
use super::plan::{Keeps, Plan};
use crate::actors::relay::Setup;

/// The secret of a trial's tokens.
const SECRET: &str = "a secret of trials only";

/// As large as a trial's disk is: a few times what a minute of it writes.
const DISK_BYTES: &str = "128m";

/// A trial's folder. Dropped, it is gone.
pub struct Place {
    // In front of its folder: what is mounted there has to go first.
    disk: Option<Disk>,
    folder: TempDir,
    /// The file with which the relay's clock is set.
    pub clock: Option<PathBuf>,
    /// What cannot be tried here, and why.
    pub lacks: Vec<String>,
}

/// A disk of its own, in memory. Dropped, it is unmounted.
struct Disk(PathBuf);

impl Place {
    /// Makes everything that the plan's relay needs.
    ///
    /// # Errors
    /// When files cannot be written.
    pub fn make(plan: &Plan) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("faults-").tempdir()?;
        fs::write(folder.path().join("realtime-permissions.js"), PERMISSIONS)?;
        fs::write(folder.path().join("relay.toml"), settings())?;
        let mut place = Self { disk: None, folder, clock: None, lacks: Vec::new() };
        if plan.libfaketime.is_some() {
            let clock = place.path("clock");
            fs::write(&clock, "+0s\n")?;
            place.clock = Some(clock);
        } else {
            place.lacks.push("jumps of the wall clock: there is no libfaketime".to_owned());
        }
        if plan.keeps.is_durable() {
            fs::create_dir(place.path("disk"))?;
            match Disk::mount(place.path("disk")) {
                Ok(disk) => place.disk = Some(disk),
                Err(why) => {
                    place.lacks.push(format!("a full disk: a disk of its own cannot be mounted ({why})"))
                }
            }
        }
        Ok(place)
    }

    /// How its relay is started.
    pub fn setup(&self, plan: &Plan) -> Setup {
        let mut flags: Vec<OsString> =
            ["--heartbeat-seconds", "2", "--heartbeat-timeout-seconds", "2"].map(Into::into).into();
        let mut flag = |name: &str, value: &Path| flags.extend([name.into(), value.into()]);
        flag("--config", &self.path("relay.toml"));
        flag("--permissions", &self.path("realtime-permissions.js"));
        if plan.keeps.is_durable() {
            flag("--data-dir", &self.path("disk/data"));
            flag("--durability", Path::new(plan.keeps.word()));
        }
        let mut env: Vec<(OsString, OsString)> = vec![("RELAY_TOKEN_SECRET".into(), SECRET.into())];
        if let (Some(library), Some(clock)) = (&plan.libfaketime, &self.clock) {
            // Its monotonic clock goes on as it does: no machine's jumps.
            env.extend(
                [
                    ("LD_PRELOAD", library.as_os_str()),
                    ("FAKETIME_TIMESTAMP_FILE", clock.as_os_str()),
                    ("FAKETIME_NO_CACHE", "1".as_ref()),
                    ("FAKETIME_DONT_FAKE_MONOTONIC", "1".as_ref()),
                ]
                .map(|(name, value)| (name.into(), value.into())),
            );
        }
        Setup { program: plan.relay.clone(), flags, env, log: self.log() }
    }

    /// The relay's log.
    pub fn log(&self) -> PathBuf {
        self.path("relay.log")
    }

    /// The file that fills the relay's disk, if it has one of its own.
    pub fn filler(&self) -> Option<PathBuf> {
        self.disk.as_ref().map(|Disk(path)| path.join("filler"))
    }

    /// A token for a member, made by the relay's own command, good for longer than any jump of its clock.
    ///
    /// # Errors
    /// When the command fails.
    pub fn token(&self, plan: &Plan, member: &str) -> io::Result<Token> {
        let output = Command::new(&plan.relay)
            .args(["token", "--sub", member, "--ttl", "7d"])
            .env("RELAY_TOKEN_SECRET", SECRET)
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(Token::new(String::from_utf8_lossy(&output.stdout).trim()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn settings() -> String {
    format!(
        "history-messages = {WINDOW}\nhistory-seconds = 3600\n\n[[retention]]\nchannels = \"ticks\"\nmessages = {SHORT_WINDOW}\n"
    )
}

impl Disk {
    fn mount(path: PathBuf) -> Result<Self, String> {
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"])
            .arg(&path)
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(Self(path));
        }
        Err(String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The relay is gone by now; a disk that stays mounted would show when its folder cannot be removed.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// Whether this relay can keep its history on a disk at all.
///
/// # Errors
/// When the program does not run.
pub fn can_keep(relay: &Path, keeps: Keeps) -> io::Result<bool> {
    if !keeps.is_durable() {
        return Ok(true);
    }
    let output = Command::new(relay).args(["serve", "--help"]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).contains("--data-dir"))
}
