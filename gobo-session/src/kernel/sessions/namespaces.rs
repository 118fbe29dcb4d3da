//! The mount namespaces of this machine.
//!
//! Root asks the kernel for one after the other. Where the kernel does not tell (before Linux 6.12), and for anybody else,
//! they are those that the processes in /proc are in.

use crate::error::{Error, Result, Step};
use crate::kernel::mountinfo::{self, Mount};
use crate::kernel::namespace;
use crate::kernel::process::Mounts;
use crate::kernel::state::Ids;
use crate::kernel::statmount::{Asked, Known};
use crate::kernel::sys::{self, Neighbour};
use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, StatxFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// A mount namespace.
pub(super) struct Namespace {
    /// Its number, as /proc/PID/ns/mnt shows it.
    pub(super) id: u64,
    pub(super) fd: OwnedFd,
    /// The processes in it that can be seen, in order.
    pub(super) processes: Vec<u32>,
    /// The number of this process's user namespace.
    own_user: Option<u64>,
    /// What is known of mounts.
    known: Known,
}

/// Who made a namespace.
pub(super) enum Owner {
    /// Somebody whom the caller has to believe.
    Believed,
    /// A user, in a user namespace of his own.
    Other(u32),
}

/// How many mounts are looked at in a namespace that a user made.
const MOST_OF_OTHERS: usize = 512;

/// The number of the first process namespace of a machine (PROC_PID_INIT_INO).
const FIRST_PROCESS_NAMESPACE: u64 = 0xEFFF_FFFC;

/// Shows every mount namespace that this process may look at, once.
///
/// One without a process that can be seen may belong to another container, except where all processes are seen.
pub(super) fn each(mut show: impl FnMut(Namespace)) -> Result<()> {
    let sees_all = number_at(CWD, "/proc/self/ns/pid") == Some(FIRST_PROCESS_NAMESPACE);
    every(|namespace| {
        if sees_all || !namespace.processes.is_empty() {
            show(namespace);
        }
    })
    .map(drop)
}

/// Shows every mount namespace that the kernel tells this process of, once; whether all could be opened.
pub(super) fn every(mut show: impl FnMut(Namespace)) -> Result<bool> {
    let mut processes = processes_by_namespace()?;
    let own_user = number_at(CWD, "/proc/thread-self/ns/user");
    let known = Known::default();
    let mut seen = BTreeSet::new();
    if nix::unistd::geteuid().is_root() {
        walk(|fd| {
            let Some(id) = number_of(fd.as_fd()).filter(|id| seen.insert(*id)) else { return };
            let processes = processes.remove(&id).unwrap_or_default();
            show(Namespace { id, fd, processes, own_user, known: Known::clone(&known) });
        });
    }
    let mut are_all = true;
    // What a walk has shown is not in the list any more.
    for (id, processes) in processes {
        let open = |pid: &u32| open(&format!("/proc/{pid}/ns/mnt"));
        let fd = processes.iter().filter_map(open).find(|fd| number_of(fd.as_fd()) == Some(id));
        match fd {
            Some(fd) => show(Namespace { id, fd, processes, own_user, known: Known::clone(&known) }),
            None => are_all &= !processes.iter().any(|pid| is_in(*pid, id)),
        }
    }
    Ok(are_all)
}

/// Goes from this process's namespace to all others, as far as the kernel shows the way.
fn walk(mut show: impl FnMut(OwnedFd)) {
    let Some(own) = open("/proc/thread-self/ns/mnt") else { return };
    for way in [Neighbour::Previous, Neighbour::Next] {
        let mut next = sys::neighbour(own.as_fd(), way);
        while let Ok(here) = next {
            next = sys::neighbour(here.as_fd(), way);
            show(here);
        }
    }
    show(own);
}

/// The processes that can be seen, by the number of their mount namespace.
fn processes_by_namespace() -> Result<BTreeMap<u64, Vec<u32>>> {
    let failed = |error: std::io::Error| {
        Error::new(Step::Read, format!("read /proc: {error}")).with_cure("is /proc mounted?")
    };
    let mut processes: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // It has ended since, or is somebody else's.
        let Some(id) = number_at(CWD, &format!("/proc/{pid}/ns/mnt")) else { continue };
        processes.entry(id).or_default().push(pid);
    }
    processes.values_mut().for_each(|pids| pids.sort_unstable());
    Ok(processes)
}

impl Namespace {
    /// Its mounts, where one of them is ours and somebody tells.
    pub(super) fn mounts_with_ours(&self) -> Option<Mounts> {
        if let Ok(asked) = Asked::with_ours(self.fd.as_fd(), &self.known, usize::MAX) {
            return asked.map(Mounts::Asked);
        }
        let list = self.listed_by(mountinfo::of)?;
        list.iter().any(Mount::is_ours).then(|| Mounts::listed(list))
    }

    /// Whether one of its first mounts calls itself ours. Whoever made it may have filled it with more than anybody wants to
    /// look at (R18).
    pub(super) fn begins_with_ours(&self) -> bool {
        match Asked::with_ours(self.fd.as_fd(), &self.known, MOST_OF_OTHERS) {
            Ok(asked) => asked.is_some(),
            Err(_) => self.listed_by(mountinfo::first_of).is_some_and(|list| list.iter().any(Mount::is_ours)),
        }
    }

    /// The sources of all its mounts, where there are no more than `most` and somebody tells.
    pub(super) fn sources(&self, most: usize) -> Option<Vec<Vec<u8>>> {
        if let Ok(sources) = Asked::sources(self.fd.as_fd(), most) {
            return sources;
        }
        let list = self.listed_by(mountinfo::of).filter(|list| list.len() <= most)?;
        Some(list.into_iter().map(|mount| mount.source).collect())
    }

    /// Its mounts as one of its processes has them listed.
    fn listed_by(&self, read: impl Fn(u32) -> Result<Vec<Mount>>) -> Option<Vec<Mount>> {
        // It may have gone elsewhere, or another process has its number.
        let of_process = |pid: &u32| read(*pid).ok().filter(|_| is_in(*pid, self.id));
        self.processes.iter().find_map(of_process)
    }

    /// Its root, open as a place: that of a process which sees the whole of it, or else, for root, where a thread that
    /// enters it arrives.
    pub(super) fn root(&self, mounts: &Mounts) -> Option<OwnedFd> {
        let is_whole = |root: &OwnedFd| mounts.is_root(root.as_fd());
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let of_process = |pid: &u32| match mounts.ids() {
            // Whose it is, is told by the number of its mount.
            Ids::Unique => fs::open(format!("/proc/{pid}/root"), flags, Mode::empty()).ok(),
            Ids::Reused => {
                let process = fs::open(format!("/proc/{pid}"), flags, Mode::empty()).ok()?;
                let root = fs::openat(&process, "root", flags, Mode::empty()).ok()?;
                (number_at(process.as_fd(), "ns/mnt") == Some(self.id)).then_some(root)
            }
        };
        let root = self.processes.iter().filter_map(of_process).find(is_whole);
        root.or_else(|| namespace::root_of(self.fd.as_fd()).ok().filter(is_whole))
    }

    /// Who owns it, as far as that matters to the caller: an ordinary user looks at his own processes alone. `None` where
    /// that cannot be told.
    pub(super) fn owner(&self) -> Option<Owner> {
        if !nix::unistd::geteuid().is_root() {
            return Some(Owner::Believed);
        }
        let owner = sys::owner_of(self.fd.as_fd()).ok()?;
        if number_of(owner.as_fd())? == self.own_user? {
            return Some(Owner::Believed);
        }
        sys::maker_of(owner.as_fd()).ok().map(Owner::Other)
    }
}

fn open(path: &str) -> Option<OwnedFd> {
    fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()
}

/// Whether a process is in the mount namespace of a number.
fn is_in(pid: u32, id: u64) -> bool {
    number_at(CWD, &format!("/proc/{pid}/ns/mnt")) == Some(id)
}

/// The number of an open namespace.
fn number_of(namespace: BorrowedFd<'_>) -> Option<u64> {
    fs::fstat(namespace).ok().map(|stat| stat.st_ino)
}

/// The number of the namespace that a path leads to.
fn number_at(folder: BorrowedFd<'_>, path: &str) -> Option<u64> {
    let stat = fs::statx(folder, path, AtFlags::empty(), StatxFlags::INO).ok()?;
    Some(stat.stx_ino)
}
