//! What the value of an argument could be. What cannot be read offers nothing: nobody wants to be told while he types.

use super::words::{Answer, AskShell, Candidate, first_line};
use crate::cli::place::Place;
use crate::config::Author;
use crate::requirement::ProgramName;
use clap::{Arg, Command, ValueHint};

/// The most programs that are looked into for their versions.
const MAX_LOOKED_INTO: usize = 64;

/// What the value of an argument could be, as far as it is written.
pub(super) fn of(command: &Command, arg: &Arg, current: &str) -> Answer {
    let possible = arg.get_possible_values();
    if !possible.is_empty() {
        let shown = possible.iter().filter(|value| !value.is_hide_set());
        let all = shown.map(|value| Candidate::new(value.get_name(), first_line(value.get_help())));
        return only(current, all.collect());
    }
    let word = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let all = match (word.as_deref().unwrap_or_default(), arg.get_value_hint()) {
        ("PROFILE", _) => profiles(command.get_name() == "select"),
        ("VIEW" | "OTHER", _) => views(),
        ("PROGRAM", _) => programs(current),
        ("PROGRAM[/VERSION]", _) => versions_after(current, '/').unwrap_or_else(|| programs(current)),
        ("REQUIREMENT", _) => versions_after(current, '=').unwrap_or_else(|| programs(current)),
        ("ARCH", _) => ["x86_64", "i686"].map(|arch| Candidate::new(arch, "")).into(),
        ("USER", _) => users(),
        ("SERVICE", _) => services(),
        ("PAGE", _) => crate::cli::man::pages(),
        ("NAME", _) if command.get_name() == "why" => {
            return Answer { ask_shell: AskShell::Files, ..Answer::default() };
        }
        (_, ValueHint::DirPath) => return Answer { ask_shell: AskShell::Folders, ..Answer::default() },
        ("FILE", _) | (_, ValueHint::FilePath) => {
            return Answer { ask_shell: AskShell::Files, ..Answer::default() };
        }
        _ => Vec::new(),
    };
    only(current, all)
}

/// Those that begin as the word does, whatever its capitals: programs are asked for so.
fn only(current: &str, all: Vec<Candidate>) -> Answer {
    let begins = |value: &str| value.to_lowercase().starts_with(&current.to_lowercase());
    let candidates = all.into_iter().filter(|candidate| begins(&candidate.value)).collect();
    Answer { candidates, ..Answer::default() }
}

fn profiles(or_none: bool) -> Vec<Candidate> {
    let Ok(place) = Place::here() else { return Vec::new() };
    let names = place.config.profiles.names().unwrap_or_default();
    let all = names.into_iter().map(|(name, author)| {
        let described = place.config.profiles.load(&name).map(|profile| profile.description);
        let whose = if author == Author::User { "yours" } else { "" };
        Candidate::new(name.as_str(), described.ok().filter(|text| !text.is_empty()).unwrap_or(whose.into()))
    });
    all.chain(or_none.then(|| Candidate::new("none", "no view"))).collect()
}

fn views() -> Vec<Candidate> {
    let words = [
        ("@here", "the view here"),
        ("@login", "what a new login would get"),
        ("none", "the index as it is"),
    ];
    let words = words.map(|(word, what)| Candidate::new(word, what));
    words.into_iter().chain(profiles(false)).collect()
}

fn programs(current: &str) -> Vec<Candidate> {
    let Ok(place) = Place::here() else { return Vec::new() };
    let Ok(names) = place.tree.names() else { return Vec::new() };
    let begins = |name: &&String| name.to_lowercase().starts_with(&current.to_lowercase());
    let names: Vec<&String> = names.iter().filter(begins).collect();
    let is_few = names.len() <= MAX_LOOKED_INTO;
    let of_name = |name: &&String| {
        let program = is_few.then(|| place.tree.program(&name.parse().ok()?).ok()?).flatten();
        let current = program.and_then(|program| program.current.clone());
        Candidate::new(
            name.as_str(),
            current.map(|current| format!("current: {current}")).unwrap_or_default(),
        )
    };
    names.iter().map(of_name).collect()
}

/// The versions of the program that stands before a sign, where that stands there.
fn versions_after(current: &str, sign: char) -> Option<Vec<Candidate>> {
    let at = current
        .find(['=', '<', '>', '!', '/'])
        .filter(|at| sign == '=' || current[*at..].starts_with(sign))?;
    let name: ProgramName = current[..at].trim().parse().ok()?;
    // What stands before the version stays as it is written.
    let rest = &current[at..];
    let begin = rest.find(|c: char| !matches!(c, '=' | '<' | '>' | '!' | '/' | ' ')).unwrap_or(rest.len());
    let head = &current[..at + begin];
    let place = Place::here().ok()?;
    let program = place.tree.find(&name).ok()??;
    let state = |version: &str| if program.current.as_deref() == Some(version) { "current" } else { "" };
    let all = program.versions(&place.tree).map(|folder| {
        let version = folder.version.as_str();
        Candidate::new(format!("{head}{version}"), state(version))
    });
    Some(all.collect())
}

/// The users that have a name to log in with.
fn users() -> Vec<Candidate> {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let all = passwd.lines().filter_map(|line| Some(Candidate::new(line.split(':').next()?, "")));
    all.collect()
}

/// The services that PAM knows.
fn services() -> Vec<Candidate> {
    let Ok(folder) = std::fs::read_dir("/etc/pam.d") else { return Vec::new() };
    let names = folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.into_iter().map(|name| Candidate::new(name, "")).collect()
}
