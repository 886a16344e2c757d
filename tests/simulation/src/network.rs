//! The network: bytes in order, late, and sometimes never.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use realtime_client::ConnectionId;

use crate::context::Context;
use crate::event::Event;

/// A connection's number in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkId(pub(crate) u32);

/// One connection, as both kernels see it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) client: usize,
    pub(crate) connection: ConnectionId,
    /// Nothing arrives any more, in either direction. Who is not told finds out by the silence.
    pub(crate) is_cut: bool,
    /// Nothing arrives before this time.
    pub(crate) stalled_until: Duration,
    /// Arrived at a page that does not read.
    pub(crate) inbox: VecDeque<Bytes>,
    /// Bytes that the relay's socket has taken and the page has not read.
    unread: usize,
    /// When the latest segment of each direction arrives.
    up_at: Duration,
    down_at: Duration,
}

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Network {
    pub(crate) links: BTreeMap<LinkId, Link>,
    next: u32,
}

impl Network {
    /// A new connection, on which nothing has been sent.
    pub(crate) fn open(&mut self, client: usize, connection: ConnectionId) -> LinkId {
        let id = LinkId(self.next);
        self.next += 1;
        let link = Link {
            client,
            connection,
            is_cut: false,
            stalled_until: Duration::ZERO,
            inbox: VecDeque::new(),
            unread: 0,
            up_at: Duration::ZERO,
            down_at: Duration::ZERO,
        };
        self.links.insert(id, link);
        id
    }

    pub(crate) fn is_cut(&self, id: LinkId) -> bool {
        self.links.get(&id).is_none_or(|link| link.is_cut)
    }

    /// When something that is sent to the relay now arrives.
    pub(crate) fn up_at(&mut self, cx: &mut Context, id: LinkId) -> Option<Duration> {
        let at = cx.now + cx.latency();
        let link = self.links.get_mut(&id)?;
        link.up_at = link.up_at.max(at).max(link.stalled_until);
        Some(link.up_at)
    }

    /// When something that is sent to the client now arrives.
    pub(crate) fn down_at(&mut self, cx: &mut Context, id: LinkId) -> Option<Duration> {
        let at = cx.now + cx.latency();
        let link = self.links.get_mut(&id)?;
        link.down_at = link.down_at.max(at).max(link.stalled_until);
        Some(link.down_at)
    }

    /// The client sends bytes.
    pub(crate) fn send(&mut self, cx: &mut Context, id: LinkId, bytes: Vec<u8>) {
        if let Some(at) = self.up_at(cx, id) {
            cx.at(at, Event::Up(id, bytes));
        }
    }

    /// The relay's socket takes bytes, as many as it has room for.
    pub(crate) fn write(&mut self, cx: &mut Context, id: LinkId, bytes: &[u8]) -> usize {
        let Some(link) = self.links.get_mut(&id) else { return 0 };
        let taken = bytes.len().min(cx.plan.socket_bytes.saturating_sub(link.unread));
        let Some(segment) = bytes.get(..taken).filter(|segment| !segment.is_empty()) else { return 0 };
        link.unread += taken;
        let segment = Bytes::copy_from_slice(segment);
        if let Some(at) = self.down_at(cx, id) {
            cx.at(at, Event::Down(id, segment));
        }
        taken
    }

    /// The client has read bytes: the relay's socket has room for as many.
    pub(crate) fn read(&mut self, cx: &mut Context, id: LinkId, bytes: usize) {
        if let Some(link) = self.links.get_mut(&id) {
            link.unread = link.unread.saturating_sub(bytes);
            let latency = cx.latency();
            cx.after(latency, Event::Writable(id));
        }
    }

    /// Nothing arrives any more.
    pub(crate) fn cut(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.is_cut = true;
        }
    }
}

/// A client's text message as bytes (RFC 6455 section 5.2), masked with zeros.
pub(crate) fn masked_text(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81];
    match u16::try_from(text.len()) {
        Ok(length) if length < 126 => bytes.push(0x80 | length as u8),
        length => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&length.unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// A client's close frame without a code.
pub(crate) const MASKED_CLOSE: [u8; 6] = [0x88, 0x80, 0, 0, 0, 0];

/// What a relay sends, for the client.
pub(crate) enum Arrived {
    Text(String),
    Close(u16),
}

/// The first whole message of what has come from the relay, taken out of it; an error when it is none of RFC 6455.
pub(crate) fn take_message(buffer: &mut Vec<u8>) -> Result<Option<Arrived>, String> {
    let (start, length) = match buffer.as_slice() {
        [_, length @ 0..=125, ..] => (2, usize::from(*length)),
        [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        [_, 127, a, b, c, d, e, f, g, h, ..] => {
            (10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as usize)
        }
        [_, masked @ 128..=255, ..] => return Err(format!("the relay sent a masked frame ({masked})")),
        _ => return Ok(None),
    };
    let Some(data) = buffer.get(start..start + length) else { return Ok(None) };
    let arrived = match (buffer.first(), data) {
        (Some(0x81), data) => {
            let text = std::str::from_utf8(data).map_err(|error| error.to_string())?;
            Arrived::Text(text.to_owned())
        }
        (Some(0x88), [high, low, ..]) => Arrived::Close(u16::from_be_bytes([*high, *low])),
        (Some(0x88), _) => Arrived::Close(1005),
        (first, _) => return Err(format!("the relay sent a frame that begins with {first:?}")),
    };
    buffer.drain(..start + length);
    Ok(Some(arrived))
}
