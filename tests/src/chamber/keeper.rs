//! The process outside that keeps a chamber: it starts process 1, and ends everything when the harness lets go of
//! the socket, in whatever way the harness ended.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::thread::UnshareFlags;

use super::{init, sys, wire};

/// The argument that makes the program process 1 instead of the keeper.
const AS_INIT: &str = "init";

/// The whole of the program `chamber-init`.
///
/// Standard input is the socket to the harness. An error before the chamber is ready is told there.
pub fn init_main() -> ExitCode {
    if sys::forget_inherited().is_err() {
        return ExitCode::FAILURE;
    }
    let mut arguments = std::env::args_os().skip(1).peekable();
    let as_init = arguments.next_if(|argument| argument == AS_INIT).is_some();
    let result = io::stdin().as_fd().try_clone_to_owned().map_err(Into::into).and_then(|socket| {
        let act = if as_init { init::run } else { keep };
        act(&socket, arguments).inspect_err(|error| {
            let _ = wire::send(&socket, format!("{error:#}").as_bytes(), &[]);
        })
    });
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn keep(socket: &OwnedFd, arguments: impl Iterator<Item = OsString>) -> Result<()> {
    // A terminal's interrupt is for the harness, which decides what ends.
    rustix::process::setsid().context("cannot make a session")?;
    sys::unshare(UnshareFlags::NEWPID).context("cannot make a process namespace")?;
    let mut init = Command::new(std::env::current_exe()?)
        .arg(AS_INIT)
        .args(arguments)
        .stdin(Stdio::from(socket.try_clone()?))
        .spawn()
        .context("cannot start process 1")?;
    let pidfd = pidfd_open(Pid::from_child(&init), PidfdFlags::empty())?;
    let mut waited = [PollFd::new(socket, PollFlags::empty()), PollFd::new(&pidfd, PollFlags::IN)];
    while let Err(rustix::io::Errno::INTR) = poll(&mut waited, None) {}
    // The kernel kills all of the namespace with its process 1, and reports its end when all are gone.
    init.kill()?;
    init.wait()?;
    Ok(())
}
