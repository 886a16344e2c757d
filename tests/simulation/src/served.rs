//! One session at the relay: its rules and its outbox are the product's; how they are put to work is written after
//! `relay/src/session/connection.rs`, with a simulated socket in place of one of the operating system.

use std::io::IoSlice;
use std::time::Duration;

use bytes::Bytes;
use realtime_hub::channel::SessionId;
use realtime_hub::outbox::Outbox;
use realtime_protocol::close::CloseCode;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::subscriber::UserId;
use realtime_relay::session::muted::Muted;
use realtime_relay::session::state::Session;
use realtime_relay::websocket::{reader, writer};

use crate::context::Context;
use crate::network::{LinkId, Network};

/// Bytes of answers that may wait before a client is read no further.
const MAX_OWED_BYTES: usize = 64 * 1024;

/// A session that reads a channel, as the hub knows it.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) session: SessionId,
    pub(crate) link: LinkId,
    pub(crate) user: UserId,
}

impl realtime_hub::channel::Reader for Reader {
    fn session(&self) -> SessionId {
        self.session
    }

    fn user(&self) -> &UserId {
        &self.user
    }
}

/// How far a connection is from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    /// Frames are taken.
    Open,
    /// The last frame is queued.
    Ending,
}

/// One session.
pub(crate) struct Served {
    pub(crate) id: SessionId,
    pub(crate) link: LinkId,
    pub(crate) session: Session,
    pub(crate) incoming: reader::Reader,
    /// Bytes that have come and are not handled yet, since the session reads no further.
    pub(crate) unhandled: Vec<u8>,
    pub(crate) user: Option<UserId>,
    pub(crate) channels: Vec<ChannelNumber>,
    pub(crate) sending: Sending,
    pub(crate) has_left: bool,
    /// When its rules are called next.
    pub(crate) timer_at: Option<Duration>,
    outbox: Outbox,
    owed_bytes: usize,
    muted: Muted,
}

impl Served {
    pub(crate) fn new(id: SessionId, link: LinkId, session: Session, outbox_bytes: usize) -> Self {
        Self {
            id,
            link,
            session,
            incoming: reader::Reader::new(16_384),
            unhandled: Vec::new(),
            user: None,
            channels: Vec::new(),
            sending: Sending::Open,
            has_left: false,
            timer_at: None,
            outbox: Outbox::new(outbox_bytes),
            owed_bytes: 0,
            muted: Muted::default(),
        }
    }

    /// Whether so many answers wait that the client is read no further.
    pub(crate) const fn owes_too_much(&self) -> bool {
        self.owed_bytes > MAX_OWED_BYTES
    }

    /// Whether all has been written that ever will be.
    pub(crate) fn is_done(&self) -> bool {
        self.sending == Sending::Ending && self.outbox.is_empty()
    }

    /// Writes a frame of a channel's messages, or queues it behind what waits.
    pub(crate) fn write(
        &mut self,
        cx: &mut Context,
        net: &mut Network,
        number: ChannelNumber,
        frame: &Bytes,
    ) {
        if self.sending != Sending::Open || self.muted.has(number) {
            return;
        }
        if !self.outbox.is_empty() {
            return self.push(cx, frame.clone());
        }
        match net.write(cx, self.link, frame) {
            0 => self.push(cx, frame.clone()),
            written if written == frame.len() => {}
            written => self.outbox.push_rest(frame.slice(written..)),
        }
    }

    /// Notes that it reads a channel from now on, and queues the reply that says so.
    pub(crate) fn join(&mut self, number: ChannelNumber, is_new: bool, reply: Bytes) {
        if is_new {
            self.channels.push(number);
        }
        self.muted.remove(number);
        self.queue(reply);
    }

    /// Queues an answer.
    pub(crate) fn queue(&mut self, frame: Bytes) {
        if self.sending == Sending::Open {
            self.owed_bytes += frame.len();
            self.outbox.grant(frame);
        }
    }

    /// Queues a frame of a recovery.
    pub(crate) fn queue_recovery(&mut self, frame: Bytes) {
        if self.sending == Sending::Open {
            self.outbox.grant(frame);
        }
    }

    /// Queues the last frame about a channel, which it has left.
    pub(crate) fn finish(&mut self, cx: &mut Context, number: ChannelNumber, last: Bytes) {
        self.muted.add(number, cx.now);
        if self.sending == Sending::Open {
            self.push(cx, last);
        }
    }

    /// Queues a close frame as the last one.
    pub(crate) fn end(&mut self, cx: &mut Context, net: &mut Network, close: Bytes) {
        if self.sending == Sending::Open {
            self.sending = Sending::Ending;
            if self.outbox.push(close.clone()).is_err() {
                self.outbox.end_with(close);
            }
        }
        self.flush(cx, net);
    }

    /// Writes what waits when the socket takes more: that is a sign of life.
    pub(crate) fn write_on(&mut self, cx: &mut Context, net: &mut Network) {
        let before = self.outbox.waiting_bytes();
        self.flush(cx, net);
        self.session.took(before.saturating_sub(self.outbox.waiting_bytes()), cx.now);
    }

    /// Writes what waits, as far as the socket takes it.
    pub(crate) fn flush(&mut self, cx: &mut Context, net: &mut Network) {
        while !self.outbox.is_empty() {
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = self.outbox.slices(&mut slices);
            let bytes: Vec<u8> = slices.iter().take(filled).flat_map(|slice| slice.iter().copied()).collect();
            match net.write(cx, self.link, &bytes) {
                0 => return,
                written => self.outbox.advance(written),
            }
        }
        self.owed_bytes = 0;
    }

    fn push(&mut self, cx: &mut Context, frame: Bytes) {
        if self.outbox.push(frame).is_err() {
            self.sending = Sending::Ending;
            let id = self.id.0;
            cx.say(|_| format!("s-{id} overflows"));
            let reason = "too slow: come back and recover what was missed";
            self.outbox.end_with(writer::close(CloseCode::Slow.get(), reason));
        }
    }
}
