//! `gobo-session completions`: what a shell needs to complete the words of this command, made from their definition.

use super::arguments::{Arguments, Completions};
use super::exit::Exit;
use super::talk;
use clap::{CommandFactory as _, ValueEnum};
use clap_complete::generate;

/// The shells that there are completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn completions(Completions { shell }: &Completions) -> Exit {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    talk::data(&String::from_utf8_lossy(&script).replace(MISSPELLED, SPELLED))
}

/// clap_complete 4.6 spells a program's name in two ways in its script for bash where there is a hyphen in it, and then
/// finds none of its commands (clap-rs/clap, issue 6421).
const MISSPELLED: &str = "gobo__subcmd__session";
const SPELLED: &str = "gobo__session";
