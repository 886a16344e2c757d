//! The commands of `faults`: each reads its part of the command line, has the library do it, and tells what came of it.

pub(crate) mod check;
pub(crate) mod load;
pub(crate) mod proxy;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

/// Leaves the report, and tells whether all was as it should be.
fn finish(to: Option<&Path>, report: &impl Serialize, is_good: bool) -> Result<ExitCode, Box<dyn Error>> {
    if let Some(to) = to {
        std::fs::write(to, serde_json::to_string_pretty(report)?)?;
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
