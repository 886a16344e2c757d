//! What stands in the bodies of records.

use std::collections::HashSet;
use std::sync::Arc;

use realtime_hub::content::ContentHash;
use realtime_hub::publication::Audience;
use realtime_protocol::channel::Channel;
use realtime_protocol::position::Epoch;
use realtime_protocol::subscriber::UserId;
use serde_json::value::RawValue;

/// The version of everything in the folder.
pub(crate) const FORMAT: u16 = 1;

const HAS_PUBLISHER: u8 = 1;
const HAS_USERS: u8 = 2;
const HAS_ID: u8 = 4;

/// The body of a file's first record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileBody {
    /// The store.
    pub(crate) store: u64,
    /// The start of the relay in which it was written. Channel numbers mean the same within one.
    pub(crate) start: u64,
    /// Bytes of the file before it; 0 when there is none.
    pub(crate) previous_bytes: u64,
    /// Streams that were written to in the file before it. That many stream records follow.
    pub(crate) streams: u32,
}

impl FileBody {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&self.store.to_le_bytes());
        out.extend_from_slice(&self.start.to_le_bytes());
        out.extend_from_slice(&self.previous_bytes.to_le_bytes());
        out.extend_from_slice(&self.streams.to_le_bytes());
    }

    /// The format of its file.
    pub(crate) fn format(body: &[u8]) -> Option<u16> {
        Fields(body).u16()
    }

    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        if fields.u16()? != FORMAT {
            return None;
        }
        let (store, start) = (fields.u64()?, fields.u64()?);
        Some(Self { store, start, previous_bytes: fields.u64()?, streams: fields.u32()? })
    }
}

/// Writes the body of a stream's record.
pub(crate) fn write_stream(out: &mut Vec<u8>, channel: &Channel, epoch: &Epoch) {
    write_text(out, epoch.as_str());
    write_text(out, channel.name());
    write_text(out, channel.resource_id().unwrap_or_default());
}

/// Reads the body of a stream's record.
pub(crate) fn read_stream(body: &[u8]) -> Option<(Channel, Epoch)> {
    let mut fields = Fields(body);
    let epoch = Epoch::parse(fields.text()?)?;
    let name = fields.text()?;
    Some((Channel::parse(name, Some(fields.text()?)).ok()?, epoch))
}

/// The body of a message's record.
#[derive(Debug)]
pub(crate) struct MessageBody<'a> {
    pub(crate) payload: &'a RawValue,
    pub(crate) publisher: Option<UserId>,
    pub(crate) audience: Audience,
    pub(crate) id: Option<&'a str>,
}

/// Writes the body of a message's record.
pub(crate) fn write_message(
    out: &mut Vec<u8>,
    payload: &RawValue,
    publisher: Option<&UserId>,
    audience: &Audience,
    id: Option<&str>,
) {
    let flags = out.len();
    out.push(0);
    let mut has = 0;
    if let Some(publisher) = publisher {
        has |= HAS_PUBLISHER;
        write_text(out, publisher.as_str());
    }
    if let Audience::Users(users) = audience {
        has |= HAS_USERS;
        out.extend_from_slice(&(users.len() as u32).to_le_bytes());
        users.iter().for_each(|user| write_text(out, user.as_str()));
    }
    if let Some(id) = id {
        has |= HAS_ID;
        write_text(out, id);
    }
    if let Some(place) = out.get_mut(flags) {
        *place = has;
    }
    out.extend_from_slice(payload.get().as_bytes());
}

/// Reads the body of a message's record.
pub(crate) fn read_message(body: &[u8]) -> Option<MessageBody<'_>> {
    let mut fields = Fields(body);
    let has = fields.u8()?;
    let publisher = match has & HAS_PUBLISHER {
        0 => None,
        _ => Some(UserId::parse(fields.text()?).ok()?),
    };
    let audience = match has & HAS_USERS {
        0 => Audience::Everyone,
        _ => {
            let count = fields.u32()?;
            let users: Option<HashSet<_>> = (0..count).map(|_| UserId::parse(fields.text()?).ok()).collect();
            Audience::Users(Arc::new(users?))
        }
    };
    let id = match has & HAS_ID {
        0 => None,
        _ => Some(fields.text()?),
    };
    let payload = serde_json::from_slice(fields.0).ok()?;
    Some(MessageBody { payload, publisher, audience, id })
}

impl MessageBody<'_> {
    /// What it says.
    pub(crate) fn content(&self) -> ContentHash {
        ContentHash::of_parts(self.payload, self.publisher.as_ref(), &self.audience)
    }
}

/// Writes the body of an id's record.
pub(crate) fn write_id(out: &mut Vec<u8>, id: &str, content: Option<ContentHash>) {
    write_text(out, id);
    if let Some(content) = content {
        out.extend_from_slice(&content.get().to_le_bytes());
    }
}

/// Reads the body of an id's record, and what its message said. Files of before that was written have nothing behind
/// the id, and relays of then read nothing behind it, so the format is the same.
pub(crate) fn read_id(body: &[u8]) -> Option<(&str, Option<ContentHash>)> {
    let mut fields = Fields(body);
    Some((fields.text()?, fields.u64().and_then(ContentHash::from_stored)))
}

/// Nothing here is longer than a resource id's thousand characters, of four bytes at most.
fn write_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Fields that are still to be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(self.u16()?);
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    #[test]
    fn a_file_says_what_it_continues() {
        let body = FileBody { store: 3, start: u64::MAX - 1, previous_bytes: 1 << 33, streams: 70_000 };
        assert_eq!(FileBody::read(&written(|out| body.write(out))), Some(body));
    }

    #[test]
    fn a_stream_keeps_its_channel_and_epoch() {
        let longest = "\u{1f600}".repeat(1_000);
        for channel in [
            Channel::parse("c", None).unwrap(),
            Channel::parse(&"n".repeat(140), Some("room 7 ✓")).unwrap(),
            Channel::parse("c", Some(&longest)).unwrap(),
        ] {
            let epoch = Epoch::from_bits(u64::MAX);
            let body = written(|out| write_stream(out, &channel, &epoch));
            assert_eq!(read_stream(&body), Some((channel, epoch)));
        }
    }

    #[test]
    fn an_id_keeps_what_its_message_said_and_older_files_that_do_not_say_it_are_read() {
        let content = ContentHash::from_stored(7);
        let body = written(|out| write_id(out, "id", content));
        assert_eq!(read_id(&body), Some(("id", content)));
        let older = written(|out| write_id(out, "id", None));
        assert_eq!(read_id(&older), Some(("id", None)));
        assert!(body.starts_with(&older), "a relay of before reads the same id");
    }

    proptest! {
        #[test]
        fn a_message_keeps_its_payload_byte_for_byte_and_all_that_goes_with_it(
            payload in "[^\\\\\"\\p{C}]{0,20}",
            publisher in prop::option::of("[a-z]{1,256}"),
            users in prop::option::of(prop::collection::hash_set("[a-zé]{1,9}", 0..5)),
            id in prop::option::of("[!-~]{1,128}"),
        ) {
            let text = format!("{{ \"a\" :  1e400, \"b\":\"{payload}\"}}");
            let payload: &RawValue = serde_json::from_str(&text).unwrap();
            let publisher = publisher.map(|id| UserId::parse(&id).unwrap());
            let audience = users.map_or(Audience::Everyone, |users| {
                Audience::Users(Arc::new(users.iter().map(|id| UserId::parse(id).unwrap()).collect()))
            });
            let body =
                written(|out| write_message(out, payload, publisher.as_ref(), &audience, id.as_deref()));
            let read = read_message(&body).unwrap();
            prop_assert_eq!(read.payload.get(), text);
            prop_assert_eq!((read.publisher, read.audience, read.id), (publisher, audience, id.as_deref()));
        }

        #[test]
        fn bodies_are_read_without_panic_whatever_they_are(body in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = (FileBody::read(&body), read_stream(&body), read_message(&body).is_some(), read_id(&body));
        }
    }
}
