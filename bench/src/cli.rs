//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::scenarios::bursts::Bursts;
use crate::scenarios::connect::Connect;
use crate::scenarios::memory::Memory;
use crate::scenarios::paced::Paced;
use crate::scenarios::publish::Publish;
use crate::scenarios::scenario::Scenario;
use crate::scenarios::seldom_read::SeldomRead;
use crate::servers::choice::Choice;

/// Puts load on the relay and tells what it does with it, beside a bare epoll loop that does the least possible.
///
/// Each server is started anew for each round, on a core of its own; one thread on another core plays all clients.
/// Every subscriber's messages are checked for gaps, doubles and order; a fault ends the measurement. Ratios between
/// servers of one run count, absolute figures only illustrate.
#[derive(Debug, Parser)]
#[command(name = "realtime-bench", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to measure.
    #[command(subcommand)]
    pub command: Command,
    /// How to measure.
    #[command(flatten)]
    pub how: How,
}

const EXAMPLES: &str = "\
Examples:
  npm run bench -- compare                          the standard scenarios, five rounds each, about four minutes
  npm run bench -- compare --rounds 1 --seconds 1   a quick look
  npm run bench -- fanout --subscribers 5000 --burst 32
  npm run bench -- latency --rate 2000 --servers relay --json";

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The standard scenarios, one after the other
    Compare,
    /// One channel: bursts of messages to all its subscribers, the next when everybody has got the last
    Fanout {
        /// Subscribers of the channel
        #[arg(long, default_value_t = 1_000)]
        subscribers: usize,
        /// Messages of a burst, published with one request; 1 measures latency too
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        burst: u16,
        /// One message at a time, and subscribers are read only after so many messages: the load leaves the server room
        /// on its core
        #[arg(long, value_name = "MESSAGES", conflicts_with = "burst", value_parser = clap::value_parser!(u16).range(1..=1_000))]
        read_every: Option<u16>,
        /// What is published
        #[command(flatten)]
        payload: Payload,
    },
    /// Many channels with a subscriber each: bursts of one message to every channel
    ManyChannels {
        /// Channels
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        channels: u16,
        /// What is published
        #[command(flatten)]
        payload: Payload,
    },
    /// Single publishes over HTTP, each connection sending the next when the last is answered
    Publish {
        /// Connections of publishers
        #[arg(long, default_value_t = 16)]
        in_flight: usize,
        /// Subscribers that get what is published
        #[arg(long, default_value_t = 100)]
        subscribers: usize,
        /// What is published
        #[command(flatten)]
        payload: Payload,
    },
    /// Single publishes at a steady pace: how long until each subscriber has each message
    Latency {
        /// Subscribers of the channel
        #[arg(long, default_value_t = 1_000)]
        subscribers: usize,
        /// Messages a second; several paces are measured one after the other
        #[arg(long, value_delimiter = ',', default_values_t = [500, 2_000])]
        rate: Vec<u32>,
        /// What is published
        #[command(flatten)]
        payload: Payload,
    },
    /// Clients that come all at once: connect, hello, subscribe
    Connect {
        /// Clients
        #[arg(long, default_value_t = 5_000)]
        connections: usize,
        /// Clients that may be on their way at once [default: all]
        #[arg(long)]
        at_once: Option<usize>,
    },
    /// Resident memory for each subscribed connection at rest
    IdleMemory {
        /// Connections
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
        /// Channels that they are spread over
        #[arg(long, default_value_t = 1)]
        channels: usize,
    },
    /// Be the bare loop, which the other commands start by themselves
    #[command(hide = true)]
    BareServer {
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
}

/// Flags of scenarios with messages.
#[derive(Debug, Clone, Copy, Args)]
pub struct Payload {
    /// Bytes of a message's payload, a JSON string, quotes included
    #[arg(long = "payload", default_value_t = 128, value_parser = clap::value_parser!(u32).range(11..=65_536))]
    pub bytes: u32,
}

/// Flags of all measurements.
#[derive(Debug, Args)]
pub struct How {
    /// Servers to measure, in turns; the first is compared with each of the others
    #[arg(long, global = true, value_delimiter = ',', default_values = ["relay", "bare"])]
    pub servers: Vec<Choice>,
    /// Rounds; the median counts
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Seconds that a round measures, where a scenario does not end by itself
    #[arg(long, global = true, default_value_t = 2.0)]
    pub seconds: f64,
    /// Seconds that each scenario may wait for other programs to leave the machine alone; a round that was disturbed
    /// is done again within them
    #[arg(long, global = true, default_value_t = 60)]
    pub patience: u64,
    /// Print JSON, with the values of every round
    #[arg(long, global = true)]
    pub json: bool,
    /// The core that servers run on, or several
    #[arg(long, global = true, value_delimiter = ',', default_values_t = [0])]
    pub server_cpu: Vec<usize>,
    /// The core that the load runs on
    #[arg(long, global = true, default_value_t = 1)]
    pub load_cpu: usize,
    /// The relay's program
    #[arg(long, global = true, env = "RELAY_BIN", default_value = "target/release/relay")]
    pub relay_bin: PathBuf,
    /// The folder of other servers' scripts and packages
    #[arg(long, global = true, env = "BENCH_PEERS", default_value = "bench/peers", hide = true)]
    pub peers: PathBuf,
    /// The folder that nginx and Nchan are unpacked in
    #[arg(long, global = true, env = "BENCH_NCHAN", default_value = "bench/peers/nchan", hide = true)]
    pub nchan: PathBuf,
    /// The program of NATS
    #[arg(long, global = true, env = "BENCH_NATS", default_value = "nats-server", hide = true)]
    pub nats: PathBuf,
    /// A further flag for `relay serve`, for example --relay-flag=--permissions --relay-flag=FILE; may be repeated
    #[arg(long = "relay-flag", global = true, allow_hyphen_values = true)]
    pub relay_flags: Vec<OsString>,
}

impl Command {
    /// The scenarios of a command, in order. None for one that measures nothing.
    pub fn scenarios(&self) -> Vec<Box<dyn Scenario>> {
        match self {
            Self::Compare => standard(),
            Self::Fanout { subscribers, read_every: Some(messages), payload, .. } => {
                vec![Box::new(SeldomRead {
                    subscribers: *subscribers,
                    read_every: usize::from(*messages),
                    payload_bytes: payload.bytes as usize,
                })]
            }
            Self::Fanout { subscribers, burst, payload, .. } => {
                vec![bursts(*subscribers, 1, (*burst).into(), payload.bytes)]
            }
            Self::ManyChannels { channels, payload } => {
                let channels = usize::from(*channels);
                vec![bursts(channels, channels, channels, payload.bytes)]
            }
            Self::Publish { in_flight, subscribers, payload } => vec![Box::new(Publish {
                in_flight: *in_flight,
                subscribers: *subscribers,
                payload_bytes: payload.bytes as usize,
            })],
            Self::Latency { subscribers, rate, payload } => {
                rate.iter().map(|rate| paced(*subscribers, *rate, payload.bytes)).collect()
            }
            Self::Connect { connections, at_once } => {
                let at_once = at_once.unwrap_or(*connections).max(1);
                vec![Box::new(Connect { connections: *connections, at_once })]
            }
            Self::IdleMemory { connections, channels } => {
                vec![Box::new(Memory { connections: *connections, channels: *channels })]
            }
            Self::BareServer { .. } => Vec::new(),
        }
    }
}

/// What `compare` measures.
fn standard() -> Vec<Box<dyn Scenario>> {
    vec![
        bursts(1_000, 1, 64, 128),
        bursts(1_000, 1, 32, 128),
        bursts(1_000, 1, 1, 128),
        bursts(1_000, 1_000, 1_000, 128),
        Box::new(Publish { in_flight: 16, subscribers: 100, payload_bytes: 128 }),
        paced(1_000, 500, 128),
        paced(1_000, 2_000, 128),
        Box::new(Connect { connections: 5_000, at_once: 5_000 }),
        Box::new(Connect { connections: 5_000, at_once: 500 }),
        Box::new(Memory { connections: 10_000, channels: 1 }),
    ]
}

fn bursts(subscribers: usize, channels: usize, burst: usize, payload_bytes: u32) -> Box<dyn Scenario> {
    Box::new(Bursts { subscribers, channels, burst, payload_bytes: payload_bytes as usize })
}

fn paced(subscribers: usize, rate: u32, payload_bytes: u32) -> Box<dyn Scenario> {
    Box::new(Paced { subscribers, rate, payload_bytes: payload_bytes as usize })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_shape_the_scenario() {
        let titles = |line: &str| -> Vec<String> {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            cli.command.scenarios().iter().map(|scenario| scenario.title()).collect()
        };
        assert_eq!(
            titles("bench fanout --subscribers 50 --burst 1 --payload 64"),
            ["1 channel × 50 subscribers, 1 in flight, 64-byte payloads"]
        );
        assert_eq!(
            titles("bench fanout --subscribers 50 --read-every 8"),
            ["1 channel × 50 subscribers read every 8 messages, 1 in flight, 128-byte payloads"]
        );
        assert!(Cli::try_parse_from(["bench", "fanout", "--read-every", "8", "--burst", "2"]).is_err());
        assert_eq!(
            titles("bench many-channels --channels 20"),
            ["20 channels × 1, 20 in flight, 128-byte payloads"]
        );
        assert_eq!(titles("bench latency --rate 10,20 --rounds 2").len(), 2);
        assert_eq!(
            titles("bench connect --connections 30"),
            ["30 clients connect and subscribe, 30 at once"]
        );
        assert!(Cli::try_parse_from(["bench", "fanout", "--payload", "10"]).is_err());
    }
}
