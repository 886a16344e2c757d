//! The `relay` command.

use std::process::ExitCode;

use realtime_relay::cli;
use realtime_relay::command::output;

fn main() -> ExitCode {
    cli::run().unwrap_or_else(|failure| {
        output::say(&failure.to_string());
        failure.exit_code()
    })
}
