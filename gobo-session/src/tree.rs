//! The tree as it lies on disk: /Programs and the base index, read by descriptors.
//!
//! Everything that decides works on what this room reads, and it reads each thing once: a path is walked a single
//! time, checked on the way ([`Trust`], R4), and what is needed later is read through the descriptor that was
//! checked. Nothing here follows a link out of the tree: absolute links mean the tree's own root, which is `/` on a
//! real machine and some other folder in tests or with `--root`.

mod entries;
mod index;
mod layout;
#[cfg(feature = "cli")]
mod leaves;
mod look_up;
mod program;

#[cfg(feature = "cli")]
pub(crate) use entries::entries_of;
pub use entries::{Entry, Folder, Kind, MAX_ENTRIES};
pub(crate) use entries::{kind_of, read_all};
pub use index::{Index, Owner};
pub(crate) use index::{LinkText, absolute, join, read_link};
pub use layout::{AREAS, Area, Layout, RealFiles};
#[cfg(feature = "cli")]
pub(crate) use leaves::Leaves;
pub use look_up::Leads;
pub use program::{Program, Refused, VersionFolder};

use crate::confined;
use crate::error::{Error, Result, Step};
use crate::requirement::ProgramName;
use crate::text::nearest;
use crate::trusted::{self, Root, Trust};
use crate::unordered::Map;
use once_cell::unsync::OnceCell;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// An open tree: a root, its /Programs and its base index.
pub struct Tree {
    root: Root,
    /// Whether this process sees the tree as it is, by the same paths.
    is_here: bool,
    programs: OwnedFd,
    index: Index,
    layout: Layout,
    read: RefCell<Map<ProgramName, Option<Rc<Program>>>>,
    /// What [`Tree::current`] read.
    #[cfg(feature = "cli")]
    currents: RefCell<Map<ProgramName, Option<String>>>,
    names: OnceCell<Vec<String>>,
    /// What [`Tree::find`] and [`Tree::nearest`] found for names that no folder has.
    alike: RefCell<Map<ProgramName, Option<Rc<Program>>>>,
    near: RefCell<Map<ProgramName, Option<String>>>,
    /// The folders of versions that were asked for their names, by their paths from the folder of programs.
    listed: RefCell<BTreeSet<Vec<u8>>>,
}

impl Tree {
    /// Opens the tree below `root`.
    ///
    /// `base` is where the index lies that views are built over: the index itself, or inside a session the place
    /// that the untouched one is bound to.
    ///
    /// # Errors
    /// Where a folder is missing or, with [`Trust::RootOnly`], is not root's alone.
    pub fn open(root: &Path, base: Option<&Path>, layout: Layout, trust: Trust) -> Result<Self> {
        let opened = Root::at(root, trust)
            .map_err(|errno| Error::call(Step::Read, format!("open {}", root.display()), errno))?;
        Self::seen_from_outside(root, &opened, base, layout)
    }

    /// As [`Tree::open`], below a root that is open already.
    ///
    /// # Errors
    /// As [`Tree::open`].
    pub(crate) fn below(root: &Root, base: Option<&Path>, layout: Layout) -> Result<Self> {
        Self::seen_from_outside(Path::new("/"), root, base, layout)
    }

    /// As [`Tree::below`]; `place` is where the root is, for messages.
    fn seen_from_outside(place: &Path, root: &Root, base: Option<&Path>, layout: Layout) -> Result<Self> {
        let open = |path: &Path| {
            root.open(path, trusted::Kind::Directory).map_err(|error| {
                let cure = match error.fault {
                    trusted::Fault::Call(Errno::ACCESS) => {
                        "whoever owns it can let you in: chmod a+rx, as GoboLinux has it"
                    }
                    _ => "is this a GoboLinux tree? another one is named by --root or [tree] in session.toml",
                };
                Error::new(Step::Read, error.seen_from_outside(place).to_string()).with_cure(cure)
            })
        };
        let programs = open(&layout.programs)?;
        let index = Index::new(open(base.unwrap_or(&layout.index))?, layout.index.clone());
        let read = RefCell::default();
        Ok(Self {
            is_here: place == Path::new("/") && base.is_none(),
            programs,
            index,
            layout,
            read,
            #[cfg(feature = "cli")]
            currents: RefCell::default(),
            names: OnceCell::new(),
            alike: RefCell::default(),
            near: RefCell::default(),
            listed: RefCell::default(),
            root: root.clone(),
        })
    }

    /// The programs that were asked for, and whether each is there.
    pub(crate) fn asked(&self) -> Vec<(ProgramName, Option<Rc<Program>>)> {
        self.read.borrow().iter().map(|(name, program)| (name.clone(), program.clone())).collect()
    }

    /// Remembers that a folder, by the path by which programs know it, was asked for its names or one of them.
    pub(crate) fn note(&self, folder: &[u8]) {
        self.index.note(folder);
        let below = folder.strip_prefix(self.layout.programs.as_os_str().as_bytes());
        if let Some(below) = below.and_then(|rest| rest.strip_prefix(b"/")) {
            self.listed.borrow_mut().insert(below.to_vec());
        }
    }

    /// The folders of versions that were asked for their names, by their paths from the folder of programs.
    #[cfg(feature = "cli")]
    pub(crate) fn listed(&self) -> BTreeSet<Vec<u8>> {
        self.listed.borrow().clone()
    }

    /// Whether it matters which programs there are besides those that were asked for.
    #[cfg(feature = "cli")]
    pub(crate) fn has_listed_programs(&self) -> bool {
        self.names.get().is_some()
    }

    /// The folder of programs.
    pub(crate) fn programs(&self) -> BorrowedFd<'_> {
        self.programs.as_fd()
    }

    /// The tree's root.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Whether a path leads this process to where it leads in the tree: it is this process's own, and no view lies over it.
    pub(crate) fn is_here(&self) -> bool {
        self.is_here
    }

    /// The base index.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// What is where in this tree.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whom this tree's reader believes.
    pub fn trust(&self) -> Trust {
        self.root.trust()
    }

    /// The program of that exact name, read once; `None` where it is not installed.
    ///
    /// # Errors
    /// Where its folder cannot be read or is not trusted.
    pub fn program(&self, name: &ProgramName) -> Result<Option<Rc<Program>>> {
        if let Some(known) = self.read.borrow().get(name) {
            return Ok(known.clone());
        }
        let program = Program::open(self, name)?.map(Rc::new);
        self.read.borrow_mut().insert(name.clone(), program.clone());
        Ok(program)
    }

    /// The version that `Current` of a program names, installed or not; the program's folder is not listed for it.
    #[cfg(feature = "cli")]
    pub(crate) fn current(&self, name: &ProgramName) -> Option<String> {
        if let Some(known) = self.read.borrow().get(name) {
            return known.as_ref()?.current.clone();
        }
        let read = || program::current_in(self.programs(), &format!("{name}/{}", program::CURRENT));
        self.currents.borrow_mut().entry(name.clone()).or_insert_with(read).clone()
    }

    /// The installed program that a written name means: the exact one, else the only one that differs by case.
    ///
    /// # Errors
    /// Where several differ by case only, naming them.
    pub fn find(&self, name: &ProgramName) -> Result<Option<Rc<Program>>> {
        if let Some(program) = self.program(name)? {
            return Ok(Some(program));
        }
        if let Some(known) = self.alike.borrow().get(name) {
            return Ok(known.clone());
        }
        let found = self.find_alike(name)?;
        self.alike.borrow_mut().insert(name.clone(), found.clone());
        Ok(found)
    }

    /// The only program whose name differs by case.
    fn find_alike(&self, name: &ProgramName) -> Result<Option<Rc<Program>>> {
        let alike: Vec<&String> =
            self.names()?.iter().filter(|n| n.eq_ignore_ascii_case(name.as_str())).collect();
        match alike.as_slice() {
            [] => Ok(None),
            [only] => only.parse().map_or(Ok(None), |name| self.program(&name)),
            several => {
                let several: Vec<&str> = several.iter().map(|s| s.as_str()).collect();
                Err(Error::new(Step::Resolve, format!("{name} could be {}", several.join(" or ")))
                    .with_cure("write the name with the capital letters of the one that is meant"))
            }
        }
    }

    /// The installed program whose name is nearest to a mistyped one.
    pub fn nearest(&self, name: &ProgramName) -> Option<String> {
        if let Some(known) = self.near.borrow().get(name) {
            return known.clone();
        }
        let names = self.names().ok()?;
        let near = nearest(name.as_str(), names.iter().map(String::as_str)).map(str::to_owned);
        self.near.borrow_mut().insert(name.clone(), near.clone());
        near
    }

    /// That a program is not installed, and which one could be meant.
    pub fn not_installed(&self, name: &ProgramName) -> String {
        match self.nearest(name) {
            Some(near) => format!("{name} is not installed; did you mean {near}?"),
            None => format!("{name} is not installed"),
        }
    }

    /// The names below /Programs, in order.
    pub(crate) fn names(&self) -> Result<&[String]> {
        self.names
            .get_or_try_init(|| {
                let folder = Folder::open(self.programs.as_fd(), b".", self.trust())?;
                Ok(folder.entries()?.into_iter().filter_map(|e| String::from_utf8(e.name).ok()).collect())
            })
            .map(Vec::as_slice)
    }

    /// Opens a path meant inside the tree, following links but never out of it.
    pub(crate) fn open_inside(&self, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
        confined::in_root(self.root.fd(), path, flags)
    }

    /// Reads a small file of the tree; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be read, is no regular file, or is larger than `limit` bytes.
    pub fn read_file(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        match self.open_inside(path.as_os_str().as_bytes(), flags) {
            Ok(fd) => entries::read_all(fd, limit, &path.display().to_string()).map(Some),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(Error::call(Step::Read, format!("open {}", path.display()), errno)),
        }
    }

    /// The path of a version's folder, as links of a view name it.
    #[must_use]
    pub fn version_path(&self, program: &ProgramName, version: &str) -> PathBuf {
        self.layout.programs.join(program.as_str()).join(version)
    }
}
