//! What one name of an index leads to: of the base, or of an index that a view lies over.

use super::{Folder, LinkText, Owner, Tree, absolute, join, read_link};
use crate::error::Result;
use rustix::fs::OFlags;
use std::ffi::OsString;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// How many links of an index may lead to other names of it.
const MAX_LINKS: usize = 16;

/// What a name of an index leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leads {
    /// Where a link leads, from the tree's root; `None` where the index has something of its own at the name.
    pub target: Option<PathBuf>,
    /// The version that it leads into.
    pub owner: Option<Owner>,
    /// Whether there is something at the end of it.
    pub is_there: bool,
}

impl Tree {
    /// What a name such as `lib/libfoo.so.1` leads to; `None` where there is none.
    ///
    /// `index` is the folder of the index that is asked. Links are read one by one, so that it is told which program is
    /// meant, even where what it had is gone.
    ///
    /// # Errors
    /// Where a folder cannot be read.
    pub fn look_up(&self, index: BorrowedFd<'_>, name: &Path) -> Result<Option<Leads>> {
        let root = self.layout.index.as_os_str().as_bytes();
        let mut path = join(root, name.as_os_str().as_bytes());
        let mut is_below = false;
        for _ in 0..MAX_LINKS {
            let Some(below) = path.strip_prefix(root).and_then(|rest| rest.strip_prefix(b"/")) else {
                // What is not in a folder that a link leads to is no name of the index.
                return Ok(Some(self.outside(path)).filter(|leads| leads.is_there || !is_below));
            };
            match self.step(index, below)? {
                Step::Nothing => return Ok(None),
                Step::Own => return Ok(Some(Leads { target: None, owner: None, is_there: true })),
                Step::Link { target, is_last } => {
                    is_below |= !is_last;
                    path = target;
                }
            }
        }
        Ok(None)
    }

    /// Goes as far as the first link.
    fn step(&self, index: BorrowedFd<'_>, below: &[u8]) -> Result<Step> {
        let mut at = self.layout.index.as_os_str().as_bytes().to_vec();
        let mut folder: Option<Folder> = None;
        let names: Vec<&[u8]> = below.split(|b| *b == b'/').filter(|name| !name.is_empty()).collect();
        for (place, name) in names.iter().enumerate() {
            let here = folder.as_ref().map_or(index, Folder::fd);
            match read_link(here, name)? {
                LinkText::Nothing => return Ok(Step::Nothing),
                LinkText::Link(text) => {
                    let rest = &names[place + 1..];
                    let target = rest.iter().fold(absolute(&at, &text), |target, name| join(&target, name));
                    return Ok(Step::Link { target, is_last: rest.is_empty() });
                }
                LinkText::NotALink if place + 1 == names.len() => return Ok(Step::Own),
                LinkText::NotALink => match Folder::open_if_there(here, name, self.trust())? {
                    Some(inner) => folder = Some(inner),
                    None => return Ok(Step::Nothing),
                },
            }
            at = join(&at, name);
        }
        Ok(Step::Nothing)
    }

    /// What a link of the index leads to outside of it.
    fn outside(&self, path: Vec<u8>) -> Leads {
        Leads {
            owner: self.owner(b"/", &path),
            is_there: self.open_inside(&path, OFlags::PATH).is_ok(),
            target: Some(PathBuf::from(OsString::from_vec(path))),
        }
    }

    /// The name in the index of a path that leads through it, as `/bin/lua` does: `bin/lua`.
    #[must_use]
    pub fn name_in_index(&self, path: &Path) -> Option<PathBuf> {
        let folders: Vec<&Path> = path.ancestors().skip(1).collect();
        folders.into_iter().rev().find_map(|folder| {
            let fd =
                self.open_inside(folder.as_os_str().as_bytes(), OFlags::PATH | OFlags::DIRECTORY).ok()?;
            let real = self.real_path(fd.as_fd())?;
            let area = real.strip_prefix(&self.layout.index).ok().filter(|area| *area != Path::new(""))?;
            Some(area.join(path.strip_prefix(folder).ok()?))
        })
    }

    /// Where an open file is, inside the tree.
    pub(crate) fn real_path(&self, fd: BorrowedFd<'_>) -> Option<PathBuf> {
        let path_of = |fd: BorrowedFd<'_>| {
            let path = rustix::fs::readlink(format!("/proc/self/fd/{}", fd.as_raw_fd()), Vec::new()).ok()?;
            Some(PathBuf::from(OsString::from_vec(path.into_bytes())))
        };
        Some(Path::new("/").join(path_of(fd)?.strip_prefix(path_of(self.root().fd())?).ok()?))
    }
}

/// What stands at a name, or on the way to it.
enum Step {
    Nothing,
    /// Something that is no link.
    Own,
    /// A link: where the name leads through it, and whether it stands at the name itself.
    Link {
        target: Vec<u8>,
        is_last: bool,
    },
}
