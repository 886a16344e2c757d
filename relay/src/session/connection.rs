//! A client's connection as seen by whoever writes to it.

use std::io::{self, IoSlice};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use realtime_hub::channel::{Reader, SessionId};
use realtime_hub::outbox::Outbox;
use realtime_protocol::close::CloseCode;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::subscriber::UserId;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::broker::pages::Pages;
use crate::broker::peer::Peer;
use crate::session::muted::Muted;
use crate::session::order::Order;
use crate::session::prefetch::prefetch;
use crate::session::read;
use crate::session::write;
use crate::tls::secured::Secured;
use crate::tls::stream::Wire;
use crate::websocket::writer;

/// Frames that one vectored write takes along.
const SLICES_PER_WRITE: usize = 16;

/// Bytes of answers that may wait before a client is read no further: who does not take them gets no more to answer.
/// So answers need not count towards the outbox's limit, which is for messages, and no outbox is too small for them.
const MAX_OWED_BYTES: u32 = 64 * 1024;

/// Bytes that may wait for a client when a subscription of its begins, which may bring megabytes that it has missed. Its
/// answer would wait behind them anyway. Without this, a client that reads nothing could have the same recovered again and
/// again, as often as fits into one read.
const MAX_WAITING_TO_BEGIN_BYTES: usize = 256 * 1024;

/// A connection: its socket, what the socket has not taken yet, and what its session reads and is told.
///
/// Anyone may write, from any task; the session's task reads, and is woken when something waits or it is told
/// something.
///
/// In the order of its fields, so that what a delivery looks at is next to each other: the socket's number, the lock,
/// and the first fields of what is behind it. Of many readers none is in the processor's cache when its turn comes.
#[derive(Debug)]
#[repr(C)]
pub struct Connection {
    socket: TcpStream,
    sending: Mutex<Sending>,
    session: SessionId,
    user: OnceLock<UserId>,
    wake: Notify,
}

#[derive(Debug)]
#[repr(C)]
struct Sending {
    state: SendingState,
    /// Bytes of answers since nothing waited.
    owed_bytes: u32,
    aside: Option<Box<Aside>>,
    outbox: Outbox,
    /// The channels that it is attached to.
    channels: Vec<ChannelNumber>,
}

/// What few connections ever have, so that it costs the others a pointer.
#[derive(Debug, Default)]
struct Aside {
    orders: Vec<Order>,
    muted: Muted,
    /// What encrypts, on a connection with TLS.
    secured: Option<Secured>,
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// Something waits for the socket to be writable.
    pub to_write: bool,
    /// So many answers wait that the client should be read no further.
    pub on_answers: bool,
    /// So much waits that no subscription should begin.
    pub to_begin: bool,
}

/// How far a connection is from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendingState {
    /// Frames are taken.
    Open,
    /// The last frame is queued; nothing is taken any more.
    Ending,
    /// The outbox was full and the session has to end; the last frame is queued.
    Overflowed,
    /// The socket is broken.
    Lost,
}

impl Connection {
    /// A connection with an outbox of at most so many bytes.
    pub fn new(session: SessionId, wire: Wire, max_outbox_bytes: usize) -> Self {
        let secured = wire.secured.map(|secured| Aside { secured: Some(secured), ..Aside::default() });
        Self {
            session,
            user: OnceLock::new(),
            socket: wire.socket,
            sending: Mutex::new(Sending {
                outbox: Outbox::new(max_outbox_bytes),
                state: SendingState::Open,
                owed_bytes: 0,
                channels: Vec::new(),
                aside: secured.map(Box::new),
            }),
            wake: Notify::new(),
        }
    }

    /// The socket, for the task that waits for it. What is read and written goes through [`read`](Self::read) and the
    /// outbox.
    pub const fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Reads what is there; 0 when the other side sends nothing more.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there, any other when the connection is lost.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut sending = self.sending.lock();
        if let Some(secured) = sending.secured() {
            return secured.read(&self.socket, buffer);
        }
        drop(sending);
        read::once(&self.socket, buffer)
    }

    /// Says, behind all that waits, that nothing more will come, where the connection has a word for that. To be called
    /// once nothing waits; what it says waits then.
    pub fn close(&self) {
        if let Some(secured) = self.sending.lock().secured() {
            secured.close();
        }
    }

    /// Notes who the client is. Before that it must not be attached to a channel.
    pub fn identify(&self, user: UserId) {
        // A session identifies itself once, and stays the same user's.
        let _ = self.user.set(user);
    }

    /// Whose connection it is, once that is known.
    pub fn known_user(&self) -> Option<&UserId> {
        self.user.get()
    }

    /// The channels that it is attached to.
    pub fn channels(&self) -> Vec<ChannelNumber> {
        self.sending.lock().channels.clone()
    }

    /// Notes that it is no longer attached to a channel.
    pub fn left(&self, number: ChannelNumber) {
        let channels = &mut self.sending.lock().channels;
        if let Some(place) = channels.iter().position(|other| *other == number) {
            channels.swap_remove(place);
        }
        if channels.is_empty() {
            *channels = Vec::new();
        }
    }

    /// Queues the last frame about a channel, which it has left: what is on its way to it is not written any more.
    pub fn finish(&self, number: ChannelNumber, last: Bytes, now: Duration) {
        let mut sending = self.sending.lock();
        sending.aside.get_or_insert_default().muted.add(number, now);
        if sending.state == SendingState::Open {
            self.push(last, &mut sending);
        }
    }

    /// Tells the session something. It is forgotten when the session is about to end.
    pub fn tell(&self, order: Order) {
        let mut sending = self.sending.lock();
        if sending.state == SendingState::Open {
            sending.aside.get_or_insert_default().orders.push(order);
            self.wake.notify_one();
        }
    }

    /// What the session was told since the last time.
    pub fn take_orders(&self) -> Vec<Order> {
        let mut sending = self.sending.lock();
        let Some(mut aside) = sending.aside.take() else { return Vec::new() };
        let orders = std::mem::take(&mut aside.orders);
        sending.aside = (!aside.muted.is_empty() || aside.secured.is_some()).then_some(aside);
        orders
    }

    /// Resolves when something waits to be written, the session is told something, or the state has changed.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Whether something waits for the socket to be writable.
    pub fn has_waiting(&self) -> bool {
        self.waits().to_write
    }

    /// What it waits for.
    pub fn waits(&self) -> Waits {
        let mut sending = self.sending.lock();
        let on_answers = sending.owed_bytes > MAX_OWED_BYTES;
        let waits =
            !sending.outbox.is_empty() || sending.secured().is_some_and(|secured| secured.has_waiting());
        let to_begin = sending.outbox.waiting_bytes() > MAX_WAITING_TO_BEGIN_BYTES;
        Waits { to_write: waits && sending.state != SendingState::Lost, on_answers, to_begin }
    }

    /// Writes what waits. Returns how many bytes of it the socket, or what encrypts for it, has taken.
    pub fn write_on(&self) -> usize {
        let mut sending = self.sending.lock();
        let before = sending.outbox.waiting_bytes();
        self.write_waiting(&mut sending);
        before.saturating_sub(sending.outbox.waiting_bytes())
    }

    /// Bytes that wait.
    pub fn waiting_bytes(&self) -> usize {
        self.sending.lock().outbox.waiting_bytes()
    }

    /// Every frame that waits.
    pub fn each_waiting(&self, tell: impl FnMut(&[u8])) {
        self.sending.lock().outbox.frames().for_each(tell);
    }

    /// Throws away what waits: the client has to come back and recover. Returns whether it was still served.
    pub fn send_away(&self) -> bool {
        let mut sending = self.sending.lock();
        let is_open = sending.state == SendingState::Open;
        if is_open {
            self.overflow(
                "the relay has no memory left for what waits: come back and recover it",
                &mut sending,
            );
        }
        is_open
    }

    /// The state of sending.
    pub fn state(&self) -> SendingState {
        self.sending.lock().state
    }

    /// Queues a close frame as the last one, behind what waits.
    pub fn end(&self, close: Bytes) {
        let mut sending = self.sending.lock();
        if sending.state == SendingState::Open {
            sending.state = SendingState::Ending;
            if sending.outbox.push(close.clone()).is_err() {
                sending.outbox.end_with(close);
            }
        }
        self.write_waiting(&mut sending);
    }

    /// Writes what is queued, as far as the connection takes it. For the session's own task: nobody is woken for what
    /// still waits then.
    pub fn flush(&self) {
        self.write_waiting(&mut self.sending.lock());
    }

    fn write_waiting(&self, sending: &mut Sending) {
        while !sending.outbox.is_empty() {
            let Sending { outbox, aside, .. } = sending;
            let mut slices = [IoSlice::new(&[]); SLICES_PER_WRITE];
            let filled = outbox.slices(&mut slices);
            let slices = slices.get(..filled).unwrap_or_default();
            let written = match aside.as_mut().and_then(|aside| aside.secured.as_mut()) {
                None => self.socket.try_write_vectored(slices),
                Some(secured) => self.encrypt(secured, slices),
            };
            match written {
                Ok(written) => sending.outbox.advance(written),
                Err(error) => return sending.not_written(&error),
            }
        }
        sending.owed_bytes = 0;
        if let Some(Err(error)) = sending.secured().map(|secured| secured.flush(&self.socket)) {
            sending.not_written(&error);
        }
    }

    /// Writes through the encryption. What is encrypted and waits is the session's to write, as what waits in the
    /// outbox is.
    fn encrypt(&self, secured: &mut Secured, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = secured.write(&self.socket, slices);
        if secured.has_waiting() {
            self.wake.notify_one();
        }
        written
    }

    /// Queues an answer.
    fn owe(frame: Bytes, sending: &mut Sending) {
        let bytes = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        sending.owed_bytes = sending.owed_bytes.saturating_add(bytes);
        sending.outbox.grant(frame);
    }

    /// Writes a frame of messages now, by `write` where nothing encrypts, or queues it behind what waits already.
    #[inline]
    fn deliver(
        &self,
        number: ChannelNumber,
        frame: &Bytes,
        write: impl FnOnce(&TcpStream) -> io::Result<usize>,
    ) {
        let mut sending = self.sending.lock();
        let is_muted = sending.aside.as_ref().is_some_and(|aside| aside.muted.has(number));
        if sending.state != SendingState::Open || is_muted {
            return;
        }
        if !sending.outbox.is_empty() {
            return self.push(frame.clone(), &mut sending);
        }
        let written = match sending.secured() {
            None => write(&self.socket),
            Some(secured) => self.encrypt(secured, &[IoSlice::new(frame)]),
        };
        match written {
            Ok(written) if written == frame.len() => {}
            Ok(written) => {
                sending.outbox.push_rest(frame.slice(written..));
                self.wake.notify_one();
            }
            Err(error) => {
                if error.kind() == io::ErrorKind::WouldBlock {
                    self.push(frame.clone(), &mut sending);
                }
                sending.not_written(&error);
                self.wake.notify_one();
            }
        }
    }

    fn push(&self, frame: Bytes, sending: &mut Sending) {
        if sending.outbox.push(frame).is_err() {
            self.overflow("too slow: come back and recover what was missed", sending);
        }
    }

    fn overflow(&self, reason: &str, sending: &mut Sending) {
        sending.state = SendingState::Overflowed;
        sending.outbox.end_with(writer::close(CloseCode::Slow.get(), reason));
        self.wake.notify_one();
    }
}

impl Sending {
    /// What encrypts, where something does.
    fn secured(&mut self) -> Option<&mut Secured> {
        self.aside.as_mut()?.secured.as_mut()
    }

    fn not_written(&mut self, error: &io::Error) {
        if error.kind() != io::ErrorKind::WouldBlock {
            self.state = SendingState::Lost;
            self.outbox.clear();
        }
    }
}

impl Reader for Connection {
    fn session(&self) -> SessionId {
        self.session
    }

    #[expect(clippy::expect_used, reason = "a session is attached only after it has been identified")]
    fn user(&self) -> &UserId {
        self.user.get().expect("an attached session is identified")
    }
}

impl Peer for Arc<Connection> {
    fn prefetch(&self) {
        prefetch(&**self);
    }

    fn write(&self, number: ChannelNumber, frame: &Bytes) {
        self.deliver(number, frame, |socket| write::once(socket, frame));
    }

    fn write_shared(&self, number: ChannelNumber, frame: &Bytes, pages: &mut Pages) {
        self.deliver(number, frame, |socket| match pages.give(socket) {
            0 => write::once(socket, frame),
            taken => Ok(taken),
        });
    }

    fn join(&self, number: ChannelNumber, is_new: bool, reply: Bytes) {
        let mut sending = self.sending.lock();
        if is_new {
            sending.channels.push(number);
        }
        if let Some(aside) = &mut sending.aside {
            aside.muted.remove(number);
        }
        if sending.state == SendingState::Open {
            Connection::owe(reply, &mut sending);
        }
    }

    fn queue(&self, frame: Bytes) {
        let mut sending = self.sending.lock();
        if sending.state == SendingState::Open {
            Connection::owe(frame, &mut sending);
        }
    }

    fn queue_recovery(&self, frame: Bytes) {
        let mut sending = self.sending.lock();
        if sending.state == SendingState::Open {
            sending.outbox.grant(frame);
        }
    }
}

#[cfg(test)]
#[path = "connection_test.rs"]
pub(super) mod tests;
