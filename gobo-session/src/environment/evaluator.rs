//! Carries out the statements of an Environment text.

use super::bounds::{Budget, Done, Failure};
use super::parser::split_assignment;
use super::syntax::{Condition, Declared, Name, Statement, Word};
use super::{Complaint, MAX_DIAGNOSTICS, MAX_VALUES, Scope, current, forbidden};
use crate::diagnostic::Severity;
use crate::unordered::Map;
use std::ops::Range;

pub(super) struct Evaluator<'s, 't> {
    pub(super) scope: &'s mut Scope,
    pub(super) functions: Map<&'t str, &'t [Statement]>,
    /// The functions that are being carried out, the innermost last.
    pub(super) calls: Vec<Call>,
    pub(super) budget: Budget,
    /// What was wrong, each thing once, and no more than are shown and one.
    pub(super) complaints: Vec<Complaint>,
}

/// A function that is being carried out.
pub(super) struct Call {
    pub(super) arguments: Vec<String>,
    pub(super) output: String,
}

/// What becomes of a variable that is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Declaration {
    Export,
    Local,
}

/// What is assigned to a variable, or appended.
struct Value {
    text: String,
    append: bool,
}

impl<'s, 't> Evaluator<'s, 't> {
    pub(super) fn new(scope: &'s mut Scope) -> Self {
        Self {
            scope,
            functions: Map::default(),
            calls: Vec::new(),
            budget: Budget::default(),
            complaints: Vec::new(),
        }
    }

    /// Carries out the statements of a file, until there is too much to do.
    pub(super) fn run(&mut self, statements: &'t [Statement]) {
        if let Err(failure) = self.carry_out(statements) {
            self.complain(failure.into_complaint());
        }
    }

    /// Carries out statements. One that fails is left out, but in a function: what that prints would not be right.
    pub(super) fn carry_out(&mut self, statements: &'t [Statement]) -> Done {
        for statement in statements {
            match self.statement(statement) {
                Err(Failure::Statement(complaint)) if self.calls.is_empty() => self.complain(complaint),
                done => done?,
            }
        }
        Ok(())
    }

    fn statement(&mut self, statement: &'t Statement) -> Done {
        match statement {
            Statement::Assign(assignments) => {
                for assignment in assignments {
                    let text = self.value(&assignment.value)?;
                    self.assign(&assignment.name, Value { text, append: assignment.append }, false)?;
                }
            }
            Statement::Export(words) => self.declare(words, Declaration::Export)?,
            Statement::Local(words) => self.declare(words, Declaration::Local)?,
            Statement::Unset(names) => {
                for name in names {
                    self.unset(name)?;
                }
            }
            Statement::Echo { words, span } => self.echo(words, span)?,
            Statement::If { branches, otherwise, span } => {
                let mut taken = otherwise;
                for (condition, statements) in branches {
                    if self.holds(condition)? {
                        taken = statements;
                        break;
                    }
                }
                self.nested(span, |inside| inside.carry_out(taken))?;
            }
            Statement::For { variable, words, body } => {
                for text in self.arguments(words)? {
                    if !self.assign(variable, Value { text, append: false }, false)? {
                        return Ok(());
                    }
                    self.nested(&variable.span, |inside| inside.carry_out(body))?;
                }
            }
            Statement::Function { name, body } => {
                self.functions.insert(name, body);
            }
        }
        Ok(())
    }

    /// Carries out something that stands inside another.
    pub(super) fn nested<T>(
        &mut self,
        span: &Range<usize>,
        inside: impl FnOnce(&mut Self) -> Done<T>,
    ) -> Done<T> {
        self.budget.enter(span)?;
        let done = inside(self);
        self.budget.leave();
        done
    }

    fn declare(&mut self, words: &'t [Declared], how: Declaration) -> Done {
        let mut declared = Vec::new();
        for word in words {
            declared.extend(self.declared(word)?);
        }
        for (name, value) in declared {
            match (value, how) {
                (Some(value), _) => {
                    self.assign(&name, value, how == Declaration::Export)?;
                }
                (None, Declaration::Export) => self.export(&name)?,
                (None, Declaration::Local) => self.unset(&name)?,
            }
        }
        Ok(())
    }

    /// The variable that a word declares, and its value if it has one.
    fn declared(&mut self, word: &'t Declared) -> Done<Option<(Name, Option<Value>)>> {
        let word = match word {
            Declared::Name(name) => return Ok(Some((name.clone(), None))),
            Declared::Assignment(assignment) => {
                let text = self.value(&assignment.value)?;
                let value = Value { text, append: assignment.append };
                return Ok(Some((assignment.name.clone(), Some(value))));
            }
            Declared::Word(word) => word,
        };
        let Some(text) = self.argument(word)? else { return Ok(None) };
        let (name, value) = match split_assignment(&text) {
            Some((name, append, text)) => (name, Some(Value { text: text.to_owned(), append })),
            None => (text.as_str(), None),
        };
        if forbidden(name, "") == Some(super::Forbidden::Malformed) {
            let message = "this does not come to the name of a variable";
            return Err(Failure::statement(word.span.clone(), message));
        }
        Ok(Some((Name { text: name.to_owned(), span: word.span.clone() }, value)))
    }

    /// Whether a condition holds.
    fn holds(&mut self, condition: &'t Condition) -> Done<bool> {
        // Without a word, `[` asks whether `-z` itself is empty, which is not what was meant but what happens.
        let Some(text) = self.operand(&condition.word)? else { return Ok(true) };
        if condition.closed {
            Ok(text.is_empty() == condition.wants_empty)
        } else {
            // The last word that `[` gets is its end, or there is none, which is an error.
            Ok(text == "]")
        }
    }

    fn echo(&mut self, words: &'t [Word], span: &'t Range<usize>) -> Done {
        let arguments = self.arguments(words)?;
        let is_option = |word: &String| {
            word.strip_prefix('-')
                .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| "neE".contains(c)))
        };
        if arguments.first().is_some_and(is_option) {
            return Err(Failure::statement(span.clone(), "`echo` is understood without options alone"));
        }
        let line = arguments.join(" ") + "\n";
        self.budget.spend(line.len(), span)?;
        if let Some(call) = self.calls.last_mut() {
            if call.output.len() + line.len() > MAX_VALUES {
                return Err(Failure::too_large(span));
            }
            call.output.push_str(&line);
        }
        Ok(())
    }

    /// Gives a variable a value; whether it may have that.
    fn assign(&mut self, name: &Name, value: Value, export: bool) -> Done<bool> {
        let before = self.scope.get(&name.text).unwrap_or("");
        self.budget.spend(before.len() + value.text.len(), &name.span)?;
        let text = if value.append { format!("{before}{}", value.text) } else { value.text };
        let text = current::rewrite(&text, self.scope.current());
        if !self.allows(name, &text) {
            return Ok(false);
        }
        if self.scope.assign(&name.text, &text, export) {
            Ok(true)
        } else {
            Err(Failure::too_large(&name.span))
        }
    }

    fn export(&mut self, name: &Name) -> Done {
        let value = self.scope.get(&name.text).unwrap_or("").to_owned();
        self.budget.spend(value.len(), &name.span)?;
        if self.allows(name, &value) && !self.scope.export(&name.text) {
            return Err(Failure::too_large(&name.span));
        }
        Ok(())
    }

    fn unset(&mut self, name: &Name) -> Done {
        self.budget.spend(self.scope.get(&name.text).map_or(0, str::len), &name.span)?;
        if self.allows(name, "") {
            self.scope.unset(&name.text);
        }
        Ok(())
    }

    /// Whether a variable may have a value; where not, that is said.
    fn allows(&mut self, name: &Name, value: &str) -> bool {
        let Some(reason) = forbidden(&name.text, value) else { return true };
        let message = format!("`{}` was left as it is: {reason}", name.text);
        let help = "the Environment file of a program may not set it";
        self.complain(Complaint { severity: Severity::Warning, span: name.span.clone(), message, help });
        false
    }

    fn complain(&mut self, complaint: Complaint) {
        if self.complaints.len() <= MAX_DIAGNOSTICS && !self.complaints.contains(&complaint) {
            self.complaints.push(complaint);
        }
    }
}
