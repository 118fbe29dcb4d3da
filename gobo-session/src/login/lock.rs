//! At most one child is ever stuck for a user and a kind of question (R9): while it lives it holds a lock.
//!
//! All locks are bytes of one file in the state folder, which so never grows, and end with the child, however it ends.

use crate::kernel::State;
use nix::fcntl::{FcntlArg, fcntl};
use rustix::fs::{self, Mode, OFlags};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// The file.
const READERS: &str = "readers";

/// What a child looks at that may never answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A user's home.
    Home,
    /// The name services.
    People,
    /// The tree, or the configuration.
    Tree,
}

/// An earlier child of that kind is still stuck.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stuck;

/// Takes the lock of a user for a kind of question.
///
/// Where state cannot be kept there is no lock: the deadline still holds.
pub(super) fn lock(kind: Kind, uid: u32, deadline: Instant) -> Result<Option<OwnedFd>, Stuck> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = State::make()
        .ok()
        .and_then(|state| fs::openat(state.folder(), READERS, flags, Mode::from(0o600)).ok());
    let Some(file) = file else { return Ok(None) };
    let byte = nix::libc::flock {
        l_type: nix::libc::F_WRLCK as _,
        l_whence: nix::libc::SEEK_SET as _,
        l_start: (kind as i64) << 32 | i64::from(uid),
        l_len: 1,
        l_pid: 0,
    };
    loop {
        match fcntl(&file, FcntlArg::F_OFD_SETLK(&byte)) {
            Ok(_) => return Ok(Some(file)),
            Err(nix::Error::EAGAIN | nix::Error::EACCES) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(_) => return Err(Stuck),
        }
    }
}
