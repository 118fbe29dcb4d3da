//! The files that say what a program needs: `Resources/Dependencies` and, where that is missing, `BuildInformation`.
//!
//! A file is read line by line, each on its own (`requirement::grammar` has the grammar): an odd line costs a diagnostic,
//! an impossible one is left out, and the rest of the file is read in any case. Files belong to programs that anybody may
//! have packaged, so size, line length, entries and diagnostics are bounded.

mod lines;

pub use crate::requirement::grammar::Options;

use crate::diagnostic::{Diagnostic, Severity};
use crate::requirement::grammar::{self, Line};
use crate::requirement::{Flag, Requirement};
use lines::{Lines, RawLine};

/// The largest file, in bytes.
pub const MAX_FILE: usize = 64 * 1024;
/// The longest line, in bytes.
pub const MAX_LINE: usize = 4 * 1024;
/// The most dependencies of one file.
pub const MAX_ENTRIES: usize = 1000;
/// The most diagnostics about one file.
pub const MAX_DIAGNOSTICS: usize = 100;

/// What a file says, and what was odd about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parsed {
    /// The file, as the caller names it.
    pub file: String,
    /// What the program needs, in the order of the file.
    pub entries: Vec<Entry>,
    /// Lines of flags without a dependency: what the program can be built with.
    pub flag_only: Vec<FlagLine>,
    /// What was odd, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// One line that asks for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it asks for.
    pub requirement: Requirement,
    /// Where it stands, from 1.
    pub line: u32,
}

/// One line of flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagLine {
    /// The flags.
    pub flags: Vec<Flag>,
    /// Where they stand, from 1.
    pub line: u32,
}

/// Reads a Dependencies file. A version without an operator is a lower bound.
///
/// `file` is its name in diagnostics.
#[must_use]
pub fn parse(file: &str, bytes: &[u8]) -> Parsed {
    parse_with(file, bytes, &Options::default())
}

/// Reads a Dependencies file as the options say.
#[must_use]
pub fn parse_with(file: &str, bytes: &[u8], options: &Options) -> Parsed {
    read(file, bytes, options, |_| false)
}

/// Reads a BuildInformation file: what the versions were that a program was built with, `NAME VERSION` on each line.
///
/// They are lower bounds. The tool that writes these files also notes libraries that it found no program for
/// (`*Warning*: Unresolved library /usr/lib/libx.so`); these lines ask for nothing.
#[must_use]
pub fn parse_build_information(file: &str, bytes: &[u8]) -> Parsed {
    read(file, bytes, &Options::default(), |line| line.trim_start().starts_with("*Warning*:"))
}

/// Reads a file line by line, but for the lines that ask for nothing.
fn read(file: &str, bytes: &[u8], options: &Options, asks_for_nothing: impl Fn(&str) -> bool) -> Parsed {
    let mut parsed = Parsed { file: file.to_owned(), ..Parsed::default() };
    if bytes.len() > MAX_FILE {
        let message = format!("the file has {} bytes, more than {MAX_FILE}: it was not read", bytes.len());
        parsed.diagnostics.push(Diagnostic::of_file(Severity::Error, file, message));
        return parsed;
    }
    let mut lines = Lines::new(bytes);
    for line in &mut lines {
        if !(line.dependency().is_ok_and(&asks_for_nothing)) {
            parsed.line(&line, options);
        }
    }
    let oddities = [
        (lines.mark, "the file begins with a byte order mark", "it was left out"),
        (
            lines.carriage_returns,
            "the lines end in CR LF, as on Windows",
            "they were read as if they ended in LF",
        ),
    ];
    for (_, message, help) in oddities.into_iter().filter(|(found, ..)| *found) {
        parsed.report(Diagnostic::of_file(Severity::Warning, file, message).with_help(help));
    }
    parsed
}

impl Parsed {
    fn line(&mut self, raw: &RawLine<'_>, options: &Options) {
        let text = match raw.dependency() {
            Ok(text) => text,
            Err(fault) => {
                let message = fault.to_string();
                let diagnostic =
                    Diagnostic::of_span(Severity::Error, &self.file, &raw.shown(), fault.span(), message);
                return self.report(Diagnostic { line: raw.number, ..diagnostic });
            }
        };
        let (line, complaints) = grammar::read_line(text, options);
        // One more than are shown, so that `report` says that there are more.
        let room = (MAX_DIAGNOSTICS + 1).saturating_sub(self.diagnostics.len());
        for complaint in complaints.into_iter().take(room) {
            let shown = raw.shown();
            let diagnostic = Diagnostic::of_span(
                complaint.severity,
                &self.file,
                &shown,
                complaint.span,
                complaint.message,
            );
            self.report(Diagnostic { line: raw.number, help: complaint.help, ..diagnostic });
        }
        match line {
            Line::Nothing | Line::CrossOnly => {}
            Line::Flags(flags) => self.flag_only.push(FlagLine { flags, line: raw.number }),
            Line::Entry(requirement) if self.entries.len() < MAX_ENTRIES => {
                self.entries.push(Entry { requirement, line: raw.number });
            }
            Line::Entry(_) => {
                let message =
                    format!("the file has more than {MAX_ENTRIES} dependencies: this one was left out");
                let diagnostic = Diagnostic::of_span(Severity::Error, &self.file, text, 0..0, message);
                self.report(Diagnostic { line: raw.number, column: 0, ..diagnostic });
            }
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        } else if self.diagnostics.len() == MAX_DIAGNOSTICS {
            let message = format!("more than {MAX_DIAGNOSTICS} odd places: no more of them are shown");
            self.diagnostics.push(Diagnostic::of_file(Severity::Error, &self.file, message));
        }
    }
}

#[cfg(test)]
mod tests;
