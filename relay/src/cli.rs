//! The command line.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::command::check::{self, CheckArgs};
use crate::command::completions::{self, CompletionsArgs};
use crate::command::config::{self, ConfigArgs};
use crate::command::expect::{self, TestArgs};
use crate::command::failure::Failure;
use crate::command::publish::{self, PublishArgs};
use crate::command::serve;
use crate::command::subscribe::{self, SubscribeArgs};
use crate::command::token::{self, TokenArgs};
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
    /// and SIGINT stop it in good order: clients are told when to come back, what was accepted is delivered; a second
    /// one ends it at once. SIGHUP has it look at the permissions file now (it watches the file anyway) and ask again
    /// about all that is subscribed.
    #[command(after_help = SERVE_EXAMPLE)]
    Serve(Box<Options>),

    /// Print every setting in force and where it comes from
    ///
    /// Takes the flags of relay serve, and the same environment and settings file. A setting comes from a flag, the
    /// environment, the file or the defaults. Keys and secrets are not shown.
    #[command(after_help = CONFIG_EXAMPLE)]
    Config(Box<ConfigArgs>),

    /// Publish one message
    ///
    /// Prints the message's position in its channel as JSON. A relay that does not take the message, or does not
    /// answer within half a minute, is a failure (exit code 1); nothing is sent twice.
    #[command(after_help = PUBLISH_EXAMPLE)]
    Publish(PublishArgs),

    /// Print a channel's messages, one line of JSON each, as they come
    ///
    /// A line has "channel", "epoch" and "offset" (the message's position), "payload" as it was published, and
    /// "publisher" where the message has one. Each line is written at once, so that pipes see it.
    ///
    /// A lost connection or a restart of the relay is survived: missed messages follow, or standard error tells that
    /// some may be missing. A relay that cannot be reached at first is waited for 10 seconds.
    ///
    /// It ends with exit code 0 at SIGINT or SIGTERM, or when whoever reads its output has gone; with 1 when nothing
    /// is left to listen to.
    #[command(after_help = SUBSCRIBE_EXAMPLE)]
    Subscribe(SubscribeArgs),

    /// Make a token for a user, signed as the site's backend would sign it
    ///
    /// Prints a JWT (HS256) with the claims sub, type, iat and exp, and aud and iss where they are given.
    #[command(after_help = TOKEN_EXAMPLE)]
    Token(TokenArgs),

    /// Tell whether somebody may read a channel, and why
    ///
    /// Asks the permissions file as the relay does, without one running, or with --relay the relay that does: the
    /// decision, which handler decided (exact, parent, default or none) and the line on which it was added, how long it
    /// took, and what the handlers logged, with file and line. The exit code is 0 for allowed and 1 for refused.
    #[command(after_help = CHECK_EXAMPLE)]
    Check(CheckArgs),

    /// Test a permissions file against a table of expectations
    ///
    /// Prints a line for each row that does not hold, and a summary. The exit code is 0 when every row holds, 1 when
    /// one does not. A handler that throws, hangs or answers nonsense refuses, but fulfils no expectation.
    #[command(after_help = TEST_EXAMPLE)]
    Test(TestArgs),

    /// Print what a shell needs to complete this command's words
    #[command(after_help = COMPLETIONS_EXAMPLE)]
    Completions(CompletionsArgs),
}

/// Does what the command line says. A command line that is not right ends the process here, as clap does it.
///
/// # Errors
/// Why it could not be done.
pub fn run() -> Result<ExitCode, Failure> {
    let matches = Cli::command().get_matches();
    match Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command {
        Command::Serve(options) => serve::run(*options),
        Command::Config(args) => config::run(*args, matches.subcommand_matches("config")),
        Command::Publish(args) => publish::run(&args),
        Command::Subscribe(args) => subscribe::run(args),
        Command::Token(args) => token::run(&args),
        Command::Check(args) => check::run(args),
        Command::Test(args) => expect::run(&args),
        Command::Completions(args) => completions::run(&args, Cli::command()),
    }
}

const EXAMPLE: &str = "\
Try it, in three terminals:
  relay serve
  relay subscribe hello
  relay publish hello '{\"text\":\"Hi!\"}'

Or from anything that speaks HTTP:
  curl -H 'Authorization: Bearer dev' -H 'Content-Type: application/json' \\
       -d '{\"channel\":{\"name\":\"hello\"},\"payload\":\"Hi!\"}' http://127.0.0.1:8787/v1/publish

Exit codes: 0 for success, 1 for what failed or was refused, 2 for a command line that is not right.";

const SERVE_EXAMPLE: &str = "\
Every flag is also an environment variable and a key of the settings file:
  --max-payload-bytes 1024   RELAY_MAX_PAYLOAD_BYTES=1024   max-payload-bytes = 1024
A flag counts more than the environment, the environment more than the file.

Keys and secrets are better given by environment or file: flags show in the list of processes.";

const CONFIG_EXAMPLE: &str = "\
Examples:
  relay config --config relay.toml
  relay config --json | jq -r .listen.value";

const PUBLISH_EXAMPLE: &str = "\
Examples:
  relay publish hello '\"Hi!\"'                   a text: quotes inside quotes
  relay publish orders/17 '{\"status\":\"sent\"}'  a resource of a channel
  relay publish news - < news.json             what a file has
  relay publish chat 1 --user anna --user ben  for these users only
  relay publish chat 1 --url https://relay.example.com --ca authority.pem";

const SUBSCRIBE_EXAMPLE: &str = "\
Examples:
  relay subscribe chat                              all that comes from now on
  relay subscribe orders/17 orders/18 | jq .payload  two resources, their payloads only
  relay subscribe chat --since 4cx0gw9nmt1ks:12      all that came behind that message, too
  RELAY_TOKEN=$(relay token --sub anna) relay subscribe members";

const TOKEN_EXAMPLE: &str = "\
Example:
  RELAY_TOKEN_SECRET=… relay token --sub anna --type admin --ttl 15m";

const CHECK_EXAMPLE: &str = "\
Examples:
  relay check --site my-site --channel staff/7 --as member:anna
  relay check --channel staff/7 --as member:anna backend/realtime-permissions.js
  RELAY_API_KEY=… relay check --channel staff/7 --as member:anna --relay http://127.0.0.1:8787";

const TEST_EXAMPLE: &str = "\
The table is a JSON array. A row says who may read what:
  [
    { \"channel\": \"staff/7\", \"as\": \"member:anna\", \"read\": true },
    { \"channel\": \"staff\", \"as\": \"visitor:1\", \"read\": false }
  ]
channel is NAME or NAME/RESOURCE, as is TYPE:ID with the type admin, member or visitor. All rows are asked of one
engine, in their order.

Example:
  relay test --site my-site expectations.json";

const COMPLETIONS_EXAMPLE: &str = "\
Examples:
  relay completions bash > ~/.local/share/bash-completion/completions/relay
  relay completions zsh > ~/.zfunc/_relay
  relay completions fish > ~/.config/fish/completions/relay.fish";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
