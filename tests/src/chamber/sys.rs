//! The few calls that no safe wrapper covers: all the `unsafe` of the chamber is in this file.

use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::ioctl::{Setter, ioctl};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::thread::UnshareFlags;

/// Lets go of what a program inherits besides standard input, output and error: open descriptors, and signals
/// that are ignored, as under nohup.
///
/// The first thing a program does: no descriptor may be anybody's yet.
pub(super) fn forget_inherited() -> io::Result<()> {
    // SAFETY: nothing was opened yet, so no value owns a descriptor above 2; default actions need no handler.
    unsafe {
        if libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) != 0 {
            return Err(io::Error::last_os_error());
        }
        // What Rust itself ignores it gives back to the programs it starts.
        for signal in (1..32).filter(|signal| *signal != libc::SIGPIPE) {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
    Ok(())
}

/// Puts the calling process into new namespaces.
///
/// Never with `FILES`, `FS` or `SYSVSEM`: only namespaces are meant.
pub(super) fn unshare(namespaces: UnshareFlags) -> io::Result<()> {
    debug_assert!(!namespaces.intersects(UnshareFlags::FILES | UnshareFlags::FS | UnshareFlags::SYSVSEM));
    // SAFETY: only the flags FILES and FS can break what Rust relies on, and they are not among these.
    unsafe { rustix::thread::unshare_unsafe(namespaces) }?;
    Ok(())
}

/// Has `act` called in the child between fork and exec, with no signal blocked.
///
/// For single-threaded callers only (the keeper and process 1 of a chamber are), where the child of a fork
/// may do whatever its parent may.
pub(super) fn before_exec(
    command: &mut Command,
    mut act: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    let prepare = move || {
        // SAFETY: `set` is initialised by sigemptyset before it is read, and both calls get valid pointers.
        unsafe {
            let mut set = std::mem::zeroed::<libc::sigset_t>();
            libc::sigemptyset(&raw mut set);
            if libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut()) != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        act()
    };
    // SAFETY: the caller has one thread, so no lock can be held by a thread that the fork left behind.
    unsafe { command.pre_exec(prepare) };
}

/// Blocks SIGCHLD for this process and returns a descriptor that is readable when one is due.
pub(super) fn child_events() -> io::Result<OwnedFd> {
    // SAFETY: `set` is initialised by sigemptyset before it is read; both calls get valid pointers; the
    // descriptor that signalfd returns is new and nobody else's.
    unsafe {
        let mut set = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        if libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        match libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

/// `struct ifreq` as SIOCSIFFLAGS reads it.
#[repr(C)]
struct InterfaceFlags {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// Brings the loopback interface of this network namespace up.
pub(super) fn loopback_up() -> io::Result<()> {
    const SIOCSIFFLAGS: u32 = 0x8914;
    const IFF_UP_RUNNING: u16 = 0x1 | 0x40;
    let mut request = InterfaceFlags { name: [0; 16], flags: IFF_UP_RUNNING, rest: [0; 22] };
    request.name[..2].copy_from_slice(b"lo");
    let socket =
        rustix::net::socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    // SAFETY: SIOCSIFFLAGS reads one `struct ifreq` (40 bytes), which is what `InterfaceFlags` is.
    unsafe { ioctl(socket.as_fd(), Setter::<{ SIOCSIFFLAGS as _ }, _>::new(request)) }?;
    Ok(())
}
