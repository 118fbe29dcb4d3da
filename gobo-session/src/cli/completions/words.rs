//! Where a word stands on the command line, and what could stand there.

use super::values;
use clap::{Arg, Command, ValueHint};
use std::fmt;

/// A word that could stand at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Candidate {
    pub(in crate::cli) value: String,
    /// What it is; empty where there is nothing to say.
    pub(in crate::cli) help: String,
}

impl Candidate {
    pub(in crate::cli) fn new(value: impl Into<String>, help: impl Into<String>) -> Self {
        Self { value: value.into(), help: help.into() }
    }
}

/// What the shell knows better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum AskShell {
    #[default]
    Nothing,
    Files,
    Folders,
    /// A command and its own words, from this place on.
    Command(usize),
}

impl fmt::Display for AskShell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Files => f.write_str("files"),
            Self::Folders => f.write_str("folders"),
            Self::Command(place) => write!(f, "command {place}"),
        }
    }
}

/// What could stand at a place.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) ask_shell: AskShell,
    pub(super) candidates: Vec<Candidate>,
}

/// The words up to the place, the program's own name left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    before: Vec<String>,
    /// The places of these words among the shell's.
    places: Vec<usize>,
    current: String,
    /// How much of the current word the shell does not take for a part of it.
    pub(super) cut: usize,
}

impl Line {
    /// Takes the shell's words. bash takes `=` for a word of its own, unless it is quoted.
    pub(super) fn new(words: &[String], place: usize, joins: bool) -> Self {
        let mut line = Self { before: Vec::new(), places: Vec::new(), current: String::new(), cut: 0 };
        let mut all: Vec<(String, usize, usize)> = Vec::new();
        for (at, word) in words.iter().enumerate().take(place + 1).skip(1) {
            let joined = joins && at > 1 && [word, &words[at - 1]].into_iter().any(|word| word == "=");
            match all.last_mut() {
                Some((last, _, cut)) if joined => {
                    *cut = last.len() + usize::from(word == "=");
                    last.push_str(word);
                }
                _ => all.push((word.clone(), at, 0)),
            }
        }
        if let Some((current, _, cut)) = all.pop() {
            // A quote that is still open is no part of the word.
            let quote = usize::from(current.starts_with(['\'', '"']));
            (line.current, line.cut) = (current[quote..].to_owned(), cut.saturating_sub(quote));
        }
        (line.before, line.places) = all.into_iter().map(|(word, at, _)| (word, at)).unzip();
        line
    }
}

/// What could stand at the end of a line.
pub(super) fn answer(command: &Command, line: &Line) -> Answer {
    let mut command = command;
    let (mut positionals, mut after_dashes) = (0, false);
    let mut value_of: Option<&Arg> = None;
    for (word, place) in line.before.iter().zip(&line.places) {
        if value_of.take().is_some() {
            continue;
        }
        if !after_dashes && word == "--" {
            after_dashes = true;
        } else if !after_dashes && word.starts_with('-') && word.len() > 1 {
            value_of = option(command, word).filter(|arg| takes_value(arg) && !has_value(arg, word));
        } else if let Some(inner) = command.find_subcommand(word).filter(|_| positionals == 0) {
            command = inner;
        } else {
            if positional(command, positionals).is_some_and(is_command) {
                return Answer { ask_shell: AskShell::Command(*place), candidates: Vec::new() };
            }
            positionals += 1;
        }
    }
    let current = line.current.as_str();
    if let Some(arg) = value_of {
        return values::of(command, arg, current);
    }
    if !after_dashes && current.starts_with('-') {
        return match current.split_once('=') {
            Some((name, value)) => option(command, name).map_or_else(Answer::default, |arg| {
                let mut answer = values::of(command, arg, value);
                for candidate in &mut answer.candidates {
                    candidate.value = format!("{name}={}", candidate.value);
                }
                answer
            }),
            None => Answer { candidates: options(command, current), ..Answer::default() },
        };
    }
    let commands = command.get_subcommands().filter(|inner| !inner.is_hide_set() && positionals == 0);
    let commands = commands.filter(|inner| inner.get_name().starts_with(current));
    let commands: Vec<Candidate> =
        commands.map(|inner| Candidate::new(inner.get_name(), first_line(inner.get_about()))).collect();
    match positional(command, positionals) {
        _ if !commands.is_empty() => Answer { candidates: commands, ..Answer::default() },
        Some(arg) if is_command(arg) => {
            let place = line.places.last().map_or(1, |last| last + 1);
            Answer { ask_shell: AskShell::Command(place), candidates: Vec::new() }
        }
        Some(arg) => values::of(command, arg, current),
        None => Answer::default(),
    }
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

/// The option that a word names: `--with`, `--with=Lua`, `-w`, `-wLua`.
fn option<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| match word.strip_prefix("--") {
        Some(long) => arg.get_long() == long.split('=').next(),
        None => arg.get_short().is_some_and(|short| word[1..].starts_with(short)),
    })
}

/// Whether an option's value stands in the word itself.
fn has_value(arg: &Arg, word: &str) -> bool {
    word.contains('=') || !word.starts_with("--") && arg.get_short().is_some() && word.chars().count() > 2
}

/// The argument that a word without an option is, by its number; the last may stand for many.
fn positional(command: &Command, number: usize) -> Option<&Arg> {
    let all: Vec<&Arg> = command.get_positionals().collect();
    let is_many = |arg: &&Arg| arg.get_num_args().is_some_and(|range| range.max_values() > 1);
    all.get(number).or_else(|| all.last().filter(|arg| is_many(arg))).copied()
}

/// Whether an argument is a command with words of its own.
fn is_command(arg: &Arg) -> bool {
    arg.get_value_hint() == ValueHint::CommandWithArguments
}

fn options(command: &Command, current: &str) -> Vec<Candidate> {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let long = shown.filter_map(|arg| {
        let value = format!("--{}", arg.get_long()?);
        value.starts_with(current).then(|| Candidate::new(value, first_line(arg.get_help())))
    });
    let mut all: Vec<Candidate> = long.collect();
    all.sort_by(|a, b| a.value.cmp(&b.value));
    all
}

/// The first line of a help, without what a shell's script could take for its own.
pub(in crate::cli) fn first_line(help: Option<&clap::builder::StyledStr>) -> String {
    let text = help.map(ToString::to_string).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str, place: usize) -> Line {
        let words: Vec<String> = words.split('|').map(str::to_owned).collect();
        Line::new(&words, place, true)
    }

    #[test]
    fn what_bash_takes_apart_is_put_together() {
        let joined = line("g|plan|-w|Lua|=|5", 5);
        assert_eq!(
            (joined.before.as_slice(), joined.places.as_slice()),
            (&["plan".to_owned(), "-w".to_owned()][..], &[1, 2][..])
        );
        assert_eq!((joined.current.as_str(), joined.cut), ("Lua=5", 4));
        let joined = line("g|plan|--with|=", 3);
        assert_eq!((joined.current.as_str(), joined.cut), ("--with=", 7));
        let quoted = line("g|plan|-w|'Lua = 5", 3);
        assert_eq!((quoted.current.as_str(), quoted.cut), ("Lua = 5", 0));
        assert_eq!(line("g|", 1).current, "");
    }
}
