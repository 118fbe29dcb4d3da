//! Opening what root is to believe (R4, R17).
//!
//! A path is walked one component at a time, each opened with `O_PATH | O_NOFOLLOW` beneath the descriptor of the one
//! before and checked through its own descriptor, so nothing is looked up a second time after its check. Links are
//! followed here and not by the kernel: their owner is checked, absolute ones start again at the given root, `..` goes
//! back to a directory that was passed before and never above the root, and links of /proc are not followed at all.
//! A path that others than root could change is refused with the component, the reason and the cure.

mod fault;
mod walk;

use crate::unordered::Map;
use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use walk::Walk;

pub use fault::{Fault, TrustError};

/// How much of a file is read at once: most are smaller.
const FIRST_READ: usize = 4096;

/// Who may have written what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Root alone: every component belongs to uid 0 and is not writable by group or others.
    ///
    /// A sticky directory such as /tmp is refused too. An access control list that lets somebody write is seen in the
    /// bits of the group.
    RootOnly,
    /// Anyone: for work that holds no privilege. Paths are walked in the same way, owners do not matter.
    Anyone,
}

/// What a path should lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file, opened for reading.
    File,
    /// A directory, opened for reading.
    Directory,
}

/// A name in a folder, to which a path leads: a regular file is there, or nothing.
#[derive(Debug)]
pub struct Entry {
    /// The folder, opened for reading.
    pub folder: OwnedFd,
    /// The name.
    pub name: OsString,
}

/// A path that starts from a root, for somebody who is not in that.
pub(crate) fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Where paths start, absolute ones too. Every folder that a walk comes to stays open: a later walk goes on from there, and
/// whatever is checked is looked up and checked once.
#[derive(Debug, Clone)]
pub struct Root {
    top: Rc<Place>,
    trust: Trust,
}

/// A folder that was checked.
#[derive(Debug)]
struct Place {
    /// Its name in the folder above; empty for the root.
    name: OsString,
    fd: OwnedFd,
    known: RefCell<Map<OsString, Known>>,
}

/// What is known of a name in a folder.
#[derive(Debug, Clone)]
enum Known {
    Folder(Rc<Place>),
    /// A link, and where it leads.
    Link(PathBuf),
}

impl Root {
    /// The folder that is open at `fd`.
    pub fn new(fd: OwnedFd, trust: Trust) -> Self {
        Self { top: Rc::new(Place::new(OsString::new(), fd)), trust }
    }

    /// The folder at a path, which is not checked: it is where checking begins.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn at(path: &Path, trust: Trust) -> Result<Self, Errno> {
        let fd = fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self::new(fd, trust))
    }

    /// Its descriptor.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.top.fd.as_fd()
    }

    /// Who may have written what is read.
    #[must_use]
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// Opens a path below it.
    ///
    /// Never waits: a FIFO is refused before it is opened. The descriptor is close-on-exec (R12).
    ///
    /// # Errors
    /// Where a component is missing, is not what it should be, or is not to be trusted.
    pub fn open(&self, path: &Path, kind: Kind) -> Result<OwnedFd, TrustError> {
        Walk { root: self, path, passed: Vec::new() }.open(kind)
    }

    /// Reads the regular file `path` of at most `limit` bytes (R18).
    ///
    /// # Errors
    /// As [`Root::open`], and where the file is larger.
    pub fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, TrustError> {
        let file = File::from(self.open(path, Kind::File)?);
        let mut bytes = Vec::with_capacity(FIRST_READ);
        file.take((limit as u64).saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| at_end(path, Fault::Call(Errno::from_io_error(&error).unwrap_or(Errno::IO))))?;
        if bytes.len() > limit { Err(at_end(path, Fault::Large(limit))) } else { Ok(bytes) }
    }

    /// The names in the directory `path`, at most `limit` (R18), in the order of their bytes; without `.` and `..`.
    ///
    /// # Errors
    /// As [`Root::open`], and where there are more.
    pub fn list(&self, path: &Path, limit: usize) -> Result<Vec<OsString>, TrustError> {
        let failed = |errno| at_end(path, Fault::Call(errno));
        let entries = Dir::new(self.open(path, Kind::Directory)?).map_err(failed)?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            match entry.file_name().to_bytes() {
                b"." | b".." => {}
                _ if names.len() == limit => return Err(at_end(path, Fault::Crowded(limit))),
                name => names.push(OsStr::from_bytes(name).to_owned()),
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

impl Place {
    fn new(name: OsString, fd: OwnedFd) -> Self {
        Self { name, fd, known: RefCell::default() }
    }
}

/// As [`Root::open`], for one path.
///
/// # Errors
/// As [`Root::open`].
pub fn open(root: BorrowedFd<'_>, path: &Path, trust: Trust, kind: Kind) -> Result<OwnedFd, TrustError> {
    once(root, path, trust)?.open(path, kind)
}

/// As [`Root::read`], for one path.
///
/// # Errors
/// As [`Root::read`].
pub fn read(root: BorrowedFd<'_>, path: &Path, trust: Trust, limit: usize) -> Result<Vec<u8>, TrustError> {
    once(root, path, trust)?.read(path, limit)
}

/// The entry of a folder that `path` leads to, where a file is or can be put; links are followed, the last one too.
///
/// # Errors
/// As [`Root::open`], but not where there is no file.
pub fn entry(root: BorrowedFd<'_>, path: &Path, trust: Trust) -> Result<Entry, TrustError> {
    let root = once(root, path, trust)?;
    Walk { root: &root, path, passed: Vec::new() }.entry()
}

/// As [`Root::list`], for one path.
///
/// # Errors
/// As [`Root::list`].
pub fn list(
    root: BorrowedFd<'_>,
    path: &Path,
    trust: Trust,
    limit: usize,
) -> Result<Vec<OsString>, TrustError> {
    once(root, path, trust)?.list(path, limit)
}

/// A root for one walk.
fn once(root: BorrowedFd<'_>, path: &Path, trust: Trust) -> Result<Root, TrustError> {
    let failed = |error| at_end(path, Fault::Call(Errno::from_io_error(&error).unwrap_or(Errno::IO)));
    Ok(Root::new(root.try_clone_to_owned().map_err(failed)?, trust))
}

/// Checks the owner and mode of something that is open already, and gives what it looked at.
///
/// # Errors
/// Where others than root could change it; the error knows no path.
pub fn check(fd: BorrowedFd<'_>, trust: Trust) -> Result<Stat, TrustError> {
    let refused = |fault| TrustError { path: PathBuf::new(), component: PathBuf::new(), fault };
    let stat = fs::fstat(fd).map_err(|errno| refused(Fault::Call(errno)))?;
    fault_of(&stat, trust).map_or(Ok(stat), |fault| Err(refused(fault)))
}

/// As [`check`], for what is at a name of a folder that is open already; a link is not followed.
///
/// # Errors
/// As [`check`].
pub fn check_entry(folder: BorrowedFd<'_>, name: &[u8], trust: Trust) -> Result<(), TrustError> {
    let refused = |fault| TrustError { path: PathBuf::new(), component: PathBuf::new(), fault };
    if trust == Trust::Anyone {
        return Ok(());
    }
    let stat =
        fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|errno| refused(Fault::Call(errno)))?;
    fault_of(&stat, trust).map_or(Ok(()), |fault| Err(refused(fault)))
}

fn at_end(path: &Path, fault: Fault) -> TrustError {
    TrustError { path: path.to_owned(), component: Path::new("/").join(path), fault }
}

/// What the owner and mode of something say against it. A link has no mode of its own.
fn fault_of(stat: &Stat, trust: Trust) -> Option<Fault> {
    let mode = stat.st_mode & 0o7777;
    match trust {
        Trust::Anyone => None,
        Trust::RootOnly if stat.st_uid != 0 => Some(Fault::Owner(stat.st_uid)),
        Trust::RootOnly if type_of(stat) != FileType::Symlink && mode & 0o022 != 0 => {
            Some(Fault::Writable(mode))
        }
        Trust::RootOnly => None,
    }
}

fn type_of(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

#[cfg(test)]
mod tests;
