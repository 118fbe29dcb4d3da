//! Files that `setup` writes, and knows again: the first line of each tells whether somebody has changed it since.

use crate::error::Result;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The first line of a file: who wrote it, and what the other lines were then.
const MARK: &str =
    "# `gobo-session setup` has written this; `setup --remove` takes it away, unless it was changed: ";

/// How it stands with a file that leads to a tree beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// It is not there.
    Missing,
    /// It is there as it should be.
    Right,
    /// It is as another version has written it, or for another index.
    Older,
    /// Somebody has changed it, or written it himself.
    Changed,
}

impl fmt::Display for FileState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is not there",
            Self::Right => "is as it should be",
            Self::Older => "is of another version, and can be replaced",
            Self::Changed => "was changed, and stays",
        })
    }
}

impl FileState {
    /// How it stands with a file that was read, or could not be, and is to have that text.
    pub(super) fn of(found: Result<Option<String>>, wanted: &str) -> Self {
        match found {
            Ok(None) => Self::Missing,
            Ok(Some(text)) if text == wanted => Self::Right,
            Ok(Some(text)) if is_as_written(&text) => Self::Older,
            _ => Self::Changed,
        }
    }

    /// Whether it is there as it was written, by this version or another.
    pub(super) fn is_own(self) -> bool {
        matches!(self, Self::Right | Self::Older)
    }
}

/// A text with a first line that tells whether it was changed.
pub(super) fn marked(text: &str) -> String {
    format!("{MARK}{}\n{text}", digest(text))
}

/// Whether a text is as it was written.
fn is_as_written(text: &str) -> bool {
    let marked = text.strip_prefix(MARK).and_then(|rest| rest.split_once('\n'));
    marked.is_some_and(|(told, rest)| told == digest(rest))
}

/// The first half of the SHA-256 of a text.
fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_knows_whether_it_was_changed() {
        let text = marked("a\nb\n");
        assert!(is_as_written(&text));
        for changed in [text.replace('b', "c"), format!("{text}c\n"), "a\nb\n".to_owned(), String::new()] {
            assert!(!is_as_written(&changed), "{changed:?}");
        }
    }
}
