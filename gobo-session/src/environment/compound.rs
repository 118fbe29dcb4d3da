//! Reads the statements that hold others: `if`, `for` and functions.

use super::Complaint;
use super::parser::{Parser, Read, is_blank};
use super::syntax::{Condition, Piece, Statement, Word};
use super::words::Place;
use crate::diagnostic::Severity;

/// Words that mean something else than a function of that name would.
const NOT_FUNCTIONS: [&str; 25] = [
    "SuperUserName",
    "alias",
    "case",
    "coproc",
    "do",
    "done",
    "echo",
    "elif",
    "else",
    "esac",
    "export",
    "fi",
    "for",
    "function",
    "if",
    "in",
    "local",
    "readlink",
    "select",
    "then",
    "time",
    "unalias",
    "unset",
    "until",
    "while",
];

impl Parser<'_> {
    /// An `if`, behind that word, up to its `fi`.
    pub(super) fn branches(&mut self) -> Read<Statement> {
        let start = self.at - "if".len();
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        let mut next = "elif";
        while next == "elif" {
            let condition = self.condition()?;
            self.part(start, &["then"])?;
            branches.push((condition, self.body()?));
            next = self.part(start, &["elif", "else", "fi"])?;
        }
        if next == "else" {
            otherwise = self.body()?;
            self.part(start, &["fi"])?;
        }
        Ok(Statement::If { branches, otherwise, span: start..start + "if".len() })
    }

    /// A `for`, behind that word, up to its `done`.
    pub(super) fn turns(&mut self) -> Read<Statement> {
        let start = self.at - "for".len();
        self.blanks();
        let variable = self.name()?;
        self.blanks();
        if self.bare_word() != "in" {
            return Err(Complaint::unknown(
                start..variable.span.end,
                "loops are understood as `for NAME in ...` alone",
            ));
        }
        self.at += "in".len();
        let words = self.words(|parser| parser.word(Place::Argument))?;
        self.end_of_statement()?;
        self.part(start, &["do"])?;
        let body = self.body()?;
        self.part(start, &["done"])?;
        Ok(Statement::For { variable, words, body })
    }

    /// Whether a name and a parenthesis stand here.
    pub(super) fn is_function(&self) -> bool {
        let name = self.bare_word();
        let behind = &self.text[self.at + name.len()..];
        !name.is_empty() && behind.trim_start_matches(is_blank).starts_with('(')
    }

    /// `NAME () { ... }`
    pub(super) fn function(&mut self) -> Read<Statement> {
        let start = self.at;
        let whole = self.bare_word();
        let name = self.identifier();
        let end = start + whole.len();
        if name.is_empty() || name != whole || NOT_FUNCTIONS.contains(&name) || self.in_function {
            let message = if self.in_function {
                "functions inside functions are not understood".to_owned()
            } else {
                format!("`{whole}` is not understood as the name of a function")
            };
            return Err(Complaint::unknown(start..end, message));
        }
        // If it is not understood, its output is not that of one of the same name before.
        self.functions.remove(name);
        self.blanks();
        let mut is_start = self.accept("(");
        self.blanks();
        is_start &= self.accept(")");
        self.blank_lines();
        if !is_start || self.bare_word() != "{" {
            return Err(Complaint::unknown(
                start..end,
                "functions are understood as `name () { ... }` alone",
            ));
        }
        self.at += "{".len();
        self.functions.insert(name);
        self.in_function = true;
        let body = self.whole_body(start);
        self.in_function = false;
        if body.is_err() {
            self.functions.remove(name);
        }
        Ok(Statement::Function { name: name.to_owned(), body: body? })
    }

    /// The body of a function with its end, if all of it is understood.
    fn whole_body(&mut self, start: usize) -> Read<Vec<Statement>> {
        let complaints = self.complaints.len();
        let body = self.body()?;
        let mut inside = self.complaints.split_off(complaints);
        if let Some(first) = inside.iter().position(|complaint| complaint.severity == Severity::Error) {
            let mut first = inside.remove(first);
            first.help = "this function was left out";
            return Err(first);
        }
        self.complaints.append(&mut inside);
        self.part(start, &["}"])?;
        Ok(body)
    }

    /// Statements inside another, at least one.
    fn body(&mut self) -> Read<Vec<Statement>> {
        self.blank_lines();
        if self.is_part() {
            let word = self.bare_word();
            let message = format!("no statement stands before this `{word}`");
            return Err(Complaint::unknown(self.at..self.at + word.len(), message));
        }
        Ok(self.statements())
    }

    /// Steps over the next part of the compound statement that begins at `start`.
    fn part(&mut self, start: usize, expected: &[&'static str]) -> Read<&'static str> {
        self.blank_lines();
        let word = self.bare_word();
        let Some(part) = expected.iter().find(|part| **part == word) else {
            let rest = &self.text[start..];
            let opening =
                &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())];
            let message =
                format!("this `{opening}` has no `{}` where one should be", expected[expected.len() - 1]);
            return Err(Complaint::unknown(start..start + opening.len(), message));
        };
        self.at += word.len();
        Ok(part)
    }

    /// `[ -z word ]` or `[ -n word ]`, with its end.
    fn condition(&mut self) -> Read<Condition> {
        self.blanks();
        let start = self.at;
        let text = self.text;
        let unknown = || {
            let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
            let message = "only `[ -z word ]` and `[ -n word ]` are understood as conditions";
            Complaint::unknown(start..end, message)
        };
        let mut expect = |expected: &str| {
            self.blanks();
            let found = self.bare_word() == expected;
            self.at += if found { expected.len() } else { 0 };
            found
        };
        if !expect("[") {
            return Err(unknown());
        }
        let wants_empty = expect("-z");
        if !wants_empty && !expect("-n") {
            return Err(unknown());
        }
        self.blanks();
        if self.peek() == Some('#') {
            return Err(unknown());
        }
        let word = if self.bare_word() == "]" { Word::default() } else { self.word(Place::Argument)? };
        self.blanks();
        let closed = self.bare_word() == "]";
        if closed {
            self.at += 1;
        } else if self.is_end_of_statement() && ends_in_bracket(&word) {
            self.complaints.push(no_blank(word.span.end));
        } else {
            return Err(unknown());
        }
        self.end_of_statement()?;
        Ok(Condition { wants_empty, word, closed })
    }
}

fn ends_in_bracket(word: &Word) -> bool {
    matches!(word.pieces.last(), Some(Piece::Text(text)) if text.ends_with(']'))
}

/// Of `[ -z $A]`, where this stands before `end`: what a shell makes of it.
fn no_blank(end: usize) -> Complaint {
    Complaint {
        severity: Severity::Warning,
        span: end - 1..end,
        message: "no blank stands before this `]`: unless the word comes to nothing, the test is an error, and what \
                  stands behind `else` is done"
            .to_owned(),
        help: "write ` ]`",
    }
}
