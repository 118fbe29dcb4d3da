//! `gobo-session completions`: scripts that let a shell complete this command's words, and the hidden command that they ask.
//!
//! The scripts are a few lines each and know nothing: what could stand at a place is told by the program itself, which has
//! the definition of its command line, the programs that are installed, and the profiles that there are.

mod values;
mod words;

use super::arguments::CommandLine;
use super::exit::Exit;
use super::talk;
use clap::{Args, CommandFactory as _, ValueEnum};
use std::ffi::OsString;
use words::Answer;
pub(super) use words::{Candidate, first_line};

/// What `completions` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// What `complete` is told, by the scripts.
#[derive(Debug, Args)]
pub(super) struct Question {
    #[arg(value_enum)]
    shell: Shell,
    /// Which of the words is to be completed; the first, the program's own name, is 0.
    place: usize,
    #[arg(last = true)]
    words: Vec<OsString>,
}

/// The shells that there are completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn completions(Arguments { shell }: &Arguments) -> Exit {
    talk::data(match shell {
        Shell::Bash => include_str!("completions/gobo-session.bash"),
        Shell::Zsh => include_str!("completions/gobo-session.zsh"),
        Shell::Fish => include_str!("completions/gobo-session.fish"),
    })
}

/// Says what could stand at a place: on the first line what the shell itself is to add, then a candidate on each.
pub(super) fn complete(Question { shell, place, words }: &Question) -> Exit {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut command = CommandLine::command();
    command.build();
    let is_bash = *shell == Shell::Bash;
    let line = words::Line::new(&words, *place, is_bash);
    let Answer { ask_shell, candidates } = words::answer(&command, &line);
    let mut text = format!("{ask_shell}\n");
    for candidate in candidates {
        text += &shell.line(&candidate, line.cut);
        text.push('\n');
    }
    talk::data(&text)
}

impl Shell {
    /// A candidate as the shell's script reads it. `cut` bytes of it stand before what the shell takes for the word.
    fn line(self, Candidate { value, help }: &Candidate, cut: usize) -> String {
        let value = value.get(cut..).unwrap_or(value);
        match self {
            Self::Bash => value.to_owned(),
            Self::Zsh if help.is_empty() => value.replace(':', "\\:"),
            Self::Zsh => format!("{}:{help}", value.replace(':', "\\:")),
            Self::Fish if help.is_empty() => value.to_owned(),
            Self::Fish => format!("{value}\t{help}"),
        }
    }
}
