//! A process's view, looked at from outside: by its own root and its own list of mounts.

use super::folder;
use super::mountinfo::{self, Mount};
use super::state::{Shown, VIEW_FOLDER, mount_of, shown_in};
use crate::error::{Error, Result, Step};
use crate::layer::Layer;
use crate::tree::Layout;
use rustix::fs::{self, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// The most bytes of a file that describes a view (R18).
const MAX_FILE: usize = 16 * 1024 * 1024;

/// A process that the kernel lets us look at.
pub struct Process {
    root: OwnedFd,
    path: PathBuf,
    mounts: Vec<Mount>,
}

impl Process {
    /// This process.
    ///
    /// # Errors
    /// Where /proc cannot be read.
    pub fn own() -> Result<Self> {
        Self::at(PathBuf::from("/"), mountinfo::read)
    }

    /// Another process.
    ///
    /// # Errors
    /// Where there is none of that id, or the kernel does not let this one look at it.
    pub fn of(pid: u32) -> Result<Self> {
        Self::at(PathBuf::from(format!("/proc/{pid}/root")), || mountinfo::of(pid)).map_err(|error| {
            match error.errno {
                Some(Errno::NOENT | Errno::SRCH) => {
                    Error::new(Step::Read, format!("there is no process {pid}"))
                }
                Some(Errno::ACCESS | Errno::PERM) => {
                    error.with_cure("only the user of a process, and root, may look at it")
                }
                _ => error,
            }
        })
    }

    fn at(path: PathBuf, mounts: impl FnOnce() -> Result<Vec<Mount>>) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = fs::open(&path, flags, Mode::empty())
            .map_err(|errno| Error::call(Step::Read, format!("open {}", path.display()), errno))?;
        Ok(Self { root, path, mounts: mounts()? })
    }

    /// Its root, as a path for this process.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.path
    }

    /// What it sees of a view.
    #[must_use]
    pub fn shown(&self, layout: &Layout) -> Shown {
        shown_in(&self.mounts, layout, |path| {
            mount_of(self.open(path, OFlags::PATH).ok()?.as_fd(), Path::new(""))
        })
    }

    /// A file that describes its view.
    ///
    /// # Errors
    /// Where it is not there, or cannot be read.
    pub fn description(&self, name: &str) -> Result<Vec<u8>> {
        let path = Path::new(VIEW_FOLDER).join(name);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        let fd = self.open(&path, flags)?;
        crate::tree::read_all(fd, MAX_FILE, &path.display().to_string())
    }

    /// The layer of its view, as it was made.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn layer(&self) -> Result<Layer> {
        let path = Path::new(VIEW_FOLDER).join(super::view::LAYER_FOLDER);
        folder::read(self.open(&path, OFlags::RDONLY | OFlags::DIRECTORY)?)
    }

    fn open(&self, path: &Path, flags: OFlags) -> Result<OwnedFd> {
        let inside = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        fs::openat2(&self.root, path, flags | OFlags::CLOEXEC, Mode::empty(), inside)
            .map_err(|errno| Error::call(Step::Read, format!("open {}", path.display()), errno))
    }
}
