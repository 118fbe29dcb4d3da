//! A lab machine: the GoboLinux root in a chamber, with the product installed as an administrator would install it.

use crate::chamber::{Chamber, Output, Syslog};
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The services whose stacks get the module's two lines.
pub const SERVICES: [&str; 7] = ["login", "su", "sshd", "sudo", "sudo-i", "cron", "pamtester"];

/// A chamber with the product in it.
pub struct Lab {
    /// The chamber.
    pub chamber: Chamber,
    /// What was installed; the chamber has its own copy.
    _tree: TempDir,
}

impl Lab {
    /// Installs the product and turns it on for [`SERVICES`], with a policy and profiles.
    ///
    /// # Errors
    /// Where the product is not built, or the chamber cannot be made.
    pub fn new(root: &Path, policy: &str, profiles: &[(&str, &str)]) -> Result<Self> {
        Self::with(root, policy, profiles, |builder| builder)
    }

    /// As [`Lab::new`], with a chamber built in a special way.
    ///
    /// # Errors
    /// As [`Lab::new`].
    pub fn with(
        root: &Path,
        policy: &str,
        profiles: &[(&str, &str)],
        special: impl FnOnce(crate::chamber::Builder) -> crate::chamber::Builder,
    ) -> Result<Self> {
        let tree = product()?;
        let builder = Chamber::builder(root).program(tree.path(), "Gobo-Session", "0.1.0").syslog(Syslog::Receiver);
        let chamber = special(builder).build()?;
        let lab = Self { chamber, _tree: tree };
        for service in SERVICES {
            lab.turn_on(service)?;
        }
        lab.policy(policy)?;
        for (name, text) in profiles {
            lab.profile(name, text)?;
        }
        Ok(lab)
    }

    /// Writes the policy.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn policy(&self, text: &str) -> Result<()> {
        self.chamber.write("/etc/gobo-session/session.toml", text)
    }

    /// Writes a profile.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn profile(&self, name: &str, text: &str) -> Result<()> {
        self.chamber.write(format!("/etc/gobo-session/profiles.d/{name}.toml"), text)
    }

    /// What a user selects.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn select(&self, user: &str, profile: &str) -> Result<()> {
        let person = self.chamber.user(user)?;
        let file = format!("/Users/{user}/.config/gobo-session/session.toml");
        self.chamber.write(&file, &format!("profile = \"{profile}\"\n"))?;
        self.chamber.chown(format!("/Users/{user}/.config"), person.uid, person.gid)?;
        self.chamber.chown(format!("/Users/{user}/.config/gobo-session"), person.uid, person.gid)?;
        self.chamber.chown(&file, person.uid, person.gid)
    }

    /// What `su - USER -c SCRIPT` prints and how it ends.
    ///
    /// # Errors
    /// Where it cannot be run.
    pub fn su(&self, user: &str, script: &str) -> Result<Output> {
        self.chamber.run(["su", "-", user, "-c", script])
    }

    /// Puts the module's two lines into a stack: `close` before all others of a session, `open` behind them.
    fn turn_on(&self, service: &str) -> Result<()> {
        let path = format!("/etc/pam.d/{service}");
        let stack = self.chamber.read(&path)?;
        let is_session = |line: &&str| line.trim_start().starts_with("session");
        let first = stack.lines().position(|line| is_session(&line)).context("a stack without session")?;
        let mut lines: Vec<&str> = stack.lines().collect();
        lines.insert(first, "session optional pam_gobo.so close");
        lines.push("session optional pam_gobo.so open debug");
        self.chamber.write(&path, &format!("{}\n", lines.join("\n")))
    }
}

/// The product's files as a program tree.
fn product() -> Result<TempDir> {
    let tree = tempfile::tempdir()?;
    for (file, place) in [("gobo-session", "bin"), ("libpam_gobo.so", "lib/security")] {
        let built = built(file)?;
        let name = file.strip_prefix("lib").unwrap_or(file);
        let place = tree.path().join(place);
        fs::create_dir_all(&place)?;
        fs::copy(&built, place.join(name)).with_context(|| format!("copy {}", built.display()))?;
    }
    Ok(tree)
}

/// A file that cargo built, beside the running test or program.
///
/// # Errors
/// Where it is not there.
pub fn built(file: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let found = own.ancestors().skip(1).map(|folder| folder.join(file)).find(|path| path.is_file());
    let found = found.or_else(|| {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
        ["debug", "release"].map(|profile| target.join(profile).join(file)).into_iter().find(|path| path.is_file())
    });
    let path = found.with_context(|| format!("{file} is not built: cargo build -p gobo-session -p pam_gobo"))?;
    ensure!(path.is_file(), "{} is no file", path.display());
    Ok(path)
}
