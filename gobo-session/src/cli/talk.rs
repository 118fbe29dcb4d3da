//! What goes to stderr, and how.

use super::exit::Exit;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::text::Safe;

/// Says why it failed.
pub(super) fn error(why: &str) {
    eprintln!("gobo-session: {}", Safe(why));
}

/// Says why it failed, and ends so.
pub(super) fn failed(error: &Error) -> Exit {
    self::error(&format!("{}: {error}", error.step));
    Exit::Failed
}

/// Says what was odd.
pub(super) fn warn(what: &str) {
    eprintln!("gobo-session: warning: {}", Safe(what));
}

/// Shows what was odd in a file.
pub(super) fn diagnostics(all: &[Diagnostic]) {
    all.iter().for_each(|diagnostic| eprintln!("{diagnostic}"));
}
