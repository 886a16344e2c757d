//! WebSocket frames (RFC 6455 section 5): a server's are read in place, a client's are written masked.

/// One whole frame of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its data.
    pub body: &'a [u8],
    /// Bytes of header and data.
    pub bytes: usize,
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// The end of the connection.
    Close,
    /// To be answered.
    Ping,
    /// An answer.
    Pong,
}

/// Bytes that are no frame which a server may send here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// A reserved bit or an unknown opcode.
    #[error("a frame begins with the byte {0:#04x}")]
    Header(u8),
    /// No server under test sends fragments.
    #[error("a message is fragmented, which this load generator does not join")]
    Fragmented,
    /// RFC 6455 section 5.1.
    #[error("a server's frame is masked")]
    Masked,
}

/// The frame that these bytes begin with, or `None` while it is incomplete.
///
/// # Errors
/// [`BadFrame`].
pub fn first(bytes: &[u8]) -> Result<Option<Frame<'_>>, BadFrame> {
    let [start, length, rest @ ..] = bytes else {
        return Ok(None);
    };
    let kind = kind(*start)?;
    if length & 0x80 != 0 {
        return Err(BadFrame::Masked);
    }
    let split = match length {
        126 => rest.split_first_chunk::<2>().map(|(n, rest)| (usize::from(u16::from_be_bytes(*n)), rest)),
        127 => rest.split_first_chunk::<8>().map(|(n, rest)| (u64::from_be_bytes(*n) as usize, rest)),
        length => Some((usize::from(*length), rest)),
    };
    let Some((length, rest)) = split else {
        return Ok(None);
    };
    let header_bytes = bytes.len() - rest.len();
    Ok(rest.get(..length).map(|body| Frame { kind, body, bytes: header_bytes + length }))
}

fn kind(start: u8) -> Result<Kind, BadFrame> {
    match start {
        0x81 => Ok(Kind::Text),
        0x82 => Ok(Kind::Binary),
        0x88 => Ok(Kind::Close),
        0x89 => Ok(Kind::Ping),
        0x8A => Ok(Kind::Pong),
        0x00..=0x02 | 0x80 => Err(BadFrame::Fragmented),
        other => Err(BadFrame::Header(other)),
    }
}

/// The mask of every frame that the load generator sends. A client of a user must use random ones (section 10.3);
/// here a server has the same work with one.
const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// Writes a client's text message.
pub fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    push_masked(out, 0x81, text);
}

/// Writes a client's answer to a ping.
pub fn push_pong(out: &mut Vec<u8>, data: &[u8]) {
    push_masked(out, 0x8A, data);
}

fn push_masked(out: &mut Vec<u8>, start: u8, data: &[u8]) {
    out.push(start);
    match data.len() {
        length @ 0..126 => out.push(0x80 | length as u8),
        length @ 126..=0xFFFF => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(data.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// Writes a server's text message.
pub fn push_server_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(0x81);
    match text.len() {
        length @ 0..126 => out.push(length as u8),
        length @ 126..=0xFFFF => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(text);
}

/// The client's text message that these bytes begin with, unmasked, and how many bytes it took; `None` while it is
/// incomplete or when it is anything but a short text message. All that the reference server needs to read.
pub fn short_client_text(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [0x81, length @ 0x80..0xFE, rest @ ..] = bytes else {
        return None;
    };
    let length = usize::from(length & 0x7F);
    let (mask, rest) = rest.split_first_chunk::<4>()?;
    let text = rest.get(..length)?.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Some((text, 6 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_once_its_last_byte_is_there() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let text = vec![b'x'; length];
            let mut bytes = Vec::new();
            push_server_text(&mut bytes, &text);
            let whole = Frame { kind: Kind::Text, body: &text, bytes: bytes.len() };
            for cut in [0, 1, 2, 3, bytes.len() - 1].into_iter().filter(|cut| *cut < bytes.len()) {
                assert_eq!(first(&bytes[..cut]), Ok(None), "{cut} of {} bytes", bytes.len());
            }
            let with_more = [&bytes[..], b"\x81"].concat();
            assert_eq!(first(&with_more), Ok(Some(whole)));
        }
    }

    #[test]
    fn what_a_server_must_not_send_is_told() {
        assert_eq!(first(&[0x81, 0x80, 1, 2, 3, 4]), Err(BadFrame::Masked));
        assert_eq!(first(&[0x01, 0x00]), Err(BadFrame::Fragmented));
        assert_eq!(first(&[0xC1, 0x00]), Err(BadFrame::Header(0xC1)));
    }

    #[test]
    fn a_clients_text_is_masked_and_can_be_read_by_a_server() {
        let mut bytes = Vec::new();
        push_text(&mut bytes, b"subscribe");
        assert!(!bytes.windows(4).any(|part| part == b"subs"));
        assert_eq!(short_client_text(&bytes), Some((b"subscribe".to_vec(), bytes.len())));
        assert_eq!(short_client_text(&bytes[..bytes.len() - 1]), None);
    }
}
