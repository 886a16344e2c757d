//! Where messages are kept so that they outlive the process.
//!
//! A store is a log: what hubs give it in one turn is written together to the end of the newest file, and files are
//! removed from the oldest on. What is kept is what the hubs keep in memory; nothing is read but at the start.
//!
//! Invariants:
//! - A message is acknowledged and delivered after it is stored, so nobody knows a position that a restart forgets.
//! - What was refused never comes back.
//! - Whatever is damaged is known to be: nothing is given to a reader as whole that may not be. A damage costs no more
//!   than the file that it hit held.
//! - Only [`medium`] and [`folder`] touch a disk; everything else takes bytes.
//!
//! Reading order: [`contract`] (what the broker sees), [`refusal`], [`outcome`]; `record` and `body` (bytes), `end`
//! (where the history ends), `medium` (files); `batch`, `streams`, `files`, `queue` (what is collected), `log`
//! (writing), `clean` (giving room back); `loaded_streams`, `scan`, `load`, [`damage`] (reading at the start);
//! [`disk`] (all of it together), [`folder`] (the lock and the visitors' key), [`gauge`] (what
//! is counted), [`survey`] (reading without a folder).

mod batch;
mod body;
mod clean;
pub mod contract;
pub mod damage;
pub mod disk;
mod end;
mod files;
pub mod folder;
pub mod gauge;
mod load;
mod loaded_streams;
mod log;
mod medium;
pub mod outcome;
mod queue;
mod record;
pub mod refusal;
mod scan;
mod streams;
pub mod survey;

#[cfg(test)]
mod damage_test;
#[cfg(test)]
mod fake_disk;
#[cfg(test)]
mod patience_test;
#[cfg(test)]
mod random_test;
#[cfg(test)]
mod survival_test;
#[cfg(test)]
mod world_test;
