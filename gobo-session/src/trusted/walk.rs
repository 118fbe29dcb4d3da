//! A path that is walked, one checked component after the other.

use super::fault::{Fault, TrustError};
use super::{Entry, Kind, Known, Place, Root, fault_of, type_of};
use rustix::fs::{self, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// The most symbolic links that one path may go through, as in the kernel.
pub(super) const MAX_LINKS: usize = 40;

/// The most directories that one path may go down: each holds a descriptor while the path is walked (R18).
pub(super) const MAX_DEPTH: usize = 64;

/// A path on its way: the directories passed so far, from the root.
pub(super) struct Walk<'a> {
    pub(super) root: &'a Root,
    pub(super) path: &'a Path,
    pub(super) passed: Vec<Rc<Place>>,
}

/// What a walk finds at a name.
enum Found {
    Known(Known),
    /// Neither a folder nor a link.
    Other(Stat),
}

/// Where a walk ends.
enum End {
    /// In a folder.
    Folder,
    /// At a name of one, which is neither a folder nor a link.
    Other(OsString, Stat),
    /// At a name of one, where nothing is.
    Missing(OsString, TrustError),
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
    pub(super) fn open(&mut self, kind: Kind) -> Result<OwnedFd, TrustError> {
        match (self.walk()?, kind) {
            (End::Missing(_, error), _) => Err(error),
            (End::Folder, Kind::Directory) => self.open_here(),
            (End::Folder, Kind::File) => Err(self.wrong(None, Fault::NotRegular(FileType::Directory))),
            (End::Other(name, stat), Kind::Directory) => {
                Err(self.wrong(Some(&name), Fault::NotDirectory(type_of(&stat))))
            }
            (End::Other(name, stat), Kind::File) if type_of(&stat) == FileType::RegularFile => {
                self.open_file(&name, &stat)
            }
            (End::Other(name, stat), Kind::File) => {
                Err(self.wrong(Some(&name), Fault::NotRegular(type_of(&stat))))
            }
        }
    }

    /// The entry that the path leads to, whether a file is there or nothing.
    pub(super) fn entry(&mut self) -> Result<Entry, TrustError> {
        let name = match self.walk()? {
            End::Missing(name, _) => name,
            End::Other(name, stat) if type_of(&stat) == FileType::RegularFile => name,
            End::Other(name, stat) => {
                return Err(self.wrong(Some(&name), Fault::NotRegular(type_of(&stat))));
            }
            End::Folder => return Err(self.wrong(None, Fault::NotRegular(FileType::Directory))),
        };
        Ok(Entry { folder: self.open_here()?, name })
    }

    /// Goes to where the path leads.
    fn walk(&mut self) -> Result<End, TrustError> {
        let mut left: Vec<Part> = parts_of(self.path).collect();
        let mut links = 0;
        self.check(&self.stat(self.root.fd(), None)?, None)?;
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
            let found = match self.step(&name) {
                Err(error) if error.is_missing() && left.is_empty() => return Ok(End::Missing(name, error)),
                found => found?,
            };
            match found {
                Found::Known(Known::Link(target)) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(self.wrong(Some(&name), Fault::Links));
                    }
                    left.extend(parts_of(&target));
                }
                Found::Known(Known::Folder(_)) if self.passed.len() == MAX_DEPTH => {
                    return Err(self.wrong(Some(&name), Fault::Depth));
                }
                Found::Known(Known::Folder(place)) => self.passed.push(place),
                Found::Other(stat) if !left.is_empty() => {
                    return Err(self.wrong(Some(&name), Fault::NotDirectory(type_of(&stat))));
                }
                Found::Other(stat) => return Ok(End::Other(name, stat)),
            }
        }
        Ok(End::Folder)
    }

    /// Opens the directory that was reached.
    fn open_here(&self) -> Result<OwnedFd, TrustError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        fs::openat(self.here(), ".", flags, Mode::empty())
            .map_err(|errno| self.wrong(None, Fault::Call(errno)))
    }

    /// The directory that was reached.
    fn place(&self) -> &Place {
        self.passed.last().unwrap_or(&self.root.top)
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.place().fd.as_fd()
    }

    /// What is at `name`, which was checked now or by an earlier walk.
    fn step(&self, name: &OsStr) -> Result<Found, TrustError> {
        if let Some(known) = self.place().known.borrow().get(name) {
            return Ok(Found::Known(known.clone()));
        }
        let fd = self.look(name)?;
        let stat = self.stat(fd.as_fd(), Some(name))?;
        self.check(&stat, Some(name))?;
        let known = match type_of(&stat) {
            FileType::Symlink => Known::Link(self.target(fd.as_fd(), name)?),
            FileType::Directory => Known::Folder(Rc::new(Place::new(name.to_owned(), fd))),
            _ => return Ok(Found::Other(stat)),
        };
        self.place().known.borrow_mut().insert(name.to_owned(), known.clone());
        Ok(Found::Known(known))
    }

    /// Goes to `name` without opening what is there.
    ///
    /// It is asked for as a directory first: without `O_DIRECTORY`, `O_PATH` does not set off an automount.
    fn look(&self, name: &OsStr) -> Result<OwnedFd, TrustError> {
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
        fault_of(stat, self.root.trust).map_or(Ok(()), |fault| Err(self.wrong(name, fault)))
    }

    /// A fault of the directory that was reached, or of `name` in it, with its place from the root.
    fn wrong(&self, name: Option<&OsStr>, fault: Fault) -> TrustError {
        let passed = self.passed.iter().map(|place| place.name.as_os_str());
        let component = Path::new("/").iter().chain(passed).chain(name).collect();
        TrustError { path: self.path.to_owned(), component, fault }
    }
}
