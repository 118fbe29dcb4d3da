//! Reads the statements of an Environment text.
//!
//! A statement is read whole or not at all: where something in it is not understood, it is reported and passed over to
//! its end, with all that it holds. Inside the branches of an understood `if` and in the body of a loop, that goes for each
//! statement by itself; a function is understood whole or not at all.

use super::skip::{Skipped, skip};
use super::syntax::Statement;
use super::words::Place;
use super::{Complaint, MAX_DEPTH};
use crate::unordered::Set;

/// A place in a text.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// The text is what the file holds; otherwise characters that cannot be read were replaced.
    pub(super) is_utf8: bool,
    pub(super) depth: usize,
    /// This is in the body of a function.
    pub(super) in_function: bool,
    /// The functions that stand before this place, or around it.
    pub(super) functions: Set<&'a str>,
    pub(super) complaints: Vec<Complaint>,
}

/// A construct that is not understood, which ends its statement.
pub(super) type Read<T> = Result<T, Complaint>;

/// The words that part and end compound statements, and the one that each of them belongs to.
const PARTS: [(&str, &str); 7] = [
    ("then", "if"),
    ("elif", "if"),
    ("else", "if"),
    ("fi", "if"),
    ("do", "for"),
    ("done", "for"),
    ("}", "{"),
];

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, is_utf8: bool) -> Self {
        Self {
            text,
            at: 0,
            is_utf8,
            depth: 0,
            in_function: false,
            functions: Set::default(),
            complaints: Vec::new(),
        }
    }

    /// All statements up to the end, or to a word that parts or ends a compound one where this stands in one.
    pub(super) fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        loop {
            self.blank_lines();
            if self.peek().is_none() || (self.depth > 0 && self.is_part()) {
                return statements;
            }
            let start = self.at;
            match self.statement() {
                Ok(statement) => statements.extend(statement),
                Err(mut complaint) => {
                    let Skipped { end, lost } = skip(self.text, start);
                    self.at = end;
                    if lost {
                        complaint.help = "the rest of the file was left out: this statement has no end";
                    }
                    self.complaints.push(complaint);
                }
            }
        }
    }

    /// One statement, with its end; none where it is an alias.
    fn statement(&mut self) -> Read<Option<Statement>> {
        let start = self.at;
        let word = self.bare_word();
        let statement = match word {
            "export" => {
                self.at += word.len();
                Statement::Export(self.some_words(Self::exported)?)
            }
            "unset" => {
                self.at += word.len();
                Statement::Unset(self.some_words(Self::unset)?)
            }
            "alias" => {
                self.at += word.len();
                self.some_words(|parser| parser.word(Place::Assignment))?;
                self.end_of_statement()?;
                return Ok(None);
            }
            "local" if self.in_function => {
                self.at += word.len();
                Statement::Local(self.some_words(Self::local)?)
            }
            "echo" if self.in_function => {
                self.at += word.len();
                let words = self.words(|parser| parser.word(Place::Argument))?;
                Statement::Echo { words, span: start..start + word.len() }
            }
            "if" => {
                self.at += word.len();
                self.nested(Self::branches)?
            }
            "for" => {
                self.at += word.len();
                self.nested(Self::turns)?
            }
            _ if self.assigned_name().is_some() => {
                Statement::Assign(self.some_words(|parser| parser.assignment(Place::Assignment))?)
            }
            _ if self.is_function() => self.nested(Self::function)?,
            _ => return Err(self.not_a_statement(word)),
        };
        self.end_of_statement()?;
        Ok(Some(statement))
    }

    fn not_a_statement(&self, word: &str) -> Complaint {
        let span = self.at..self.at + word.len().max(self.peek().map_or(0, char::len_utf8));
        let whole = PARTS.iter().find_map(|(part, whole)| (*part == word).then_some(whole));
        let message = match (word, whole) {
            ("while" | "until" | "case" | "select", _) => format!("`{word}` is not understood"),
            ("function", _) => "functions are understood as `name () { ... }` alone".to_owned(),
            (_, Some(whole)) => format!("`{word}` without `{whole}`"),
            _ if self.functions.contains(word) => {
                format!("`{word}` is a function: only its output is understood, `$({word})`")
            }
            _ => format!("`{}` is a command: none is run", &self.text[span.clone()]),
        };
        Complaint::unknown(span, message)
    }

    /// Reads something that stands inside another.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth == MAX_DEPTH {
            return Err(Complaint::unknown(
                self.at..self.at,
                format!("more than {MAX_DEPTH} levels in one another"),
            ));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    pub(super) fn end_of_statement(&mut self) -> Read<()> {
        self.blanks();
        match self.peek() {
            Some(';') if !self.text[self.at..].starts_with(";;") => self.at += 1,
            Some(c) if c != '\n' && c != '#' => {
                let message = format!("`{}` is not understood here", c.escape_debug());
                return Err(Complaint::unknown(self.at..self.at + c.len_utf8(), message));
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn is_end_of_statement(&self) -> bool {
        self.peek().is_none_or(|c| matches!(c, '\n' | ';' | '#'))
    }

    /// Whether a word stands here that parts or ends a compound statement.
    pub(super) fn is_part(&self) -> bool {
        PARTS.iter().any(|(part, _)| *part == self.bare_word())
    }

    /// Passes over blank lines and comments.
    pub(super) fn blank_lines(&mut self) {
        loop {
            self.blanks();
            match self.peek() {
                Some('\n') => self.at += 1,
                Some('#') => {
                    let rest = &self.text[self.at..];
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// Passes over blanks and continued lines.
    pub(super) fn blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start_matches(is_blank);
            let trimmed = trimmed.strip_prefix("\\\n").unwrap_or(trimmed);
            if trimmed.len() == rest.len() {
                return;
            }
            self.at = self.text.len() - trimmed.len();
        }
    }

    /// Steps over a text, if it stands here.
    pub(super) fn accept(&mut self, text: &str) -> bool {
        let stands_here = self.text[self.at..].starts_with(text);
        self.at += if stands_here { text.len() } else { 0 };
        stands_here
    }

    /// What stands here up to the next character that could end a word.
    pub(super) fn bare_word(&self) -> &'a str {
        let rest = &self.text[self.at..];
        let ends = |c: char| is_blank(c) || matches!(c, '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>');
        &rest[..rest.find(ends).unwrap_or(rest.len())]
    }

    /// The name of a variable, empty where none stands here.
    pub(super) fn identifier(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let name = &rest[..identifier_length(rest)];
        self.at += name.len();
        name
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }
}

/// Parts `NAME=value` and `NAME+=value`: the name, whether the value is appended, and the value.
pub(super) fn split_assignment(text: &str) -> Option<(&str, bool, &str)> {
    let (name, behind) = text.split_at(identifier_length(text));
    let append = behind.starts_with("+=");
    let value = behind.strip_prefix(if append { "+=" } else { "=" })?;
    (!name.is_empty()).then_some((name, append, value))
}

fn identifier_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}
