//! Detached mounts through the new mount API: a tmpfs to write a layer to, an overlay of a layer over the base.
//!
//! No overlay that root makes has an upper folder: nobody writes through a session's view, and nothing is ever copied up
//! in it (R1).

use crate::error::{Because as _, Error, Result, Step};
use rustix::fs::{self, OFlags};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, FsPickFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_reconfigure, fsconfig_set_fd, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, fspick,
    move_mount, open_tree,
};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How much a tmpfs may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// In the syntax of its `size` option.
    pub(super) size: &'static str,
    pub(super) inodes: usize,
}

/// What an overlay that can be written to keeps what is written in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upper<'a> {
    pub(super) upper: BorrowedFd<'a>,
    /// An empty folder of the same file system, which the kernel uses for itself.
    pub(super) work: BorrowedFd<'a>,
}

/// Overlay options that close doors nobody needs here; set where the kernel takes them (R21).
const CLOSED: [(&str, &str); 4] =
    [("redirect_dir", "nofollow"), ("metacopy", "off"), ("index", "off"), ("xino", "off")];

/// A file system that is being configured.
struct Context {
    fd: OwnedFd,
    kind: &'static str,
}

impl Context {
    fn new(kind: &'static str, source: &str) -> Result<Self> {
        let fd = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC).map_err(|errno| {
            let error = Error::call(Step::Mount, format!("fsopen({kind:?})"), errno);
            match errno {
                Errno::NODEV => error.with_cure(format!("this kernel has no {kind}: try `modprobe {kind}`")),
                Errno::PERM => error.with_cure("it takes CAP_SYS_ADMIN, which this process has not got"),
                Errno::NOSYS => error.with_cure("it takes Linux 6.8 or newer"),
                _ => error,
            }
        })?;
        let context = Self { fd, kind };
        context.set("source", source)?;
        Ok(context)
    }

    fn set(&self, key: &str, value: &str) -> Result<()> {
        fsconfig_set_string(self.fd.as_fd(), key, value)
            .map_err(|errno| self.error(&format!("{key}={value}"), errno))
    }

    fn flag(&self, key: &str) -> Result<()> {
        fsconfig_set_flag(self.fd.as_fd(), key).map_err(|errno| self.error(key, errno))
    }

    fn mount(self, attributes: MountAttrFlags) -> Result<OwnedFd> {
        fsconfig_create(self.fd.as_fd()).map_err(|errno| self.error("create", errno))?;
        fsmount(self.fd.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
            .map_err(|errno| self.error("fsmount", errno))
    }

    /// The error with what the kernel wrote to the context's log, where it wrote anything.
    fn error(&self, what: &str, errno: Errno) -> Error {
        let mut log = [0_u8; 512];
        let said = rustix::io::read(&self.fd, &mut log)
            .ok()
            .map(|n| String::from_utf8_lossy(&log[..n]).into_owned());
        let said = said.map(|text| format!(" ({})", text.trim())).unwrap_or_default();
        Error::call(Step::Mount, format!("{}: {what}{said}", self.kind), errno)
    }
}

/// An empty tmpfs, writable by its maker only.
pub(super) fn tmpfs(source: &str, room: Room) -> Result<OwnedFd> {
    let context = Context::new("tmpfs", source)?;
    context.set("mode", "0755")?;
    context.set("size", room.size)?;
    context.set("nr_inodes", &room.inodes.to_string())?;
    context.mount(MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV)
}

/// Makes a whole file system read-only.
pub(super) fn seal(mount: BorrowedFd<'_>) -> Result<()> {
    reconfigure(mount, |context| fsconfig_set_flag(context, "ro"))
        .because(Step::Mount, || "make the layer read-only".into())
}

/// Makes a tmpfs that was sealed writable again, with room for that many inodes.
#[cfg(feature = "cli")]
pub(super) fn unseal(mount: BorrowedFd<'_>, inodes: usize) -> Result<()> {
    reconfigure(mount, |context| {
        fsconfig_set_string(context, "nr_inodes", inodes.to_string())?;
        fsconfig_set_flag(context, "rw")
    })
    .because(Step::Mount, || "make the layer writable".into())
}

/// Lets an overlay forget the names that were looked up in it, so that it shows what is there now. It stays where it is, and
/// there is no moment in which it shows nothing.
#[cfg(feature = "cli")]
pub(super) fn flush(overlay: BorrowedFd<'_>) -> Result<()> {
    let is_read_only = is_read_only(overlay)?;
    // To say nothing is to make it writable, which one without an upper folder cannot be.
    reconfigure(overlay, |context| if is_read_only { fsconfig_set_flag(context, "ro") } else { Ok(()) })
        .because(Step::Mount, || "flush the overlay".into())
}

/// Whether a mount, or its whole file system, is read-only.
#[cfg(feature = "cli")]
pub(super) fn is_read_only(mount: BorrowedFd<'_>) -> Result<bool> {
    let found = fs::fstatvfs(mount).because(Step::Mount, || "fstatvfs".into())?;
    Ok(found.f_flag.contains(fs::StatVfsMountFlags::RDONLY))
}

fn reconfigure(
    mount: BorrowedFd<'_>,
    set: impl FnOnce(BorrowedFd<'_>) -> rustix::io::Result<()>,
) -> rustix::io::Result<()> {
    let flags = FsPickFlags::FSPICK_CLOEXEC | FsPickFlags::FSPICK_EMPTY_PATH;
    let context = fspick(mount, "", flags)?;
    set(context.as_fd())?;
    fsconfig_reconfigure(context.as_fd())
}

/// The overlay `[layer, base]`: read-only, unless there is an upper folder.
///
/// What is written to that is the caller's own, in a namespace of his own: the kernel keeps its notes about it in `user.`
/// attributes then, which takes no privilege.
pub(super) fn overlay(
    source: &str,
    layer: BorrowedFd<'_>,
    base: BorrowedFd<'_>,
    upper: Option<Upper<'_>>,
) -> Result<OwnedFd> {
    let context = Context::new("overlay", source)?;
    for (key, value) in CLOSED {
        let _ = context.set(key, value);
    }
    let mut attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    for lower in [layer, base] {
        add_folder(&context, "lowerdir+", lower)?;
    }
    match upper {
        Some(Upper { upper, work }) => {
            context.flag("userxattr")?;
            add_folder(&context, "upperdir", upper)?;
            add_folder(&context, "workdir", work)?;
        }
        None => {
            context.flag("ro")?;
            attributes |= MountAttrFlags::MOUNT_ATTR_RDONLY;
        }
    }
    context.mount(attributes)
}

/// Adds a folder by descriptor; kernels before 6.13 take its path in /proc only.
fn add_folder(context: &Context, key: &str, folder: BorrowedFd<'_>) -> Result<()> {
    match fsconfig_set_fd(context.fd.as_fd(), key, folder) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL) => {
            use std::os::fd::AsRawFd as _;
            context.set(key, &format!("/proc/self/fd/{}", folder.as_raw_fd()))
        }
        Err(errno) => Err(context.error(key, errno)),
    }
}

/// A detached clone of the folder behind a descriptor, without what is mounted below it.
pub(super) fn clone_of(folder: BorrowedFd<'_>) -> Result<OwnedFd> {
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    open_tree(folder, "", flags).because(Step::Attach, || "open_tree(OPEN_TREE_CLONE)".into())
}

/// Attaches a detached mount to the folder behind a descriptor; `path` is for the message.
pub(super) fn attach(mount: BorrowedFd<'_>, target: BorrowedFd<'_>, path: &str) -> Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount, "", target, "", flags).because(Step::Attach, || format!("move_mount to {path}"))
}

/// Attaches a detached mount beneath the one that is open at `top`: it is seen when that one is detached, and there is no moment
/// in which neither is.
#[cfg(feature = "cli")]
pub(super) fn attach_beneath(mount: BorrowedFd<'_>, top: BorrowedFd<'_>, path: &str) -> Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH
        | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH
        | MoveMountFlags::MOVE_MOUNT_BENEATH;
    move_mount(mount, "", top, "", flags).because(Step::Attach, || format!("move_mount beneath {path}"))
}

/// Opens a folder as a place, without reading it.
pub(super) fn place(path: &std::path::Path) -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    fs::open(path, flags, fs::Mode::empty()).because(Step::Attach, || format!("open {}", path.display()))
}
