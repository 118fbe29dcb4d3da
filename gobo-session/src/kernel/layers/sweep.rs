//! Forgetting what is kept, and removing the layers that nobody has any more.

use super::{Layers, UNUSED};
use crate::error::{Because as _, Result, Step};
use crate::kernel::folder::{self, Writer};
use crate::tree::Folder;
use crate::trusted::Trust;
use rustix::fs::{self, AtFlags};
use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

impl Layers {
    /// Forgets what was written down about all plans, so that the next login of each profile goes the whole way.
    ///
    /// # Errors
    /// Where that cannot be removed.
    pub(crate) fn forget(&self) -> Result<()> {
        folder::clear(self.plans.as_fd())
    }

    /// Removes the layers that nobody has and nobody can find: no session is among those of these plans, nothing written
    /// down leads to them, that has been so for longer than a login takes, and no mount is of their plans. What plans there
    /// are mounts of, `mounted` tells, which is asked only where a layer would be removed; where it cannot tell none is.
    /// Gives how many there were; the caller holds the lock.
    ///
    /// # Errors
    /// Where one cannot be removed.
    pub(crate) fn sweep(
        &self,
        live: &BTreeSet<String>,
        mounted: impl FnOnce() -> Option<BTreeSet<String>>,
    ) -> Result<usize> {
        let mounted = LazyCell::new(mounted);
        let unmark = |folder: &Folder| {
            folder::remove(folder.fd(), UNUSED.as_bytes()).because(Step::Mount, || "remove a mark".into())
        };
        let mut known = BTreeSet::new();
        for name in names_in(self.plans.as_fd())? {
            let text = std::str::from_utf8(&name).ok().and_then(|name| self.known(name));
            known.extend(text.and_then(|written| plan_named_in(&written.text)));
        }
        let mut removed = 0;
        for name in names_in(self.layers.as_fd())? {
            let id = String::from_utf8_lossy(&name).into_owned();
            let folder = Folder::open(self.layers.as_fd(), &name, Trust::RootOnly)?;
            let is_marked = fs::statat(folder.fd(), UNUSED, AtFlags::SYMLINK_NOFOLLOW);
            if live.contains(&id) || known.contains(&id) {
                unmark(&folder)?;
                continue;
            }
            match is_marked {
                Err(_) => Writer::new(folder.fd()).write(folder.fd(), UNUSED, b"")?,
                Ok(mark) if !is_older_than(&mark, LONGEST_LOGIN) => {}
                Ok(_) => match &*mounted {
                    None => {}
                    Some(mounted) if mounted.contains(&id) => unmark(&folder)?,
                    Some(_) => {
                        folder::remove(self.layers.as_fd(), &name)
                            .because(Step::Mount, || format!("remove layer {id}"))?;
                        removed += 1;
                    }
                },
            }
        }
        Ok(removed)
    }
}

/// No login takes longer.
const LONGEST_LOGIN: Duration = Duration::from_secs(120);

fn is_older_than(stat: &fs::Stat, age: Duration) -> bool {
    let written = u64::try_from(stat.st_mtime).unwrap_or_default();
    SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_secs(written)).is_ok_and(|now| now > age)
}

/// The id of the plan that was written down.
fn plan_named_in(text: &[u8]) -> Option<String> {
    let end = text.iter().position(|b| *b == b'\n')?;
    let known: serde_json::Value = serde_json::from_slice(&text[..end]).ok()?;
    Some(known.get("plan")?.as_str()?.to_owned())
}

fn names_in(folder: BorrowedFd<'_>) -> Result<Vec<Vec<u8>>> {
    let entries = Folder::open(folder, b".", Trust::RootOnly)?.entries()?;
    Ok(entries.into_iter().map(|entry| entry.name).collect())
}
