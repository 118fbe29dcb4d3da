//! The command `gobo-session`: what a person at a terminal asks the engine.
//!
//! stdout is data, stderr is talk. The command holds no privilege and refuses to be given any (R15).

mod arguments;
mod exit;
mod plan;
mod request;
mod run;
mod status;
mod talk;

use crate::kernel::sys;
use arguments::{Arguments, Subcommand};
use clap::Parser as _;
use exit::Exit;
use std::ffi::OsString;

/// Runs the command with the process's own arguments and gives its exit code.
#[must_use]
pub fn main() -> i32 {
    let words: Vec<OsString> = std::env::args_os().collect();
    let runs_a_command = words.get(1).is_some_and(|word| word == "run");
    if let Err(why) = refuse_privilege() {
        talk::error(&why);
        return Exit::own_failure(runs_a_command).code();
    }
    match Arguments::try_parse_from(words) {
        Ok(arguments) => dispatch(arguments).code(),
        Err(error) => {
            let is_error = error.use_stderr();
            let _ = error.print();
            if is_error { Exit::usage(runs_a_command).code() } else { Exit::Done.code() }
        }
    }
}

fn dispatch(arguments: Arguments) -> Exit {
    match arguments.command {
        Subcommand::Run(run) => run::run(&run),
        Subcommand::Plan(plan) => plan::plan(&plan).unwrap_or_else(|error| talk::failed(&error)),
        Subcommand::Status(status) => status::status(&status).unwrap_or_else(|error| talk::failed(&error)),
    }
}

/// R15: no set-user-ID bit, no file capabilities, no borrowed identity.
fn refuse_privilege() -> Result<(), String> {
    let same_user = nix::unistd::getuid() == nix::unistd::geteuid();
    let same_group = nix::unistd::getgid() == nix::unistd::getegid();
    if sys::is_privileged_start() || !same_user || !same_group {
        return Err("refuses to run with more privilege than its caller has; remove the set-user-ID bit or the file \
                    capabilities from it: it needs none"
            .into());
    }
    Ok(())
}
