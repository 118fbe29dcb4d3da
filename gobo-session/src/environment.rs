//! What a program wants in the environment of its users: its `Resources/Environment`.
//!
//! These files are shell texts, written to be sourced by login shells. Here they are never given to a shell, because what
//! reads them may be privileged: an evaluator understands the part of the language that they are written in, and gives
//! each variable the value that bash would. It starts no process, reads no file, and works within fixed bounds.
//!
//! - `syntax` is what a text can say, `parser` reads its statements (`simple`, `compound`) and `words` its words (`dollar`),
//!   `skip` finds the end of what they cannot read;
//! - `evaluator` carries out statements on a [`Scope`], which holds the variables; `expand` tells what words come to,
//!   `pattern` what is cut from them, `bounds` when it is enough;
//! - `current` turns `/Programs/NAME/Current` into the version of the view, `forbidden` keeps out what no program may set.
//!
//! Understood are
//! - assignments (`=` and `+=`), `export` (also of names that have to be worked out: `export LUA_PATH$v=...`), `unset`;
//! - all quoting but `$'...'`, `~`, `$V`, `${V}`, `${V:-word}`, `${V:+word}` and their forms without a colon; `${V#pattern}`,
//!   `${V##pattern}`, `${V%pattern}` and `${V%%pattern}` with patterns of texts and `*`;
//! - `if [ -z word ]`, `if [ -n word ]`, and `for NAME in word...`;
//! - functions `name () { ... }` of all this, of `local`, `echo` and `$1` to `$9`, called as `$(name word...)`: on a copy of
//!   the variables, of which nothing comes back but what `echo` prints;
//! - two other commands whose output is known: `SuperUserName`, and `readlink /Programs/NAME/Current`, which gives the
//!   version that the view has of a program.
//!
//! `alias` is for shells and passed over. Where a shell would split a value into several words, or look for files that fit
//! it, that is reported: nothing but the text and its variables is looked at. Any other statement is reported and left out,
//! whole.

mod bounds;
mod compound;
mod current;
mod dollar;
mod evaluator;
mod expand;
mod forbidden;
mod parser;
mod pattern;
mod scope;
mod simple;
mod skip;
mod syntax;
mod words;

pub use forbidden::{FORBIDDEN, Forbidden, forbidden};
pub use scope::Scope;

use crate::diagnostic::{Diagnostic, Severity};
use evaluator::Evaluator;
use parser::Parser;
use std::borrow::Cow;
use std::ops::Range;

/// The largest file, in bytes.
pub const MAX_FILE: usize = 64 * 1024;
/// The most that all names and values set by files may take, in bytes.
pub const MAX_VALUES: usize = 128 * 1024;
/// How deep compound statements and `${...}` may stand in one another; with the functions that are called, twice that.
pub const MAX_DEPTH: usize = 32;
/// The most diagnostics about one file.
pub const MAX_DIAGNOSTICS: usize = 100;

/// Carries out a text on the variables of a scope, as bash would that sources it.
///
/// `file` is its name in the diagnostics that come back, in the order of its lines. Where one of them is an error, a
/// statement was not understood and left out; a warning says that a variable was not set because no program may set it, or
/// that a shell finds a test wrong.
pub fn evaluate(file: &str, bytes: &[u8], scope: &mut Scope) -> Vec<Diagnostic> {
    if bytes.len() > MAX_FILE {
        let message = format!("the file has {} bytes, more than {MAX_FILE}: it was not read", bytes.len());
        return vec![Diagnostic::of_file(Severity::Error, file, message)];
    }
    let text = String::from_utf8_lossy(bytes);
    let is_utf8 = matches!(text, Cow::Borrowed(_));
    let has_carriage_returns = text.contains("\r\n");
    let text = if has_carriage_returns { Cow::Owned(text.replace("\r\n", "\n")) } else { text };
    // Places are counted behind a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);

    let mut parser = Parser::new(text, is_utf8);
    let statements = parser.statements();
    let mut evaluator = Evaluator::new(scope);
    evaluator.run(&statements);

    let mut complaints = parser.complaints;
    complaints.append(&mut evaluator.complaints);
    complaints.sort_by_key(|complaint| complaint.span.start);
    let mut diagnostics = Vec::new();
    if has_carriage_returns {
        let message = "the lines end in CR LF, as on Windows";
        let help = "they were read as if they ended in LF";
        diagnostics.push(Diagnostic::of_file(Severity::Warning, file, message).with_help(help));
    }
    let more = complaints.len() > MAX_DIAGNOSTICS;
    diagnostics
        .extend(complaints.into_iter().take(MAX_DIAGNOSTICS).map(|complaint| complaint.about(file, text)));
    if more {
        let message = format!("more than {MAX_DIAGNOSTICS} odd places: no more of them are shown");
        diagnostics.push(Diagnostic::of_file(Severity::Error, file, message));
    }
    diagnostics
}

/// What is wrong at a place of a text.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    severity: Severity,
    span: Range<usize>,
    message: String,
    help: &'static str,
}

impl Complaint {
    /// A construct that is not understood, for which its statement is left out.
    fn unknown(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, span, message: message.into(), help: "this statement was left out" }
    }

    fn about(self, file: &str, text: &str) -> Diagnostic {
        Diagnostic::of_span(self.severity, file, text, self.span, self.message).with_help(self.help)
    }
}

#[cfg(test)]
mod tests;
