//! Who does it: owns the relay, ends it and starts it anew, and leads everybody to where it is.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::deed::{Deed, Means};
use super::relay::{RelayProcess, Setup};
use crate::history::record::{Event, Recorder};
use crate::random::Random;

/// How much of a full disk's filler is written at a time.
const FILLER_BYTES: usize = 64 * 1024;

/// What the nemesis works with.
pub struct Nemesis {
    /// How relays are started.
    pub setup: Setup,
    /// Where the relay is, for those who look.
    pub address: watch::Sender<SocketAddr>,
    /// Where its deeds are written down.
    pub recorder: Arc<Recorder>,
    /// The file with which the relay's clock is set, if it can be.
    pub clock: Option<PathBuf>,
    /// The file that fills the relay's disk, if it can be filled.
    pub filler: Option<PathBuf>,
    relay: RelayProcess,
}

impl Nemesis {
    /// Takes over a relay.
    pub const fn new(
        setup: Setup,
        relay: RelayProcess,
        address: watch::Sender<SocketAddr>,
        recorder: Arc<Recorder>,
    ) -> Self {
        Self { setup, address, recorder, clock: None, filler: None, relay }
    }

    /// Deeds of a seed, with a while between them, until it is told to stop. Then the relay runs and all is well.
    ///
    /// # Errors
    /// When the relay does not do what it should: it ends by itself, does not stop, or does not start.
    pub async fn run(&mut self, seed: u64, pace: Duration, stop: &CancellationToken) -> io::Result<()> {
        let mut random = Random::new(seed);
        let means = Means { has_clock: self.clock.is_some(), has_disk: self.filler.is_some() };
        loop {
            let wait = random.between(pace / 4, pace * 2);
            let deed = Deed::draw(&mut random, means);
            if stop.run_until_cancelled(sleep(wait)).await.is_none() {
                return self.set_clock(0);
            }
            if let Some(status) = self.relay.has_ended() {
                return Err(io::Error::other(format!("the relay ended by itself, with {status}")));
            }
            if let Some(deed) = deed {
                self.recorder.record(Event::Nemesis { deed: format!("relay: {deed:?}") });
                self.carry_out(deed).await?;
            }
        }
    }

    /// The relay that runs now.
    pub const fn relay(&self) -> &RelayProcess {
        &self.relay
    }

    async fn carry_out(&mut self, deed: Deed) -> io::Result<()> {
        match deed {
            Deed::Kill { gone } => self.replace(gone, true).await,
            Deed::Drain { gone } => self.replace(gone, false).await,
            Deed::Pause { still } => {
                self.relay.pause();
                sleep(still).await;
                self.relay.resume();
                Ok(())
            }
            Deed::Clock { off_s } => self.set_clock(off_s),
            Deed::FullDisk { full } => {
                self.fill_disk()?;
                sleep(full).await;
                self.free_disk()
            }
        }
    }

    async fn replace(&mut self, gone: Duration, is_killed: bool) -> io::Result<()> {
        let next = self.setup.clone();
        self.recorder.record(Event::RelayEnded);
        if is_killed {
            self.relay.kill().await;
        } else {
            self.relay.drain().await?;
        }
        sleep(gone).await;
        self.relay = RelayProcess::start(&next).await?;
        self.address.send_replace(self.relay.address());
        self.recorder.record(Event::Nemesis { deed: "relay: started anew".to_owned() });
        Ok(())
    }

    fn set_clock(&self, off_s: i64) -> io::Result<()> {
        let Some(file) = &self.clock else { return Ok(()) };
        std::fs::write(file, format!("{off_s:+}s\n"))
    }

    fn fill_disk(&self) -> io::Result<()> {
        let Some(path) = &self.filler else { return Ok(()) };
        let mut file = std::fs::File::create(path)?;
        let piece = vec![0; FILLER_BYTES];
        loop {
            // The error is what is wanted: the disk is full, to the last byte that a file of one byte more would need.
            if io::Write::write_all(&mut file, &piece).is_err() {
                return Ok(());
            }
        }
    }

    fn free_disk(&self) -> io::Result<()> {
        self.filler.as_ref().map_or(Ok(()), std::fs::remove_file)
    }
}
