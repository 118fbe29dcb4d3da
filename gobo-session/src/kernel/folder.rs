//! Writing a layer's nodes into a folder, making true what lies there already, and reading it back.

use crate::error::{Because as _, Result, Step};
use crate::layer::{Layer, Node, Nodes};
#[cfg(feature = "cli")]
use crate::tree::Leaves;
use crate::tree::{Entry, Folder, Kind};
use crate::trusted::Trust;
#[cfg(feature = "cli")]
use rustix::fs::StatxFlags;
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::cell::Cell;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// Writes layers; all their whiteouts are one inode.
pub(super) struct Writer<'a> {
    /// The folder that the first whiteout lies in, and what is not yet in its place.
    root: BorrowedFd<'a>,
    has_whiteout: Cell<bool>,
}

/// The name of the first whiteout, of which the others are hard links.
const WHITEOUT: &str = "whiteout";

/// The name of what is about to take a place in a layer, or was taken from one.
const ASIDE: &str = "aside";

impl<'a> Writer<'a> {
    pub(super) fn new(root: BorrowedFd<'a>) -> Self {
        Self { root, has_whiteout: Cell::new(false) }
    }

    /// Makes a folder that everybody can read and enter, whatever the umask.
    pub(super) fn make(&self, parent: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd> {
        let what = || format!("make folder {}", String::from_utf8_lossy(name));
        fs::mkdirat(parent, name, Mode::from(0o755)).because(Step::Mount, what)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = fs::openat(parent, name, flags, Mode::empty()).because(Step::Mount, what)?;
        fs::fchmod(&fd, Mode::from(0o755)).because(Step::Mount, what)?;
        Ok(fd)
    }

    /// Writes a file that everybody can read.
    pub(super) fn write(&self, parent: BorrowedFd<'_>, name: &str, text: &[u8]) -> Result<()> {
        use std::io::Write as _;
        let what = || format!("write {name}");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let fd = fs::openat(parent, name, flags, Mode::from(0o644)).because(Step::Mount, what)?;
        fs::fchmod(&fd, Mode::from(0o644)).because(Step::Mount, what)?;
        std::fs::File::from(fd)
            .write_all(text)
            .map_err(|e| crate::Error::new(Step::Mount, format!("write {name}: {e}")))
    }

    /// Writes the names of one folder of a layer.
    pub(super) fn fill(&self, folder: BorrowedFd<'_>, nodes: &Nodes) -> Result<()> {
        nodes.iter().try_for_each(|(name, node)| self.put(folder, name, node))
    }

    fn put(&self, folder: BorrowedFd<'_>, name: &[u8], node: &Node) -> Result<()> {
        let what = || format!("write {} to the layer", String::from_utf8_lossy(name));
        match node {
            Node::Link(text) => fs::symlinkat(text.as_slice(), folder, name).because(Step::Mount, what),
            Node::Folder(inner) => self.fill(self.make(folder, name)?.as_fd(), inner),
            Node::Whiteout => self.white_out(folder, name).because(Step::Mount, what),
        }
    }

    fn white_out(&self, folder: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<()> {
        if !self.has_whiteout.replace(true) {
            let made = fs::mknodat(self.root, WHITEOUT, FileType::CharacterDevice, Mode::empty(), 0);
            made.or_else(|errno| if errno == Errno::EXIST { Ok(()) } else { Err(errno) })?;
        }
        fs::linkat(self.root, WHITEOUT, folder, name, AtFlags::empty())
    }

    /// Makes a folder that others look at hold these names and no others: what is right stays as it is, and each name that
    /// is not gets its new meaning at once, so that nobody ever misses a name that was there and will be. Gives how many
    /// names it changed.
    pub(super) fn amend(&self, folder: &Folder, wanted: &Nodes, trust: Trust) -> Result<usize> {
        let mut present = nodes(folder, Depth::Top)?;
        let mut changed = 0;
        for (name, node) in wanted {
            let what = || format!("change {} in the layer", String::from_utf8_lossy(name));
            match (present.remove(name), node) {
                (Some(Node::Folder(_)), Node::Folder(inner)) => {
                    changed += self.amend(&Folder::open(folder.fd(), name, trust)?, inner, trust)?;
                    continue;
                }
                (Some(is), wanted) if is == *wanted => continue,
                (None, node) => self.put(folder.fd(), name, node)?,
                (Some(_), node) => {
                    self.remove(self.root, ASIDE.as_bytes())?;
                    self.put(self.root, ASIDE.as_bytes(), node)?;
                    fs::renameat_with(self.root, ASIDE, folder.fd(), name, RenameFlags::EXCHANGE)
                        .because(Step::Mount, what)?;
                    self.remove(self.root, ASIDE.as_bytes())?;
                }
            }
            changed += 1;
        }
        for name in present.keys() {
            self.remove(folder.fd(), name)?;
        }
        Ok(changed + present.len())
    }

    /// Removes what is at a name, whatever it is.
    fn remove(&self, folder: BorrowedFd<'_>, name: &[u8]) -> Result<()> {
        remove(folder, name).because(Step::Mount, || format!("remove {}", String::from_utf8_lossy(name)))
    }
}

/// Removes what is at a name of a folder that only we can write, and everything in it.
pub(super) fn remove(folder: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<()> {
    match fs::unlinkat(folder, name, AtFlags::empty()) {
        Err(Errno::ISDIR) => {}
        Err(Errno::NOENT) => return Ok(()),
        done => return done,
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let inner = fs::openat(folder, name, flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in fs::Dir::read_from(&inner)? {
        names.push(entry?.file_name().to_bytes().to_vec());
    }
    for inside in names.iter().filter(|name| !matches!(name.as_slice(), b"." | b"..")) {
        remove(inner.as_fd(), inside)?;
    }
    fs::unlinkat(folder, name, AtFlags::REMOVEDIR)
}

/// Removes all that is in a folder of root's alone.
#[cfg(feature = "cli")]
pub(super) fn clear(folder: BorrowedFd<'_>) -> Result<()> {
    for Entry { name, .. } in Folder::open(folder, b".", Trust::RootOnly)?.entries()? {
        remove(folder, &name)
            .because(Step::Mount, || format!("remove {}", String::from_utf8_lossy(&name)))?;
    }
    Ok(())
}

/// How far nodes are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Folders are named and not entered.
    Top,
    All,
}

/// Reads the layer that lies in an open folder, with its parts as folders.
pub(super) fn read(fd: OwnedFd) -> Result<Layer> {
    let folder = Folder::of(fd, b"layer", Trust::Anyone)?;
    let areas = nodes(&folder, Depth::All)?.into_iter().filter_map(|(name, node)| match node {
        Node::Folder(nodes) => Some((String::from_utf8(name).ok()?, nodes)),
        Node::Link(_) | Node::Whiteout => None,
    });
    Ok(Layer { areas: areas.collect(), notes: Vec::new() })
}

/// Folders in folders, without what else is in them.
#[cfg(feature = "cli")]
#[derive(Debug, Default)]
pub(crate) struct FolderTree(pub(crate) std::collections::BTreeMap<Vec<u8>, FolderTree>);

/// The folders of the layer that lies in an open folder, with its parts as folders.
#[cfg(feature = "cli")]
pub(super) fn folders(folder: &Folder) -> Result<FolderTree> {
    folders_in(folder, &Leaves::on(folder.fd()))
}

#[cfg(feature = "cli")]
fn folders_in(folder: &Folder, leaves: &Leaves) -> Result<FolderTree> {
    let mut tree = FolderTree::default();
    for Entry { name, .. } in folder.entries_that(|_, kind| kind == Kind::Directory)? {
        let stat = fs::statx(folder.fd(), &name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::NLINK);
        let inner = match stat.is_ok_and(|stat| leaves.is_leaf(&stat)) {
            true => FolderTree::default(),
            false => folders_in(&Folder::open(folder.fd(), &name, Trust::Anyone)?, leaves)?,
        };
        tree.0.insert(name, inner);
    }
    Ok(tree)
}

fn nodes(folder: &Folder, depth: Depth) -> Result<Nodes> {
    let mut nodes = Nodes::new();
    for Entry { name, kind } in folder.entries()? {
        let node = match kind {
            Kind::Link => {
                let what = || format!("readlink {}", String::from_utf8_lossy(&name));
                let text = fs::readlinkat(folder.fd(), &name, Vec::new()).because(Step::Read, what)?;
                Node::Link(text.into_bytes())
            }
            Kind::Directory if depth == Depth::Top => Node::Folder(Nodes::new()),
            Kind::Directory => {
                Node::Folder(self::nodes(&Folder::open(folder.fd(), &name, Trust::Anyone)?, depth)?)
            }
            Kind::Special => Node::Whiteout,
            // No layer has one: it is like no node.
            Kind::File => Node::Link(Vec::new()),
        };
        nodes.insert(name, node);
    }
    Ok(nodes)
}
