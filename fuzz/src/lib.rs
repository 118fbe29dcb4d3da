//! What the targets have in common.

use gobo_session::config::ConfigError;
use gobo_session::diagnostic::Diagnostic;

/// The most errors and notes that the files of one configuration can bring: one of each for every program, variable,
/// include and option that is looked at.
const MAX_COMPLAINTS: usize = 4096;

/// The most bytes of what a complaint about a configuration file says.
const MAX_MESSAGE: usize = 4096;

/// What stands before help, below a place, its line and a caret.
const HELP: &str = "   = ";

/// An input taken apart at its NUL bytes, into no more parts than `most`.
pub fn parts(data: &[u8], most: usize) -> impl Iterator<Item = &[u8]> {
    data.splitn(most, |byte| *byte == 0)
}

/// Checks that a complaint can be shown: nothing in it reaches the terminal or the log but as text.
pub fn check_diagnostic(diagnostic: &Diagnostic) {
    let line = diagnostic.one_line();
    assert!(!line.contains(is_harmful), "not to be shown: {line:?}");
    let shown = diagnostic.to_string();
    assert!(!shown.contains(|c| is_harmful(c) && c != '\n'), "not to be shown: {shown:?}");
    let mut lines = shown.lines().skip_while(|line| !line.starts_with(HELP));
    let before = shown.lines().take_while(|line| !line.starts_with(HELP)).count();
    assert!(before <= 3, "more lines than a place, its line and a caret: {shown:?}");
    assert!(lines.all(|line| line.starts_with("   ")), "help that looks like another place: {shown:?}");
    assert!(diagnostic.width >= 1);
}

/// Whether a character moves a cursor or turns the direction of text.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Checks that complaints about configuration files can be shown and are bounded.
pub fn check_complaints(complaints: &[Diagnostic]) {
    assert!(complaints.len() <= MAX_COMPLAINTS, "{} complaints", complaints.len());
    for complaint in complaints {
        check_diagnostic(complaint);
        let text = [Some(&complaint.message), complaint.help.as_ref(), Some(&complaint.source)];
        assert!(text.into_iter().flatten().all(|text| text.len() <= MAX_MESSAGE), "too long: {complaint:?}");
    }
}

/// Checks that the error of a configuration says something, on one line too, and nothing of what its files hold where
/// that is not wanted.
pub fn check_error(error: ConfigError) {
    let line = error.one_line();
    assert!(!line.is_empty() && !line.contains(is_harmful), "{line:?}");
    if let ConfigError::Invalid(complaints) = &error {
        assert!(complaints.iter().any(Diagnostic::is_error), "no error: {complaints:?}");
        check_complaints(complaints);
    }
    if let ConfigError::Invalid(complaints) = error.without_content() {
        assert!(complaints.iter().all(is_silent), "{complaints:?}");
    }
}

/// Whether a complaint tells no more than a line's number.
pub fn is_silent(complaint: &Diagnostic) -> bool {
    let number =
        complaint.message.strip_prefix("line ").and_then(|rest| rest.strip_suffix(" is not understood"));
    let is_bare = number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        || complaint.message == "not understood";
    is_bare && complaint.source.is_empty()
}
