//! Reads the words of assignments, `export` and the like.

use super::Complaint;
use super::parser::{Parser, Read, is_blank, split_assignment};
use super::syntax::{Assignment, Declared, Name, Piece, Word};
use super::words::Place;

impl<'a> Parser<'a> {
    /// The words of a statement, up to its end.
    pub(super) fn words<T>(&mut self, read: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut words = Vec::new();
        loop {
            self.blanks();
            if self.is_end_of_statement() {
                return Ok(words);
            }
            words.push(read(self)?);
        }
    }

    /// The words of a statement, of which it needs one.
    pub(super) fn some_words<T>(&mut self, read: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let words = self.words(read)?;
        if words.is_empty() {
            return Err(Complaint::unknown(self.at..self.at, "a name is missing here"));
        }
        Ok(words)
    }

    /// A word of `export`.
    pub(super) fn exported(&mut self) -> Read<Declared> {
        if self.assigned_name().is_some() {
            return self.assignment(Place::Exported).map(Declared::Assignment);
        }
        let start = self.at;
        let word = self.word(Place::Argument)?;
        if is_worked_out(&word) {
            return Ok(Declared::Word(word));
        }
        self.at = start;
        self.name().map(Declared::Name)
    }

    /// A word of `local`.
    pub(super) fn local(&mut self) -> Read<Declared> {
        match self.assigned_name() {
            Some((name, true)) => {
                let end = self.at + name.len() + "+=".len();
                Err(Complaint::unknown(self.at..end, "`local` is not understood with `+=`"))
            }
            Some(_) => self.assignment(Place::Exported).map(Declared::Assignment),
            None => self.name().map(Declared::Name),
        }
    }

    /// A word of `unset`, which is for functions too where there is no variable of that name.
    pub(super) fn unset(&mut self) -> Read<Name> {
        let name = self.name()?;
        if self.functions.contains(name.text.as_str()) {
            let message = format!("`{}` is a function: to unset it is not understood", name.text);
            return Err(Complaint::unknown(name.span, message));
        }
        Ok(name)
    }

    /// A name that stands alone.
    pub(super) fn name(&mut self) -> Read<Name> {
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

    pub(super) fn assignment(&mut self, place: Place) -> Read<Assignment> {
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
    pub(super) fn assigned_name(&self) -> Option<(&'a str, bool)> {
        split_assignment(&self.text[self.at..]).map(|(name, append, _)| (name, append))
    }
}

/// Whether it takes variables or quotes to tell what a word is.
fn is_worked_out(word: &Word) -> bool {
    word.quoted || word.pieces.iter().any(|piece| !matches!(piece, Piece::Text(_)))
}
