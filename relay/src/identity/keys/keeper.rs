//! Keeps the key ring up to date: the one task that reads the key set, so that never two readings run at once.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::place::Place;
use super::ring::KeyRing;
use super::schedule::Schedule;
use super::set::{KeySet, LeftOut};
use crate::identity::claims::Checks;
use crate::identity::gauge;

/// How often an outage that lasts is told again.
const REMINDER: Duration = Duration::from_mins(10);

/// Reads the key set again and again. An outage, or a set that is not right, leaves the keys before in force.
pub struct Keeper<P> {
    place: P,
    /// The place's name, for the log.
    name: String,
    checks: Checks,
    schedule: Schedule,
    ring: KeyRing,
    /// What was read last, so that the same is not read twice.
    text: Vec<u8>,
    /// When the latest reading ended.
    read_at: Option<Instant>,
    failures: u32,
    reminded_at: Option<Instant>,
}

impl<P: Place> Keeper<P> {
    /// A keeper of a new ring.
    pub fn new(place: P, name: impl Display, checks: Checks, schedule: Schedule) -> Self {
        Self {
            place,
            name: name.to_string(),
            checks,
            schedule,
            ring: KeyRing::default(),
            text: Vec::new(),
            read_at: None,
            failures: 0,
            reminded_at: None,
        }
    }

    /// The ring that it keeps.
    pub fn ring(&self) -> KeyRing {
        self.ring.clone()
    }

    /// Reads the key set now.
    ///
    /// # Errors
    /// Why there is none, as the end of a sentence. Whoever waits for keys has been told.
    pub async fn read(&mut self) -> Result<(), String> {
        self.ring.begin();
        let outcome = match self.place.read().await {
            Ok(text) => self.take(text),
            Err(reason) => Err(reason),
        };
        gauge::count_reading(match &outcome {
            Ok(Some(keys)) => {
                gauge::note_keys(keys.len());
                "changed"
            }
            Ok(None) => "unchanged",
            Err(_) => "failed",
        });
        self.failures = if outcome.is_ok() { 0 } else { self.failures.saturating_add(1) };
        self.read_at = Some(Instant::now());
        let failure = outcome.as_ref().err().cloned();
        self.ring.end(outcome);
        failure.map_or(Ok(()), Err)
    }

    /// Reads it whenever it is time or somebody asks for a key that is not there, until cancelled.
    pub async fn run(mut self, cancel: CancellationToken) {
        let ring = self.ring();
        loop {
            let wait = self.schedule.wait(self.failures, ring.is_asked_for());
            let due = self.read_at.map_or_else(Instant::now, |at| at + wait);
            tokio::select! {
                biased;
                () = cancel.cancelled() => return,
                () = sleep_until(due) => {}
                () = ring.asked() => continue,
            }
            let had_trouble = self.failures > 0;
            let outcome = tokio::select! {
                biased;
                () = cancel.cancelled() => return,
                outcome = self.read() => outcome,
            };
            match outcome {
                Ok(()) => {
                    if had_trouble {
                        tracing::info!(keys = self.name, "the key set can be read again");
                    }
                    self.reminded_at = None;
                }
                Err(reason) => self.complain(&reason),
            }
        }
    }

    /// Reads a text that has come; `None` when it is the one that is in force.
    fn take(&mut self, text: Vec<u8>) -> Result<Option<KeySet>, String> {
        if text == self.text {
            return Ok(None);
        }
        let (keys, left_out) = KeySet::read(&text, &self.checks).map_err(|error| error.to_string())?;
        self.text = text;
        for LeftOut { id, why } in left_out {
            tracing::warn!(keys = self.name, kid = ?id, "a key of the key set is left out: {why}");
        }
        tracing::info!(keys = self.name, in_force = ?keys.names(), "the key set has been read");
        Ok(Some(keys))
    }

    /// Says what is wrong: at once, and while it lasts now and then.
    fn complain(&mut self, reason: &str) {
        if self.reminded_at.is_some_and(|at| at.elapsed() < REMINDER) {
            tracing::debug!(keys = self.name, reason, "the key set cannot be read");
            return;
        }
        self.reminded_at = Some(Instant::now());
        let consequence = if self.ring.keys().is_some() {
            "the keys from before stay in force"
        } else {
            "no token that needs it can be checked until it can"
        };
        tracing::warn!(
            keys = self.name,
            reason,
            "the key set cannot be read, and is tried again: {consequence}"
        );
    }
}

#[cfg(test)]
#[path = "keeper_test.rs"]
mod tests;
