//! Reads the words of an Environment text: quoting, variables, and what else a word is made of.

use super::Complaint;
use super::parser::{Parser, Read};
use super::syntax::{Piece, Substitute, Word};

/// Where a word stands, which decides what the shell makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The value of an assignment.
    Assignment,
    /// A word of a command, in which braces stand for several words.
    Argument,
}

/// What surrounds a piece, which decides how it is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    Quotes,
}

impl Word {
    fn push(&mut self, c: char) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.pieces.push(Piece::Text(c.into())),
        }
    }
}

impl Parser<'_> {
    /// The word that stands here; it may be empty.
    pub(super) fn word(&mut self, place: Place) -> Read<Word> {
        let mut word = Word::default();
        let mut tilde_may_follow = true;
        while let Some(c) = self.peek() {
            match c {
                '\n' | ';' | ' ' | '\t' => break,
                '\\' if self.text[self.at..].starts_with("\\\n") => {
                    self.at += 2;
                    continue;
                }
                '&' | '|' | '<' | '>' | '(' | ')' => return Err(self.unknown_here(c)),
                '{' if place == Place::Argument => return Err(self.unknown_here(c)),
                '*' | '?' | '[' if place == Place::Argument && word.pieces.is_empty() => {
                    return Err(self.unknown_here(c));
                }
                '~' if tilde_may_follow => self.tilde(&mut word)?,
                c => {
                    self.piece(c, Inside::Nothing, &mut word)?;
                    tilde_may_follow = c == ':';
                    continue;
                }
            }
            tilde_may_follow = false;
        }
        Ok(word)
    }

    /// A piece that begins with the character that stands here.
    fn piece(&mut self, c: char, inside: Inside, word: &mut Word) -> Read<()> {
        match (c, inside) {
            ('\'', Inside::Nothing) => self.single_quotes(word),
            ('"', _) => self.double_quotes(word),
            ('$', _) => self.dollar(inside, word),
            ('`', _) => self.backquotes(word),
            ('\\', Inside::Nothing) => self.escaped(word),
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
                c => self.piece(c, Inside::Quotes, word)?,
            }
        }
        Err(Complaint::unknown(start..start + 1, "this quote is not closed"))
    }

    /// A backslash inside double quotes, which stands for itself unless what follows is special there.
    fn escaped_in_quotes(&mut self, in_braces: bool, word: &mut Word) -> Read<()> {
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
    fn tilde(&mut self, word: &mut Word) -> Read<()> {
        self.at += 1;
        match self.peek() {
            None | Some('/' | ':' | ' ' | '\t' | '\n' | ';') => word.pieces.push(Piece::Home),
            _ => return Err(Complaint::unknown(self.at - 1..self.at, "other users' `~` are not understood")),
        }
        Ok(())
    }

    fn dollar(&mut self, inside: Inside, word: &mut Word) -> Read<()> {
        let start = self.at;
        self.at += 1;
        let quoted = inside == Inside::Quotes;
        match self.peek() {
            Some('{') => {
                self.at += 1;
                let piece = self.nested(|parser| parser.braces(start, inside))?;
                word.pieces.push(piece);
            }
            Some('(') => {
                let rest = &self.text[self.at + 1..];
                let command = rest.find(')').map(|end| &rest[..end]);
                self.at += command.map_or(0, |command| command.len() + 2);
                self.command(start, command.unwrap_or("("), word)?;
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.identifier().to_owned();
                self.not_continued(start, |c| c.is_ascii_alphanumeric() || c == '_')?;
                word.pieces.push(Piece::Variable { name, substitute: None, quoted });
            }
            Some(c)
                if c.is_ascii_digit() || "@*#?-$![".contains(c) || (!quoted && matches!(c, '\'' | '"')) =>
            {
                return Err(Complaint::unknown(start..start + 2, format!("`${c}` is not understood")));
            }
            _ => {
                self.not_continued(start, |_| true)?;
                word.push('$');
            }
        }
        Ok(())
    }

    /// Where the line is continued behind what began at `start`, so might that.
    fn not_continued(&self, start: usize, could_go_on: impl FnOnce(char) -> bool) -> Read<()> {
        let rest = &self.text[self.at..];
        let next = rest.trim_start_matches("\\\n");
        if next.len() < rest.len() && next.chars().next().is_some_and(could_go_on) {
            return Err(Complaint::unknown(
                start..self.at,
                "a line that ends inside a variable is not understood",
            ));
        }
        Ok(())
    }

    /// The rest of `${...}`, which begins at `start`.
    fn braces(&mut self, start: usize, inside: Inside) -> Read<Piece> {
        let name = self.identifier().to_owned();
        let rest = &self.text[self.at..];
        let colon = usize::from(rest.starts_with(':'));
        let operator = rest[colon..].chars().next();
        let substitute = match operator {
            _ if name.is_empty() => None,
            Some('}') if colon == 0 => {
                self.at += 1;
                return Ok(Piece::Variable { name, substitute: None, quoted: inside == Inside::Quotes });
            }
            Some('-' | '+') => {
                self.at += colon + 1;
                let word = self.word_in_braces(start, inside)?;
                Some(Substitute { for_present: operator == Some('+'), empty_is_missing: colon == 1, word })
            }
            _ => None,
        };
        let Some(substitute) = substitute else {
            let end = self.at + rest.find(['\n', '}']).unwrap_or(rest.len());
            let message = "of `${...}`, only `${V}`, `${V:-word}` and `${V:+word}` are understood";
            return Err(Complaint::unknown(start..end, message));
        };
        Ok(Piece::Variable { name, substitute: Some(Box::new(substitute)), quoted: inside == Inside::Quotes })
    }

    /// The word of `${V:-word}`, with the brace behind it.
    fn word_in_braces(&mut self, start: usize, inside: Inside) -> Read<Word> {
        let mut word = Word::default();
        let mut before = ':';
        while let Some(c) = self.peek() {
            match c {
                '}' => {
                    self.at += 1;
                    return Ok(word);
                }
                // Here bash takes quotes for text or for quotes, by its version and mode.
                '\'' if inside == Inside::Quotes => return Err(self.unknown_here(c)),
                '~' if inside == Inside::Nothing && matches!(before, ':' | '=') => {
                    return Err(self.unknown_here(c));
                }
                '<' | '>' if self.text[self.at + 1..].starts_with('(') => return Err(self.unknown_here(c)),
                '\\' if inside == Inside::Quotes => self.escaped_in_quotes(true, &mut word)?,
                c => self.piece(c, inside, &mut word)?,
            }
            before = c;
        }
        Err(Complaint::unknown(start..start + 2, "this brace is not closed"))
    }

    fn backquotes(&mut self, word: &mut Word) -> Read<()> {
        let start = self.at;
        let rest = &self.text[start + 1..];
        let Some(end) = rest.find('`') else {
            return Err(Complaint::unknown(start..start + 1, "this quote is not closed"));
        };
        self.at += end + 2;
        self.command(start, &rest[..end], word)
    }

    /// A command whose output is asked for. One is known.
    fn command(&mut self, start: usize, command: &str, word: &mut Word) -> Read<()> {
        let words: Vec<&str> = command.split_ascii_whitespace().take(5).collect();
        match words.as_slice() {
            ["SuperUserName"] | ["SuperUserName", "||", "echo", "gobo"] => word.pieces.push(Piece::SuperUser),
            _ => {
                let message = "the output of a command: none is run";
                return Err(Complaint::unknown(start..self.at.max(start + 1), message));
            }
        }
        Ok(())
    }

    fn unknown_here(&self, c: char) -> Complaint {
        Complaint::unknown(self.at..self.at + c.len_utf8(), format!("`{c}` is not understood here"))
    }
}
