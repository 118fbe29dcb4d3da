//! What a build needs of the machine: root, tools, one build at a time, a file mode mask; and where it says what it does.

use super::apt;
use anyhow::{Context, Result, ensure};
use rustix::fs::{FlockOperation, Mode, flock};
use std::fmt::Arguments;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

/// The tools of the host that a build calls (names in PATH, or absolute paths), with the Debian packages that have them.
pub const HOST_PACKAGES: &[(&str, &str)] = &[
    (apt::KEYRING, "debian-archive-keyring"),
    ("apt-get", "apt"),
    ("dpkg-deb", "dpkg"),
    ("unshare", "util-linux"),
    ("mount", "mount"),
    ("chroot", "coreutils"),
];

/// Says what is missing for a build on this machine.
pub fn require_privileges_and_tools() -> Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "only root can build a GoboLinux root: its files have owners and set-user-ID bits, and its caches are made in a \
         chroot. Run it with sudo, or in a container as root"
    );
    let (tools, packages): (Vec<&str>, Vec<&str>) = missing_tools().into_iter().unzip();
    ensure!(
        tools.is_empty(),
        "building a root takes {}, which this machine has not got; on Debian: apt-get install {}",
        tools.join(" "),
        packages.join(" ")
    );
    Ok(())
}

/// Those of [`HOST_PACKAGES`] whose tool is not there.
pub fn missing_tools() -> Vec<(&'static str, &'static str)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |tool: &str| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    HOST_PACKAGES.iter().copied().filter(|(tool, _)| !is_there(tool)).collect()
}

/// Lines on stderr, each with the seconds since the beginning.
pub struct Progress {
    start: Instant,
    silent: bool,
}

impl Progress {
    /// The clock starts now.
    pub fn start() -> Self {
        Self { start: Instant::now(), silent: false }
    }

    /// Says nothing.
    #[cfg(test)]
    pub fn silent() -> Self {
        Self { start: Instant::now(), silent: true }
    }

    /// Says what happens.
    pub fn line(&self, text: Arguments<'_>) {
        if !self.silent {
            eprintln!("root {:6.1}s  {text}", self.start.elapsed().as_secs_f32());
        }
    }
}

/// One build at a time in a work folder. The kernel lets go of it when the process ends, however it ends.
pub struct Lock(#[allow(dead_code)] File);

impl Lock {
    /// Waits until no other build has it.
    pub fn take(path: &Path, progress: &Progress) -> Result<Self> {
        let open = || File::options().create(true).append(true).open(path);
        let file = open().with_context(|| format!("cannot open {}", path.display()))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            progress.line(format_args!("waiting for another build in {}", path.display()));
            flock(&file, FlockOperation::LockExclusive)
                .with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Ok(Self(file))
    }
}

/// That a root is in use: a shared lock on its directory.
#[derive(Debug)]
pub struct Use(#[allow(dead_code)] File);

impl Use {
    /// The root is in use until this is dropped.
    pub fn begin(root: &Path) -> Result<Self> {
        let folder = File::open(root).with_context(|| format!("cannot open {}", root.display()))?;
        flock(&folder, FlockOperation::LockShared)
            .with_context(|| format!("cannot lock {}", root.display()))?;
        Ok(Self(folder))
    }

    /// Whether nobody uses the root.
    pub fn none(root: &Path) -> bool {
        File::open(root).is_ok_and(|folder| flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok())
    }
}

/// The file mode mask of the process, for the time of a build: a root's folders are for everybody.
pub struct Umask(Mode);

impl Umask {
    /// Sets the mask, until this is dropped.
    pub fn set(mask: u32) -> Self {
        Self(rustix::process::umask(Mode::from_raw_mode(mask)))
    }
}

impl Drop for Umask {
    fn drop(&mut self) {
        rustix::process::umask(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_build_at_a_time() {
        let work = tempfile::tempdir().unwrap();
        let path = work.path().join("lock");
        let held = Lock::take(&path, &Progress::silent()).unwrap();
        let other = File::options().append(true).open(&path).unwrap();
        assert!(flock(&other, FlockOperation::NonBlockingLockExclusive).is_err());
        drop(held);
        assert!(flock(&other, FlockOperation::NonBlockingLockExclusive).is_ok());
    }

    #[test]
    fn a_root_in_use() {
        let root = tempfile::tempdir().unwrap();
        assert!(Use::none(root.path()));
        let uses = [Use::begin(root.path()).unwrap(), Use::begin(root.path()).unwrap()];
        assert!(!Use::none(root.path()));
        drop(uses);
        assert!(Use::none(root.path()));
        assert!(!Use::none(&root.path().join("missing")));
    }
}
