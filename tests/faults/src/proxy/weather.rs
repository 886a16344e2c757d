//! What is wrong with a network at the moment.

use std::time::Duration;

use super::fault::{Direction, Fault};

/// The lasting faults that are in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Weather {
    pub(super) up: Lane,
    pub(super) down: Lane,
    pub(super) door: Door,
}

/// What is wrong with one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lane {
    pub(super) is_stalled: bool,
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    /// `None`: as fast as it goes.
    pub(super) bytes_per_second: Option<u32>,
}

/// What becomes of new connections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Door {
    #[default]
    Open,
    Refuses,
    Swallows,
    Portal(String),
}

impl Weather {
    /// One direction's part.
    pub(super) const fn lane(&self, direction: Direction) -> &Lane {
        match direction {
            Direction::Down => &self.down,
            Direction::Up | Direction::Both => &self.up,
        }
    }

    /// Takes a lasting fault into force, besides those that are. One of the same kind is replaced.
    pub(super) fn take(&mut self, fault: &Fault) {
        match fault {
            Fault::Stall { direction } => self.each(*direction, |lane| lane.is_stalled = true),
            Fault::Delay { direction, ms, jitter_ms } => self.each(*direction, |lane| {
                lane.delay = Duration::from_millis(*ms);
                lane.jitter = Duration::from_millis(*jitter_ms);
            }),
            Fault::Throttle { direction, bytes_per_second } => {
                self.each(*direction, |lane| lane.bytes_per_second = Some((*bytes_per_second).max(1)));
            }
            Fault::Refuse => self.door = Door::Refuses,
            Fault::BlackHole => self.door = Door::Swallows,
            Fault::Portal { html } => self.door = Door::Portal(html.clone()),
            Fault::Cut { .. } | Fault::HalfClose { .. } => {}
        }
    }

    fn each(&mut self, direction: Direction, change: impl Fn(&mut Lane)) {
        if direction.covers(Direction::Up) {
            change(&mut self.up);
        }
        if direction.covers(Direction::Down) {
            change(&mut self.down);
        }
    }
}
