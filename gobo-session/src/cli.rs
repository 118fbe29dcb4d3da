//! The command `gobo-session`: what a person at a terminal asks the engine.
//!
//! stdout is data, stderr is talk. The command holds no privilege and refuses to be given any (R15).

mod arguments;
mod check;
mod completions;
mod diff;
mod enter;
mod env;
mod exit;
mod host;
mod input;
mod lint;
mod list;
mod man;
mod person;
mod place;
mod plan;
mod profile;
mod reasons;
mod renew;
mod request;
mod run;
mod runner;
mod session;
mod setup;
mod shell;
mod status;
mod table;
mod talk;
mod versions;
mod who;
mod why;

use crate::kernel::sys;
use arguments::{CommandLine, Often, OftenCalled, Subcommand, VersionAsked};
use clap::{Parser as _, Subcommand as _};
use exit::Exit;
use rustix::fs::{self, Mode, OFlags};
use std::ffi::OsString;
use std::os::fd::{AsRawFd as _, OwnedFd};

/// Runs the command with the process's own arguments and gives its exit code.
#[must_use]
pub fn main() -> i32 {
    let _held = hold_closed_streams();
    let words = runner::by_name(std::env::args_os().collect());
    let command = words.get(1).and_then(|word| word.to_str()).unwrap_or_default().to_owned();
    if let Err(why) = refuse_privilege() {
        talk::error(&why);
        return Exit::own_failure(&command).code();
    }
    match parse(words, &command) {
        Ok(command) => dispatch(command).code(),
        Err(error) => {
            if !error.use_stderr() {
                return talk::data(&error.render().to_string()).code();
            }
            talk::usage(&error);
            Exit::usage(&command).code()
        }
    }
}

/// Reads a command line. A command that is often called is read by itself, which takes a tenth of the time, and so is the
/// question for the version; whatever is not understood then is read as all others are, and told so.
fn parse(words: Vec<OsString>, command: &str) -> Result<Subcommand, clap::Error> {
    if matches!(command, "--version" | "-V")
        && words.len() == 2
        && let Err(version) = VersionAsked::try_parse_from(&words)
    {
        return Err(version);
    }
    if Often::has_subcommand(command)
        && let Ok(line) = OftenCalled::try_parse_from(&words)
    {
        return Ok(line.command.into());
    }
    CommandLine::try_parse_from(words).map(|line| line.command)
}

fn dispatch(command: Subcommand) -> Exit {
    let done = match command {
        Subcommand::Run(run) => Ok(run::run(&run)),
        Subcommand::Runner(runner) => Ok(runner::runner(&runner)),
        Subcommand::Shell(shell) => Ok(shell::shell(&shell)),
        Subcommand::Profile(profile) => profile::profile(&profile),
        Subcommand::Plan(plan) => plan::plan(&plan),
        Subcommand::Env(env) => env::env(&env),
        Subcommand::Versions(versions) => versions::versions(&versions),
        Subcommand::Diff(diff) => diff::diff(&diff),
        Subcommand::Why(why) => why::why(&why),
        Subcommand::Lint(lint) => lint::lint(&lint),
        Subcommand::List(list) => list::list(&list),
        Subcommand::Who(who) => who::who(&who),
        Subcommand::Host(host) => Ok(host::host(&host)),
        Subcommand::Refresh(refresh) => renew::refresh(&refresh),
        Subcommand::Reload(reload) => renew::reload(&reload),
        Subcommand::Check(check) => check::check(&check),
        Subcommand::Setup(setup) => setup::setup(&setup),
        Subcommand::Completions(completions) => Ok(completions::completions(&completions)),
        Subcommand::Complete(question) => Ok(completions::complete(&question)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_told_as_it_is_by_the_whole_command_line() {
        for word in ["--version", "-V"] {
            let words = ["gobo-session", word].map(OsString::from).to_vec();
            let whole = CommandLine::try_parse_from(&words).unwrap_err();
            let alone = parse(words, word).unwrap_err();
            assert_eq!((alone.kind(), alone.to_string()), (whole.kind(), whole.to_string()));
        }
        assert!(parse(["gobo-session", "--version", "x"].map(OsString::from).to_vec(), "--version").is_err());
    }
}
