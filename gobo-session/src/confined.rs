//! Opening paths that must not lead out of a folder.
//!
//! The kernel watches over `..` on such a way, and gives up with EAGAIN where anything at all was renamed or mounted on
//! the machine meanwhile: any user can do that in a loop. It is asked again then.

use rustix::fs::{self, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::path::Arg;
use std::os::fd::{BorrowedFd, OwnedFd};

/// How often the kernel is asked. A walk takes less time than a rename, so that a few times do against whoever renames.
const ATTEMPTS: u32 = 1000;

/// Opens `path` below `folder`; links may lead anywhere beneath it, and nowhere else.
pub(crate) fn beneath(
    folder: BorrowedFd<'_>,
    path: impl Arg + Copy,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    open(folder, path, flags, ResolveFlags::BENEATH)
}

/// Opens `path` as if `folder` were the root of all.
pub(crate) fn in_root(
    folder: BorrowedFd<'_>,
    path: impl Arg + Copy,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    open(folder, path, flags, ResolveFlags::IN_ROOT)
}

#[allow(clippy::disallowed_methods)]
fn open(
    folder: BorrowedFd<'_>,
    path: impl Arg + Copy,
    flags: OFlags,
    within: ResolveFlags,
) -> rustix::io::Result<OwnedFd> {
    let (flags, resolve) = (flags | OFlags::CLOEXEC, within | ResolveFlags::NO_MAGICLINKS);
    for _ in 0..ATTEMPTS {
        match fs::openat2(folder, path, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            answer => return answer,
        }
    }
    Err(Errno::AGAIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn r4_who_renames_in_a_loop_takes_nothing_from_anybody() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        std::os::unix::fs::symlink("../a/b/../../a/b", dir.path().join("a/link")).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let names = ["one", "other"].map(|name| elsewhere.path().join(name));
        std::fs::create_dir(&names[0]).unwrap();
        let folder = fs::open(dir.path(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let over = AtomicBool::new(false);
        let failed = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::fs::rename(&names[0], &names[1]).unwrap();
                    std::fs::rename(&names[1], &names[0]).unwrap();
                }
            });
            let opened = |_: &u32| {
                beneath(folder.as_fd(), "a/link", OFlags::PATH).is_err()
                    || in_root(folder.as_fd(), "/a/link", OFlags::PATH).is_err()
            };
            let failed = (0..20_000).filter(opened).count();
            over.store(true, Ordering::Relaxed);
            failed
        });
        assert_eq!(failed, 0);
    }
}
