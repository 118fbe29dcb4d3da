//! What goes to stdout and to stderr, and how.

use super::exit::Exit;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::text::Safe;
use std::fmt::Display;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;

/// Writes what was asked for to stdout. That it cannot be written, to a closed stdout too, is a failure: nobody should
/// take nothing for an answer.
pub(super) fn data(text: &str) -> Exit {
    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    match stdout.and_then(|stdout| File::from(stdout).write_all(text.as_bytes())) {
        Ok(()) => Exit::Done,
        Err(why) => {
            error(&format!("standard output: {why}"));
            Exit::Failed
        }
    }
}

/// Says something, a line for each; that nobody can hear it changes nothing.
fn say(what: impl Display) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// Says why it failed.
pub(super) fn error(why: &str) {
    say(format_args!("gobo-session: {}", Safe(why)));
}

/// Says why it failed, and ends so.
pub(super) fn failed(error: &Error) -> Exit {
    self::error(&format!("{}: {error}", error.step));
    Exit::Failed
}

/// Says what was odd.
pub(super) fn warn(what: &str) {
    say(format_args!("gobo-session: warning: {}", Safe(what)));
}

/// Shows what was odd in a file.
pub(super) fn diagnostics(all: &[Diagnostic]) {
    all.iter().for_each(say);
}
