//! Commands in a chamber, and what comes of them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::process::{Process, Streams};
use super::wire::Spawn;
use super::{Chamber, User};

/// The environment of a command, besides PATH and HOME.
const ENVIRONMENT: [(&str, &str); 2] = [("TERM", "xterm"), ("LANG", "C.UTF-8")];

/// How long a command may take if nothing else is said.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// A command to run in a chamber: as root, in `/`, with a clean environment and empty standard input, unless
/// told otherwise.
#[derive(Clone)]
#[must_use]
pub struct Command<'c> {
    chamber: &'c Chamber,
    spawn: Spawn,
    input: Option<Vec<u8>>,
    timeout: Duration,
}

impl<'c> Command<'c> {
    pub(super) fn new(chamber: &'c Chamber, argv: impl IntoIterator<Item: AsRef<OsStr>>) -> Command<'c> {
        let argv = argv.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let places = [("PATH", chamber.places.path), ("HOME", chamber.places.home)];
        let env = ENVIRONMENT.into_iter().chain(places);
        let env = env.map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
        let spawn = Spawn { argv, env, cwd: "/".into(), ..Spawn::default() };
        Command { chamber, spawn, input: None, timeout: TIMEOUT }
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.spawn.env.retain(|(old, _)| old != name);
        self.spawn.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Sets the directory the command starts in.
    pub fn cwd(mut self, directory: impl AsRef<Path>) -> Self {
        self.spawn.cwd = directory.as_ref().into();
        self
    }

    /// Gives standard input; it ends after this text.
    pub fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Sets how long the command may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs the command with the ids of a user, in his home directory: no PAM, no session, no login shell.
    pub fn user(mut self, user: &User) -> Self {
        self.spawn.user = Some(user.ids());
        self.spawn.cwd = user.home.clone().into();
        self.env("HOME", &user.home).env("USER", &user.name).env("LOGNAME", &user.name)
    }

    /// Runs the command and waits for its end.
    ///
    /// The output is what was written until the command itself ended: daemons that it leaves behind may hold
    /// on to it. A command that takes too long is killed with all its descendants; that is an error, which
    /// tells what was written until then.
    pub fn run(self) -> Result<Output> {
        let (input, timeout) = (self.input.clone(), self.timeout);
        let mut process = self.spawn()?;
        if input.is_some() {
            process.close_input();
        }
        let waited = process.wait(timeout);
        if waited.is_err() {
            process.stop();
        }
        let (stdout, stderr) = process.take_output();
        match waited {
            Ok(status) => Ok(Output { what: process.name().to_owned(), status, stdout, stderr }),
            Err(error) => Err(error.context(Captured { stdout: &stdout, stderr: &stderr }.to_string())),
        }
    }

    /// Starts the command: for daemons and whatever else is talked to while it runs.
    ///
    /// Standard input stays open where one was given.
    pub fn spawn(self) -> Result<Process> {
        let (output, its_output) = std::io::pipe()?;
        let (errors, its_errors) = std::io::pipe()?;
        let (input, its_input) = if self.input.is_some() {
            let (its_input, input) = std::io::pipe()?;
            (Some(input.into()), its_input.into())
        } else {
            (None, self.chamber.root.open(Path::new("/dev/null"), OFlags::RDONLY)?)
        };
        let theirs = [its_input.as_fd(), its_output.as_fd(), its_errors.as_fd()];
        let streams = Streams::pipes(input, output.into(), Some(errors.into()))?;
        let mut process = Process::start(&self.chamber.control, self.spawn, theirs, streams)?;
        process.send(self.input.unwrap_or_default());
        Ok(process)
    }

    /// Starts the command on a terminal of the chamber, which becomes its controlling terminal.
    pub fn pty(mut self) -> Result<Process> {
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let master =
            self.chamber.root.open(Path::new("/dev/pts/ptmx"), flags).context("cannot get a terminal")?;
        unlockpt(&master)?;
        let terminal = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let theirs = ioctl_tiocgptpeer(&master, terminal).context("cannot open the terminal")?;
        tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 })?;
        self.spawn.terminal = true;
        let theirs = [theirs.as_fd(), theirs.as_fd(), theirs.as_fd()];
        let streams = Streams::terminal(master)?;
        let mut process = Process::start(&self.chamber.control, self.spawn, theirs, streams)?;
        process.send(self.input.unwrap_or_default());
        Ok(process)
    }
}

/// What came of a command.
#[derive(Debug, Clone)]
pub struct Output {
    what: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output, byte for byte.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, byte for byte.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Standard output as text, without the last line's end.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end_matches('\n').to_owned()
    }

    /// Standard error as text, without the last line's end.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).trim_end_matches('\n').to_owned()
    }

    /// The output again, or an error that tells everything about a command that failed.
    pub fn success(self) -> Result<Output> {
        ensure!(self.status.success(), "{self}");
        Ok(self)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let captured = Captured { stdout: &self.stdout, stderr: &self.stderr };
        write!(f, "{}: {}\n{captured}", self.what, self.status)
    }
}

/// Captured output for messages.
struct Captured<'o> {
    stdout: &'o [u8],
    stderr: &'o [u8],
}

impl fmt::Display for Captured<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stdout, stderr) = (String::from_utf8_lossy(self.stdout), String::from_utf8_lossy(self.stderr));
        write!(f, "--- stdout\n{}\n--- stderr\n{}", stdout.trim_end(), stderr.trim_end())
    }
}
