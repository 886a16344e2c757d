//! The relay's settings: flags over environment variables over a TOML file over defaults.
//!
//! Every setting has one name: `--max-payload-bytes`, `RELAY_MAX_PAYLOAD_BYTES` and `max-payload-bytes` are the same.
//! A key of the file that is unknown is refused by name.
//!
//! To add one: an entry in [`options`] (its name, help, type and default), and a line in [`in_force`] that makes it
//! what the code needs. Help, file, environment, `relay config` and the tests follow from the entry.
//!
//! Reading order: [`options`] (the list), [`layers`] (what the list becomes), [`resolve`] (which source counts),
//! [`in_force`] (checked and typed), [`identity`] (checks of its own), [`retention`] (tables of the file), [`error`],
//! [`words`] (what is wrong with a value), [`strangers`] (variables that nobody reads).

pub mod error;
mod identity;
pub mod in_force;
mod layers;
pub mod options;
pub mod resolve;
pub mod retention;
pub mod strangers;
pub mod words;

pub use error::SettingsError;
pub use in_force::{DEVELOPMENT_KEY, Settings};
pub use options::Options;
pub use resolve::permissions_of;

#[cfg(test)]
#[path = "settings_test.rs"]
mod tests;
