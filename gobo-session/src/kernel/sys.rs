//! The calls for which no safe wrapper exists. The only `unsafe` of this crate.

#![allow(unsafe_code)]

use nix::libc;
use std::os::fd::{FromRawFd as _, OwnedFd};

/// Whether the kernel started this program with more privilege than its caller has (AT_SECURE).
#[must_use]
pub fn is_privileged_start() -> bool {
    // SAFETY: getauxval reads a value that the kernel left for the process; it takes no pointer.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// Runs `work` in a child process that sends no signal to anybody when it ends, and gives a pidfd of it.
///
/// The child is a copy of the calling thread alone, and libc is not told of it as `fork` would tell it: what another
/// thread held at that moment, the allocator's locks among it, is held in the child for ever. So where other threads run
/// the child may hang, and whoever asks must not wait for it without end. It ends when `work` returns.
///
/// # Errors
/// The errno of clone3.
pub fn spawn_quiet(work: impl FnOnce()) -> rustix::io::Result<OwnedFd> {
    let mut pidfd: libc::c_int = -1;
    // SAFETY: clone_args is plain numbers, for which all zeroes is a value (and "not used").
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = libc::CLONE_PIDFD as u64;
    args.pidfd = (&raw mut pidfd) as u64;
    // SAFETY: the arguments name no stack and share no memory, so that this returns twice like fork does, each time
    // on a stack of its own; `pidfd` and `args` outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of::<libc::clone_args>()) };
    match result {
        -1 => Err(rustix::io::Errno::from_io_error(&std::io::Error::last_os_error())
            .unwrap_or(rustix::io::Errno::INVAL)),
        0 => {
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // SAFETY: _exit never returns and runs nothing of the process that was copied.
            unsafe { libc::_exit(0) }
        }
        // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
        _ => Ok(unsafe { OwnedFd::from_raw_fd(pidfd) }),
    }
}

/// Closes every descriptor but the named ones, which are in order. Allocates nothing.
pub fn close_all_but(keep: &[u32]) {
    let mut from = 0;
    for kept in keep.iter().copied().chain([u32::MAX]) {
        if kept > from {
            let last = if kept == u32::MAX { u32::MAX } else { kept - 1 };
            // SAFETY: only called in a child that is about to do one thing and end; what it closes is never used again.
            unsafe { libc::syscall(libc::SYS_close_range, from, last, 0) };
        }
        from = kept.saturating_add(1);
    }
}
