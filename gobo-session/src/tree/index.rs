//! The base index: what its links say about who owns a name.

use super::{Folder, Kind, Tree, VersionFolder};
use crate::confined;
use crate::error::{Error, Result, Step};
use crate::requirement::ProgramName;
use rustix::fs::{self, OFlags};
use rustix::io::Errno;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The base index of a tree: an open folder that is known to programs as `path`.
#[derive(Debug)]
pub struct Index {
    fd: OwnedFd,
    path: PathBuf,
    /// The folders of it that anything was asked of, by their paths from here.
    asked: RefCell<BTreeSet<Vec<u8>>>,
}

/// The version that an index link leads into, as its text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The program.
    pub program: String,
    /// The version's folder.
    pub version: String,
}

impl Index {
    pub(super) fn new(fd: OwnedFd, path: PathBuf) -> Self {
        Self { fd, path, asked: RefCell::default() }
    }

    /// The folder of the base index.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// The path by which programs know the index, wherever its untouched folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Remembers that a folder, by the path by which programs know it, was asked for its names.
    pub(crate) fn note(&self, folder: &[u8]) {
        let below = folder.strip_prefix(self.path.as_os_str().as_bytes());
        if let Some(below) = below.and_then(|rest| rest.strip_prefix(b"/")) {
            self.asked.borrow_mut().insert(below.to_vec());
        }
    }

    /// The folders that were asked for their names, by their paths from the index.
    pub(crate) fn asked(&self) -> BTreeSet<Vec<u8>> {
        self.asked.borrow().clone()
    }
}

impl Tree {
    /// The owner of a link with that text in the folder `at` (absolute, inside the tree), read from the text alone.
    ///
    /// `Current` is replaced by what it names now. Whether the version is installed is another question:
    /// [`Tree::installed`].
    #[must_use]
    pub fn owner(&self, at: &[u8], text: &[u8]) -> Option<Owner> {
        let path = absolute(at, text);
        let programs = self.layout.programs.as_os_str().as_bytes();
        let rest = path.strip_prefix(programs)?.strip_prefix(b"/")?;
        let mut parts = rest.split(|b| *b == b'/');
        let program = std::str::from_utf8(parts.next()?).ok()?.to_owned();
        let version = std::str::from_utf8(parts.next()?).ok()?.to_owned();
        parts.next()?;
        if version != "Current" {
            return Some(Owner { program, version });
        }
        let version = self.program(&program.parse().ok()?).ok()??.current.clone()?;
        Some(Owner { program, version })
    }

    /// The folder of an owner's version; `None` where it is not installed (or not to be trusted).
    #[must_use]
    pub fn installed(&self, owner: &Owner) -> Option<std::rc::Rc<super::Program>> {
        let name: ProgramName = owner.program.parse().ok()?;
        self.program(&name).ok()?.filter(|program| program.version(self, &owner.version).is_some())
    }

    /// Opens a path that a link leads to. Below the index that is the *base* index, whatever lies over it now.
    pub(crate) fn open_base(&self, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
        self.index.note(path);
        let below = path.strip_prefix(self.index.path.as_os_str().as_bytes());
        match below.and_then(|rest| rest.strip_prefix(b"/")) {
            Some(below) => {
                confined::beneath(self.index.fd(), below, flags).or_else(|_| self.open_inside(path, flags))
            }
            None => self.open_inside(path, flags),
        }
    }

    /// Whether a program's current version is linked: the base has, at some name of it, a link into it (or it has no
    /// names at all). A disabled program keeps its `Current` link, so the index itself is asked.
    ///
    /// # Errors
    /// Where a folder cannot be read.
    pub fn is_linked(&self, version: &VersionFolder) -> Result<bool> {
        Ok(self.has_link(version)?.unwrap_or(true))
    }

    /// Whether the base has, at some name of a version, a link into it; `None` where it has no names.
    ///
    /// # Errors
    /// Where a folder cannot be read.
    pub fn has_link(&self, version: &VersionFolder) -> Result<Option<bool>> {
        version.linked.get_or_try_init(|| self.find_link(version)).copied()
    }

    fn find_link(&self, version: &VersionFolder) -> Result<Option<bool>> {
        let Ok(version_folder) = version.folder(self) else { return Ok(None) };
        let mut any_name = false;
        for area in &self.layout.areas {
            for source in area.sources.iter().filter(|source| version.may_have(self, source)) {
                let Some(folder) =
                    Folder::open_if_there(version_folder.fd(), source.as_bytes(), self.trust())?
                else {
                    continue;
                };
                let at = self.index.path.join(&area.name);
                self.index.note(at.as_os_str().as_bytes());
                let from = self.version_path(version.program(), version.version.as_str()).join(source);
                let base = Folder::open_if_there(self.index.fd(), area.name.as_bytes(), self.trust())
                    .map_err(|error| error.inside(self.index.path.as_os_str().as_bytes()))?;
                let Some(base) = base else {
                    self.note(from.as_os_str().as_bytes());
                    any_name |= !folder.entries()?.is_empty();
                    continue;
                };
                let owner = (version.program().as_str(), version.version.as_str());
                let (from, at) = (from.as_os_str().as_bytes(), at.as_os_str().as_bytes());
                if self.links_lead_into(owner, (&folder, from), (&base, at), &mut any_name)? {
                    return Ok(Some(true));
                }
            }
        }
        Ok(any_name.then_some(false))
    }

    /// Whether a link of `base` at a name of `folder`, or below it, is owned by that version; each with its path.
    fn links_lead_into(
        &self,
        owner: (&str, &str),
        (folder, from): (&Folder, &[u8]),
        (base, at): (&Folder, &[u8]),
        any_name: &mut bool,
    ) -> Result<bool> {
        self.note(from);
        for entry in folder.entries()?.iter().filter(|entry| entry.kind != Kind::Special) {
            *any_name = true;
            match read_link(base.fd(), &entry.name)? {
                LinkText::Nothing => {}
                LinkText::Link(text) => {
                    let is_its = |o: Owner| (o.program.as_str(), o.version.as_str()) == owner;
                    if self.owner(at, &text).is_some_and(is_its) {
                        return Ok(true);
                    }
                }
                LinkText::NotALink => {
                    let inner = Folder::open_if_there(folder.fd(), &entry.name, self.trust())?;
                    let (from, at) = (join(from, &entry.name), join(at, &entry.name));
                    self.index.note(&at);
                    let base = Folder::open_if_there(base.fd(), &entry.name, self.trust())?;
                    if let (Some(inner), Some(base)) = (inner, base)
                        && self.links_lead_into(owner, (&inner, &from), (&base, &at), any_name)?
                    {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }
}

/// What one readlink tells about a name of the base.
pub(crate) enum LinkText {
    /// There is no such name.
    Nothing,
    /// A link with this text.
    Link(Vec<u8>),
    /// Something that is no link.
    NotALink,
}

/// Asks for the text of a link: the one call that answers most questions about the base.
pub(crate) fn read_link(folder: BorrowedFd<'_>, name: &[u8]) -> Result<LinkText> {
    match fs::readlinkat(folder, name, Vec::with_capacity(128)) {
        Ok(text) => Ok(LinkText::Link(text.into_bytes())),
        Err(Errno::NOENT) => Ok(LinkText::Nothing),
        Err(Errno::INVAL) => Ok(LinkText::NotALink),
        Err(errno) => {
            Err(Error::call(Step::Read, format!("readlink {}", String::from_utf8_lossy(name)), errno))
        }
    }
}

/// One path below another.
pub(crate) fn join(at: &[u8], name: &[u8]) -> Vec<u8> {
    [at, b"/", name].concat()
}

/// A link's text made absolute against the folder that it lies in, `.` and `..` taken by their letters.
pub(crate) fn absolute(at: &[u8], text: &[u8]) -> Vec<u8> {
    let start: &[u8] = if text.starts_with(b"/") { b"" } else { at };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in start.split(|b| *b == b'/').chain(text.split(|b| *b == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.iter().flat_map(|part| [b"/".as_slice(), part]).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn link_texts_become_absolute_by_their_letters() {
        let at = b"/System/Index/lib";
        assert_eq!(absolute(at, b"/Programs/A/1/lib/x"), b"/Programs/A/1/lib/x");
        assert_eq!(absolute(at, b"../../../Programs/A/1/lib/./x"), b"/Programs/A/1/lib/x");
        assert_eq!(absolute(at, b"."), at);
        assert_eq!(absolute(at, b"../../../../../.."), b"");
    }
}
