//! `gobo-session run` and `status`, from end to end: real programs, in a GoboLinux root, by an ordinary user.

mod arguments;
mod endings;
mod files;
mod inherited;
mod kept;
mod nested;
mod pure;
mod safety;
mod shell;
mod status;
mod terminal;
mod versions;
mod writable;

use anyhow::Result;
use gobo_tests::chamber::{Chamber, Command, Mount, Output, User, mounts};
use gobo_tests::lab::Lab;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a process may take to do what it was asked.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ann's sessions have Lua 5.1.5, everybody else's no view.
const POLICY: &str = "[[rule]]\nuser = [\"ann\"]\nprofile = \"lua51\"\n";
const PROFILES: [(&str, &str); 1] = [("lua51", "programs = [\"Lua = 5.1.5\"]\n")];

/// What `run` needs to have something to do.
const LUA: [&str; 2] = ["--with", "Lua = 5.1.5"];

/// A machine on which nobody has logged in yet, and ann as a user of it.
struct Machine {
    lab: Lab,
    ann: User,
}

impl Machine {
    fn new(root: &Path) -> Result<Self> {
        let lab = Lab::new(root, POLICY, &PROFILES)?;
        let ann = lab.chamber.user("ann")?;
        Ok(Self { lab, ann })
    }

    /// As [`Machine::new`], after a first login: the folders of the state are there.
    fn with_state(root: &Path) -> Result<Self> {
        let machine = Self::new(root)?;
        machine.lab.log_in_until_kept("ann")?;
        Ok(machine)
    }

    fn chamber(&self) -> &Chamber {
        &self.lab.chamber
    }

    /// A command with ann's ids, outside any session.
    fn command(&self, words: impl IntoIterator<Item: AsRef<OsStr>>) -> Command<'_> {
        self.chamber().command(words).user(&self.ann)
    }

    /// `gobo-session run WORDS` by ann, outside any session.
    fn run(&self, words: impl IntoIterator<Item: AsRef<OsStr>>) -> Result<Output> {
        self.command(gobo_session_run(words)).run()
    }

    /// A script in a login of bob's, which has no view.
    fn in_login(&self, script: &str) -> Result<Output> {
        self.lab.su("bob", script)
    }

    /// A script in a session of ann's, which has a view.
    fn in_session(&self, script: &str) -> Result<Output> {
        self.lab.su("ann", script)
    }

    /// Gives ann an executable file, `~/NAME`, and tells its path.
    fn own_program(&self, name: &str, content: impl AsRef<[u8]>, mode: u32) -> Result<String> {
        let path = format!("{}/{name}", self.ann.home);
        self.chamber().write(&path, content)?;
        self.chamber().chown(&path, self.ann.uid, self.ann.gid)?;
        self.chamber().set_mode(&path, mode)?;
        Ok(path)
    }

    /// The path of a folder without links, as mount tables show it.
    fn real(&self, path: &str) -> Result<PathBuf> {
        Ok(self.chamber().run(["readlink", "-f", path])?.success()?.text().into())
    }
}

/// The words of `gobo-session run WORDS`.
fn gobo_session_run<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> Vec<std::ffi::OsString> {
    let words = words.into_iter().map(|word| word.as_ref().to_owned());
    ["gobo-session".into(), "run".into()].into_iter().chain(words).collect()
}

/// What a command wrote, wherever it wrote it: old programs tell their version on standard error.
fn everything(output: &Output) -> String {
    format!("{}\n{}", output.text(), output.errors())
}

/// The mounts that a table has and the chamber itself has not.
fn mounts_added(chamber: &Chamber, table: &[u8]) -> Result<Vec<Mount>> {
    let before = chamber.mounts_of(1)?;
    let is_new = |mount: &Mount| {
        !before.iter().any(|old| {
            (&old.point, &old.source, &old.fs_type) == (&mount.point, &mount.source, &mount.fs_type)
        })
    };
    Ok(mounts::parse(table)?.into_iter().filter(is_new).collect())
}
