//! Names that a view still shows as they were: an overlay keeps what was looked up in it before.
//!
//! Every link of the base's folders that have changed since the view was made is looked up in both. What was new since, and
//! what leads elsewhere since, is found by that; a name that is gone from the base is in no list any more.

use crate::error::{Because as _, Result, Step};
use crate::kernel::{Process, Shown};
use crate::layer::{Layer, Node, Nodes};
use crate::tree::{Entry, Folder, Kind, Tree};
use rustix::fs::{self, Mode, OFlags};
use std::os::fd::{AsFd as _, BorrowedFd};

/// The names at which a view shows something else than it would show if it were made now, as far as that comes from the base.
///
/// # Errors
/// Where the view's layer or the base cannot be read.
pub(super) fn since(
    since: u64,
    tree: &Tree,
    shown: &Shown,
    process: &Process,
    layer: &Layer,
) -> Result<Vec<String>> {
    let nothing = Nodes::new();
    let mut search = Search { since, tree, stale: Vec::new() };
    for path in &shown.overlays {
        let area = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(base) = Folder::open_if_there(tree.index().fd(), area.as_bytes(), tree.trust())? else {
            continue;
        };
        let seen = process.overlay(path)?;
        search.below(&area, &base, seen.as_fd(), layer.areas.get(&*area).unwrap_or(&nothing))?;
    }
    Ok(search.stale)
}

struct Search<'a> {
    since: u64,
    tree: &'a Tree,
    stale: Vec<String>,
}

impl Search<'_> {
    /// Looks through a folder of the base, over which `layer` lies, and which is seen at `seen`.
    fn below(&mut self, at: &str, base: &Folder, seen: BorrowedFd<'_>, layer: &Nodes) -> Result<()> {
        let stat = fs::fstat(base.fd()).because(Step::Read, || format!("fstat {at}"))?;
        let has_changed = u64::try_from(stat.st_ctime).is_ok_and(|changed| changed >= self.since);
        for Entry { name, kind } in base.entries()? {
            let path = || format!("{at}/{}", String::from_utf8_lossy(&name));
            match (kind, layer.get(&name)) {
                (Kind::Directory, Some(Node::Folder(inner))) => {
                    self.inside(&path(), base, seen, &name, inner)?
                }
                (Kind::Directory, None) => self.inside(&path(), base, seen, &name, &Nodes::new())?,
                (Kind::Link, None) if has_changed => {
                    let is_same = fs::readlinkat(seen, &name, Vec::new()).ok()
                        == fs::readlinkat(base.fd(), &name, Vec::new()).ok();
                    self.stale.extend((!is_same).then(path));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn inside(
        &mut self,
        at: &str,
        base: &Folder,
        seen: BorrowedFd<'_>,
        name: &[u8],
        layer: &Nodes,
    ) -> Result<()> {
        let Some(base) = Folder::open_if_there(base.fd(), name, self.tree.trust())? else { return Ok(()) };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match fs::openat(seen, name, flags, Mode::empty()) {
            Ok(seen) => self.below(at, &base, seen.as_fd(), layer),
            // It was not there when it was looked up.
            Err(_) => {
                self.stale.push(at.to_owned());
                Ok(())
            }
        }
    }
}
