//! The task of a session: reads the socket, does what the rules say, and ends in good order.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use realtime_hub::channel::Reader as _;
use realtime_protocol::channel::Channel;
use realtime_protocol::close::CloseCode;
use realtime_protocol::codec::{read_client_frame, write_control};
use realtime_protocol::error::Status;
use realtime_protocol::frame::{ChannelNumber, ClientFrame, Control, RequestId, Token};
use realtime_protocol::position::Position;
use tokio::io::Interest;
use tokio::time::{Instant, sleep_until};

use crate::broker::peer::Peer;
use crate::identity::error::TokenError;
use crate::identity::establish::{Establishing, Identity};
use crate::permission::gauge;
use crate::session::connection::{Connection, SendingState};
use crate::session::effect::{Effect, Verdict};
use crate::session::ends::{self, End};
use crate::session::farewell::farewell;
use crate::session::moments::{RECONNECT_WINDOW, moment_within, spread};
use crate::session::order::Order;
use crate::session::questions::{Answered, AskedFor, Questions};
use crate::session::recheck::changes::Generation;
use crate::session::recheck::ticket::Ticket;
use crate::session::sessions::Sessions;
use crate::session::state::Session;
use crate::session::turn::Turn;
use crate::session::who;
use crate::tls::stream::Wire;
use crate::websocket::reader::{Flow, Incoming, Reader, Violation};
use crate::websocket::writer;

/// Bytes read at once. One buffer a thread serves all its sessions.
const READ_BYTES: usize = 64 * 1024;

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// Runs a session over a connection that has been handed over. `first` is what was read beyond the handshake.
///
/// No `async fn`: its arguments would take their place in the task for as long as the session lasts.
pub fn run(sessions: Arc<Sessions>, wire: Wire, mut first: Vec<u8>) -> impl Future<Output = ()> + Send {
    let mut task = SessionTask::new(sessions, wire);
    task.take(&mut first);
    async move {
        task.serve().await;
        task.leave();
        farewell(&task.connection).await;
    }
}

struct SessionTask {
    sessions: Arc<Sessions>,
    connection: Arc<Connection>,
    reader: Reader,
    session: Session,
    questions: Questions,
    who: who::Question,
    /// How it ends, as far as that is known yet.
    end: Option<End>,
    has_left: bool,
    turn: Turn,
}

impl SessionTask {
    fn new(sessions: Arc<Sessions>, wire: Wire) -> Self {
        let connection = sessions.begin(wire);
        let now = sessions.clock.now();
        Self {
            reader: Reader::new(sessions.max_frame_bytes),
            session: Session::new(Arc::clone(&sessions.rules), spread(connection.session()), now),
            connection,
            questions: Questions::default(),
            who: who::Question::default(),
            end: None,
            has_left: false,
            turn: Turn::default(),
            sessions,
        }
    }

    async fn serve(&mut self) {
        let connection = Arc::clone(&self.connection);
        let mut sleep = std::pin::pin!(sleep_until(self.deadline()));
        while !self.session.has_ended() && connection.state() == SendingState::Open {
            self.turn.write(&connection, self.questions.are_open(), &self.sessions.clock);
            let deadline = self.deadline();
            if sleep.deadline() != deadline {
                sleep.as_mut().reset(deadline);
            }
            let waits = connection.waits();
            let reads = self.session.may_read() && !waits.on_answers;
            let interest = self.turn.interest(reads);
            tokio::select! {
                biased;
                () = connection.woken() => self.obey(),
                identity = self.who.answered() => self.established(identity),
                answered = self.questions.answered(!waits.to_begin) => self.answered(answered),
                // One future for both directions: two would make the task a quarter larger.
                ready = connection.socket().ready(interest.unwrap_or(Interest::READABLE)), if interest.is_some() => {
                    let Ok(ready) = ready else { return };
                    if ready.is_writable() {
                        let taken = self.turn.write_on(&connection);
                        self.session.took(taken, self.sessions.clock.now());
                    }
                    if ready.is_readable() && self.read().is_err() {
                        return;
                    }
                }
                () = sleep.as_mut() => self.time(),
            }
        }
    }

    /// When there is something to do even if nothing happens.
    fn deadline(&self) -> Instant {
        let deadline = self.session.deadline();
        let deadline = self.turn.deadline().map_or(deadline, |at| at.min(deadline));
        Instant::from_std(self.sessions.clock.at(deadline))
    }

    /// Reads what is there into the thread's buffer and handles it.
    fn read(&mut self) -> io::Result<()> {
        READ_BUFFER.with_borrow_mut(|buffer| match self.connection.read(buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                self.take(buffer.get_mut(..length).unwrap_or_default());
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        })
    }

    fn take(&mut self, bytes: &mut [u8]) {
        if bytes.is_empty() {
            return;
        }
        self.session.heard(self.sessions.clock.now());
        let mut reader = std::mem::replace(&mut self.reader, Reader::new(self.sessions.max_frame_bytes));
        let fed = reader.feed(bytes, &mut |incoming| self.incoming(&incoming));
        self.reader = reader;
        if let Err(violation) = fed {
            tracing::debug!(session = self.connection.session().0, %violation, "client broke WebSocket");
            let (end, code) = match violation {
                Violation::TooLarge => (End::Code(CloseCode::FrameTooLarge), CloseCode::FrameTooLarge.get()),
                _ => (End::BrokeWebSocket, violation.close_code()),
            };
            self.end.get_or_insert(end);
            self.connection.end(writer::close(code, &violation.to_string()));
        }
    }

    fn incoming(&mut self, incoming: &Incoming<'_>) -> Flow {
        self.with_effects(Session::received);
        match incoming {
            _ if self.session.has_ended() => {}
            Incoming::Text(text) => match read_client_frame(text) {
                Ok(frame) => self.frame(frame),
                Err(error) => self.end(CloseCode::BadFrame, &error.to_string()),
            },
            Incoming::Binary(_) => {
                self.end(CloseCode::BadFrame, "binary messages are not part of this protocol")
            }
            Incoming::Ping(data) => {
                self.connection.queue(writer::pong(data));
            }
            Incoming::Pong | Incoming::Part => {}
            Incoming::Close(code) => {
                self.end.get_or_insert(End::ClientClosed);
                let answer = code.map_or_else(writer::close_without_code, |code| writer::close(code, ""));
                self.connection.end(answer);
            }
        }
        let goes_on = !self.session.has_ended() && self.connection.state() == SendingState::Open;
        if goes_on { Flow::Continue(()) } else { Flow::Break(()) }
    }

    fn frame(&mut self, frame: ClientFrame) {
        self.with_effects(|session, effects| session.frame(frame, effects));
    }

    /// Does what it was told from outside.
    fn obey(&mut self) {
        for order in self.connection.take_orders() {
            match order {
                Order::Drain { window } => self.drain(window),
                Order::Disconnect { comes_back, reason } => self.disconnect(comes_back, &reason),
                Order::Recheck { channel, ticket } => self.ask(channel, AskedFor::Running(ticket)),
            }
        }
    }

    fn answered(&mut self, answered: Answered) {
        let Answered { channel, mut verdict, asked_at, asked_for } = answered;
        if self.is_outdated(asked_at, &channel) {
            verdict = Verdict::Outdated;
        }
        match asked_for {
            AskedFor::Subscribing => self.decided(&channel, verdict, asked_at),
            AskedFor::Running(ticket) => self.rechecked(channel, verdict, ticket),
        }
    }

    fn is_outdated(&self, asked_at: Generation, channel: &Channel) -> bool {
        let user = self.connection.known_user();
        user.is_some_and(|user| self.sessions.rechecks.concern(asked_at, channel, user))
    }

    fn decided(&mut self, channel: &Channel, verdict: Verdict, asked_at: Generation) {
        self.with_effects(|session, effects| session.decided(channel, verdict, effects));
        // Whoever noted a change while this attached may have looked for the channel's readers just before.
        if verdict == Verdict::Allowed && self.is_outdated(asked_at, channel) {
            self.sessions.recheck_one(&self.connection, channel);
        }
    }

    fn rechecked(&mut self, channel: Arc<Channel>, verdict: Verdict, ticket: Ticket) {
        match verdict {
            Verdict::Allowed => gauge::count_recheck("kept"),
            Verdict::Refused => gauge::count_recheck("ended"),
            Verdict::Unavailable => {
                gauge::count_recheck("undecided");
                ticket.put_off(self.sessions.clock.now());
            }
            Verdict::Outdated => {
                gauge::count_recheck("outdated");
                ticket.again();
            }
        }
        self.with_effects(|session, effects| session.rechecked(channel, verdict, effects));
    }

    fn time(&mut self) {
        let now = self.sessions.clock.now();
        self.with_effects(|session, effects| session.time(now, effects));
    }

    fn drain(&mut self, window: Duration) {
        let retry_after = moment_within(window, self.connection.session());
        self.with_effects(|session, effects| session.drain(retry_after, effects));
    }

    fn disconnect(&mut self, comes_back: bool, reason: &str) {
        let retry_after = comes_back.then(|| moment_within(RECONNECT_WINDOW, self.connection.session()));
        self.with_effects(|session, effects| session.disconnect(retry_after, reason, effects));
    }

    fn end(&mut self, code: CloseCode, reason: &str) {
        self.with_effects(|session, effects| session.end(code, reason, effects));
    }

    /// Lets the rules say something and does it. What is to be sent is queued: it leaves at the end of the turn.
    fn with_effects(&mut self, act: impl FnOnce(&mut Session, &mut Vec<Effect>)) {
        let mut effects = Vec::new();
        act(&mut self.session, &mut effects);
        for effect in effects {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Identify { token, visitor_token } => self.establish(token, visitor_token),
            Effect::Refresh(token) => self.establish(Some(token), None),
            Effect::Recheck => self.sessions.recheck_session(&self.connection),
            Effect::Send(control) => {
                if let Control::Refused { status, .. } = &control {
                    ends::count_refused(*status);
                }
                self.connection.queue(writer::text(&write_control(&control)));
            }
            Effect::Ask(channel) => self.ask(Arc::new(channel), AskedFor::Subscribing),
            Effect::FindPlace(channel) => self.find_place(&channel),
            Effect::Attach { id, channel, position } => self.attach(id, &channel, position.as_ref()),
            Effect::Detach(channel) => {
                self.detach(&channel);
            }
            Effect::Finish { channel, status, message } => {
                if let Some(number) = self.detach(&channel) {
                    let ended = writer::text(&write_control(&Control::Ended { number, status, message }));
                    self.connection.finish(number, ended, self.sessions.clock.now());
                }
            }
            Effect::End(code, reason) => {
                tracing::debug!(session = self.connection.session().0, ?code, reason, "session ends");
                self.end.get_or_insert(End::Code(code));
                self.connection.end(writer::close(code.get(), &reason));
            }
        }
    }

    fn attach(&mut self, id: RequestId, channel: &Channel, position: Option<&Position>) {
        let Some(attached) = self.sessions.broker.attach(id, channel, &self.connection, position) else {
            ends::tell_no_place();
            let message = format!("there is no place for channel {channel}: try again later");
            let status = Status::Unavailable;
            let refused = Control::Refused { id, code: status.error_code(), status, message };
            return self.perform(Effect::Send(refused));
        };
        if attached.is_new {
            self.session.attached();
        }
        if attached.recovered_bytes > 0 {
            self.sessions.recovered(attached.recovered_bytes);
        }
    }

    /// Lets the rules know what is attached.
    fn find_place(&mut self, channel: &Channel) {
        let (sessions, attached) = (Arc::clone(&self.sessions), self.connection.channels());
        let is_attached = |channel: &Channel| {
            sessions.broker.number(channel).is_some_and(|number| attached.contains(&number))
        };
        self.with_effects(|session, effects| session.place(channel, is_attached, effects));
    }

    /// Detaches from a channel. Returns its number when the session was attached.
    fn detach(&mut self, channel: &Channel) -> Option<ChannelNumber> {
        let number = self.sessions.broker.detach(channel, self.connection.session())?;
        self.connection.left(number);
        self.session.detached();
        Some(number)
    }

    /// Finds out who the client is. A newer token takes the place of one that is still being checked.
    fn establish(&mut self, token: Option<Token>, visitor_token: Option<Token>) {
        self.who.forget();
        match self.sessions.identities.establish(token, visitor_token) {
            Establishing::Done(identity) => self.established(identity),
            Establishing::Waiting(waiting) => self.who.ask(waiting),
        }
    }

    fn established(&mut self, identity: Result<Identity, TokenError>) {
        let id = self.connection.session().0;
        let is_first = self.session.subscriber().is_none();
        match identity {
            Ok(identity) => {
                let identity = who::on_clock(identity, &self.sessions.clock);
                let now = self.sessions.clock.now();
                if !is_first {
                    return self.with_effects(|session, effects| session.refreshed(identity, now, effects));
                }
                let user = identity.subscriber.id.clone();
                tracing::debug!(session = id, user = %user.as_str().escape_debug(), "session begins");
                self.connection.identify(user);
                self.sessions.registry.identified(&self.connection);
                self.turn.welcome(now);
                self.with_effects(|session, effects| {
                    session.identified(format!("s-{id}"), identity, now, effects);
                });
            }
            Err(error @ TokenError::Unavailable(_)) if !is_first => {
                who::log_refusal(id, &error, "the token before stays in force");
            }
            Err(error) => {
                who::log_refusal(id, &error, "the session ends");
                self.end(who::close_code(&error), &error.to_string());
            }
        }
    }

    fn ask(&mut self, channel: Arc<Channel>, asked_for: AskedFor) {
        if let Some(subscriber) = self.session.subscriber() {
            self.questions.ask(&self.sessions, channel, subscriber.clone(), asked_for);
        }
    }

    /// Leaves every channel. Nothing is delivered after that.
    fn leave(&mut self) {
        if std::mem::replace(&mut self.has_left, true) {
            return;
        }
        self.sessions.broker.detach_all(&self.connection.channels(), self.connection.session());
        self.sessions.registry.leave(&self.connection);
        let end = self.end.unwrap_or(match self.connection.state() {
            SendingState::Overflowed => End::Code(CloseCode::Slow),
            SendingState::Open if std::thread::panicking() => End::Code(CloseCode::Internal),
            _ => End::Lost,
        });
        self.sessions.registry.ends.count(end);
        end.tell_limit(self.connection.session());
        drop(self.connection.take_orders());
    }
}

impl Drop for SessionTask {
    /// A session that panicked leaves its channels too.
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What surrounds [`run`] in memory: tokio's header and trailer, the tracker, and the seat and claim that go with it.
    const AROUND_BYTES: usize = 176;

    fn bytes_of<F: Future>(_: impl FnOnce(Arc<Sessions>, Wire, Vec<u8>) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_sessions_task_is_a_kilobyte_of_memory() {
        // tokio aligns tasks to 128 bytes: one byte more costs every connection at rest that many.
        let bytes = bytes_of(run) + AROUND_BYTES;
        assert!(bytes <= 1024, "{bytes} bytes");
    }
}
