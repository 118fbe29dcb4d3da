//! `Runner`: the interface of the older tool is kept, and none of its faults.
//!
//! `options`, `rules`, `surroundings`, `endings` and `compile` go through what callers rely on; `fault_...` have a test for
//! everything that was measured to be wrong in the original.

mod compile;
mod endings;
mod fault_arguments;
mod fault_data;
mod fault_limits;
mod fault_safety;
mod fault_views;
mod options;
mod rules;
mod surroundings;

use anyhow::Result;
use gobo_tests::chamber::{Chamber, Command, Output, User};
use gobo_tests::lab::Lab;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

/// How long a process may take to do what it was asked.
const PATIENCE: Duration = Duration::from_secs(20);

/// A machine on which `Runner` is a link to gobo-session, and ann as a user of it.
struct Machine {
    lab: Lab,
    ann: User,
}

impl Machine {
    fn new(root: &Path) -> Result<Self> {
        let lab = Lab::new(root, "", &[])?;
        lab.chamber.link("gobo-session", "/System/Index/bin/Runner")?;
        let ann = lab.chamber.user("ann")?;
        Ok(Self { lab, ann })
    }

    /// As [`Machine::new`], with the folders of the state, which a package or a first login makes.
    fn with_state(root: &Path) -> Result<Self> {
        let machine = Self::new(root)?;
        machine.chamber().mkdir("/run/gobo-session/index")?;
        machine.chamber().mkdir("/run/gobo-session/view")?;
        Ok(machine)
    }

    fn chamber(&self) -> &Chamber {
        &self.lab.chamber
    }

    /// A command with ann's ids, in her home.
    fn command(&self, words: impl IntoIterator<Item: AsRef<OsStr>>) -> Command<'_> {
        self.chamber().command(words).user(&self.ann)
    }

    /// `Runner WORDS` by ann.
    fn runner(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Output> {
        self.command(runner(words)).run()
    }

    /// `Runner WORDS` by root.
    fn as_root(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Output> {
        self.chamber().run(runner(words))
    }

    /// A command line by ann where she may make no user namespaces. The setting belongs to the user namespace that its
    /// writer is in: the machine's own stays as it is.
    fn forbidden(&self, line: &str) -> Result<Output> {
        let script = format!(
            "echo 0 > /proc/sys/user/max_user_namespaces && \
             exec setpriv --inh-caps=-all --ambient-caps=-all {line}"
        );
        self.command(["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", &script]).run()
    }

    /// What `Runner OPTIONS sh -c SCRIPT` prints, which nothing is wrong with.
    fn shows(&self, options: &[&str], script: &str) -> Result<String> {
        let output = self.runner([options, &["sh", "-c", script]].concat())?.success()?;
        assert_eq!(output.errors(), "", "{options:?} {script}");
        Ok(output.text())
    }

    /// Installs a version such as `Foo/1.0` with its dependencies, and `bin/foo` in it, which tells which one it is.
    fn install(&self, version: &str, dependencies: &str) -> Result<()> {
        self.tool(version, &command_of(version), &format!("echo {version}"))?;
        self.chamber().write(format!("/Programs/{version}/Resources/Dependencies"), dependencies)
    }

    /// As [`Machine::install`], and makes the version current.
    fn install_current(&self, version: &str, dependencies: &str) -> Result<()> {
        self.install(version, dependencies)?;
        let (name, number) = version.split_once('/').unwrap_or((version, ""));
        self.chamber().link(number, format!("/Programs/{name}/Current"))?;
        let command = command_of(version);
        self.chamber()
            .link(format!("/Programs/{version}/bin/{command}"), format!("/System/Index/bin/{command}"))
    }

    /// Gives a version a script in its bin.
    fn tool(&self, version: &str, name: &str, script: &str) -> Result<()> {
        self.executable(&format!("/Programs/{version}/bin/{name}"), format!("#!/bin/sh\n{script}\n"))
    }

    /// Writes a file that anybody may execute.
    fn executable(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        self.chamber().write(path, content)?;
        self.chamber().set_mode(path, 0o755)
    }

    /// Writes a file of ann's, and tells its path.
    fn file(&self, name: &str, text: &str) -> Result<String> {
        let path = format!("{}/{name}", self.ann.home);
        self.chamber().write(&path, text)?;
        self.chamber().chown(&path, self.ann.uid, self.ann.gid)?;
        Ok(path)
    }

    /// What a command says of itself in the view that a file of dependencies makes.
    fn chosen(&self, dependencies: &str, command: &str) -> Result<String> {
        let file = self.file("Dependencies", dependencies)?;
        self.shows(&["-d", &file], command)
    }
}

/// The words of `Runner WORDS`.
fn runner<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> Vec<OsString> {
    let words = words.into_iter().map(|word| word.as_ref().to_owned());
    std::iter::once("Runner".into()).chain(words).collect()
}

/// The command that [`Machine::install`] puts into a version.
fn command_of(version: &str) -> String {
    version.split('/').next().unwrap_or(version).to_lowercase()
}
