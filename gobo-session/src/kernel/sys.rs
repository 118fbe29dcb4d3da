//! The calls for which no safe wrapper exists. The only `unsafe` of this crate.

#![allow(unsafe_code)]

use nix::libc;
use rustix::io::Errno;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

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
        -1 => Err(last_error()),
        0 => {
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // SAFETY: _exit never returns and runs nothing of the process that was copied.
            unsafe { libc::_exit(0) }
        }
        // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
        _ => Ok(unsafe { OwnedFd::from_raw_fd(pidfd) }),
    }
}

/// How much stack a child has that shares our memory: far more than it needs.
const STACK: usize = 256 * 1024;

/// Runs `work` in a child that shares the memory and the descriptors of this process, but has a root, a folder and namespaces
/// of its own to go with. The calling thread waits until the child has ended, as with vfork.
///
/// No trace of it is left in this process: it is no thread for libc, and signals nobody when it ends. The caller blocks all
/// signals, whose handlers would run in the child too.
///
/// # Errors
/// The errno of clone, or that the child did not come to its end.
pub(super) fn aside(mut work: &mut dyn FnMut()) -> rustix::io::Result<()> {
    extern "C" fn run(work: *mut libc::c_void) -> libc::c_int {
        // SAFETY: it is a pointer to the variable below, whose owner waits until this function has returned.
        let work = unsafe { &mut *work.cast::<&mut dyn FnMut()>() };
        libc::c_int::from(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err())
    }
    let mut stack = vec![0_u128; STACK / size_of::<u128>()];
    let top = stack.as_mut_ptr_range().end;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_FILES;
    let argument: *mut libc::c_void = (&raw mut work).cast();
    // SAFETY: the stack, whose end is aligned as the ABI wants it, and the argument live until the child has ended: with
    // CLONE_VFORK this thread does not go on before. The child uses this thread's own storage meanwhile, as after vfork.
    let child = unsafe { libc::clone(run, top.cast(), flags, argument) };
    let errno = || rustix::io::Errno::from_io_error(&std::io::Error::last_os_error());
    if child == -1 {
        return Err(errno().unwrap_or(rustix::io::Errno::INVAL));
    }
    let mut status = -1;
    loop {
        // SAFETY: takes the end of the child that was just made, and a place for its status.
        let waited = unsafe { libc::waitpid(child, &raw mut status, libc::__WALL) };
        match waited {
            -1 if errno() == Some(rustix::io::Errno::INTR) => {}
            _ if waited == child && status == 0 => return Ok(()),
            _ => return Err(rustix::io::Errno::CHILD),
        }
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

/// What the last call of libc failed with.
fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}

/// The personality of the calling thread, with all its bits; see personality(2).
///
/// # Errors
/// Its errno: a filter refuses the call.
pub fn persona() -> rustix::io::Result<i32> {
    /// Asks, and changes nothing.
    const ASK: libc::c_ulong = 0xFFFF_FFFF;
    // SAFETY: takes a number.
    let bits = unsafe { libc::personality(ASK) };
    if bits < 0 { Err(last_error()) } else { Ok(bits) }
}

/// Which mounts statmount and listmount are asked about (`struct mnt_id_req`).
#[repr(C)]
struct MountRequest {
    size: u32,
    spare: u32,
    mount: u64,
    param: u64,
    namespace: u64,
}

impl MountRequest {
    fn new(mount: u64, param: u64, namespace: u64) -> Self {
        Self { size: size_of::<Self>() as u32, spare: 0, mount, param, namespace }
    }
}

/// Their numbers are the same on every architecture.
const SYS_STATMOUNT: libc::c_long = 457;
const SYS_LISTMOUNT: libc::c_long = 458;

/// `statmount(2)`: what `mask` asks for about a mount of a mount namespace, as the kernel lays it out.
///
/// # Errors
/// Its errno; `EOVERFLOW` where the buffer is too small.
pub fn statmount(namespace: u64, mount: u64, mask: u64, buffer: &mut [u8]) -> rustix::io::Result<()> {
    let request = MountRequest::new(mount, mask, namespace);
    // SAFETY: the request outlives the call, and the kernel writes at most as many bytes as the buffer has.
    let result =
        unsafe { libc::syscall(SYS_STATMOUNT, &raw const request, buffer.as_mut_ptr(), buffer.len(), 0_u32) };
    if result < 0 { Err(last_error()) } else { Ok(()) }
}

/// `listmount(2)`: the ids of a mount namespace's mounts that come after one; 0 is before the first. How many were written.
///
/// # Errors
/// Its errno.
pub fn listmount(namespace: u64, after: u64, ids: &mut [u64]) -> rustix::io::Result<usize> {
    /// The root of the namespace and all that is below it.
    const ALL: u64 = u64::MAX;
    let request = MountRequest::new(ALL, after, namespace);
    // SAFETY: the request outlives the call, and the kernel writes at most as many ids as there is room for.
    let result =
        unsafe { libc::syscall(SYS_LISTMOUNT, &raw const request, ids.as_mut_ptr(), ids.len(), 0_u32) };
    usize::try_from(result).map_err(|_| last_error())
}

/// What the kernel tells of a mount namespace (`struct mnt_ns_info`).
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct NamespaceInfo {
    size: u32,
    /// How many mounts it has.
    pub mounts: u32,
    /// Its id, which is never used again.
    pub id: u64,
}

/// The neighbours of a mount namespace, in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbour {
    /// The one with the next higher id.
    Next,
    /// The one with the next lower id.
    Previous,
}

/// The requests of `ioctl_nsfs(2)`: `_IO(0xb7, n)`, and `_IOR(0xb7, n, struct mnt_ns_info)`.
const NS_GET_USERNS: libc::c_ulong = 0xb701;
const NS_GET_OWNER_UID: libc::c_ulong = 0xb704;
const NS_MNT_GET_INFO: libc::c_ulong = 0x8010_b70a;
const NS_MNT_GET_NEXT: libc::c_ulong = 0x8010_b70b;
const NS_MNT_GET_PREV: libc::c_ulong = 0x8010_b70c;

/// Asks about a mount namespace.
///
/// # Errors
/// The errno of the ioctl; `ENOTTY` where the kernel does not know it.
pub fn namespace_info(namespace: BorrowedFd<'_>) -> rustix::io::Result<NamespaceInfo> {
    let mut info = NamespaceInfo { size: size_of::<NamespaceInfo>() as u32, ..NamespaceInfo::default() };
    // SAFETY: the kernel writes a mnt_ns_info, of which `info` has the layout and the size that the request says.
    let result = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_MNT_GET_INFO, &raw mut info) };
    if result < 0 { Err(last_error()) } else { Ok(info) }
}

/// Opens a neighbour of a mount namespace, among those that the caller may look at.
///
/// # Errors
/// The errno of the ioctl: `ENOENT` behind the last one, `ENOTTY` where the kernel does not know it.
pub fn neighbour(namespace: BorrowedFd<'_>, which: Neighbour) -> rustix::io::Result<OwnedFd> {
    let request = match which {
        Neighbour::Next => NS_MNT_GET_NEXT,
        Neighbour::Previous => NS_MNT_GET_PREV,
    };
    let mut info = NamespaceInfo { size: size_of::<NamespaceInfo>() as u32, ..NamespaceInfo::default() };
    // SAFETY: as above.
    let fd = unsafe { libc::ioctl(namespace.as_raw_fd(), request, &raw mut info) };
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    if fd < 0 { Err(last_error()) } else { Ok(unsafe { OwnedFd::from_raw_fd(fd) }) }
}

/// Opens the user namespace that owns a namespace.
///
/// # Errors
/// The errno of the ioctl: `EPERM` where the caller's own user namespace is below it.
pub fn owner_of(namespace: BorrowedFd<'_>) -> rustix::io::Result<OwnedFd> {
    // SAFETY: the request takes no argument.
    let fd = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_USERNS) };
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    if fd < 0 { Err(last_error()) } else { Ok(unsafe { OwnedFd::from_raw_fd(fd) }) }
}

/// The user that made a user namespace.
///
/// # Errors
/// The errno of the ioctl.
pub fn maker_of(user_namespace: BorrowedFd<'_>) -> rustix::io::Result<u32> {
    let mut uid: libc::uid_t = u32::MAX;
    // SAFETY: the kernel writes a uid_t.
    let result = unsafe { libc::ioctl(user_namespace.as_raw_fd(), NS_GET_OWNER_UID, &raw mut uid) };
    if result < 0 { Err(last_error()) } else { Ok(uid) }
}
