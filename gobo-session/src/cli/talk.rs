//! What goes to stdout and to stderr, and how.

use super::exit::Exit;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::plan::Plan;
use crate::text::{Safe, WIDTH, wrap};
use rustix::io::Errno;
use std::fmt::Display;
use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes what was asked for to stdout. That it cannot be written, to a closed stdout too, is a failure: nobody should
/// take nothing for an answer.
pub(super) fn data(text: &str) -> Exit {
    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    match stdout.and_then(|stdout| File::from(stdout).write_all(text.as_bytes())) {
        Ok(()) => Exit::Done,
        Err(why) => {
            let cure = match Errno::from_io_error(&why) {
                Some(Errno::BADF) => "it is closed; who wants no answer writes > /dev/null",
                Some(Errno::NOSPC | Errno::DQUOT) => "make room, and ask again: the answer is not whole",
                _ => "the answer is not whole: ask again, with another place for it",
            };
            error(&format!("standard output: {why}; {cure}"));
            Exit::Failed
        }
    }
}

/// Writes what was asked for as JSON, on one line.
pub(super) fn json(value: &serde_json::Value) -> Exit {
    data(&format!("{value}\n"))
}

/// What a sentence of this command's begins with.
const NAME: &str = "gobo-session: ";

/// Says something: sentences on a terminal in lines that fit, elsewhere, as in a log, in one. That nobody can hear it changes
/// nothing.
fn say(what: impl Display) {
    let text = what.to_string();
    let is_for_a_person = text.starts_with(NAME) && std::io::stderr().is_terminal();
    let shown = if is_for_a_person { wrap("", "    ", &text).join("\n") } else { text };
    let _ = writeln!(std::io::stderr(), "{shown}");
}

/// A sentence of this command's.
fn sentence(what: &str) -> String {
    format!("{NAME}{}", Safe(what))
}

/// Whether only failures are told.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// From now on tells why something failed, and nothing else.
pub(super) fn hush() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

/// What was said beside what was asked for, where it is listened to.
static HEARD: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// From now on remembers what is said beside what was asked for, quiet or not.
pub(super) fn listen() {
    *HEARD.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
}

/// What was said since [`listen`].
pub(super) fn heard() -> Vec<String> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
}

/// Says again what was said once.
pub(super) fn repeat(said: &[String]) {
    said.iter().for_each(add);
}

/// Says something that nobody has to know.
fn add(what: impl Display) {
    if let Some(heard) = HEARD.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        heard.push(what.to_string());
    }
    if !IS_QUIET.load(Ordering::Relaxed) {
        say(what);
    }
}

/// Says why it failed.
pub(super) fn error(why: &str) {
    say(sentence(why));
}

/// Says what cannot be understood on a command line; on a terminal in lines that fit.
pub(super) fn usage(error: &clap::Error) {
    let text = error.render().to_string();
    let fits = |line: &str| line.chars().count() <= WIDTH;
    if text.lines().all(fits) || !std::io::stderr().is_terminal() {
        let _ = error.print();
        return;
    }
    for line in text.lines() {
        say(if fits(line) { line.to_owned() } else { wrap("", "    ", line).join("\n") });
    }
}

/// Says why it failed, and ends so.
pub(super) fn failed(error: &Error) -> Exit {
    self::error(&format!("{}: {error}", error.step));
    Exit::Failed
}

/// Says what was odd.
pub(super) fn warn(what: &str) {
    add(sentence(&format!("warning: {what}")));
}

/// Says something beside what was asked for.
pub(super) fn remark(what: &str) {
    add(sentence(what));
}

/// Shows what was odd in a file.
pub(super) fn diagnostics(all: &[Diagnostic]) {
    all.iter().for_each(add);
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

/// How long something has been so, in the largest unit.
pub(super) fn age(since: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let seconds = usize::try_from(now.saturating_sub(since)).unwrap_or(usize::MAX);
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "second"));
    count(seconds / size, unit)
}
