//! Whether anything that a view was made from has changed since: the cheap question, which mostly spares the dear ones.
//!
//! A name that comes, goes or leads elsewhere changes its folder, and the kernel writes down when. So nothing has to be read
//! but times: those of the programs' folders (`Current`, versions), of the folders of the index, and of the folders of
//! versions that take part in the layer, which the layer's own folders name. Where the clock was set back this is not noticed.

#[cfg(test)]
mod tests;

use crate::error::Result;
use crate::kernel::{FolderTree, Process};
use crate::plan::{Choice, Plan};
use crate::tree::{Entry, Folder, Kind, Leaves, Tree, entries_of};
use crate::version::{Version, fault_of_name};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, Statx, StatxFlags};
use std::os::fd::{AsFd as _, BorrowedFd};

/// How long before a view was made a change is taken for a later one: something was being read then.
const MARGIN: i64 = 10;

/// How many names are looked for one by one in a folder, before it is listed instead: mostly none of them is there.
const FEW: usize = 8;

/// Whether everything is older than the view and its layer.
///
/// # Errors
/// Where the layer or the index cannot be read.
pub(super) fn is_quiet(since: u64, tree: &Tree, plan: &Plan, process: &Process) -> Result<bool> {
    let (folders, made) = process.layer_folders()?;
    let since = i64::try_from(since).unwrap_or(i64::MAX).min(made);
    is_older_than(since.saturating_sub(MARGIN), tree, plan, &folders)
}

fn is_older_than(before: i64, tree: &Tree, plan: &Plan, folders: &FolderTree) -> Result<bool> {
    let times = Times { tree, before, leaves: Leaves::on(tree.programs()) };
    Ok(times.versions_are_old(plan, folders)? && times.index_is_old(folders)?)
}

struct Times<'a> {
    tree: &'a Tree,
    before: i64,
    /// Of the folder of programs.
    leaves: Leaves,
}

impl Times<'_> {
    /// Whether something has not changed since; `None` where it is not there.
    fn is_old(&self, folder: BorrowedFd<'_>, path: &[u8]) -> Option<bool> {
        let stat = fs::statx(folder, path, AtFlags::empty(), StatxFlags::CTIME).ok()?;
        Some(self.is_before(&stat))
    }

    fn is_before(&self, stat: &Statx) -> bool {
        stat.stx_ctime.tv_sec < self.before
    }

    /// The folders of the chosen programs; and those that take part in the layer, of the versions that are linked in it, and
    /// of others that these take the place of: they lose names.
    fn versions_are_old(&self, plan: &Plan, folders: &FolderTree) -> Result<bool> {
        for choice in &plan.chosen {
            let wanted = StatxFlags::CTIME | StatxFlags::NLINK;
            let program = fs::statx(self.tree.programs(), choice.program.as_str(), AtFlags::empty(), wanted);
            let Some(program) = program.ok().filter(|program| self.is_before(program)) else {
                return Ok(false);
            };
            if choice.linked && !plan.pure {
                continue;
            }
            let Some(versions) = self.versions(choice, &program)? else { return Ok(false) };
            for version in versions {
                if !self.version_is_old(choice, &version, folders) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The chosen version of a program, and those that it takes the place of: of the same major version. `None` where there is
    /// no such program.
    fn versions(&self, choice: &Choice, program: &Statx) -> Result<Option<Vec<String>>> {
        let has_current = |current: &String| {
            let path = format!("{}/{current}", choice.program);
            let stat = fs::statx(self.tree.programs(), path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::TYPE);
            stat.is_ok_and(|stat| type_of(&stat) == FileType::Directory)
        };
        let is_other = |version: &String| *version != choice.version && fault_of_name(version).is_none();
        let current = self.tree.current(&choice.program).filter(is_other).filter(has_current);
        let known = [Some(choice.version.clone()), current].into_iter().flatten();
        // Mostly there are no others, and it has not to be listed.
        let versions: Vec<String> = match self.leaves.folders_in(program) {
            Some(count) if usize::try_from(count) == Ok(known.clone().count()) => known.collect(),
            _ => {
                let Some(program) = self.tree.program(&choice.program)? else { return Ok(None) };
                program.named().iter().map(|version| version.version.as_str().to_owned()).collect()
            }
        };
        let takes_place =
            |version: &String| *version == choice.version || Version::new(version).major() == choice.major;
        Ok(Some(versions.into_iter().filter(takes_place).collect()))
    }

    fn version_is_old(&self, choice: &Choice, version: &str, folders: &FolderTree) -> bool {
        let (programs, nothing) = (self.tree.programs(), FolderTree::default());
        let path = format!("{}/{version}", choice.program).into_bytes();
        self.is_old(programs, &path) == Some(true)
            && self.tree.layout().areas.iter().all(|area| {
                let inner = folders.0.get(area.name.as_bytes()).unwrap_or(&nothing);
                area.sources
                    .iter()
                    .all(|source| self.all_old(programs, &join(&path, source.as_bytes()), inner))
            })
    }

    /// A folder and those below it that the layer has too. One that is not there would change the one that it is in.
    fn all_old(&self, from: BorrowedFd<'_>, path: &[u8], folders: &FolderTree) -> bool {
        match self.is_old(from, path) {
            None => true,
            Some(false) => false,
            Some(true) => self.inner_old(from, path, folders),
        }
    }

    /// The folders in a folder that the layer has too, and those below them.
    fn inner_old(&self, from: BorrowedFd<'_>, path: &[u8], folders: &FolderTree) -> bool {
        let is_old = |(name, inner): (&Vec<u8>, &FolderTree)| self.all_old(from, &join(path, name), inner);
        match (folders.0.len() > FEW).then(|| common(from, path, folders)).flatten() {
            Some(names) => names.iter().filter_map(|name| folders.0.get_key_value(&name.name)).all(is_old),
            None => folders.0.iter().all(is_old),
        }
    }

    /// The folders of the index, and those of other programs that its links lead to where the layer has a folder instead.
    fn index_is_old(&self, folders: &FolderTree) -> Result<bool> {
        let (index, nothing) = (self.tree.index().fd(), FolderTree::default());
        let leaves = Leaves::on(index);
        for area in &self.tree.layout().areas {
            let name = area.name.as_bytes();
            let inner = folders.0.get(name).unwrap_or(&nothing);
            if !self.is_old_in_index(index, name, inner, &leaves)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// All folders below a name of the index; what is no folder itself may lead to one.
    fn is_old_in_index(
        &self,
        parent: BorrowedFd<'_>,
        name: &[u8],
        layer: &FolderTree,
        leaves: &Leaves,
    ) -> Result<bool> {
        let wanted = StatxFlags::CTIME | StatxFlags::NLINK | StatxFlags::TYPE;
        let Ok(stat) = fs::statx(parent, name, AtFlags::SYMLINK_NOFOLLOW, wanted) else { return Ok(true) };
        if type_of(&stat) != FileType::Directory {
            return Ok(self.all_old(parent, name, layer));
        }
        if !self.is_before(&stat) {
            return Ok(false);
        }
        if leaves.is_leaf(&stat) {
            return Ok(self.inner_old(parent, name, layer));
        }
        let Some(folder) = Folder::open_if_there(parent, name, self.tree.trust())? else { return Ok(true) };
        let nothing = FolderTree::default();
        let is_meant = |name: &[u8], kind| kind == Kind::Directory || layer.0.contains_key(name);
        for Entry { name, .. } in folder.entries_that(is_meant)? {
            let layer = layer.0.get(&name).unwrap_or(&nothing);
            if !self.is_old_in_index(folder.fd(), &name, layer, leaves)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What is in a folder and in a layer's; `None` where that cannot be told.
fn common(from: BorrowedFd<'_>, path: &[u8], folders: &FolderTree) -> Option<Vec<Entry>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = fs::openat(from, path, flags, Mode::empty()).ok()?;
    entries_of(fd.as_fd(), |name, _| folders.0.contains_key(name)).ok()
}

fn type_of(stat: &Statx) -> FileType {
    FileType::from_raw_mode(stat.stx_mode.into())
}

fn join(path: &[u8], name: &[u8]) -> Vec<u8> {
    [path, b"/", name].concat()
}
