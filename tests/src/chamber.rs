//! Test chambers: private GoboLinux systems in which real services run.
//!
//! A [`Chamber`] has mount, process, IPC, host name and network namespaces of its own, a root that was built
//! once and is shared read-only (or copied, where a test changes it), new copies of the directories that a
//! system writes to, its own /dev, /proc, /sys and /run, and `/` shared between mount namespaces as on a machine
//! with systemd, so that a mount which leaks is seen. It is made in a hundredth of a second, or a quarter of a
//! second where the root is copied; any number of them can exist at once; nothing is left when it is dropped or
//! when the test is killed.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use gobo_tests::chamber::Chamber;
//! let chamber = Chamber::builder("target/goboroot/root-small").build()?;
//! let output = chamber.run(["su", "-", "ann", "-c", "id -un"])?.success()?;
//! assert_eq!(output.text(), "ann");
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! The harness starts the program `chamber-init`, the *keeper*, on one end of a socket. The keeper starts
//! process 1 in a new process namespace, which makes the file systems and from then on starts what the harness
//! asks for, on descriptors that come with the request. So the harness never enters a namespace, and its
//! threads do not matter. When the socket closes, for whatever reason, the keeper kills process 1 and the
//! kernel everything else; when the keeper is killed, process 1 dies with it.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

pub use builder::Builder;
pub use command::{Command, Output, TIMEOUT};
pub use keeper::init_main;
pub use mounts::Mount;
pub use process::{Pattern, Process};
pub use rustix::process::Signal;
pub use ssh::Ssh;
pub use state::{State, machine_state};
pub use syslog::{LogMark, Syslog};
pub use users::User;

use control::Control;
use places::Places;
use root::Root;
use wire::Request;

mod builder;
mod command;
mod control;
mod init;
mod keeper;
pub mod mounts;
mod places;
mod plan;
mod process;
mod programs;
mod root;
mod setup;
mod ssh;
mod state;
mod sys;
mod syslog;
mod tree;
mod users;
mod wire;

/// A private GoboLinux system. It ends, with everything in it, when the value is dropped.
pub struct Chamber {
    /// The syslog daemon of the root, if that is what receives the log.
    daemon: Option<Process>,
    syslog: Syslog,
    control: Arc<Control>,
    root: Root,
    places: &'static Places,
    /// The last field: it is let go when no descriptor into the chamber is left.
    _keeper: builder::Keeper,
}

impl Chamber {
    /// A builder of chambers with the GoboLinux root in a directory, or with a Debian one, of which a chamber has a copy.
    pub fn builder(root: impl AsRef<Path>) -> Builder {
        Builder::new(root.as_ref())
    }

    /// A command to run in the chamber.
    pub fn command(&self, argv: impl IntoIterator<Item: AsRef<OsStr>>) -> Command<'_> {
        Command::new(self, argv)
    }

    /// Runs a command as root.
    pub fn run(&self, argv: impl IntoIterator<Item: AsRef<OsStr>>) -> Result<Output> {
        self.command(argv).run()
    }

    /// Runs a bash script as root.
    pub fn sh(&self, script: &str) -> Result<Output> {
        self.run(["bash", "-c", script])
    }

    /// Runs a command with the ids of a user: no PAM, no session, no login shell.
    pub fn as_user(&self, user: &str, argv: impl IntoIterator<Item: AsRef<OsStr>>) -> Result<Output> {
        self.command(argv).user(&self.user(user)?).run()
    }

    /// Starts a command as root, without standard input: for daemons.
    pub fn spawn(&self, argv: impl IntoIterator<Item: AsRef<OsStr>>) -> Result<Process> {
        self.command(argv).spawn()
    }

    /// Starts a command as root on a terminal of the chamber, to be driven with [`Process::send`] and
    /// [`Process::expect`].
    pub fn pty(&self, argv: impl IntoIterator<Item: AsRef<OsStr>>) -> Result<Process> {
        self.command(argv).pty()
    }

    /// Starts sshd, with a new key that the users may log in with.
    pub fn start_sshd(&self, users: &[&str]) -> Result<Ssh<'_>> {
        Ssh::start(self, users, &[])
    }

    /// Starts sshd with further options.
    pub fn start_sshd_with(&self, users: &[&str], options: &[&str]) -> Result<Ssh<'_>> {
        Ssh::start(self, users, options)
    }

    /// A user that the chamber knows.
    pub fn user(&self, name: &str) -> Result<User> {
        User::find(name, &self.read("/etc/passwd")?, &self.read("/etc/group")?)
    }
}

/// Files. Links are followed as the chamber would follow them.
impl Chamber {
    /// Reads a file as text.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.read_bytes(path)?).into_owned())
    }

    /// Reads a file.
    pub fn read_bytes(&self, path: impl AsRef<Path>) -> Result<Vec<u8>> {
        self.root.read(path.as_ref())
    }

    /// Writes a file, and makes the directories above it. The file is a new one that is renamed to its place:
    /// a link is replaced, not followed; owner and mode of an old file stay; a new one is root's, 0644.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Result<()> {
        self.root.write(path.as_ref(), content.as_ref())
    }

    /// Makes a directory and those above it, as far as they do not exist: root's, 0755.
    pub fn mkdir(&self, path: impl AsRef<Path>) -> Result<()> {
        self.root.mkdir(path.as_ref())
    }

    /// Removes a file, a link or a whole directory; that there is none is fine.
    pub fn remove(&self, path: impl AsRef<Path>) -> Result<()> {
        self.root.remove(path.as_ref())
    }

    /// Makes a symbolic link, in place of what was there.
    pub fn link(&self, target: impl AsRef<Path>, path: impl AsRef<Path>) -> Result<()> {
        self.root.link(target.as_ref(), path.as_ref())
    }

    /// Where a symbolic link points; an error for anything else.
    pub fn read_link(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        self.root.read_link(path.as_ref())
    }

    /// Changes the mode of a file.
    pub fn set_mode(&self, path: impl AsRef<Path>, mode: u32) -> Result<()> {
        self.root.set_mode(path.as_ref(), mode)
    }

    /// Changes owner and group of a file.
    pub fn chown(&self, path: impl AsRef<Path>, uid: u32, gid: u32) -> Result<()> {
        self.root.chown(path.as_ref(), uid, gid)
    }

    /// Whether a path leads to something.
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.root.exists(path.as_ref())
    }

    /// Connects to a socket that something in the chamber listens on.
    pub fn connect(&self, socket: impl AsRef<Path>) -> Result<UnixStream> {
        self.root.connect(socket.as_ref())
    }

    /// The names in a directory, in order.
    pub fn list(&self, path: impl AsRef<Path>) -> Result<Vec<String>> {
        let names = self.root.list(path.as_ref())?;
        Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
    }
}

/// The log: what was sent to /dev/log.
impl Chamber {
    /// The lines logged so far. With a [`Syslog::Receiver`] that is every message sent before this call.
    pub fn log(&self) -> Result<Vec<String>> {
        match self.syslog {
            Syslog::Receiver => drop(self.control.ask(&Request::Drain, &[])?),
            Syslog::Daemon => {}
            Syslog::Absent => bail!("this chamber has no log"),
        }
        let log = if self.exists(syslog::FILE) { self.read(syslog::FILE)? } else { String::new() };
        Ok(log.lines().map(str::to_owned).collect())
    }

    /// The end of the log at this moment.
    pub fn log_mark(&self) -> Result<LogMark> {
        Ok(LogMark(self.log()?.len()))
    }

    /// The lines logged since a moment.
    pub fn log_since(&self, mark: LogMark) -> Result<Vec<String>> {
        Ok(self.log()?.split_off(mark.0))
    }

    /// Waits until a line that contains `text` is logged, and returns it.
    pub fn wait_for_log(&self, mark: LogMark, text: &str, timeout: Duration) -> Result<String> {
        let until = Instant::now() + timeout;
        loop {
            let lines = self.log_since(mark)?;
            if let Some(line) = lines.iter().find(|line| line.contains(text)) {
                return Ok(line.clone());
            }
            if Instant::now() > until {
                bail!("nothing logged with {text:?} after {timeout:?}, but:\n{}", lines.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What exists in the chamber, for tests of leaks.
impl Chamber {
    /// The mount table of a process; of process 1 that is the chamber's own.
    pub fn mounts_of(&self, pid: u32) -> Result<Vec<Mount>> {
        mounts::parse(&self.read_bytes(format!("/proc/{pid}/mountinfo"))?)
    }

    /// What exists outside any session: mounts, processes, descriptors of process 1, files under /run.
    pub fn host_state(&self) -> Result<State> {
        State::of_chamber(self)
    }

    /// Waits until everything is as it was: processes end a little later than what they were started for.
    pub fn wait_for_state(&self, before: &State, timeout: Duration) -> Result<()> {
        let until = Instant::now() + timeout;
        loop {
            let differences = State::differences(before, &self.host_state()?);
            if differences.is_empty() {
                return Ok(());
            }
            ensure!(Instant::now() < until, "still different after {timeout:?}:\n{}", differences.join("\n"));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl fmt::Debug for Chamber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chamber").finish_non_exhaustive()
    }
}
