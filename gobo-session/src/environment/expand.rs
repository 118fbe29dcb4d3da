//! Works out what the words of an Environment text come to.

use super::bounds::{Budget, Done, Failure};
use super::evaluator::{Call, Evaluator};
use super::syntax::{Command, Form, Name, Piece, Word};
use super::{MAX_VALUES, Scope, current, pattern};
use std::ops::Range;

/// What a word comes to.
#[derive(Debug, Default)]
struct Expansion {
    text: String,
    /// Some of it was quoted.
    quoted: bool,
    /// The shell would make several words of it in a command.
    splits: bool,
    /// The shell would take it for a pattern in a command, and put names of files in its place.
    is_pattern: bool,
}

impl Expansion {
    /// Adds text, within the bounds.
    fn push(&mut self, text: &str, budget: &mut Budget, span: &Range<usize>) -> Done {
        budget.spend(text.len(), span)?;
        if self.text.len() + text.len() > MAX_VALUES {
            return Err(Failure::too_large(span));
        }
        self.text.push_str(text);
        Ok(())
    }

    /// The argument of a command that this is, if it is any.
    fn into_argument(self) -> Option<String> {
        (self.quoted || !self.text.is_empty()).then_some(self.text)
    }
}

impl<'t> Evaluator<'_, 't> {
    /// What a word comes to where it is assigned: one value, whatever it holds.
    pub(super) fn value(&mut self, word: &'t Word) -> Done<String> {
        self.expanded(word).map(|expansion| expansion.text)
    }

    /// What a word comes to in a command: nothing where it is empty without quotes.
    pub(super) fn argument(&mut self, word: &'t Word) -> Done<Option<String>> {
        let expansion = self.one_word(word)?;
        if expansion.is_pattern {
            let message = "a value with `*`, `?` or the like that is not quoted may stand for files here";
            return Err(Failure::statement(word.span.clone(), message));
        }
        Ok(expansion.into_argument())
    }

    /// What the word comes to that a test is about: an argument, of which a pattern is taken to fit no file.
    pub(super) fn operand(&mut self, word: &'t Word) -> Done<Option<String>> {
        self.one_word(word).map(Expansion::into_argument)
    }

    /// What the words of a command come to.
    pub(super) fn arguments(&mut self, words: &'t [Word]) -> Done<Vec<String>> {
        let mut arguments = Vec::new();
        for word in words {
            arguments.extend(self.argument(word)?);
        }
        Ok(arguments)
    }

    fn one_word(&mut self, word: &'t Word) -> Done<Expansion> {
        let expansion = self.expanded(word)?;
        if expansion.splits {
            let message = "a value with blanks that is not quoted makes several words here";
            return Err(Failure::statement(word.span.clone(), message));
        }
        Ok(expansion)
    }

    fn expanded(&mut self, word: &'t Word) -> Done<Expansion> {
        let mut expansion = Expansion::default();
        self.expand(word, &mut expansion)?;
        Ok(expansion)
    }

    fn expand(&mut self, word: &'t Word, out: &mut Expansion) -> Done {
        self.budget.spend(0, &word.span)?;
        out.quoted |= word.quoted;
        for piece in &word.pieces {
            self.piece(piece, &word.span, out)?;
        }
        Ok(())
    }

    fn piece(&mut self, piece: &'t Piece, span: &'t Range<usize>, out: &mut Expansion) -> Done {
        let start = out.text.len();
        self.budget.spend(0, span)?;
        let quoted = match piece {
            Piece::Text(text) => {
                out.push(text, &mut self.budget, span)?;
                true
            }
            Piece::Home => {
                out.push(self.scope.get("HOME").unwrap_or(""), &mut self.budget, span)?;
                true
            }
            Piece::Variable { name, form, quoted } => {
                self.variable(name, form, span, out)?;
                *quoted
            }
            Piece::Output { command, quoted } => {
                self.output(command, span, out)?;
                *quoted
            }
        };
        if !quoted {
            let text = &out.text[start..];
            out.splits |= text.contains([' ', '\t', '\n']);
            out.is_pattern |= is_pattern(text);
        }
        Ok(())
    }

    fn variable(&mut self, name: &str, form: &'t Form, span: &'t Range<usize>, out: &mut Expansion) -> Done {
        match form {
            Form::Value => {
                let value = value_of(self.scope, self.calls.last(), name).unwrap_or("");
                out.push(value, &mut self.budget, span)
            }
            Form::Substitute { for_present, empty_is_missing, word } => {
                let value = value_of(self.scope, self.calls.last(), name);
                let present = value.filter(|value| !(*empty_is_missing && value.is_empty()));
                match (present, for_present) {
                    (Some(_), true) | (None, false) => self.nested(span, |inside| inside.expand(word, out)),
                    (Some(value), false) => out.push(value, &mut self.budget, span),
                    (None, true) => Ok(()),
                }
            }
            Form::Without { end, longest, pattern } => {
                let pattern = self.nested(span, |inside| inside.pattern(pattern))?;
                let value = value_of(self.scope, self.calls.last(), name).unwrap_or("");
                self.budget.spend(value.len(), span)?;
                let value = pattern::without(value, &pattern, *end, *longest);
                out.push(value, &mut self.budget, span)
            }
        }
    }

    /// The texts of a pattern. Of the values in it none may hold a pattern of its own.
    fn pattern(&mut self, parts: &'t [Word]) -> Done<Vec<String>> {
        let mut texts = Vec::new();
        for part in parts {
            let mut text = Expansion::default();
            for piece in &part.pieces {
                let start = text.text.len();
                self.piece(piece, &part.span, &mut text)?;
                if !matches!(piece, Piece::Text(_)) && is_pattern(&text.text[start..]) {
                    let message = "a value with `*`, `?` or the like is not understood in a pattern";
                    return Err(Failure::statement(part.span.clone(), message));
                }
            }
            self.budget.spend(0, &part.span)?;
            texts.push(text.text);
        }
        Ok(texts)
    }

    fn output(&mut self, command: &'t Command, span: &'t Range<usize>, out: &mut Expansion) -> Done {
        match command {
            Command::SuperUserName => out.push(self.scope.super_user(), &mut self.budget, span),
            Command::ReadLink(path) => {
                let argument = self.argument(path)?.unwrap_or_default();
                let Some(version) = current::link(&argument, self.scope.current()) else {
                    let message = "the only link that is known is `/Programs/NAME/Current`: no file is read";
                    return Err(Failure::statement(path.span.clone(), message));
                };
                out.push(version, &mut self.budget, span)
            }
            Command::Function(name, arguments) => {
                let output = self.call(name, arguments)?;
                out.push(output.trim_end_matches('\n'), &mut self.budget, span)
            }
        }
    }

    /// What a function prints, which is carried out on variables of its own.
    fn call(&mut self, name: &'t Name, arguments: &'t [Word]) -> Done<String> {
        let Some(&body) = self.functions.get(name.text.as_str()) else {
            return Err(Failure::statement(name.span.clone(), "this function is not defined here"));
        };
        let arguments = self.arguments(arguments)?;
        self.calls.push(Call { arguments, output: String::new() });
        let outside = self.scope.fork();
        let done = self.nested(&name.span, |inside| inside.carry_out(body));
        self.scope.join(outside);
        let call = self.calls.pop();
        done.map_err(Failure::inside_function)?;
        Ok(call.map_or_else(String::new, |call| call.output))
    }
}

/// The value of a variable, or of an argument of a function.
fn value_of<'v>(scope: &'v Scope, call: Option<&'v Call>, name: &str) -> Option<&'v str> {
    match name.parse::<usize>() {
        Ok(number) => Some(call?.arguments.get(number.checked_sub(1)?)?),
        Err(_) => scope.get(name),
    }
}

/// Whether a shell with any of its options could take a text for a pattern.
fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\', '('])
}
