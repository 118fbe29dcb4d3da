//! `gobo-session run`: one command in a view of its own.

use super::arguments::{Manner, ToRun, Wishes};
use super::enter::{Entry, Prepared};
use super::exit::Exit;
use clap::Args;

/// What `run` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    wishes: Wishes,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    to_run: ToRun,
}

pub(super) fn run(Arguments { wishes, manner, to_run }: &Arguments) -> Exit {
    let prepared = Entry::new(wishes, manner, &to_run.command).prepare();
    prepared.map_or_else(|stopped| stopped, Prepared::become_command).tell()
}
