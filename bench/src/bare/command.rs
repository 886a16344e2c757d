//! What the bare loop is told: the body of a publish is one or more messages, each a channel's number and a length
//! (16 and 32 bits, little-endian) in front of the payload.

/// Bytes in front of a payload.
pub const HEADER_BYTES: usize = 6;

/// What a subscriber hears once it is one. No payload of a benchmark looks like it.
pub const SUBSCRIBED: &[u8] = b"subscribed";

/// Writes one message.
pub fn push(channel: usize, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(channel as u16).to_le_bytes());
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(payload);
}

/// The message that a body begins with, and the rest.
pub fn first(body: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let (channel, rest) = body.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (payload, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((usize::from(u16::from_le_bytes(*channel)), payload, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_they_were_written() {
        let mut body = Vec::new();
        push(0, b"one", &mut body);
        push(65_535, b"", &mut body);
        let (channel, payload, rest) = first(&body).unwrap();
        assert_eq!((channel, payload), (0, &b"one"[..]));
        assert_eq!(first(rest), Some((65_535, &b""[..], &b""[..])));
        assert_eq!(first(&[]), None);
    }
}
