//! The mounts of a namespace: all of them as they are listed, or each when it is asked for.

use crate::kernel::mountinfo::Mount;
use crate::kernel::state::{Ids, Mounted, mount_of};
#[cfg(feature = "cli")]
use crate::kernel::statmount::Asked;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::rc::Rc;

/// The mounts of a namespace.
pub(in crate::kernel) enum Mounts {
    /// As /proc lists them.
    Listed(Vec<Rc<Mount>>),
    /// As the kernel tells of each.
    #[cfg(feature = "cli")]
    Asked(Asked),
}

impl Mounts {
    /// As /proc lists them.
    pub(in crate::kernel) fn listed(list: Vec<Mount>) -> Self {
        Self::Listed(list.into_iter().map(Rc::new).collect())
    }

    /// What is mounted right at an open place: its type and source.
    pub(in crate::kernel) fn at(&self, place: BorrowedFd<'_>) -> Option<Rc<Mount>> {
        self.kind(mount_of(place, Path::new(""), self.ids())?)
    }

    /// Whether an open place is the root of the namespace.
    #[cfg(feature = "cli")]
    pub(in crate::kernel) fn is_root(&self, place: BorrowedFd<'_>) -> bool {
        let Some(Mounted { id, .. }) = mount_of(place, Path::new(""), self.ids()) else { return false };
        match self {
            Self::Listed(list) => list.iter().any(|mount| mount.id == id && mount.point == b"/"),
            Self::Asked(asked) => asked.mount(id).is_some_and(|mount| mount.point == b"/"),
        }
    }

    /// What a mount is, where the namespace has it: its type and source.
    pub(super) fn kind(&self, mounted: Mounted) -> Option<Rc<Mount>> {
        match self {
            Self::Listed(list) => list.iter().find(|mount| mount.id == mounted.id).cloned(),
            #[cfg(feature = "cli")]
            Self::Asked(asked) => asked.kind(mounted.id, mounted.device),
        }
    }

    /// What the numbers of its mounts are.
    pub(in crate::kernel) fn ids(&self) -> Ids {
        match self {
            Self::Listed(_) => Ids::Reused,
            #[cfg(feature = "cli")]
            Self::Asked(_) => Ids::Unique,
        }
    }
}
