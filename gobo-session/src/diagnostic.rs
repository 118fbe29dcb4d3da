//! What was wrong in a file, where, and what to do: shown as a compiler shows it.
//!
//! Readers of files never stop at the first odd line. They collect diagnostics and go on; the caller decides what
//! to print and whether an error is fatal.

use crate::text::{Safe, shorten, wrap};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most characters of a line that are shown; what is further right has no caret.
const MAX_SHOWN: usize = 160;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It was understood, but is not written as it should be.
    Warning,
    /// It could not be understood, and was left out.
    Error,
}

/// One complaint about one place in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file, as the reader was given it.
    pub file: String,
    /// Line, from 1; 0 where the complaint is about the whole file.
    pub line: u32,
    /// Column in characters, from 1; 0 where the complaint is about the whole line.
    pub column: u32,
    /// How many characters the caret underlines; at least 1.
    pub width: u32,
    /// One sentence without a full stop: what is wrong.
    pub message: String,
    /// What was read instead, or what to write.
    pub help: Option<String>,
    /// The line itself, without its end.
    pub source: String,
}

impl Diagnostic {
    /// A complaint about a whole file (it cannot be read, it is too large, it is not trusted).
    #[must_use]
    pub fn of_file(severity: Severity, file: &str, message: impl Into<String>) -> Self {
        Self {
            severity,
            file: file.to_owned(),
            line: 0,
            column: 0,
            width: 1,
            message: message.into(),
            help: None,
            source: String::new(),
        }
    }

    /// A complaint about the bytes `start..end` of `text`.
    #[must_use]
    pub fn of_span(
        severity: Severity,
        file: &str,
        text: &str,
        span: std::ops::Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        let at = boundary(text, span.start);
        let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
        let source = text[start..].lines().next().unwrap_or("");
        let end = boundary(text, span.end).clamp(at, start + source.len().max(at - start));
        let mut diagnostic = Self {
            severity,
            file: file.to_owned(),
            line: count(text[..at].matches('\n').count() + 1),
            column: count(text[start..at].chars().count() + 1),
            width: count(text[at..end].chars().count()).max(1),
            message: message.into(),
            help: None,
            source: shorten(source, MAX_SHOWN),
        };
        let shown = count(MAX_SHOWN);
        if diagnostic.column > shown {
            (diagnostic.column, diagnostic.width) = (0, 1);
        } else {
            diagnostic.width = diagnostic.width.min(shown + 1 - diagnostic.column);
        }
        diagnostic
    }

    /// The same complaint with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether it is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The complaint in one line, for syslog: `FILE:LINE:COLUMN: message (help)`.
    #[must_use]
    pub fn one_line(&self) -> String {
        let mut text = format!("{}{}", self.place(), Safe(&self.message));
        if let Some(help) = &self.help {
            text.push_str(&format!(" ({})", Safe(help)));
        }
        text
    }

    fn place(&self) -> String {
        match (self.line, self.column) {
            (0, _) => format!("{}: ", Safe(&self.file)),
            (line, 0) => format!("{}:{line}: ", Safe(&self.file)),
            (line, column) => format!("{}:{line}:{column}: ", Safe(&self.file)),
        }
    }
}

/// The nearest place at or before `at` where a character of the text begins.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{}{severity}: {}", self.place(), Safe(&self.message))?;
        if self.line > 0 {
            let number = self.line.to_string();
            let source: String = self.source.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
            write!(f, "\n {number} | {}", Safe(&source))?;
            if self.column > 0 {
                // What stands before the place may be shown longer than it is.
                let before: String = source.chars().take(self.column as usize - 1).collect();
                let shift = " ".repeat(number.len() + 4 + Safe(&before).to_string().chars().count());
                write!(f, "\n{shift}{}", "^".repeat(self.width as usize))?;
            }
        }
        let help = self.help.as_ref().map(|help| wrap("   = ", "     ", &Safe(help).to_string()));
        help.into_iter().flatten().try_for_each(|line| write!(f, "\n{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_shown_with_a_caret() {
        let text = "Lua >= 5.1\nQt >= 3.3.2 < 4.0\n";
        let d =
            Diagnostic::of_span(Severity::Warning, "Dependencies", text, 23..24, "a comma is missing here")
                .with_help("read as `>= 3.3.2, < 4.0`");
        assert_eq!(
            d.to_string(),
            "Dependencies:2:13: warning: a comma is missing here\n 2 | Qt >= 3.3.2 < 4.0\n                 ^\n   = \
             read as `>= 3.3.2, < 4.0`"
        );
        assert_eq!(d.one_line(), "Dependencies:2:13: a comma is missing here (read as `>= 3.3.2, < 4.0`)");
    }

    #[test]
    fn a_span_inside_a_character_is_one_of_the_character() {
        let d = Diagnostic::of_span(Severity::Error, "f", "aéb", 2..3, "odd");
        assert_eq!((d.line, d.column, d.width), (1, 2, 1));
    }

    #[test]
    fn a_long_line_is_cut_and_an_escaped_one_keeps_its_caret() {
        let long = "x".repeat(10_000);
        let d = Diagnostic::of_span(Severity::Error, "f", &long, 9_000..9_001, "odd");
        assert_eq!((d.column, d.source.chars().count()), (0, MAX_SHOWN + 3));
        let d = Diagnostic::of_span(Severity::Error, "f", "\u{1b}ab", 1..2, "odd");
        assert_eq!(d.to_string(), "f:1:2: error: odd\n 1 | \\u{1b}ab\n           ^");
    }

    #[test]
    fn a_span_past_the_end_stays_inside_the_text() {
        let d = Diagnostic::of_span(Severity::Error, "f", "ab", 2..9, "more was expected");
        assert_eq!((d.line, d.column, d.width), (1, 3, 1));
    }
}
