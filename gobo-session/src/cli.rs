//! The command `gobo-session`: what a person at a terminal asks the engine.
//!
//! stdout is data, stderr is talk. The command holds no privilege and refuses to be given any (R15).

mod arguments;
mod check;
mod completions;
mod diff;
mod env;
mod exit;
mod input;
mod lint;
mod man;
mod place;
mod plan;
mod reasons;
mod request;
mod run;
mod status;
mod table;
mod talk;
mod versions;
mod why;

use crate::kernel::sys;
use arguments::{Arguments, Subcommand};
use clap::Parser as _;
use exit::Exit;
use rustix::fs::{self, Mode, OFlags};
use std::ffi::OsString;
use std::os::fd::{AsRawFd as _, OwnedFd};

/// Runs the command with the process's own arguments and gives its exit code.
#[must_use]
pub fn main() -> i32 {
    let _held = hold_closed_streams();
    let words: Vec<OsString> = std::env::args_os().collect();
    let runs_a_command = words.get(1).is_some_and(|word| word == "run");
    if let Err(why) = refuse_privilege() {
        talk::error(&why);
        return Exit::own_failure(runs_a_command).code();
    }
    match Arguments::try_parse_from(words) {
        Ok(arguments) => dispatch(arguments).code(),
        Err(error) => {
            if !error.use_stderr() {
                return talk::data(&error.render().to_string()).code();
            }
            let _ = error.print();
            Exit::usage(runs_a_command).code()
        }
    }
}

fn dispatch(arguments: Arguments) -> Exit {
    let done = match arguments.command {
        Subcommand::Run(run) => Ok(run::run(&run)),
        Subcommand::Plan(plan) => plan::plan(&plan),
        Subcommand::Env(env) => env::env(&env),
        Subcommand::Versions(versions) => versions::versions(&versions),
        Subcommand::Diff(diff) => diff::diff(&diff),
        Subcommand::Why(why) => why::why(&why),
        Subcommand::Lint(lint) => lint::lint(&lint),
        Subcommand::Check(check) => check::check(&check),
        Subcommand::Completions(completions) => Ok(completions::completions(&completions)),
        Subcommand::Man(man) => Ok(man::man(&man)),
        Subcommand::Status(status) => status::status(&status),
    };
    done.unwrap_or_else(|error| talk::failed(&error))
}

/// Takes the places of streams that the caller has closed, so that no file of ours gets their numbers. Nothing can be
/// read from what stands there or written to it, and the command finds them closed again.
fn hold_closed_streams() -> Vec<OwnedFd> {
    let open = || fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok();
    std::iter::from_fn(open).take_while(|fd| fd.as_raw_fd() <= 2).collect()
}

/// R15: no set-user-ID bit, no file capabilities, no borrowed identity.
fn refuse_privilege() -> Result<(), String> {
    let same_user = nix::unistd::getuid() == nix::unistd::geteuid();
    let same_group = nix::unistd::getgid() == nix::unistd::getegid();
    if sys::is_privileged_start() || !same_user || !same_group {
        return Err(
            "refuses to run with more privilege than its caller has; remove the set-user-ID bit or the file \
                    capabilities from it: it needs none"
                .into(),
        );
    }
    Ok(())
}
