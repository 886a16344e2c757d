//! What the relay counts, as Prometheus reads it.
//!
//! - **Counting costs the data plane nothing of note**: a shard, a session and the HTTP part count in atomics of their
//!   own, which are read when somebody asks; rare things are counted through the `metrics` facade where they happen.
//! - **Names are stable**, begin with `relay_` (or `process_`, as every exporter calls those), carry their unit, and all
//!   stand in `docs/operations.md`, which a test holds to the code.
//! - **No label has a value that a stranger chooses.**
//!
//! Reading order: [`recorder`] (who collects), [`scrape`] (what is read when somebody asks), [`process`].

pub mod process;
pub mod recorder;
pub mod scrape;
