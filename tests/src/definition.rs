//! The command line as the program itself tells it: its commands and their options, from its help.

use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeSet;

/// What the program prints for words such as `profile select --help`.
pub type Ask<'a> = dyn Fn(&[&str]) -> Result<String> + 'a;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its words: `profile`, `select`.
    pub words: Vec<String>,
    /// Its options.
    pub options: Vec<Flag>,
}

/// An option, by its names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flag {
    /// `--profile`.
    pub long: String,
    /// `-p`, where it has one.
    pub short: Option<String>,
}

impl Command {
    /// The long names of its options.
    pub fn long_options(&self) -> BTreeSet<String> {
        self.options.iter().map(|flag| flag.long.clone()).collect()
    }
}

/// All commands with their options, those inside others behind these.
///
/// # Errors
/// Where the help is none.
pub fn commands(ask: &Ask<'_>) -> Result<Vec<Command>> {
    let with_options = |words: Vec<String>| {
        let line: Vec<&str> = words.iter().map(String::as_str).chain(["-h"]).collect();
        let options = flags_in(&ask(&line)?)?;
        Ok(Command { words, options })
    };
    all_words(ask)?.into_iter().map(with_options).collect()
}

/// The words of all commands, those inside others behind these.
///
/// # Errors
/// Where the help is none.
pub fn all_words(ask: &Ask<'_>) -> Result<Vec<Vec<String>>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    let mut rest = vec![Vec::<String>::new()];
    while let Some(words) = rest.pop() {
        let line: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
        let text = ask(&line)?;
        if text.contains("\nCommands:\n") {
            let inner = names_in(&text)?.into_iter().rev();
            rest.extend(inner.map(|name| [words.as_slice(), &[name]].concat()));
        }
        if !words.is_empty() {
            found.push(words);
        }
    }
    ensure!(found.iter().any(|words| words == &["profile", "select"]), "{found:?}");
    Ok(found)
}

/// The commands that a help lists, `help` itself left out.
///
/// # Errors
/// Where it lists none.
pub fn names_in(help: &str) -> Result<Vec<String>> {
    let (_, list) = help.split_once("\nCommands:\n").context("no list of commands")?;
    let names = list.lines().take_while(|line| !line.is_empty());
    // What is said of a command may go on below it.
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    Ok(names.filter(|name| *name != "help").map(str::to_owned).collect())
}

/// The options that the short help of a command lists.
fn flags_in(help: &str) -> Result<Vec<Flag>> {
    let (_, list) = help.split_once("\nOptions:\n").context("no options")?;
    let lines = list.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let flag = |line: &str| {
        let mut names = line.split([' ', ',']).filter(|word| word.starts_with('-'));
        let first = names.next()?;
        let (short, long) = match first.starts_with("--") {
            true => (None, first),
            false => (Some(first.to_owned()), names.next()?),
        };
        // Three dots tell that an option may be given again.
        Some(Flag { long: long.trim_end_matches("...").to_owned(), short })
    };
    Ok(lines.filter_map(flag).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_by_their_names() {
        let help = "Usage\n\nOptions:\n  -v, --verbose...  Say -- more\n      --root <FOLDER>  Of\n          -d is no option\n";
        let flag =
            |long: &str, short: Option<&str>| Flag { long: long.into(), short: short.map(str::to_owned) };
        let found = flags_in(help).unwrap();
        assert_eq!(found, [flag("--verbose", Some("-v")), flag("--root", None)]);
    }
}
