//! Names as a view will show them, before there is any mount.
//!
//! A path is walked in the tree's own root, one component at a time, links followed inside the tree. Where the walk
//! comes to the index, the layer's node at a name goes before what the base has there, as overlayfs will do it: a link
//! replaces, a folder merges with a folder of the base, a whiteout hides. The base is always read through
//! [`Tree::index`]: in a session the path of the index shows the view that the session has.
//!
//! Folders that others than root can write are not entered where only root is believed (R4, R11); what lies in them,
//! and what cannot be read, is as good as missing. Results are kept, parent folders too, so a second look at a name
//! costs no system call.

use crate::layer::{Layer, Node, Nodes};
use crate::tree::{Tree, join};
use crate::trusted;
use crate::unordered::Map;
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::rc::Rc;

/// The most links that one path may go through, as in the kernel.
const MAX_LINKS: u32 = 40;

/// The most lookups that may wait for one another: components and links together (R18).
const MAX_DEPTH: u32 = 160;

/// The longest path, as in the kernel.
const MAX_PATH: usize = 4096;

/// How many folders are kept open: the daemon's descriptors are few.
const MAX_OPEN: usize = 96;

/// The names of a tree as one view shows them.
pub struct ViewNames<'a> {
    tree: &'a Tree,
    over: Over<'a>,
    /// The path of the index without any link in it.
    index: Vec<u8>,
    known: RefCell<Map<Vec<u8>, Option<Found<'a>>>>,
    open: Cell<usize>,
}

/// What a path leads to.
#[derive(Clone)]
pub enum Found<'a> {
    /// A folder.
    Folder(Rc<Folder<'a>>),
    /// Anything else; a link that leads nowhere is not found at all.
    File(Rc<File>),
}

/// A file that a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path from the tree's root, without links.
    pub path: Vec<u8>,
    /// (device, inode).
    pub id: (u64, u64),
    /// Type and permissions, as stat gives them.
    pub mode: u32,
}

/// A folder that a path leads to: of the disk, of the layer, or of both.
pub struct Folder<'a> {
    path: Vec<u8>,
    disk: Option<OwnedFd>,
    over: Over<'a>,
}

/// What of the layer lies over a folder.
#[derive(Clone, Copy)]
enum Over<'a> {
    Nothing,
    /// The index itself; in a pure view the base's areas are hidden.
    Areas {
        areas: &'a BTreeMap<String, Nodes>,
        pure: bool,
    },
    Nodes(&'a Nodes),
}

/// What a folder has at a name.
enum Child<'a> {
    Found(Found<'a>),
    Link(Vec<u8>),
}

/// How far a walk may still go.
struct Budget {
    links: u32,
    depth: u32,
    spent: bool,
}

impl File {
    /// Whether it is a regular file.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        FileType::from_raw_mode(self.mode) == FileType::RegularFile
    }
}

impl Folder<'_> {
    /// Its path from the tree's root, without links; empty for the root itself.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        &self.path
    }
}

impl<'a> ViewNames<'a> {
    /// The names of the base, without any view.
    #[must_use]
    pub fn base(tree: &'a Tree) -> Self {
        Self::new(tree, Over::Nothing)
    }

    /// The names of the view that a layer gives; a pure one shows nothing of the base index.
    #[must_use]
    pub fn view(tree: &'a Tree, layer: &'a Layer, pure: bool) -> Self {
        Self::new(tree, Over::Areas { areas: &layer.areas, pure })
    }

    fn new(tree: &'a Tree, over: Over<'a>) -> Self {
        let named = tree.layout().index.as_os_str().as_bytes().to_vec();
        let mut names = Self { tree, over, index: Vec::new(), known: RefCell::default(), open: Cell::new(0) };
        // While the index has no path, the walk passes it like any other folder.
        names.index =
            names.resolve(&named).and_then(|found| found.folder().map(|f| f.path.clone())).unwrap_or(named);
        names.known.take();
        names
    }

    /// What an absolute path leads to; `None` where that is nothing, or nothing that may be looked at.
    #[must_use]
    pub fn resolve(&self, path: &[u8]) -> Option<Found<'a>> {
        self.walk(path, &mut Budget { links: MAX_LINKS, depth: MAX_DEPTH, spent: false })
    }

    /// Opens a file that was found, for reading; never waits.
    ///
    /// # Errors
    /// [`Errno::STALE`] where another file has taken its place, [`Errno::INVAL`] where it is no regular file.
    pub fn open(&self, file: &File) -> rustix::io::Result<OwnedFd> {
        if !file.is_regular() {
            return Err(Errno::INVAL);
        }
        let (folder, name) = split(&file.path).ok_or(Errno::NOENT)?;
        let folder = self.resolve(folder).and_then(|found| found.folder().cloned()).ok_or(Errno::STALE)?;
        let disk = folder.disk.as_ref().ok_or(Errno::STALE)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = fs::openat(disk, name, flags, Mode::empty())?;
        let stat = fs::fstat(&fd)?;
        if (stat.st_dev, stat.st_ino) == file.id { Ok(fd) } else { Err(Errno::STALE) }
    }

    /// The names that a folder has, in the order of their bytes; some of them may lead nowhere.
    ///
    /// # Errors
    /// Where the folder cannot be listed.
    #[cfg(feature = "cli")]
    pub fn names_in(&self, folder: &Folder<'a>) -> crate::error::Result<Vec<Vec<u8>>> {
        let mut names = std::collections::BTreeSet::new();
        if let Over::Nodes(nodes) = folder.over {
            names.extend(nodes.keys().cloned());
        }
        if let Some(disk) = &folder.disk {
            let opened = crate::tree::Folder::open(disk.as_fd(), b".", self.tree.trust())?;
            names.extend(opened.entries()?.into_iter().map(|entry| entry.name));
        }
        Ok(names.into_iter().collect())
    }

    fn walk(&self, path: &[u8], budget: &mut Budget) -> Option<Found<'a>> {
        if let Some(known) = self.known.borrow().get(path) {
            return known.clone();
        }
        let enough = budget.depth > 0 && path.len() <= MAX_PATH;
        if !enough {
            budget.spent = true;
            return None;
        }
        budget.depth -= 1;
        let found = self.look_up(path, budget);
        budget.depth += 1;
        // A walk that was broken off says nothing about the names on its way.
        if !budget.spent {
            self.remember(path, found.clone());
        }
        found
    }

    fn look_up(&self, path: &[u8], budget: &mut Budget) -> Option<Found<'a>> {
        let Some((parent, name)) = split(path) else { return self.root() };
        let folder = self.walk(parent, budget)?.folder()?.clone();
        match name {
            b"" | b"." => Some(Found::Folder(folder)),
            b".." => self.walk(split(&folder.path).map_or(b"", |(above, _)| above), budget),
            name => match self.child(&folder, name)? {
                Child::Found(found) => Some(found),
                Child::Link(_) if budget.links == 0 => {
                    budget.spent = true;
                    None
                }
                Child::Link(text) => {
                    budget.links -= 1;
                    let is_absolute = text.starts_with(b"/");
                    self.walk(&if is_absolute { text } else { join(&folder.path, &text) }, budget)
                }
            },
        }
    }

    fn root(&self) -> Option<Found<'a>> {
        let disk = self.tree.root().fd().try_clone_to_owned().ok();
        Some(folder(Vec::new(), disk, Over::Nothing))
    }

    /// What a folder has at a name, the layer first.
    fn child(&self, parent: &Folder<'a>, name: &[u8]) -> Option<Child<'a>> {
        let path = join(&parent.path, name);
        if path == self.index {
            let disk = self.tree.index().fd().try_clone_to_owned().ok();
            return Some(Child::Found(folder(path, disk, self.over)));
        }
        let (nodes, hides_base) = match parent.over {
            Over::Nothing => (None, false),
            Over::Areas { areas, pure } => {
                (std::str::from_utf8(name).ok().and_then(|name| areas.get(name)), pure)
            }
            Over::Nodes(nodes) => match nodes.get(name) {
                Some(Node::Whiteout) => return None,
                Some(Node::Link(text)) => return Some(Child::Link(text.clone())),
                Some(Node::Folder(inner)) => (Some(inner), false),
                None => (None, false),
            },
        };
        let disk = parent.disk.as_ref().map(|fd| fd.as_fd());
        match nodes {
            Some(nodes) => {
                let disk = disk.filter(|_| !hides_base).and_then(|disk| self.open_folder(disk, name));
                Some(Child::Found(folder(path, disk, Over::Nodes(nodes))))
            }
            None => self.on_disk(disk?, name, path),
        }
    }

    fn on_disk(&self, parent: BorrowedFd<'_>, name: &[u8], path: Vec<u8>) -> Option<Child<'a>> {
        let stat = fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => {
                Child::Link(fs::readlinkat(parent, name, Vec::with_capacity(128)).ok()?.into_bytes())
            }
            FileType::Directory => {
                Child::Found(folder(path, Some(self.open_folder(parent, name)?), Over::Nothing))
            }
            _ => {
                let file = File { path, id: (stat.st_dev, stat.st_ino), mode: stat.st_mode };
                Child::Found(Found::File(Rc::new(file)))
            }
        })
    }

    /// Opens a folder, unless it is a link or not to be trusted.
    fn open_folder(&self, parent: BorrowedFd<'_>, name: &[u8]) -> Option<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = fs::openat(parent, name, flags, Mode::empty()).ok()?;
        trusted::check(fd.as_fd(), self.tree.trust()).ok()?;
        self.open.set(self.open.get() + 1);
        Some(fd)
    }

    fn remember(&self, path: &[u8], found: Option<Found<'a>>) {
        let mut known = self.known.borrow_mut();
        if self.open.get() > MAX_OPEN {
            self.open.set(0);
            known.retain(|_, found| !matches!(found, Some(Found::Folder(_))));
        }
        known.insert(path.to_vec(), found);
    }
}

impl<'a> Found<'a> {
    /// The folder, where it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&Rc<Folder<'a>>> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::File(_) => None,
        }
    }

    /// The file, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Rc<File>> {
        match self {
            Self::File(file) => Some(file),
            Self::Folder(_) => None,
        }
    }
}

fn folder<'a>(path: Vec<u8>, disk: Option<OwnedFd>, over: Over<'a>) -> Found<'a> {
    Found::Folder(Rc::new(Folder { path, disk, over }))
}

/// A path taken apart before its last name; `None` for the root.
pub(super) fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    match path.iter().rposition(|b| *b == b'/') {
        Some(slash) => Some((&path[..slash], &path[slash + 1..])),
        None if path.is_empty() => None,
        None => Some((b"", path)),
    }
}

#[cfg(test)]
mod tests;
