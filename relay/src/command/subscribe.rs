//! `relay subscribe`: messages as lines of JSON, for as long as somebody reads them.

use std::io::stdout;
use std::process::ExitCode;

use clap::Args;
use realtime_client::ConnectionId;
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::Token;
use realtime_protocol::position::{Epoch, Offset, Position};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::address::UrlArgs;
use super::dial::Way;
use super::failure::Failure;
use super::follow::{Action, Follower, Wanted};
use super::lines::Lines;
use super::transport::{Event, NO_CODE, Transport};
use super::{channel, output};
use crate::clock::Clock;

/// Events that may wait: what the connection reads ahead of the lines.
const MAX_EVENTS: usize = 16;

/// What `relay subscribe` is given.
#[derive(Args)]
pub struct SubscribeArgs {
    /// The channels, or resources of channels
    #[arg(value_name = "CHANNEL[/RESOURCE]", value_parser = channel::parse, required = true)]
    pub channels: Vec<Channel>,

    /// Begin behind this message, as far as the relay keeps what came since; "epoch" and "offset" of a line are its
    /// position. With several channels, given once for each, in their order
    #[arg(long, value_name = "EPOCH:OFFSET", value_parser = position)]
    pub since: Vec<Position>,

    /// Where.
    #[command(flatten)]
    pub url: UrlArgs,

    /// A user's token, for channels that not everyone may read, as `relay token` makes it; better given by the
    /// environment, which no list of processes shows
    #[arg(long, env = "RELAY_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<String>,
}

/// Listens until a signal comes, the reader of standard output goes, or nothing is left to listen to.
///
/// # Errors
/// When the last subscription was refused or has ended, the relay wants this client to stay away, or a line cannot be
/// written.
pub fn run(args: SubscribeArgs) -> Result<ExitCode, Failure> {
    let wanted = wanted(args.channels, args.since)?;
    let way = Way::to(&args.url.url, args.url.ca.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(listen(way, wanted, args.token.map(Token::new)));
    // A look-up of a host's name may still be under way on a thread that cannot be interrupted.
    runtime.shutdown_background();
    match ended? {
        End::Stopped | End::ReaderGone => Ok(ExitCode::SUCCESS),
        End::NothingLeft => Ok(ExitCode::FAILURE),
    }
}

fn wanted(channels: Vec<Channel>, since: Vec<Position>) -> Result<Vec<Wanted>, Failure> {
    if !since.is_empty() && since.len() != channels.len() {
        return Err(Failure::Usage(format!(
            "there are {} channels and {} times --since: give it once for each channel, in their order, or not at all",
            channels.len(),
            since.len()
        )));
    }
    let since = since.into_iter().map(Some).chain(std::iter::repeat(None));
    Ok(channels.into_iter().zip(since).map(|(channel, since)| Wanted { channel, since }).collect())
}

fn position(text: &str) -> Result<Position, &'static str> {
    let rule = "a position is EPOCH:OFFSET, the \"epoch\" and \"offset\" of a line";
    let (epoch, offset) = text.split_once(':').ok_or(rule)?;
    let offset = offset.parse().ok().and_then(Offset::new).ok_or(rule)?;
    Ok(Position { epoch: Epoch::parse(epoch).ok_or(rule)?, offset })
}

/// Why listening ended.
enum End {
    Stopped,
    ReaderGone,
    NothingLeft,
}

async fn listen(way: Way, wanted: Vec<Wanted>, token: Option<Token>) -> Result<End, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut listener = Listener::start(way, wanted, token)?;
    let end = tokio::select! {
        biased;
        () = either(&mut terminate, &mut interrupt) => End::Stopped,
        end = listener.run() => end,
    };
    listener.stop().await?;
    Ok(end)
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// The follower with a socket, a clock and standard output.
struct Listener {
    follower: Follower,
    way: Way,
    transport: Option<(ConnectionId, Transport)>,
    events: mpsc::Receiver<(ConnectionId, Event)>,
    tell: mpsc::Sender<(ConnectionId, Event)>,
    lines: Lines,
    clock: Clock,
}

impl Listener {
    fn start(way: Way, wanted: Vec<Wanted>, token: Option<Token>) -> Result<Self, Failure> {
        let clock = Clock::start();
        let (seed, _) = Uuid::new_v4().as_u64_pair();
        let (tell, events) = mpsc::channel(MAX_EVENTS);
        Ok(Self {
            follower: Follower::start(wanted, token, seed, clock.now()),
            way,
            transport: None,
            events,
            tell,
            lines: Lines::start(stdout())?,
            clock,
        })
    }

    async fn run(&mut self) -> End {
        loop {
            while let Some(action) = self.follower.next_action() {
                if !self.carry_out(action).await {
                    return End::ReaderGone;
                }
            }
            if !self.follower.is_listening() {
                return End::NothingLeft;
            }
            let now = self.clock.now();
            let wait = self.follower.deadline().map(|deadline| deadline.saturating_sub(now));
            tokio::select! {
                () = self.lines.closed() => return End::ReaderGone,
                Some((connection, event)) = self.events.recv() => {
                    self.follower.heard(connection, event, self.clock.now());
                }
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {
                    self.follower.timer(self.clock.now());
                }
            }
        }
    }

    /// False when nobody reads the lines any more.
    async fn carry_out(&mut self, action: Action) -> bool {
        match action {
            Action::Connect(connection) => {
                let transport = Transport::open(self.way.clone(), connection, self.tell.clone());
                self.transport = Some((connection, transport));
            }
            Action::Send(frame) => self.send(frame),
            Action::Disconnect => self.transport = None,
            Action::Print(line) => return self.lines.write(line).await,
            Action::Say(text) => output::say(&text),
        }
        true
    }

    fn send(&mut self, frame: String) {
        let Some((connection, transport)) = &self.transport else {
            return;
        };
        if !transport.send(frame) {
            let reason = "it takes no more frames".to_owned();
            self.follower.heard(*connection, Event::Lost { code: NO_CODE, reason }, self.clock.now());
            self.transport = None;
        }
    }

    async fn stop(self) -> Result<(), Failure> {
        if let Some((_, transport)) = self.transport {
            transport.close().await;
        }
        let written = self.lines.finish().await;
        written.map_err(|error| Failure::Failed(format!("cannot write to standard output: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(names: &[&str]) -> Vec<Channel> {
        names.iter().map(|name| channel::parse(name).unwrap()).collect()
    }

    #[test]
    fn a_position_is_what_a_line_says() {
        let read = position("4cx0:12").unwrap();
        assert_eq!((read.epoch.as_str(), read.offset.get()), ("4cx0", 12));
        for text in ["", "12", ":12", "e:", "e:-1", "e:9007199254740992", "e f:1", "e:1:2"] {
            assert!(position(text).unwrap_err().contains("EPOCH:OFFSET"), "{text}");
        }
    }

    #[test]
    fn each_channel_has_its_own_position_or_none_has() {
        let since = |texts: &[&str]| texts.iter().map(|text| position(text).unwrap()).collect::<Vec<_>>();
        let both = wanted(channels(&["a", "b"]), since(&["e:1", "f:2"])).unwrap();
        assert_eq!(both[1], Wanted { channel: channel::parse("b").unwrap(), since: position("f:2").ok() });
        assert!(wanted(channels(&["a", "b"]), vec![]).unwrap().iter().all(|wanted| wanted.since.is_none()));
        let failure = wanted(channels(&["a", "b"]), since(&["e:1"])).unwrap_err();
        assert!(failure.to_string().contains("2 channels and 1 times --since"), "{failure}");
    }
}
