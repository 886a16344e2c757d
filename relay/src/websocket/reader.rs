//! Bytes of a client as messages. Holds memory only for what is incomplete, so a connection at rest has no buffer.

use soketto::Parsing;
use soketto::base::{Codec, Error as HeaderError, Header, OpCode};

/// Reads a client's bytes, in whatever pieces they come.
#[derive(Debug)]
pub struct Reader {
    max_message_bytes: usize,
    /// The beginning of a frame whose rest has not come.
    rest: Vec<u8>,
    /// The beginning of a message whose further fragments have not come.
    fragments: Option<Box<Fragments>>,
}

#[derive(Debug)]
struct Fragments {
    is_text: bool,
    data: Vec<u8>,
}

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A part of a message whose further parts have not come.
    Part,
    /// A ping, to be answered with its data.
    Ping(&'a [u8]),
    /// A pong, which needs no answer.
    Pong,
    /// A close frame, with its code if it has one.
    Close(Option<u16>),
}

/// How a client broke RFC 6455, or the size limit. The connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Section 5: a frame that is not well-formed or not allowed here.
    #[error("{0}")]
    Protocol(&'static str),
    /// Section 8.1: text that is not UTF-8.
    #[error("a text message is not UTF-8")]
    NotUtf8,
    /// More than the limit for one message.
    #[error("a message is larger than the limit")]
    TooLarge,
}

impl Violation {
    /// The close code of RFC 6455 section 7.4.1.
    pub const fn close_code(self) -> u16 {
        match self {
            Self::Protocol(_) => 1002,
            Self::NotUtf8 => 1007,
            Self::TooLarge => 1009,
        }
    }
}

/// Whether the one who got a message wants the next one.
pub type Flow = std::ops::ControlFlow<()>;

impl Reader {
    /// A reader that accepts messages of at most so many bytes.
    pub const fn new(max_message_bytes: usize) -> Self {
        Self { max_message_bytes, rest: Vec::new(), fragments: None }
    }

    /// Takes the next bytes (which are unmasked in place) and gives every message that they complete to `on`, until
    /// it breaks.
    ///
    /// # Errors
    /// A [`Violation`]; the reader is not to be used after that.
    pub fn feed(
        &mut self,
        bytes: &mut [u8],
        on: &mut impl FnMut(Incoming<'_>) -> Flow,
    ) -> Result<Flow, Violation> {
        if self.rest.is_empty() {
            return self.frames(bytes, on);
        }
        let mut joined = std::mem::take(&mut self.rest);
        joined.extend_from_slice(bytes);
        self.frames(&mut joined, on)
    }

    /// Bytes that it owns for what is incomplete: nothing at rest.
    pub fn held_bytes(&self) -> usize {
        self.rest.capacity() + self.fragments.as_ref().map_or(0, |fragments| fragments.data.capacity())
    }

    fn frames(
        &mut self,
        mut bytes: &mut [u8],
        on: &mut impl FnMut(Incoming<'_>) -> Flow,
    ) -> Result<Flow, Violation> {
        let mut codec = Codec::new();
        codec.set_max_data_size(self.max_message_bytes);
        loop {
            let (header, length) = match codec.decode_header(bytes).map_err(violation)? {
                Parsing::NeedMore(_) => break,
                Parsing::Done { value, offset } => (value, offset),
            };
            if !header.is_masked() {
                return Err(Violation::Protocol("a client's frame is not masked"));
            }
            let end = length + header.payload_len();
            if bytes.len() < end {
                break;
            }
            let (frame, behind) = std::mem::take(&mut bytes).split_at_mut(end);
            bytes = behind;
            let data = frame.get_mut(length..).unwrap_or_default();
            Codec::apply_mask(&header, data);
            if self.frame(&header, data, on)?.is_break() {
                return Ok(Flow::Break(()));
            }
        }
        if !bytes.is_empty() {
            self.rest = bytes.to_vec();
        }
        Ok(Flow::Continue(()))
    }

    fn frame(
        &mut self,
        header: &Header,
        data: &[u8],
        on: &mut impl FnMut(Incoming<'_>) -> Flow,
    ) -> Result<Flow, Violation> {
        match header.opcode() {
            OpCode::Text | OpCode::Binary => self.start(header, data, on),
            OpCode::Continue => self.go_on(header, data, on),
            OpCode::Ping => Ok(on(Incoming::Ping(data))),
            OpCode::Pong => Ok(on(Incoming::Pong)),
            OpCode::Close => Ok(on(Incoming::Close(close_code(data)?))),
            _ => Err(Violation::Protocol("an unknown kind of frame")),
        }
    }

    fn start(
        &mut self,
        header: &Header,
        data: &[u8],
        on: &mut impl FnMut(Incoming<'_>) -> Flow,
    ) -> Result<Flow, Violation> {
        if self.fragments.is_some() {
            return Err(Violation::Protocol("a new message inside a fragmented one"));
        }
        let is_text = header.opcode() == OpCode::Text;
        if header.is_fin() {
            return whole(is_text, data, on);
        }
        self.fragments = Some(Box::new(Fragments { is_text, data: data.to_vec() }));
        Ok(on(Incoming::Part))
    }

    fn go_on(
        &mut self,
        header: &Header,
        data: &[u8],
        on: &mut impl FnMut(Incoming<'_>) -> Flow,
    ) -> Result<Flow, Violation> {
        let Some(mut fragments) = self.fragments.take() else {
            return Err(Violation::Protocol("a continuation without a message to continue"));
        };
        if fragments.data.len() + data.len() > self.max_message_bytes {
            return Err(Violation::TooLarge);
        }
        fragments.data.extend_from_slice(data);
        if header.is_fin() {
            return whole(fragments.is_text, &fragments.data, on);
        }
        self.fragments = Some(fragments);
        Ok(on(Incoming::Part))
    }
}

fn whole(is_text: bool, data: &[u8], on: &mut impl FnMut(Incoming<'_>) -> Flow) -> Result<Flow, Violation> {
    if !is_text {
        return Ok(on(Incoming::Binary(data)));
    }
    let text = std::str::from_utf8(data).map_err(|_| Violation::NotUtf8)?;
    Ok(on(Incoming::Text(text)))
}

/// The code of a close frame's data, by RFC 6455 sections 5.5.1 and 7.4.
fn close_code(data: &[u8]) -> Result<Option<u16>, Violation> {
    let Some((code, reason)) = data.split_first_chunk::<2>() else {
        return if data.is_empty() {
            Ok(None)
        } else {
            Err(Violation::Protocol("a close code has two bytes"))
        };
    };
    if std::str::from_utf8(reason).is_err() {
        return Err(Violation::NotUtf8);
    }
    let code = u16::from_be_bytes(*code);
    match code {
        1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(Some(code)),
        _ => Err(Violation::Protocol("a close code that must not be sent")),
    }
}

fn violation(error: HeaderError) -> Violation {
    match error {
        HeaderError::PayloadTooLarge { .. } => Violation::TooLarge,
        HeaderError::FragmentedControl => Violation::Protocol("a fragmented control frame"),
        HeaderError::InvalidControlFrameLen => Violation::Protocol("a control frame that is too long"),
        HeaderError::InvalidReservedBit(_) => Violation::Protocol("a reserved bit is set"),
        _ => Violation::Protocol("an unknown kind of frame"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [1, 2, 3, 4];

    fn frame(first_byte: u8, data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first_byte];
        match data.len() {
            length @ 0..126 => bytes.push(0x80 | length as u8),
            length => {
                bytes.push(0x80 | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
        }
        bytes.extend(MASK);
        bytes.extend(data.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }

    /// Feeds the bytes in pieces of one size, and writes down what comes out.
    fn read(bytes: &[u8], piece: usize) -> Result<Vec<String>, Violation> {
        let mut reader = Reader::new(1_000);
        let mut seen = Vec::new();
        for piece in bytes.chunks(piece) {
            let _ = reader.feed(&mut piece.to_vec(), &mut |incoming| {
                seen.push(format!("{incoming:?}"));
                Flow::Continue(())
            })?;
        }
        assert_eq!(reader.held_bytes(), 0, "a reader at rest owns no buffer");
        Ok(seen)
    }

    #[test]
    fn messages_come_out_whole_whatever_the_pieces() {
        let long = "long ".repeat(40);
        let bytes = [
            frame(0x81, b"one"),
            frame(0x01, "frag".as_bytes()),
            frame(0x89, b"ping"),
            frame(0x00, "ment".as_bytes()),
            frame(0x80, "ed ü".as_bytes()),
            frame(0x8A, b""),
            frame(0x81, long.as_bytes()),
            frame(0x82, &[0, 255]),
            frame(0x88, &[0x0F, 0xA0, b'b']),
        ]
        .concat();
        let wanted = [
            "Text(\"one\")".to_owned(),
            "Part".to_owned(),
            "Ping([112, 105, 110, 103])".to_owned(),
            "Part".to_owned(),
            "Text(\"fragmented ü\")".to_owned(),
            "Pong".to_owned(),
            format!("Text({long:?})"),
            "Binary([0, 255])".to_owned(),
            "Close(Some(4000))".to_owned(),
        ];
        for piece in [1, 2, 3, 7, 50, 10_000] {
            assert_eq!(read(&bytes, piece).unwrap(), wanted, "pieces of {piece}");
        }
    }

    #[test]
    fn a_violation_is_named_with_its_close_code() {
        let mut unmasked = frame(0x81, b"x");
        unmasked[1] &= 0x7F;
        let cases = [
            (unmasked, 1002),
            (frame(0xC1, b"x"), 1002),
            (frame(0x83, b"x"), 1002),
            (frame(0x80, b"x"), 1002),
            ([frame(0x01, b"x"), frame(0x81, b"y")].concat(), 1002),
            (frame(0x09, b"fragmented ping"), 1002),
            (frame(0x89, &[0; 126]), 1002),
            (frame(0x88, &[3]), 1002),
            (frame(0x88, &[0x03, 0xED]), 1002),
            (frame(0x88, &[0x03, 0xE8, 0xFF]), 1007),
            (frame(0x81, &[0xFF]), 1007),
            (frame(0x81, &[b'x'; 1_001]), 1009),
            ([frame(0x01, &[b'x'; 600]), frame(0x80, &[b'x'; 401])].concat(), 1009),
        ];
        for (bytes, code) in cases {
            let violation = read(&bytes, bytes.len()).expect_err("a violation");
            assert_eq!(violation.close_code(), code, "{violation}: {bytes:?}");
        }
    }

    #[test]
    fn a_frame_that_announces_too_much_is_refused_before_it_is_read() {
        let mut reader = Reader::new(1_000);
        let mut header = [0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0x10, 0, 1, 2, 3, 4];
        assert_eq!(reader.feed(&mut header, &mut |_| Flow::Continue(())), Err(Violation::TooLarge));
    }

    #[test]
    fn nothing_is_given_after_a_break() {
        let mut bytes = [frame(0x81, b"one"), frame(0x81, b"two")].concat();
        let mut seen = 0;
        let flow = Reader::new(1_000).feed(&mut bytes, &mut |_| {
            seen += 1;
            Flow::Break(())
        });
        assert_eq!((flow, seen), (Ok(Flow::Break(())), 1));
    }
}
