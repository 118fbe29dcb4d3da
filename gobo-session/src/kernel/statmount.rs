//! The kernel's list of mounts, asked for mount by mount: of any mount namespace, without entering it.

use super::mountinfo::Mount;
use super::sys;
use crate::unordered::Map;
use rustix::fs::makedev;
use rustix::io::{Errno, Result};
use std::cell::RefCell;
use std::os::fd::BorrowedFd;
use std::rc::Rc;

/// What is asked about a mount (STATMOUNT_SB_BASIC, STATMOUNT_MNT_BASIC and the others, in their order).
const SYSTEM: u64 = 0x01;
const BASIC: u64 = 0x02;
const POINT: u64 = 0x10;
const KIND: u64 = 0x20;
const SOURCE: u64 = 0x200;

/// Where the kernel writes it (`struct statmount`); texts come behind all numbers, and are told by their places there.
mod at {
    pub(super) const MASK: usize = 8;
    pub(super) const DEVICE: usize = 16;
    pub(super) const KIND: usize = 36;
    pub(super) const ID: usize = 40;
    pub(super) const PEERS: usize = 80;
    pub(super) const MASTER: usize = 88;
    pub(super) const POINT: usize = 108;
    pub(super) const SOURCE: usize = 124;
    pub(super) const TEXTS: usize = 512;
}

/// How much room there is for one mount, mostly, and at most (R18).
const ROOM: usize = 1024;
const MOST_ROOM: usize = 1024 * 1024;

/// How many ids are read at once.
const IDS: usize = 256;

/// What mounts of file systems are, by their devices: one file system may be mounted in many namespaces.
pub(super) type Known = Rc<RefCell<Map<u64, Rc<Mount>>>>;

/// The mounts of a namespace: the kernel lists their ids, which are never used again, and is asked what one is when that
/// matters.
pub(super) struct Asked {
    namespace: u64,
    /// In order.
    ids: Vec<u64>,
    known: Known,
}

impl Asked {
    /// Those of the namespace that a descriptor is open on, the first `most` of them at most, where one of these is ours.
    ///
    /// # Errors
    /// Where this kernel cannot tell, or does not tell this process.
    pub(super) fn with_ours(namespace: BorrowedFd<'_>, known: &Known, most: usize) -> Result<Option<Self>> {
        let (asked, _) = Self::of(namespace, known, most)?;
        let (mut has_ours, mut has_source) = (false, false);
        // Those of a view were made before its namespace, and come first.
        asked.each(|mount| {
            (has_ours, has_source) = (mount.is_ours(), has_source || !mount.source.is_empty());
            !has_ours
        })?;
        // A kernel before Linux 6.13 tells no sources.
        if has_source { Ok(has_ours.then_some(asked)) } else { Err(Errno::NOSYS) }
    }

    /// The sources of all mounts of a namespace, where there are no more than `most`.
    ///
    /// # Errors
    /// As [`Asked::with_ours`].
    pub(super) fn sources(namespace: BorrowedFd<'_>, most: usize) -> Result<Option<Vec<Vec<u8>>>> {
        let (asked, is_whole) = Self::of(namespace, &Known::default(), most)?;
        if !is_whole {
            return Ok(None);
        }
        let mut sources = Vec::new();
        asked.each(|mount| {
            sources.push(mount.source);
            true
        })?;
        let has_source = sources.iter().any(|source| !source.is_empty());
        if has_source { Ok(Some(sources)) } else { Err(Errno::NOSYS) }
    }

    /// The first `most` mounts of a namespace, and whether these are all.
    fn of(namespace: BorrowedFd<'_>, known: &Known, most: usize) -> Result<(Self, bool)> {
        let namespace = sys::namespace_info(namespace)?.id;
        let (mut all, mut ids, mut last) = (Vec::new(), [0; IDS], 0);
        let mut goes_on = true;
        while goes_on && all.len() <= most {
            let count = sys::listmount(namespace, last, &mut ids)?;
            all.extend_from_slice(&ids[..count]);
            last = ids[..count].last().copied().unwrap_or_default();
            goes_on = count == IDS;
        }
        let is_whole = all.len() <= most;
        all.truncate(most);
        Ok((Self { namespace, ids: all, known: Rc::clone(known) }, is_whole))
    }

    /// Shows the mounts in the order of their ids, until one is the last that is wanted.
    fn each(&self, mut goes_on: impl FnMut(Mount) -> bool) -> Result<()> {
        for id in &self.ids {
            match mount(self.namespace, *id) {
                Ok(mount) => {
                    if !goes_on(mount) {
                        break;
                    }
                }
                // It is gone since.
                Err(Errno::NOENT) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    /// The mount of an id, where the namespace has it.
    pub(super) fn mount(&self, id: u64) -> Option<Mount> {
        self.has(id).then(|| mount(self.namespace, id).ok()).flatten()
    }

    /// What the mount of an id is, which is one of a file system of that device: its type and source. Its place may be that of
    /// another.
    pub(super) fn kind(&self, id: u64, device: u64) -> Option<Rc<Mount>> {
        if let Some(known) = self.known.borrow().get(&device).filter(|_| self.has(id)) {
            return Some(Rc::clone(known));
        }
        let mount = Rc::new(self.mount(id)?);
        self.known.borrow_mut().insert(mount.device, Rc::clone(&mount));
        Some(mount)
    }

    fn has(&self, id: u64) -> bool {
        self.ids.binary_search(&id).is_ok()
    }
}

fn mount(namespace: u64, id: u64) -> Result<Mount> {
    const ALL: u64 = SYSTEM | BASIC | POINT | KIND | SOURCE;
    let mut room = [0; ROOM];
    match sys::statmount(namespace, id, ALL, &mut room) {
        Err(Errno::OVERFLOW) => {}
        done => return done.and_then(|()| parse(&room).ok_or(Errno::NOSYS)),
    }
    let mut room = vec![0; MOST_ROOM];
    sys::statmount(namespace, id, ALL, &mut room)?;
    parse(&room).ok_or(Errno::NOSYS)
}

/// Reads one answer; `None` where it does not tell what was asked, as before Linux 6.13.
fn parse(answer: &[u8]) -> Option<Mount> {
    let told = number(answer, at::MASK)?;
    // A mount without a source is told without one.
    const NEEDED: u64 = SYSTEM | BASIC | POINT | KIND;
    if told & NEEDED != NEEDED {
        return None;
    }
    let groups = [("shared", number(answer, at::PEERS)?), ("master", number(answer, at::MASTER)?)];
    let groups = groups.iter().filter(|(_, group)| *group != 0);
    Some(Mount {
        id: number(answer, at::ID)?,
        device: makedev(short(answer, at::DEVICE)?, short(answer, at::DEVICE + 4)?),
        point: text(answer, at::POINT)?.to_vec(),
        propagation: groups.map(|(name, group)| format!("{name}:{group}")).collect(),
        kind: String::from_utf8_lossy(text(answer, at::KIND)?).into_owned(),
        source: if told & SOURCE == 0 { Vec::new() } else { text(answer, at::SOURCE)?.to_vec() },
    })
}

fn number(answer: &[u8], place: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*answer.get(place..)?.first_chunk()?))
}

fn short(answer: &[u8], place: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*answer.get(place..)?.first_chunk()?))
}

/// The text whose place stands at a place.
fn text(answer: &[u8], place: usize) -> Option<&[u8]> {
    answer.get(at::TEXTS + usize::try_from(short(answer, place)?).ok()?..)?.split(|byte| *byte == 0).next()
}

#[cfg(test)]
mod tests {
    use super::super::mountinfo;
    use super::*;
    use rustix::fs::{self, Mode, OFlags};
    use std::os::fd::AsFd as _;

    #[test]
    fn both_lists_of_mounts_say_the_same() {
        let own = fs::open("/proc/thread-self/ns/mnt", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        let all = |namespace: BorrowedFd<'_>| -> Result<Vec<Mount>> {
            let mut all = Vec::new();
            Asked::of(namespace, &Known::default(), usize::MAX)?.0.each(|mount| {
                all.push(mount);
                true
            })?;
            Ok(all)
        };
        let asked = match all(own.unwrap().as_fd()) {
            Ok(mounts) => mounts,
            Err(errno) => {
                assert!(std::env::var_os("GOBO_TESTS_MUST_RUN").is_none(), "statmount: {errno}");
                eprintln!("not run: this kernel has no statmount that tells sources ({errno})");
                return;
            }
        };
        let told = |mounts: &[Mount]| -> Vec<_> {
            let told = mounts.iter().map(|mount| {
                // One list says what a FUSE or overlay server calls itself too.
                let kind = mount.kind.split('.').next().unwrap().to_owned();
                (mount.point.clone(), mount.device, kind, mount.is_ours(), mount.is_shared())
            });
            let mut told: Vec<_> = told.collect();
            told.sort();
            told
        };
        assert_eq!(told(&asked), told(&mountinfo::read().unwrap()));
    }

    #[test]
    fn an_answer_that_is_cut_short_is_none() {
        assert_eq!(parse(&[]), None);
        let mut answer = vec![0_u8; at::TEXTS + 8];
        assert_eq!(parse(&answer), None);
        answer[at::MASK..at::MASK + 8]
            .copy_from_slice(&(SYSTEM | BASIC | POINT | KIND | SOURCE).to_ne_bytes());
        assert!(parse(&answer).is_some());
        answer[at::POINT..at::POINT + 4].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(parse(&answer), None);
    }
}
