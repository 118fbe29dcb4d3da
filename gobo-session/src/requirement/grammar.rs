//! The grammar of one line of a Dependencies file.
//!
//! ```text
//! line        = [ alternative { "|" alternative } | flags ] [ "#" comment ]
//! alternative = [ name ] [ constraint { "," constraint } ] [ flags ]     ; without a name: that of the one before
//! name        = PROGRAM | MANAGER ":" NAME
//! constraint  = [ ">=" | ">" | "<=" | "<" | "=" | "!=" ] VERSION
//! flags       = "[" [ "!" | "*" ] FLAG { "," ... } "]"
//! ```
//!
//! Real recipes hold slips whose meaning is beyond doubt: a missing comma, `=>`, words behind a version.
//! They are read as they were meant, with a warning. An error leaves the line out, and nothing but that line: to read
//! half of a dependency would be to take a version that its author excluded.

mod parts;

use super::name::{MAX, is_name_character};
use super::{
    AlienManager, Alternative, Complaint, Constraint, Flag, FlagMark, InvalidName, Requirement, Wanted,
};
use crate::text::nearest;

/// What a reader may decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// A version without an operator means that version alone, and not that version or a later one.
    pub bare_means_exact: bool,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Nothing: it is blank, a comment, or was reported as an error.
    Nothing,
    /// Flags without a dependency.
    Flags(Vec<Flag>),
    /// A dependency of cross compilers only (`[cross]`).
    CrossOnly,
    /// A dependency.
    Entry(Requirement),
}

/// Reads one line, given without its end. Where a complaint is an error, the line says nothing.
pub(crate) fn read_line(line: &str, options: &Options) -> (Line, Vec<Complaint>) {
    let text = &line[..line.find('#').unwrap_or(line.len())];
    let mut reader = Reader { text, at: 0, end: text.len(), options, complaints: Vec::new() };
    let line = reader.line().unwrap_or_else(|error| {
        reader.complaints.push(error);
        Line::Nothing
    });
    (line, reader.complaints)
}

/// A place in a line: `at` moves towards `end`, which is that of the line or of the alternative being read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    options: &'a Options,
    complaints: Vec<Complaint>,
}

/// An error, which ends the line.
type Read<T> = Result<T, Complaint>;

impl<'a> Reader<'a> {
    fn line(&mut self) -> Read<Line> {
        if let Some((at, c)) = self.text.char_indices().find(|(_, c)| c.is_control() && *c != '\t') {
            return Err(Complaint::error(at..at + c.len_utf8(), "a control character in a dependency"));
        }
        self.warn_of_tabs();
        self.blanks();
        match self.peek() {
            None => return Ok(Line::Nothing),
            Some('[') if !self.text.contains('|') => {
                let flags = self.flags()?;
                self.junk();
                return Ok(Line::Flags(flags));
            }
            Some(_) => {}
        }
        let mut alternatives: Vec<Alternative> = Vec::new();
        let mut start = 0;
        for part in self.text.split('|') {
            (self.at, self.end) = (start, start + part.len());
            let before = alternatives.last().map(|alternative| alternative.wanted.clone());
            match self.alternative(before)? {
                Some(alternative) => alternatives.push(alternative),
                None => {
                    let bar = if self.end < self.text.len() { self.end } else { start - 1 };
                    let message = "an alternative is missing beside `|`";
                    self.warn(Complaint::left_out(bar..bar + 1, message), "it was read without the `|`");
                }
            }
            start = self.end + 1;
        }
        if alternatives.is_empty() {
            return Err(Complaint::error(0..self.text.len(), "no program is named"));
        }
        alternatives.retain(|alternative| !is_cross_only(&alternative.flags));
        Ok(Requirement::new(alternatives).map_or(Line::CrossOnly, Line::Entry))
    }

    /// One alternative, up to `end`; `before` is what the one before it asked for.
    fn alternative(&mut self, before: Option<Wanted>) -> Read<Option<Alternative>> {
        self.blanks();
        let wanted = match (self.peek(), before) {
            (None, _) => return Ok(None),
            (Some(c), Some(before)) if is_operator(c) => before,
            _ => self.wanted()?,
        };
        let mut constraints = Vec::new();
        let mut flags = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None => break,
                Some('[') => flags.extend(self.flags()?),
                Some(',') => self.comma(!constraints.is_empty()),
                Some(c) if is_operator(c) || (constraints.is_empty() && c.is_ascii_alphanumeric()) => {
                    let place = self.at;
                    let comma = constraints.is_empty() || self.follows_comma();
                    let constraint = self.constraint()?;
                    self.warn_of_place(place, &constraint, comma, !flags.is_empty());
                    constraints.push(constraint);
                }
                Some(c) if c.is_ascii_alphanumeric() && self.follows_comma() => {
                    constraints.push(self.constraint()?);
                }
                Some(_) => self.junk(),
            }
        }
        Ok(Some(Alternative { wanted, constraints, flags }))
    }

    fn wanted(&mut self) -> Read<Wanted> {
        let start = self.at;
        let word = self.word(|c| !is_blank(c) && !is_operator(c) && !matches!(c, ',' | '['));
        let span = start..self.at.max(start + 1);
        let Some((manager, name)) = word.split_once(':') else {
            return match word.parse() {
                Ok(name) => Ok(Wanted::Program(name)),
                Err(InvalidName::Empty) => Err(Complaint::error(span, "no program is named before this")
                    .with_help("write the program first, as in `Lua >= 5.3`")),
                Err(error) => Err(Complaint::error(span, error.to_string())),
            };
        };
        let Some(manager) = AlienManager::named(manager) else {
            let known = AlienManager::ALL.map(AlienManager::as_str);
            let help = match nearest(manager, known) {
                Some(near) => format!("did you mean `{near}:{name}`?"),
                None => format!("known are {}", known.join(", ")),
            };
            let message = format!("`{manager}` is not a package manager that is known here");
            return Err(Complaint::error(span, message).with_help(help));
        };
        let well_formed = name.len() <= MAX
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_graphic() && c != '/');
        if !well_formed {
            return Err(Complaint::error(span, format!("`{name}` is not a name that {manager} could know")));
        }
        Ok(Wanted::Alien { manager, name: name.to_owned() })
    }

    /// A comma, which parts two constraints.
    fn comma(&mut self, after_constraint: bool) {
        let comma = self.at;
        self.at += 1;
        self.blanks();
        let follows = self.peek().is_some_and(|c| is_operator(c) || c.is_ascii_alphanumeric());
        if !after_constraint || !follows {
            let message = "there is no constraint on both sides of this comma";
            self.warn(Complaint::left_out(comma..comma + 1, message), "it was left out");
        }
    }

    /// Whether the last thing before this place is a comma.
    fn follows_comma(&self) -> bool {
        self.text[..self.at].trim_end_matches(is_blank).ends_with(',')
    }

    /// Complains of a constraint that does not stand where it should: behind the name or a comma, before the flags.
    fn warn_of_place(&mut self, place: usize, constraint: &Constraint, after_comma: bool, after_flags: bool) {
        let here = place..place + 1;
        if after_flags {
            self.warn(
                Complaint::warning(here, "a constraint behind the flags"),
                "read as if it stood before them",
            );
        } else if !after_comma {
            self.warn(
                Complaint::warning(here, "a comma is missing here"),
                format!("read as `, {constraint}`"),
            );
        }
    }

    /// Words that mean nothing here, up to the end of the alternative.
    fn junk(&mut self) {
        let start = self.at;
        let words = self.text[start..self.end].trim_matches(is_blank);
        self.at = self.end;
        if !words.is_empty() {
            let start = start + self.text[start..].find(|c| !is_blank(c)).unwrap_or(0);
            let help = "it was left out; a remark stands behind a `#`";
            let span = start..start + words.len();
            self.warn(Complaint::left_out(span, "this is no part of a dependency"), help);
        }
    }

    /// Other tools that read these files stop at tabs.
    fn warn_of_tabs(&mut self) {
        let blank = |text: &str| text.len() - text.trim_start_matches(is_blank).len();
        let (first, end) = (blank(self.text), self.text.trim_end_matches(is_blank).len());
        if let Some(tab) = self.text.get(first..end).and_then(|entry| entry.find('\t')) {
            let span = first + tab..first + tab + 1;
            self.warn(Complaint::warning(span, "a tab in a dependency"), "read as a blank");
        }
    }

    fn warn(&mut self, complaint: Complaint, help: impl Into<String>) {
        self.complaints.push(complaint.with_help(help));
    }

    fn is_glued_to_name(&self, start: usize) -> bool {
        start > 0 && is_name_character(char::from(self.text.as_bytes()[start - 1]))
    }

    /// Where the constraint that stands at `from` ends: before the next comma, bracket, or the end.
    fn next_boundary(&self, from: usize) -> usize {
        self.text[from..self.end].find([',', '[']).map_or(self.end, |length| from + length)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..self.end].chars().next()
    }

    fn blanks(&mut self) {
        self.word(is_blank);
    }

    /// The longest run of characters that belong.
    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..self.end];
        let word = &rest[..rest.find(|c| !belongs(c)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_operator(c: char) -> bool {
    matches!(c, '<' | '>' | '=' | '!')
}

/// Whether flags confine an alternative to cross compilers.
fn is_cross_only(flags: &[Flag]) -> bool {
    !flags.is_empty() && flags.iter().all(|flag| flag.mark == FlagMark::Plain && flag.name == "cross")
}
