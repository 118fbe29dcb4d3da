//! What goes to stdout and to stderr, and how.

use super::exit::Exit;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::plan::Plan;
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

/// Writes what was asked for as JSON, on one line.
pub(super) fn json(value: &serde_json::Value) -> Exit {
    data(&format!("{value}\n"))
}

/// Says something, a line for each; that nobody can hear it changes nothing.
fn say(what: impl Display) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// Says why it failed.
pub(super) fn error(why: &str) {
    remark(why);
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

/// Says something beside what was asked for.
pub(super) fn remark(what: &str) {
    say(format_args!("gobo-session: {}", Safe(what)));
}

/// Shows what was odd in a file.
pub(super) fn diagnostics(all: &[Diagnostic]) {
    all.iter().for_each(say);
}

/// Shows what was odd in what a plan was made from, where it is not the plan that was asked for.
pub(super) fn oddities(plan: &Plan) {
    diagnostics(&plan.notes);
    for missing in &plan.missing {
        warn(&format!("{} ({})", missing.why, plan.because(&missing.source).join(", ")));
    }
    for conflict in &plan.conflicts {
        let winner = &plan.chosen[conflict.winner];
        let (requirement, because) = (&conflict.requirement, plan.because(&conflict.source).join(", "));
        warn(&format!("`{requirement}` gives way to {} {} ({because})", winner.program, winner.version));
    }
    plan.offer.iter().filter(|offer| !offer.taken).for_each(|offer| remark(&offer.sentence));
}

/// A number of things: `1 link`, `2 links`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// How wide what is said may be.
const WIDTH: usize = 80;

/// A text in lines that fit: the first begins with one text, the others with another, such as blanks. What stands between
/// quotes is never divided, nor is a word.
pub(super) fn wrap(first: &str, rest: &str, text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(text) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("{rest}{word}")),
            None => lines.push(format!("{first}{word}")),
        }
    }
    lines
}

/// The words of a text. Those between backticks, or between quotes that stand at the ends of words, are one, and so are
/// an option and its value.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut before) = (0, None, ' ');
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '`' || (c == '\'' && !before.is_alphanumeric()) => quote = Some(c),
            None if c == ' ' && !is_option(&text[start..at]) => {
                words.extend((start < at).then(|| &text[start..at]));
                start = at + 1;
            }
            None => {}
        }
        before = c;
    }
    words.extend((start < text.len()).then(|| &text[start..]));
    words
}

/// Whether a text is an option, for which a value has yet to come.
fn is_option(word: &str) -> bool {
    word.starts_with("--") && !word.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn what_can_be_copied_stays_on_one_line() {
        let text = "with Glibc 2.41 instead of 2.36 everything fits and fits: --with 'Glibc = 2.41' --with A, \
                    `Glibc >= 2.38, < 3` it's one's own";
        let lines = [
            "offer: with Glibc 2.41 instead of 2.36 everything fits and fits:",
            "    --with 'Glibc = 2.41' --with A, `Glibc >= 2.38, < 3` it's one's own",
        ];
        assert_eq!(wrap("offer: ", "    ", text), lines);
    }
}
