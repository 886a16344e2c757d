//! Why a permissions file does not load.

use std::fmt;

use super::place::Place;

/// A permissions file, or a file that it imports, that cannot be used.
///
/// Shows as `backend/realtime-permissions.js:12:5: SyntaxError: …`; without the numbers when no single line is at
/// fault. The reason has no control characters other than line breaks that the relay itself put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The file at fault: its path inside the site folder, or as it was given when it could not be opened.
    pub file: String,
    /// Line and column, both from 1.
    pub line_and_column: Option<(u32, u32)>,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl ScriptError {
    /// An error of a file as a whole.
    pub fn of_file(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file: file.into(), line_and_column: None, reason: reason.into() }
    }

    /// An error at a place.
    pub fn at(place: Place, reason: impl Into<String>) -> Self {
        Self { file: place.file, line_and_column: Some((place.line, place.column)), reason: reason.into() }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line_and_column {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.reason),
            None => write!(f, "{}: {}", self.file, self.reason),
        }
    }
}

impl std::error::Error for ScriptError {}
