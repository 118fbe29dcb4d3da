//! Reads what stands for something else in a word: variables, and the output of commands.

use super::Complaint;
use super::parser::{Parser, Read};
use super::syntax::{Command, End, Form, Name, Piece, Word};
use super::words::{Place, Quoting};

impl Parser<'_> {
    pub(super) fn dollar(&mut self, quoting: Quoting, word: &mut Word) -> Read<()> {
        let start = self.at;
        self.at += 1;
        let quoted = quoting == Quoting::Quotes;
        match self.peek() {
            Some('{') => {
                self.at += 1;
                let (name, form) = self.nested(|parser| parser.braces(start, quoting))?;
                word.pieces.push(Piece::Variable { name, form, quoted });
            }
            Some('(') => {
                let command = self.nested(|parser| parser.command(start))?;
                word.pieces.push(Piece::Output { command, quoted });
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.identifier().to_owned();
                self.not_continued(start, |c| c.is_ascii_alphanumeric() || c == '_')?;
                word.pieces.push(Piece::Variable { name, form: Form::Value, quoted });
            }
            Some('1'..='9') if self.in_function => {
                let name = self.argument_number().to_owned();
                word.pieces.push(Piece::Variable { name, form: Form::Value, quoted });
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

    /// The digit that names an argument of the function that this stands in, empty where none does.
    fn argument_number(&mut self) -> &str {
        let start = self.at;
        let is_number = self.in_function && matches!(self.peek(), Some('1'..='9'));
        self.at += usize::from(is_number);
        &self.text[start..self.at]
    }

    /// The rest of `${...}`, which begins at `start`.
    fn braces(&mut self, start: usize, quoting: Quoting) -> Read<(String, Form)> {
        let mut name = self.identifier().to_owned();
        if name.is_empty() {
            self.argument_number().clone_into(&mut name);
        }
        let rest = &self.text[self.at..];
        let colon = usize::from(rest.starts_with(':'));
        let operator = rest[colon..].chars().next();
        let form = match operator {
            Some('}') if !name.is_empty() && colon == 0 => {
                self.at += 1;
                Form::Value
            }
            Some('-' | '+') if !name.is_empty() => {
                self.at += colon + 1;
                let word = self.substitute(start, quoting)?;
                Form::Substitute { for_present: operator == Some('+'), empty_is_missing: colon == 1, word }
            }
            Some(c @ ('#' | '%')) if !name.is_empty() && colon == 0 => {
                self.at += 1;
                let longest = self.accept(c.encode_utf8(&mut [0; 1]));
                let pattern = self.pattern(start, quoting)?;
                Form::Without { end: if c == '#' { End::Front } else { End::Back }, longest, pattern }
            }
            _ => {
                let end = self.at + rest.find(['\n', '}']).unwrap_or(rest.len());
                let message = "of `${...}`, only `${V}`, `${V:-word}`, `${V:+word}`, `${V#pattern}` and \
                               `${V%pattern}` are understood";
                return Err(Complaint::unknown(start..end, message));
            }
        };
        Ok((name, form))
    }

    /// The word of `${V:-word}`, with the brace behind it.
    fn substitute(&mut self, start: usize, quoting: Quoting) -> Read<Word> {
        let mut word = Word::at(self.at);
        let mut before = ':';
        while let Some(c) = self.peek() {
            match c {
                '}' => {
                    word.span.end = self.at;
                    self.at += 1;
                    return Ok(word);
                }
                // Here bash takes quotes for text or for quotes, by its version and mode.
                '\'' if quoting == Quoting::Quotes => return Err(self.unknown_here(c)),
                '~' if quoting == Quoting::Nothing && matches!(before, ':' | '=') => {
                    return Err(self.unknown_here(c));
                }
                '<' | '>' if self.text[self.at + 1..].starts_with('(') => return Err(self.unknown_here(c)),
                '\\' if quoting == Quoting::Quotes => self.escaped_in_quotes(true, &mut word)?,
                c => self.piece(c, quoting, &mut word)?,
            }
            before = c;
        }
        Err(Complaint::unknown(start..start + 2, "this brace is not closed"))
    }

    /// The pattern of `${V%pattern}`, with the brace behind it: what stands between its asterisks.
    fn pattern(&mut self, start: usize, quoting: Quoting) -> Read<Vec<Word>> {
        let mut parts = Vec::new();
        let mut part = Word::at(self.at);
        while let Some(c) = self.peek() {
            match c {
                '}' => {
                    self.at += 1;
                    parts.push(part);
                    return Ok(parts);
                }
                '*' => {
                    self.at += 1;
                    parts.push(std::mem::replace(&mut part, Word::at(self.at)));
                }
                '?' | '[' | '(' | '~' => return Err(self.unknown_here(c)),
                // Quotes inside quotes, for which there are as many rules as shells.
                '\'' | '\\' if quoting == Quoting::Quotes => return Err(self.unknown_here(c)),
                '\\' if self.text[self.at..].starts_with("\\\n") => return Err(self.unknown_here(c)),
                c => self.piece(c, quoting, &mut part)?,
            }
            part.span.end = self.at;
        }
        Err(Complaint::unknown(start..start + 2, "this brace is not closed"))
    }

    pub(super) fn backquotes(&mut self, word: &mut Word) -> Read<()> {
        let start = self.at;
        let rest = &self.text[start + 1..];
        let Some(end) = rest.find('`') else {
            return Err(Complaint::unknown(start..start + 1, "this quote is not closed"));
        };
        if !is_super_user_name(&rest[..end]) {
            return Err(none_is_run(start..start + end + 2));
        }
        self.at += end + 2;
        word.pieces.push(Piece::Output { command: Command::SuperUserName, quoted: true });
        Ok(())
    }

    /// The rest of `$(...)`, which begins at `start`. The commands are known that can be understood without running them.
    fn command(&mut self, start: usize) -> Read<Command> {
        let rest = &self.text[start + "$(".len()..];
        let end = rest.find(')').unwrap_or(0);
        let none_is_run = || none_is_run(start..start + "$(".len() + end + usize::from(end > 0));
        if is_super_user_name(&rest[..end]) {
            self.at = start + "$()".len() + end;
            return Ok(Command::SuperUserName);
        }
        self.at = start + "$(".len();
        self.blanks();
        let text = self.bare_word();
        let name = Name { text: text.to_owned(), span: self.at..self.at + text.len() };
        if text != "readlink" && !self.functions.contains(text) {
            return Err(none_is_run());
        }
        self.at += text.len();
        let mut words = Vec::new();
        self.blanks();
        while !self.accept(")") {
            if self.is_end_of_statement() {
                return Err(none_is_run());
            }
            words.push(self.word(Place::Inside)?);
            self.blanks();
        }
        if text != "readlink" {
            return Ok(Command::Function(name, words));
        }
        match words.pop() {
            Some(path) if words.is_empty() => Ok(Command::ReadLink(path)),
            _ => Err(none_is_run()),
        }
    }
}

fn is_super_user_name(command: &str) -> bool {
    let words: Vec<&str> = command.split_ascii_whitespace().take(5).collect();
    matches!(words.as_slice(), ["SuperUserName"] | ["SuperUserName", "||", "echo", "gobo"])
}

fn none_is_run(span: std::ops::Range<usize>) -> Complaint {
    Complaint::unknown(span, "the output of a command: none is run")
}
