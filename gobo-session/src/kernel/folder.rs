//! Writing a layer's nodes into a folder, and reading them back.

use crate::error::{Because as _, Result, Step};
use crate::layer::{Layer, Node, Nodes};
use crate::tree::{Entry, Folder, Kind};
use crate::trusted::Trust;
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use std::cell::Cell;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// Writes layers; all their whiteouts are one inode.
pub(super) struct Writer<'a> {
    /// The folder that the first whiteout lies in.
    root: BorrowedFd<'a>,
    has_whiteout: Cell<bool>,
}

/// The name of the first whiteout, of which the others are hard links.
const WHITEOUT: &str = "whiteout";

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
        for (name, node) in nodes {
            let what = || format!("write {} to the layer", String::from_utf8_lossy(name));
            match node {
                Node::Link(text) => {
                    fs::symlinkat(text.as_slice(), folder, name.as_slice()).because(Step::Mount, what)?;
                }
                Node::Folder(inner) => self.fill(self.make(folder, name)?.as_fd(), inner)?,
                Node::Whiteout => self.white_out(folder, name).because(Step::Mount, what)?,
            }
        }
        Ok(())
    }

    fn white_out(&self, folder: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<()> {
        if !self.has_whiteout.replace(true) {
            fs::mknodat(self.root, WHITEOUT, FileType::CharacterDevice, Mode::empty(), 0)?;
        }
        fs::linkat(self.root, WHITEOUT, folder, name, AtFlags::empty())
    }
}

/// Reads the layer that lies in an open folder, with its parts as folders.
pub(super) fn read(fd: OwnedFd) -> Result<Layer> {
    let folder = Folder::of(fd, b"layer", Trust::Anyone)?;
    let areas = nodes(&folder)?.into_iter().filter_map(|(name, node)| match node {
        Node::Folder(nodes) => Some((String::from_utf8(name).ok()?, nodes)),
        Node::Link(_) | Node::Whiteout => None,
    });
    Ok(Layer { areas: areas.collect(), notes: Vec::new() })
}

fn nodes(folder: &Folder) -> Result<Nodes> {
    let mut nodes = Nodes::new();
    for Entry { name, kind } in folder.entries()? {
        let node = match kind {
            Kind::Link => {
                let what = || format!("readlink {}", String::from_utf8_lossy(&name));
                let text = fs::readlinkat(folder.fd(), &name, Vec::new()).because(Step::Read, what)?;
                Node::Link(text.into_bytes())
            }
            Kind::Directory => Node::Folder(self::nodes(&Folder::open(folder.fd(), &name, Trust::Anyone)?)?),
            Kind::File | Kind::Special => Node::Whiteout,
        };
        nodes.insert(name, node);
    }
    Ok(nodes)
}
