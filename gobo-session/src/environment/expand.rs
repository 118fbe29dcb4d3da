//! Carries out the statements of an Environment text.

use super::current;
use super::syntax::{Assignment, Condition, Export, Name, Piece, Statement, Substitute, Word};
use super::{Complaint, MAX_VALUES, Scope, forbidden};
use crate::diagnostic::Severity;

/// How much text one file may bring forth before it is given up, in bytes.
const MAX_WORK: usize = 8 * MAX_VALUES;

pub(super) struct Evaluator<'s> {
    scope: &'s mut Scope,
    /// How much text was brought forth.
    work: usize,
    pub(super) complaints: Vec<Complaint>,
}

/// The bounds are exceeded.
struct TooMuch;

/// What a word comes to.
#[derive(Default)]
struct Expansion {
    text: String,
    /// Some of it was quoted.
    quoted: bool,
    /// The shell would make several words of it in a command.
    splits: bool,
}

impl<'s> Evaluator<'s> {
    pub(super) fn new(scope: &'s mut Scope) -> Self {
        Self { scope, work: 0, complaints: Vec::new() }
    }

    /// Carries out statements, until there is too much to do.
    pub(super) fn run(&mut self, statements: &[Statement]) {
        for statement in statements {
            if self.work > MAX_WORK {
                return;
            }
            match statement {
                Statement::Assign(assignments) => {
                    for assignment in assignments {
                        if let Some(value) = self.value(assignment) {
                            self.assign(assignment, value, false);
                        }
                    }
                }
                Statement::Export(exports) => self.export(exports),
                Statement::Unset(names) => {
                    for name in names.iter().filter(|name| self.allows(name, "")).collect::<Vec<_>>() {
                        self.scope.unset(&name.text);
                    }
                }
                Statement::If { branches, otherwise } => self.choose(branches, otherwise),
            }
        }
    }

    fn export(&mut self, exports: &[Export]) {
        let values: Vec<_> = exports
            .iter()
            .map(|export| match export {
                Export::Name(_) => None,
                Export::Assignment(assignment) => self.value(assignment),
            })
            .collect();
        for (export, value) in exports.iter().zip(values) {
            match (export, value) {
                (Export::Name(name), _) => {
                    let length = self.scope.get(&name.text).map_or(0, str::len);
                    if !self.brings_forth(length, name) {
                        return;
                    }
                    let value = self.scope.get(&name.text).unwrap_or("").to_owned();
                    if self.allows(name, &value) && !self.scope.export(&name.text) {
                        self.too_much(name.span.clone());
                    }
                }
                (Export::Assignment(assignment), Some(value)) => self.assign(assignment, value, true),
                (Export::Assignment(_), None) => {}
            }
        }
    }

    fn choose(&mut self, branches: &[(Condition, Vec<Statement>)], otherwise: &[Statement]) {
        for (condition, statements) in branches {
            match self.holds(condition) {
                Some(true) => return self.run(statements),
                Some(false) => {}
                None => return,
            }
        }
        self.run(otherwise);
    }

    /// Whether a condition holds, unless that cannot be told.
    fn holds(&mut self, condition: &Condition) -> Option<bool> {
        let mut expansion = Expansion::default();
        if self.expand(&condition.word, &mut expansion).is_err() {
            self.too_much(condition.span.clone());
            return None;
        }
        if expansion.splits {
            let message = "a value with blanks that is not quoted makes several words here";
            self.complaints.push(Complaint::unknown(condition.span.clone(), message));
            return None;
        }
        // Without a word, `[` asks whether `-z` itself is empty, which is not what was meant but what happens.
        let no_word = expansion.text.is_empty() && !expansion.quoted;
        Some(no_word || expansion.text.is_empty() == condition.wants_empty)
    }

    /// What is assigned, or appended.
    fn value(&mut self, assignment: &Assignment) -> Option<String> {
        if self.work > MAX_WORK {
            return None;
        }
        let mut expansion = Expansion::default();
        match self.expand(&assignment.value, &mut expansion) {
            Ok(()) => Some(expansion.text),
            Err(TooMuch) => {
                self.too_much(assignment.name.span.clone());
                None
            }
        }
    }

    fn assign(&mut self, assignment: &Assignment, value: String, export: bool) {
        let name = &assignment.name;
        let before = self.scope.get(&name.text).filter(|_| assignment.append).map_or(0, str::len);
        if !self.brings_forth(before + value.len(), name) {
            return;
        }
        let value = match self.scope.get(&name.text) {
            Some(before) if assignment.append => format!("{before}{value}"),
            _ => value,
        };
        let value = current::rewrite(&value, self.scope.current());
        if !self.allows(name, &value) {
            return;
        }
        if !self.scope.assign(&name.text, &value, export) {
            self.too_much(name.span.clone());
        }
    }

    /// Counts a value that is about to be looked at; whether there is still room for it. Where there is none any more,
    /// that is said once.
    fn brings_forth(&mut self, length: usize, name: &Name) -> bool {
        let had_room = self.work <= MAX_WORK;
        self.work += length;
        let has_room = self.work <= MAX_WORK;
        if had_room && !has_room {
            self.too_much(name.span.clone());
        }
        has_room
    }

    /// Whether a variable may have a value; where not, that is said.
    fn allows(&mut self, name: &Name, value: &str) -> bool {
        let Some(reason) = forbidden(&name.text, value) else { return true };
        let message = format!("`{}` was left as it is: {reason}", name.text);
        let help = "the Environment file of a program may not set it";
        let span = name.span.clone();
        self.complaints.push(Complaint { severity: Severity::Warning, span, message, help });
        false
    }

    fn expand(&mut self, word: &Word, out: &mut Expansion) -> Result<(), TooMuch> {
        out.quoted |= word.quoted;
        for piece in &word.pieces {
            match piece {
                Piece::Text(text) => push(&mut self.work, out, text)?,
                Piece::Home => push(&mut self.work, out, self.scope.get("HOME").unwrap_or(""))?,
                Piece::SuperUser => push(&mut self.work, out, self.scope.super_user())?,
                Piece::Variable { name, substitute, quoted } => {
                    let start = out.text.len();
                    self.variable(name, substitute.as_deref(), out)?;
                    out.splits |= !quoted && out.text[start..].contains([' ', '\t', '\n']);
                }
            }
        }
        Ok(())
    }

    fn variable(
        &mut self,
        name: &str,
        substitute: Option<&Substitute>,
        out: &mut Expansion,
    ) -> Result<(), TooMuch> {
        let value = self.scope.get(name);
        let Some(substitute) = substitute else {
            return push(&mut self.work, out, value.unwrap_or(""));
        };
        let present = value.filter(|value| !(substitute.empty_is_missing && value.is_empty()));
        match (present, substitute.for_present) {
            (Some(_), true) | (None, false) => self.expand(&substitute.word, out),
            (Some(value), false) => push(&mut self.work, out, value),
            (None, true) => Ok(()),
        }
    }

    fn too_much(&mut self, span: std::ops::Range<usize>) {
        let mut complaint = Complaint::unknown(span, format!("more than {MAX_VALUES} bytes of values"));
        if self.work > MAX_WORK {
            complaint.help = "the rest of the file was left out";
        }
        self.complaints.push(complaint);
    }
}

/// Adds text to what a word comes to, within the bounds.
fn push(work: &mut usize, out: &mut Expansion, text: &str) -> Result<(), TooMuch> {
    *work += text.len();
    if *work > MAX_WORK || out.text.len() + text.len() > MAX_VALUES {
        return Err(TooMuch);
    }
    out.text.push_str(text);
    Ok(())
}
