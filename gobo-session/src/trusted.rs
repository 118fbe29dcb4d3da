//! Opening what root is to believe (R4, R17).
//!
//! A path is walked one component at a time, each opened with `O_PATH | O_NOFOLLOW` beneath the descriptor of the one
//! before and checked through its own descriptor, so nothing is looked up a second time after its check. Links are
//! followed here and not by the kernel: their owner is checked, absolute ones start again at the given root, `..` goes
//! back to a directory that was passed before and never above the root, and links of /proc are not followed at all.
//! A path that others than root could change is refused with the component, the reason and the cure.

use crate::text::Safe;
use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

/// The most symbolic links that one path may go through, as in the kernel.
const MAX_LINKS: usize = 40;

/// The most directories that one path may go down: each holds a descriptor while the path is walked (R18).
const MAX_DEPTH: usize = 64;

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

/// Why something is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustError {
    /// The path that was asked for; empty for a descriptor.
    pub path: PathBuf,
    /// The place on the way, from the root, that is wrong; empty for a descriptor.
    pub component: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a component of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It belongs to this uid and not to root.
    Owner(u32),
    /// Its mode lets group or others write.
    Writable(u32),
    /// It is this, where a regular file should be.
    NotRegular(FileType),
    /// It is this, where a directory should be.
    NotDirectory(FileType),
    /// It is a link of /proc.
    ProcLink,
    /// The path goes through more than 40 links.
    Links,
    /// The path goes down more than 64 directories.
    Depth,
    /// Another file took its place between check and opening.
    Replaced,
    /// It has more than this many bytes.
    Large(usize),
    /// It has more than this many entries.
    Crowded(usize),
    /// The kernel refused.
    Call(Errno),
}

impl TrustError {
    /// Whether there is simply nothing of that name.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.fault == Fault::Call(Errno::NOENT)
    }

    /// Whether it could have been written by somebody else than root.
    #[must_use]
    pub fn is_untrusted(&self) -> bool {
        matches!(self.fault, Fault::Owner(_) | Fault::Writable(_) | Fault::ProcLink | Fault::Replaced)
    }
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, component) = (self.path.to_string_lossy(), self.component.to_string_lossy());
        if path.trim_start_matches('/') != component.trim_start_matches('/') {
            write!(f, "{}: ", Safe(&path))?;
        }
        let it = if component.is_empty() { "it" } else { &component };
        write!(f, "{} {}", Safe(it), self.fault)
    }
}

impl std::error::Error for TrustError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(uid) => write!(f, "belongs to uid {uid}, not to root; chown it to root"),
            Self::Writable(mode) => {
                write!(f, "is writable by others than root (mode {mode:04o}); chmod go-w it")
            }
            Self::NotRegular(found) => {
                write!(f, "is {}, not a regular file; put a regular file there", describe(*found))
            }
            Self::NotDirectory(found) => {
                write!(f, "is {}, not a directory; put a directory there", describe(*found))
            }
            Self::ProcLink => {
                f.write_str("is a link of /proc, which is never followed; name what it leads to")
            }
            Self::Links => {
                write!(f, "is reached through more than {MAX_LINKS} links; do they lead to each other?")
            }
            Self::Depth => write!(f, "is more than {MAX_DEPTH} directories deep; use a shorter path"),
            Self::Replaced => f.write_str("was replaced while it was opened; try again"),
            Self::Large(limit) => write!(f, "is larger than {limit} bytes; make it smaller"),
            Self::Crowded(limit) => write!(f, "has more than {limit} entries; remove some"),
            Self::Call(errno) => write!(f, "cannot be opened: {}", std::io::Error::from(*errno)),
        }
    }
}

fn describe(found: FileType) -> &'static str {
    match found {
        FileType::RegularFile => "a regular file",
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "something unknown",
    }
}

/// Opens `path` below `root`, where an absolute path starts too.
///
/// Never waits: a FIFO is refused before it is opened. The descriptor is close-on-exec (R12).
///
/// # Errors
/// Where a component is missing, is not what it should be, or is not to be trusted.
pub fn open(root: BorrowedFd<'_>, path: &Path, trust: Trust, kind: Kind) -> Result<OwnedFd, TrustError> {
    Walk { root, path, trust, passed: Vec::new() }.open(kind)
}

/// Reads the regular file `path` of at most `limit` bytes (R18).
///
/// # Errors
/// As [`open`], and where the file is larger.
pub fn read(root: BorrowedFd<'_>, path: &Path, trust: Trust, limit: usize) -> Result<Vec<u8>, TrustError> {
    let file = File::from(open(root, path, trust, Kind::File)?);
    let mut bytes = Vec::new();
    file.take((limit as u64).saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| at_end(path, Fault::Call(Errno::from_io_error(&error).unwrap_or(Errno::IO))))?;
    if bytes.len() > limit { Err(at_end(path, Fault::Large(limit))) } else { Ok(bytes) }
}

/// The names in the directory `path`, at most `limit` (R18), in the order of their bytes; without `.` and `..`.
///
/// # Errors
/// As [`open`], and where there are more.
pub fn list(
    root: BorrowedFd<'_>,
    path: &Path,
    trust: Trust,
    limit: usize,
) -> Result<Vec<OsString>, TrustError> {
    let failed = |errno| at_end(path, Fault::Call(errno));
    let entries = Dir::new(open(root, path, trust, Kind::Directory)?).map_err(failed)?;
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

/// A path on its way: the directories passed so far, from the root.
struct Walk<'a> {
    root: BorrowedFd<'a>,
    path: &'a Path,
    trust: Trust,
    passed: Vec<(OsString, OwnedFd)>,
}

/// What is left to walk.
enum Part {
    Root,
    Up,
    Name(OsString),
}

/// The parts of a path, last one first.
fn parts_of(path: &Path) -> impl Iterator<Item = Part> + '_ {
    path.components().rev().filter_map(|component| match component {
        Component::RootDir => Some(Part::Root),
        Component::ParentDir => Some(Part::Up),
        Component::Normal(name) => Some(Part::Name(name.to_owned())),
        Component::CurDir | Component::Prefix(_) => None,
    })
}

impl Walk<'_> {
    fn open(&mut self, kind: Kind) -> Result<OwnedFd, TrustError> {
        let mut left: Vec<Part> = parts_of(self.path).collect();
        let mut links = 0;
        self.check(&self.stat(self.root, None)?, None)?;
        while let Some(part) = left.pop() {
            let name = match part {
                Part::Root => {
                    self.passed.clear();
                    continue;
                }
                Part::Up => {
                    self.passed.pop();
                    continue;
                }
                Part::Name(name) => name,
            };
            let fd = self.step(&name)?;
            let stat = self.stat(fd.as_fd(), Some(&name))?;
            self.check(&stat, Some(&name))?;
            match type_of(&stat) {
                FileType::Symlink => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(self.wrong(Some(&name), Fault::Links));
                    }
                    left.extend(parts_of(&self.target(fd.as_fd(), &name)?));
                }
                FileType::Directory if self.passed.len() == MAX_DEPTH => {
                    return Err(self.wrong(Some(&name), Fault::Depth));
                }
                FileType::Directory => self.passed.push((name, fd)),
                found if !left.is_empty() || kind == Kind::Directory => {
                    return Err(self.wrong(Some(&name), Fault::NotDirectory(found)));
                }
                FileType::RegularFile => return self.open_file(&name, &stat),
                found => return Err(self.wrong(Some(&name), Fault::NotRegular(found))),
            }
        }
        match kind {
            Kind::File => Err(self.wrong(None, Fault::NotRegular(FileType::Directory))),
            Kind::Directory => fs::openat(
                self.here(),
                ".",
                OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
                Mode::empty(),
            )
            .map_err(|errno| self.wrong(None, Fault::Call(errno))),
        }
    }

    /// The directory that was reached.
    fn here(&self) -> BorrowedFd<'_> {
        self.passed.last().map_or(self.root, |(_, fd)| fd.as_fd())
    }

    /// Goes to `name` without opening what is there.
    ///
    /// It is asked for as a directory first: without `O_DIRECTORY`, `O_PATH` does not set off an automount.
    fn step(&self, name: &OsStr) -> Result<OwnedFd, TrustError> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fs::openat(self.here(), name, flags | OFlags::DIRECTORY, Mode::empty())
            .or_else(|errno| match errno {
                Errno::NOTDIR => fs::openat(self.here(), name, flags, Mode::empty()),
                other => Err(other),
            })
            .map_err(|errno| self.wrong(Some(name), Fault::Call(errno)))
    }

    /// Opens a regular file that was checked. `O_PATH` descriptors cannot be made readable without /proc, so it is
    /// opened by name again and must be the same file; one that takes its place meanwhile cannot make us wait.
    fn open_file(&self, name: &OsStr, checked: &Stat) -> Result<OwnedFd, TrustError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = fs::openat(self.here(), name, flags, Mode::empty())
            .map_err(|errno| self.wrong(Some(name), Fault::Call(errno)))?;
        let stat = self.stat(fd.as_fd(), Some(name))?;
        if (stat.st_dev, stat.st_ino, type_of(&stat)) != (checked.st_dev, checked.st_ino, type_of(checked)) {
            return Err(self.wrong(Some(name), Fault::Replaced));
        }
        self.check(&stat, Some(name))?;
        Ok(fd)
    }

    /// Where the link `fd` leads, read through its descriptor.
    fn target(&self, fd: BorrowedFd<'_>, name: &OsStr) -> Result<PathBuf, TrustError> {
        let failed = |errno| self.wrong(Some(name), Fault::Call(errno));
        if fs::fstatfs(fd).map_err(failed)?.f_type == fs::PROC_SUPER_MAGIC {
            return Err(self.wrong(Some(name), Fault::ProcLink));
        }
        let target = fs::readlinkat(fd, c"", Vec::new()).map_err(failed)?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    fn stat(&self, fd: BorrowedFd<'_>, name: Option<&OsStr>) -> Result<Stat, TrustError> {
        fs::fstat(fd).map_err(|errno| self.wrong(name, Fault::Call(errno)))
    }

    fn check(&self, stat: &Stat, name: Option<&OsStr>) -> Result<(), TrustError> {
        fault_of(stat, self.trust).map_or(Ok(()), |fault| Err(self.wrong(name, fault)))
    }

    /// A fault of the directory that was reached, or of `name` in it, with its place from the root.
    fn wrong(&self, name: Option<&OsStr>, fault: Fault) -> TrustError {
        let passed = self.passed.iter().map(|(passed, _)| passed.as_os_str());
        let component = Path::new("/").iter().chain(passed).chain(name).collect();
        TrustError { path: self.path.to_owned(), component, fault }
    }
}

#[cfg(test)]
mod tests;
