//! Where in the site's files something happened.

use std::fmt;

use super::super::explanation::Handler;
use super::super::text::printable;

/// A place in one of the site's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's path inside the site folder, with `/` between its parts.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Place {
    /// The topmost place in a stack trace that is in one of the site's own files.
    ///
    /// Lines look like `    at name (file:line:column)` or `    at file:line:column`; what looks otherwise is skipped.
    pub fn topmost(stack: &str) -> Option<Self> {
        stack.lines().find_map(Self::of_frame)
    }

    fn of_frame(frame: &str) -> Option<Self> {
        let frame = frame.trim().strip_prefix("at ")?;
        let place = match frame.strip_suffix(')') {
            Some(call) => call.rsplit_once('(')?.1,
            None => frame,
        };
        let (rest, column) = place.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        if file.starts_with(INTERNAL_PREFIX) {
            return None;
        }
        Some(Self { file: file.to_owned(), line: line.parse().ok()?, column: column.parse().ok()? })
    }

    /// The place of the byte at `offset` in the text of `file`.
    pub fn of_offset(file: &str, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: count(before.matches('\n').count()),
            column: count(before.get(line_start..).unwrap_or_default().chars().count()),
        }
    }
}

impl From<Place> for Handler {
    fn from(place: Place) -> Self {
        Self { file: printable(&place.file), line: place.line }
    }
}

/// The names of the relay's own modules start so; no path in a site folder does.
pub const INTERNAL_PREFIX: &str = "relay:";

/// A number counted from 0 as one counted from 1.
fn count(from_zero: usize) -> u32 {
    u32::try_from(from_zero).unwrap_or(u32::MAX).saturating_add(1)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Finds where `text` imports `specifier`: the offset of the specifier in an `import`, an `export … from` or an
/// `import()`. Comments are skipped.
pub fn offset_of_import(text: &str, specifier: &str) -> Option<usize> {
    let code = without_comments(text);
    ['\'', '"'].into_iter().find_map(|quote| {
        let quoted = format!("{quote}{specifier}{quote}");
        code.match_indices(&quoted)
            .map(|(offset, _)| offset)
            .find(|&offset| follows_import(code.get(..offset).unwrap_or_default()))
    })
}

/// Finds where `text` imports `name` from `specifier`: the offset of the name, else that of the specifier.
pub fn offset_of_imported_name(text: &str, name: &str, specifier: &str) -> Option<usize> {
    let specifier_offset = offset_of_import(text, specifier)?;
    let code = without_comments(text);
    let before = code.get(..specifier_offset)?;
    let clause_start = before.rfind("import").or_else(|| before.rfind("export"))?;
    let name_offset = before
        .get(clause_start..)?
        .match_indices(name)
        .map(|(offset, _)| clause_start + offset)
        .find(|&offset| is_word(before, offset, name.len()));
    Some(name_offset.unwrap_or(specifier_offset))
}

fn follows_import(before: &str) -> bool {
    let before = before.trim_end().trim_end_matches('(').trim_end();
    before.ends_with("from") || before.ends_with("import")
}

fn is_word(text: &str, offset: usize, length: usize) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let before = text.get(..offset).and_then(|t| t.chars().next_back());
    let after = text.get(offset + length..).and_then(|t| t.chars().next());
    !before.is_some_and(is_name) && !after.is_some_and(is_name)
}

/// The text with every comment replaced by spaces of the same length, so that offsets stay.
///
/// Strings are recognised, regular expressions and templates are not: good enough to find an import.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, is_comment) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), true),
            '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |end| end + 2), true),
            '\'' | '"' => (string_length(rest, first), false),
            _ => (first.len_utf8(), false),
        };
        let (token, after) = rest.split_at(length);
        if is_comment {
            code.extend(token.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            code.push_str(token);
        }
        rest = after;
    }
    code
}

/// The length of the string that `text` starts with; a string that does not end ends with its line.
fn string_length(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (offset, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return offset,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return offset + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topmost_place_in_the_sites_files_is_found() {
        let stack = "    at replace (native)\n    at log (relay:engine:3:1)\n    \
                     at handler (backend/realtime-permissions.js:12:5)\n    at x (backend/other.js:1:1)\n";
        let place = Place::topmost(stack).unwrap();
        assert_eq!(place.to_string(), "backend/realtime-permissions.js:12:5");
        assert_eq!(Place::topmost("    at backend/a.js:2:7\n").unwrap().to_string(), "backend/a.js:2:7");
    }

    #[test]
    fn a_stack_that_a_script_made_up_is_no_place() {
        for stack in ["", "nonsense", "at (", "at a:b:c", "at (native)", "at x (:)", "at f (relay:x:1:2)"] {
            assert_eq!(Place::topmost(stack), None, "{stack}");
        }
    }

    #[test]
    fn an_offset_is_a_line_and_a_column_in_characters() {
        let text = "ab\ncäd\n";
        assert_eq!(Place::of_offset("f", text, 0).to_string(), "f:1:1");
        assert_eq!(Place::of_offset("f", text, 6).to_string(), "f:2:3");
    }

    #[test]
    fn an_import_is_found_where_it_is_and_not_in_a_comment_or_a_string() {
        let text = "// import x from 'wix-data'\n/* from 'wix-data' */ const s = 'wix-data';\n\
                    import y from \"wix-data\";";
        let place = Place::of_offset("f", text, offset_of_import(text, "wix-data").unwrap());
        assert_eq!(place.to_string(), "f:3:15");
        assert_eq!(offset_of_import("import('x')", "x"), Some(7));
        assert_eq!(offset_of_import("import 'x'", "x"), Some(7));
        assert_eq!(offset_of_import("f('x')", "x"), None);
    }

    #[test]
    fn an_imported_name_is_found_as_a_whole_word() {
        let text = "import { abc, ab as z } from 'x';";
        assert_eq!(offset_of_imported_name(text, "ab", "x"), Some(14));
        assert_eq!(offset_of_imported_name(text, "q", "x"), Some(29));
    }
}
