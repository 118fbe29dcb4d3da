//! Detached mounts through the new mount API: a tmpfs to write a layer to, an overlay of a layer over the base.

use crate::error::{Because as _, Error, Result, Step};
use rustix::fs::{self, OFlags};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, FsPickFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_reconfigure, fsconfig_set_fd, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, fspick,
    move_mount, open_tree,
};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The size of a tmpfs for a layer, in the syntax of its `size` option. Link texts of less than 128 bytes take none.
const TMPFS_SIZE: &str = "64m";

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
                Errno::NOSYS => error.with_cure("this kernel is older than Linux 6.5"),
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

/// An empty tmpfs, writable by its maker only, with room for that many inodes.
pub(super) fn tmpfs(source: &str, inodes: usize) -> Result<OwnedFd> {
    let context = Context::new("tmpfs", source)?;
    context.set("mode", "0755")?;
    context.set("size", TMPFS_SIZE)?;
    context.set("nr_inodes", &inodes.to_string())?;
    context.mount(MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV)
}

/// Makes a whole file system read-only.
pub(super) fn seal(mount: BorrowedFd<'_>) -> Result<()> {
    let flags = FsPickFlags::FSPICK_CLOEXEC | FsPickFlags::FSPICK_EMPTY_PATH;
    let context = fspick(mount, "", flags).because(Step::Mount, || "fspick the layer".into())?;
    fsconfig_set_flag(context.as_fd(), "ro").because(Step::Mount, || "make the layer read-only".into())?;
    fsconfig_reconfigure(context.as_fd()).because(Step::Mount, || "make the layer read-only".into())
}

/// The read-only overlay `[layer, base]`.
pub(super) fn overlay(source: &str, layer: BorrowedFd<'_>, base: BorrowedFd<'_>) -> Result<OwnedFd> {
    let context = Context::new("overlay", source)?;
    for (key, value) in CLOSED {
        let _ = context.set(key, value);
    }
    context.flag("ro")?;
    for lower in [layer, base] {
        add_lower(&context, lower)?;
    }
    let read_only = MountAttrFlags::MOUNT_ATTR_RDONLY;
    context.mount(read_only | MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV)
}

/// Adds a lower folder by descriptor; kernels before 6.13 take its path in /proc only.
fn add_lower(context: &Context, lower: BorrowedFd<'_>) -> Result<()> {
    match fsconfig_set_fd(context.fd.as_fd(), "lowerdir+", lower) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL) => {
            use std::os::fd::AsRawFd as _;
            context.set("lowerdir+", &format!("/proc/self/fd/{}", lower.as_raw_fd()))
        }
        Err(errno) => Err(context.error("lowerdir+", errno)),
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

/// Opens a folder as a place, without reading it.
pub(super) fn place(path: &std::path::Path) -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    fs::open(path, flags, fs::Mode::empty()).because(Step::Attach, || format!("open {}", path.display()))
}
