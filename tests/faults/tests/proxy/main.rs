//! What the fault proxy does to connections, seen from both ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod control;
mod ends;
mod faults;
