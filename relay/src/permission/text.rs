//! Text that a script or a backend made, in a form that a log can bear.

/// Characters of one text: enough for a message and a few values, too few to fill a disk.
pub const MAX_CHARS: usize = 1024;

/// The text on one line and of bounded length: control characters, line breaks and invisible formatting (which could
/// forge or hide log lines) are escaped, and what is longer than [`MAX_CHARS`] ends in `…`.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_CHARS));
    for (count, c) in text.chars().enumerate() {
        if count == MAX_CHARS {
            out.push('…');
            break;
        }
        match c {
            '"' | '\'' | '\\' => out.push(c),
            _ => out.extend(c.escape_debug()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_forge_a_log_line_is_escaped_and_the_rest_is_left() {
        assert_eq!(printable("it's \"ok\": ä 漢 🙂 \\"), "it's \"ok\": ä 漢 🙂 \\");
        assert_eq!(printable("a\nb\r\u{1b}[31m\0"), "a\\nb\\r\\u{1b}[31m\\0");
        assert_eq!(printable("\u{202e}x\u{2028}"), "\\u{202e}x\\u{2028}");
    }

    #[test]
    fn a_long_text_is_cut() {
        let text = printable(&"ä".repeat(5000));
        assert_eq!(text.chars().count(), MAX_CHARS + 1);
        assert!(text.ends_with('…'));
    }
}
