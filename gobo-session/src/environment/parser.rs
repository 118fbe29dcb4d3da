//! Reads the statements of an Environment text.
//!
//! A statement is read whole or not at all: where something in it is not understood, it is reported and passed over to
//! its end, with all that it holds. (Inside the branches of an understood `if`, that goes for each statement by itself.)

use super::skip::{Skipped, skip};
use super::syntax::{Assignment, Condition, Export, Name, Statement, Word};
use super::words::Place;
use super::{Complaint, MAX_DEPTH};

/// A place in a text.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// The text is what the file holds; otherwise characters that cannot be read were replaced.
    pub(super) is_utf8: bool,
    pub(super) depth: usize,
    pub(super) complaints: Vec<Complaint>,
}

/// A construct that is not understood, which ends its statement.
pub(super) type Read<T> = Result<T, Complaint>;

/// The words that part an `if`.
const PARTS_OF_IF: [&str; 4] = ["then", "elif", "else", "fi"];

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, is_utf8: bool) -> Self {
        Self { text, at: 0, is_utf8, depth: 0, complaints: Vec::new() }
    }

    /// All statements up to the end, or to a word that parts an `if` where this stands in one.
    pub(super) fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        loop {
            self.blank_lines();
            if self.peek().is_none() || (self.depth > 0 && PARTS_OF_IF.contains(&self.bare_word())) {
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
        let word = self.bare_word();
        let statement = match word {
            "export" => {
                self.at += word.len();
                Statement::Export(self.words(Self::export)?)
            }
            "unset" => {
                self.at += word.len();
                Statement::Unset(self.words(Self::name)?)
            }
            "alias" => {
                self.at += word.len();
                self.words(|parser| parser.word(Place::Assignment))?;
                self.end_of_statement()?;
                return Ok(None);
            }
            "if" => {
                self.at += word.len();
                self.nested(Self::branches)?
            }
            _ if self.assigned_name().is_some() => {
                Statement::Assign(self.words(|parser| parser.assignment(Place::Assignment))?)
            }
            _ => return Err(self.not_a_statement(word)),
        };
        self.end_of_statement()?;
        Ok(Some(statement))
    }

    fn not_a_statement(&self, word: &str) -> Complaint {
        let span = self.at..self.at + word.len().max(self.peek().map_or(0, char::len_utf8));
        let message = match word {
            "for" | "while" | "until" | "case" | "select" => format!("`{word}` is not understood"),
            "function" => "functions are not understood".to_owned(),
            _ if PARTS_OF_IF.contains(&word) => format!("`{word}` without `if`"),
            _ if self.text[span.end..].trim_start_matches(is_blank).starts_with('(') => {
                "functions are not understood".to_owned()
            }
            _ => format!("`{}` is a command: none is run", &self.text[span.clone()]),
        };
        Complaint::unknown(span, message)
    }

    /// The words of a statement, at least one.
    fn words<T>(&mut self, read: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut words = Vec::new();
        loop {
            self.blanks();
            if self.is_end_of_statement() {
                if words.is_empty() {
                    return Err(Complaint::unknown(self.at..self.at, "a name is missing here"));
                }
                return Ok(words);
            }
            words.push(read(self)?);
        }
    }

    fn export(&mut self) -> Read<Export> {
        if self.assigned_name().is_some() {
            self.assignment(Place::Argument).map(Export::Assignment)
        } else {
            self.name().map(Export::Name)
        }
    }

    /// A name that stands alone.
    fn name(&mut self) -> Read<Name> {
        let start = self.at;
        let text = self.identifier();
        let is_whole = self.peek().is_none_or(|c| is_blank(c) || matches!(c, '\n' | ';'));
        if text.is_empty() || !is_whole {
            let word = self.bare_word();
            let end = (self.at + word.len())
                .max(start + self.text[start..].chars().next().map_or(0, char::len_utf8));
            let message = format!("`{}` is not the name of a variable", &self.text[start..end]);
            return Err(Complaint::unknown(start..end, message));
        }
        Ok(Name { text: text.to_owned(), span: start..self.at })
    }

    fn assignment(&mut self, place: Place) -> Read<Assignment> {
        let start = self.at;
        let Some((text, append)) = self.assigned_name() else {
            let word = self.bare_word();
            let end = start + word.len().max(self.peek().map_or(0, char::len_utf8));
            let message = format!("a command behind an assignment: `{}`", &self.text[start..end]);
            return Err(Complaint::unknown(start..end, message));
        };
        self.at += text.len();
        let name = Name { text: text.to_owned(), span: start..self.at };
        self.at += 1 + usize::from(append);
        let value = self.word(place)?;
        Ok(Assignment { name, append, value })
    }

    /// The name before `=` or `+=`, and which of them follows, where an assignment stands here.
    fn assigned_name(&self) -> Option<(&'a str, bool)> {
        let rest = &self.text[self.at..];
        let name = &rest[..identifier_length(rest)];
        let behind = &rest[name.len()..];
        let append = behind.starts_with("+=");
        (!name.is_empty() && (append || behind.starts_with('='))).then_some((name, append))
    }

    /// An `if`, behind that word, up to its `fi`.
    fn branches(&mut self) -> Read<Statement> {
        let start = self.at;
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        let mut next = "elif";
        while next == "elif" {
            let condition = self.condition()?;
            self.expect_part(start, &["then"])?;
            branches.push((condition, self.statements()));
            next = self.expect_part(start, &["elif", "else", "fi"])?;
        }
        if next == "else" {
            otherwise = self.statements();
            self.expect_part(start, &["fi"])?;
        }
        Ok(Statement::If { branches, otherwise })
    }

    fn expect_part(&mut self, start: usize, expected: &[&'static str]) -> Read<&'static str> {
        self.blank_lines();
        let word = self.bare_word();
        let Some(part) = expected.iter().find(|part| **part == word) else {
            let message = format!("this `if` has no `{}` where one should be", expected[expected.len() - 1]);
            return Err(Complaint::unknown(start - "if".len()..start, message));
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
        if self.bare_word() != "]" {
            return Err(unknown());
        }
        self.at += 1;
        let span = start..self.at;
        self.end_of_statement()?;
        Ok(Condition { wants_empty, word, span })
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

    fn end_of_statement(&mut self) -> Read<()> {
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

    fn is_end_of_statement(&self) -> bool {
        self.peek().is_none_or(|c| matches!(c, '\n' | ';' | '#'))
    }

    /// Passes over blank lines and comments.
    fn blank_lines(&mut self) {
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
    fn blanks(&mut self) {
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

    /// What stands here up to the next character that could end a word.
    fn bare_word(&self) -> &'a str {
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

fn identifier_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}
