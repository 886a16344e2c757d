//! The command line.

use clap::{Parser, Subcommand};

use crate::settings::Options;

/// Realtime messages from a site's backend to its visitors' browsers.
#[derive(Parser)]
#[command(name = "relay", version, after_help = EXAMPLE)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the command can do.
#[derive(Subcommand)]
pub enum Command {
    /// Run the relay: browsers subscribe over WebSocket, backends publish over HTTP
    ///
    /// It prints "listening on http://ADDR" to standard output once it does, and its log to standard error. SIGTERM
    /// and SIGINT stop it in good order: clients are told when to come back, what was accepted is delivered.
    #[command(after_help = SERVE_EXAMPLE)]
    Serve(Box<Options>),
}

const EXAMPLE: &str = "\
Try it:
  relay serve --site www
  curl -H 'Authorization: Bearer dev' -H 'Content-Type: application/json' \\
       -d '{\"channel\":{\"name\":\"hello\"},\"payload\":\"Hi!\"}' http://127.0.0.1:8787/v1/publish";

const SERVE_EXAMPLE: &str = "\
Every flag is also an environment variable and a key of the settings file:
  --max-payload-bytes 1024   RELAY_MAX_PAYLOAD_BYTES=1024   max-payload-bytes = 1024
A flag counts more than the environment, the environment more than the file.

Keys and secrets are better given by environment or file: flags show in the list of processes.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
