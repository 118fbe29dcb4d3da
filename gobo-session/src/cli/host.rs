//! `gobo-session host`: one command in the host's own view, from inside a session.

use super::arguments::ToRun;
use super::exit::Exit;
use super::talk;
use crate::command::become_command;
use crate::error::{Error, Result, Step};
use crate::kernel::namespace;
use std::ffi::OsString;

pub(super) fn host(ToRun { command }: &ToRun) -> Exit {
    if let Err(error) = go() {
        talk::failed(&error);
        return Exit::NoView;
    }
    let environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    Exit::of_not_started(&become_command(command, &environment))
}

/// Goes to the mount namespace of process 1, where that is the host's own (R22).
fn go() -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        let error = Error::new(Step::Leave, "only root may go to the host's view");
        return Err(
            error.with_cure("sudo does it by itself: in a session, sudo COMMAND runs in the host's view")
        );
    }
    if namespace::is_init() {
        return Ok(());
    }
    // The way back is not taken: this process becomes the command.
    namespace::go_to_init().map(drop).map_err(|error| match error.cure {
        Some(_) => error,
        None => error
            .with_cure("the host's view is not to be reached from a container or a chroot: start outside"),
    })
}
