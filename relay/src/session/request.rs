//! What a client asks for about one channel.

use realtime_protocol::channel::UncheckedChannel;
use realtime_protocol::frame::{ClientFrame, RequestId};
use realtime_protocol::position::Position;

/// A subscribe or an unsubscribe.
pub(super) struct Request {
    pub(super) id: RequestId,
    pub(super) channel: UncheckedChannel,
    pub(super) kind: RequestKind,
}

pub(super) enum RequestKind {
    Subscribe(Option<Position>),
    Unsubscribe,
}

impl Request {
    pub(super) fn into_frame(self) -> ClientFrame {
        let Self { id, channel, kind } = self;
        match kind {
            RequestKind::Subscribe(position) => ClientFrame::Subscribe { id, channel, position },
            RequestKind::Unsubscribe => ClientFrame::Unsubscribe { id, channel },
        }
    }
}
