//! Locks that end with whoever holds them, however he ends.
//!
//! At most one child is ever stuck for a user and a kind of question (R9): while it lives it holds a lock. And while a login
//! makes what others would make too, they wait for it a little. All locks are bytes of one file in the state folder, which
//! so never grows.

use super::State;
use nix::fcntl::{FcntlArg, fcntl};
use rustix::fs::{self, Mode, OFlags};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// The file.
const LOCKS: &str = "locks";

/// What a lock is for: what a child looks at that may never answer, or what one login makes for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A user's home.
    Home,
    /// The name services.
    People,
    /// The tree, or the configuration.
    Tree,
    /// The way from a profile to its view.
    Way,
    /// The folder of layers.
    Layers,
}

/// An earlier child of that kind is still stuck.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stuck;

/// That it is our turn, until the value goes.
pub(crate) struct Turn(OwnedFd);

impl Drop for Turn {
    /// Another thread may just have forked, and the child may still have the descriptor.
    fn drop(&mut self) {
        let all = byte(nix::libc::F_UNLCK, 0, 0);
        let _ = fcntl(&self.0, FcntlArg::F_OFD_SETLK(&all));
    }
}

/// Waits for the turn to make something; `None` where it does not come in time, or locks cannot be kept.
pub(crate) fn turn(kind: Kind, number: u32, deadline: Instant) -> Option<Turn> {
    lock(kind, number, deadline).ok().flatten().map(Turn)
}

/// Takes the lock of a user for a kind of question.
///
/// Where state cannot be kept there is no lock: the deadline still holds.
pub(crate) fn lock(kind: Kind, uid: u32, deadline: Instant) -> Result<Option<OwnedFd>, Stuck> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file =
        State::make().ok().and_then(|state| fs::openat(state.folder(), LOCKS, flags, Mode::from(0o600)).ok());
    let Some(file) = file else { return Ok(None) };
    let byte = byte(nix::libc::F_WRLCK, (kind as i64) << 32 | i64::from(uid), 1);
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

fn byte(kind: i32, start: i64, length: i64) -> nix::libc::flock {
    nix::libc::flock {
        l_type: kind as _,
        l_whence: nix::libc::SEEK_SET as _,
        l_start: start,
        l_len: length,
        l_pid: 0,
    }
}
