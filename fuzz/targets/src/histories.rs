//! Histories on a disk: what a start makes of any bytes.

use std::sync::Arc;
use std::time::Duration;

use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::{Reader, SessionId};
use realtime_hub::dedupe::Remembered;
use realtime_hub::hub::{Hub, Numbers};
use realtime_hub::restore::Restored;
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::{Epoch, Offset, Position};
use realtime_protocol::subscriber::UserId;
use realtime_relay::store::contract::Restore;
use realtime_relay::store::damage::What;
use realtime_relay::store::survey::survey;

use crate::choice;

/// Bytes of a record's head, and of the checksum behind a head and behind a body.
const HEAD_BYTES: usize = 44;
const CHECKSUM_BYTES: usize = 4;

/// Where a head has its length of the body.
const LENGTH: std::ops::Range<usize> = 4..8;

/// The first byte says what the others are. Odd: a history's file as it is, behind which all that is accounted for is
/// what was read and what is damaged. Even: the same, with every checksum made right, so that the reader goes into each
/// record; then nothing of it is unreadable. Above 127 the last 144 bytes are the end's file.
///
/// Whatever was given back is a history that a client can recover from.
pub fn history_file(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let (file, end) = match bytes.len().checked_sub(144) {
        Some(at) if choice > 127 => (&bytes[..at], Some(&bytes[at..])),
        _ => (bytes, None),
    };
    let is_sealed = choice.is_multiple_of(2);
    let file = if is_sealed { sealed(file) } else { file.to_vec() };
    let mut kept = Kept::default();
    let Some(report) = survey(&file, end, &mut kept) else { return };
    assert!(report.bytes <= file.len() as u64, "more was read than there is: {report:?}");
    // Fewer bytes than the smallest record has are none, whatever their checksums.
    if is_sealed && file.len() >= HEAD_BYTES + CHECKSUM_BYTES {
        let is_readable = |what: &What| !matches!(what, What::Unreadable { .. });
        assert!(report.damage.iter().all(|damage| is_readable(&damage.what)), "{report:?}");
    }
    assert_eq!(report.messages, kept.messages, "{report:?}");
    kept.expect_recoverable();
}

/// The bytes with the magic and checksums of records, each as long as it says or as there are bytes left.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut rest = &mut bytes[..];
    while let Some(room) = rest.len().checked_sub(HEAD_BYTES + CHECKSUM_BYTES) {
        let said = u32::from_le_bytes(rest[LENGTH].try_into().unwrap()) as usize;
        // A record behind which there is no room for another one takes all of it.
        let body = if said + HEAD_BYTES + CHECKSUM_BYTES > room { room } else { said };
        rest[..2].copy_from_slice(&[0xff, 0xd1]);
        rest[2] = 1 + rest[2] % 4;
        rest[LENGTH].copy_from_slice(&(body as u32).to_le_bytes());
        let (head, after) = rest.split_at_mut(HEAD_BYTES);
        let (text, place) = head.split_at_mut(HEAD_BYTES - CHECKSUM_BYTES);
        place.copy_from_slice(&checksum(text));
        let (body, after) = after.split_at_mut(body);
        let (place, after) = after.split_at_mut(CHECKSUM_BYTES);
        place.copy_from_slice(&checksum(body));
        rest = after;
    }
    bytes
}

/// That of the file with the number 1.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = crc32fast::Hasher::new_with_initial(crc32fast::hash(&1_u32.to_le_bytes()));
    hasher.update(bytes);
    hasher.finalize().to_le_bytes()
}

/// A hub that takes in what is given back, and remembers of which channels.
struct Kept {
    hub: Hub<Nobody>,
    channels: Vec<(Channel, Epoch)>,
    messages: u64,
}

#[derive(Debug, Clone)]
struct Nobody(UserId);

impl Reader for Nobody {
    fn session(&self) -> SessionId {
        SessionId(1)
    }

    fn user(&self) -> &UserId {
        &self.0
    }
}

/// Some moment; messages of files may be older or of the future.
const NOW: Duration = Duration::from_secs(1_800_000_000);

impl Default for Kept {
    fn default() -> Self {
        let budget = Arc::new(MemoryBudget::new(1024 * 1024));
        let hub = Hub::new(HubSettings::default(), budget, Numbers { first: 1, step: 1 }, 1);
        Self { hub, channels: Vec::new(), messages: 0 }
    }
}

impl Kept {
    /// Who stands at the beginning of a stream gets what is there, or is told.
    fn expect_recoverable(mut self) {
        for (channel, epoch) in self.channels {
            let nobody = Nobody(UserId::parse("u").unwrap());
            let from = Position { epoch, offset: Offset::START };
            let attachment = self.hub.attach(&channel, nobody, Some(&from), NOW);
            assert!(attachment.recovered.is_some());
            assert!(attachment.recovered == Some(true) || attachment.missed.is_empty());
        }
        self.hub.tick(NOW + Duration::from_secs(1_000));
    }
}

impl Restore for Kept {
    fn stream(&mut self, channel: &Channel, epoch: &Epoch) {
        self.hub.restore_stream(channel, epoch, NOW);
        self.channels.push((channel.clone(), epoch.clone()));
    }

    fn message(&mut self, channel: &Channel, message: Restored<'_>) {
        serde_json::from_str::<serde::de::IgnoredAny>(message.payload.get()).expect("a payload is JSON");
        self.messages += 1;
        self.hub.restore_message(channel, message, NOW);
    }

    fn id(&mut self, channel: &Channel, id: &str, publish: Remembered, at: Duration) {
        self.hub.restore_id(channel, id, publish, at, NOW);
    }

    fn settle(&mut self, channel: &Channel, last: Offset, floor: Offset) -> Option<ChannelNumber> {
        self.hub.settle(channel, last, floor);
        self.hub.number(channel)
    }
}
