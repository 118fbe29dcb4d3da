//! Reads the words of an Environment text: where they end, and how they are quoted.

use super::Complaint;
use super::parser::{Parser, Read};
use super::syntax::{Piece, Word};

/// Where a word stands, which decides what the shell makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The value of an assignment.
    Assignment,
    /// The value of an assignment behind `export` or `local`, in which braces stand for several words.
    Exported,
    /// A word of a command, which may also stand for files.
    Argument,
    /// The same inside `$(...)`.
    Inside,
}

/// What surrounds a piece, which decides how it is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    Nothing,
    Quotes,
}

impl Word {
    /// An empty word at a place.
    pub(super) fn at(place: usize) -> Self {
        Self { span: place..place, ..Self::default() }
    }

    pub(super) fn push(&mut self, c: char) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.pieces.push(Piece::Text(c.into())),
        }
    }
}

impl Parser<'_> {
    /// The word that stands here; it may be empty.
    pub(super) fn word(&mut self, place: Place) -> Read<Word> {
        let is_assigned = matches!(place, Place::Assignment | Place::Exported);
        let mut word = Word::at(self.at);
        let mut before = None;
        while let Some(c) = self.peek() {
            match c {
                '\n' | ';' | ' ' | '\t' => break,
                ')' if place == Place::Inside => break,
                '\\' if self.accept("\\\n") => continue,
                '&' | '|' | '<' | '>' | '(' | ')' => return Err(self.unknown_here(c)),
                '{' if place != Place::Assignment => return Err(self.unknown_here(c)),
                '*' | '?' | '[' if !is_assigned => return Err(self.unknown_here(c)),
                '~' if before.is_none() || (is_assigned && before == Some(':')) => {
                    self.tilde(is_assigned, &mut word)?
                }
                // What a shell makes of this one, it decides by the rest of the word.
                '~' if matches!(before, Some(':' | '=')) && !is_assigned => return Err(self.unknown_here(c)),
                c => self.piece(c, Quoting::Nothing, &mut word)?,
            }
            before = Some(c);
        }
        word.span.end = self.at;
        Ok(word)
    }

    /// A piece that begins with the character that stands here.
    pub(super) fn piece(&mut self, c: char, quoting: Quoting, word: &mut Word) -> Read<()> {
        match (c, quoting) {
            ('\'', Quoting::Nothing) => self.single_quotes(word),
            ('"', _) => self.double_quotes(word),
            ('$', _) => self.dollar(quoting, word),
            ('`', _) => self.backquotes(word),
            ('\\', Quoting::Nothing) => self.escaped(word),
            _ => {
                self.character(c)?;
                word.push(c);
                Ok(())
            }
        }
    }

    /// Steps over a character that stands for itself.
    fn character(&mut self, c: char) -> Read<()> {
        if c == char::REPLACEMENT_CHARACTER && !self.is_utf8 {
            return Err(Complaint::unknown(self.at..self.at + c.len_utf8(), "this is not UTF-8"));
        }
        self.at += c.len_utf8();
        Ok(())
    }

    fn escaped(&mut self, word: &mut Word) -> Read<()> {
        self.at += 1;
        let Some(c) = self.peek() else {
            return Err(Complaint::unknown(self.at - 1..self.at, "nothing follows this backslash"));
        };
        self.character(c)?;
        if c != '\n' {
            word.quoted = true;
            word.push(c);
        }
        Ok(())
    }

    fn single_quotes(&mut self, word: &mut Word) -> Read<()> {
        let start = self.at;
        self.at += 1;
        word.quoted = true;
        while let Some(c) = self.peek() {
            self.character(c)?;
            if c == '\'' {
                return Ok(());
            }
            word.push(c);
        }
        Err(Complaint::unknown(start..start + 1, "this quote is not closed"))
    }

    fn double_quotes(&mut self, word: &mut Word) -> Read<()> {
        let start = self.at;
        self.at += 1;
        word.quoted = true;
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                '\\' => self.escaped_in_quotes(false, word)?,
                c => self.piece(c, Quoting::Quotes, word)?,
            }
        }
        Err(Complaint::unknown(start..start + 1, "this quote is not closed"))
    }

    /// A backslash inside double quotes, which stands for itself unless what follows is special there.
    pub(super) fn escaped_in_quotes(&mut self, in_braces: bool, word: &mut Word) -> Read<()> {
        self.at += 1;
        match self.peek() {
            Some('\n') => self.at += 1,
            Some(c) if matches!(c, '$' | '`' | '"' | '\\') || (in_braces && c == '}') => {
                self.at += 1;
                word.push(c);
            }
            _ => word.push('\\'),
        }
        Ok(())
    }

    /// `~`, where it stands for the home directory.
    fn tilde(&mut self, is_assigned: bool, word: &mut Word) -> Read<()> {
        self.at += 1;
        match self.peek() {
            None | Some('/' | ' ' | '\t' | '\n' | ';') => {}
            Some(':') if is_assigned => {}
            _ => return Err(Complaint::unknown(self.at - 1..self.at, "other users' `~` are not understood")),
        }
        word.pieces.push(Piece::Home);
        Ok(())
    }

    pub(super) fn unknown_here(&self, c: char) -> Complaint {
        Complaint::unknown(self.at..self.at + c.len_utf8(), format!("`{c}` is not understood here"))
    }
}
