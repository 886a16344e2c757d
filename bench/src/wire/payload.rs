//! The payload of a benchmark's message: a JSON string that carries the message's number, filled up to a length.

/// Digits of a number. Eight are enough for hours of publishing.
const DIGITS: usize = 8;

/// The quotes, the digits and the colon behind them.
const SHORTEST_BYTES: usize = DIGITS + 3;

/// Makes payloads of one length, and tells whether bytes are one of them.
#[derive(Debug, Clone)]
pub struct Payload {
    /// Everything behind the number: a colon, the filling, the closing quote.
    tail: Vec<u8>,
}

impl Payload {
    /// Payloads of so many bytes, quotes included; at least 11.
    pub fn of_bytes(bytes: usize) -> Self {
        let filling = bytes.saturating_sub(SHORTEST_BYTES);
        let mut tail = vec![b':'];
        tail.extend((0..filling).map(|index| b'a' + (index % 26) as u8));
        tail.push(b'"');
        Self { tail }
    }

    /// How long each of them is.
    pub const fn bytes(&self) -> usize {
        1 + DIGITS + self.tail.len()
    }

    /// Writes the payload of a number.
    pub fn write(&self, number: u32, out: &mut Vec<u8>) {
        out.push(b'"');
        let mut digits = [b'0'; DIGITS];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(&digits);
        out.extend_from_slice(&self.tail);
    }

    /// The number of the payload that these bytes begin with, and what is behind it. `None` when a single byte of it
    /// is not as it was published.
    pub fn read<'a>(&self, bytes: &'a [u8]) -> Option<(u32, &'a [u8])> {
        let (digits, rest) = bytes.strip_prefix(b"\"")?.split_first_chunk::<DIGITS>()?;
        let rest = rest.strip_prefix(self.tail.as_slice())?;
        let mut number = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number * 10 + u32::from(digit - b'0');
        }
        Some((number, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_json_of_the_length_that_was_asked_for_and_gives_its_number_back() {
        for bytes in [11, 12, 128, 1_000] {
            let payload = Payload::of_bytes(bytes);
            for number in [0, 7, 12_345_678, 99_999_999] {
                let mut text = Vec::new();
                payload.write(number, &mut text);
                assert_eq!((text.len(), payload.bytes()), (bytes, bytes));
                assert!(serde_json::from_slice::<String>(&text).is_ok());
                text.extend_from_slice(b"]]");
                assert_eq!(payload.read(&text), Some((number, &b"]]"[..])));
            }
        }
    }

    #[test]
    fn a_payload_with_a_changed_byte_is_none() {
        let payload = Payload::of_bytes(40);
        let mut text = Vec::new();
        payload.write(123, &mut text);
        for index in 0..text.len() {
            let mut changed = text.clone();
            changed[index] ^= 0x80;
            assert_eq!(payload.read(&changed), None, "byte {index}");
        }
        assert_eq!(payload.read(&text[..39]), None);
    }
}
