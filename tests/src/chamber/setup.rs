//! The file systems of a chamber, made by process 1 of it in namespaces of its own.
//!
//! New file systems are made detached and attached to descriptors, so no mount point outside the root is ever
//! needed and nothing can be left behind. Links of the root (/run, /dev, /proc) are followed inside the root.

use std::fs;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{CWD, FileType, Mode, OFlags, makedev, mknodat, open};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags,
    UnmountFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen, mount_bind, mount_change,
    mount_remount, move_mount, unmount,
};
use rustix::thread::UnshareFlags;

use super::plan::{Base, Plan};
use super::root::open_in;
use super::{programs, sys, tree};

/// Directories that a running system writes to.
const WRITABLE: [&str; 4] = ["System/Settings", "Data", "Users", "Mount"];

/// Device nodes of every chamber: name, major and minor number.
const DEVICES: [(&str, u32, u32); 7] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
    ("fuse", 10, 229),
];

/// Folders that GoboLinux has elsewhere: the name on other systems, and the folder.
const FOLDERS: [(&str, &str); 4] = [
    ("proc", "System/Kernel/Status"),
    ("sys", "System/Kernel/Objects"),
    ("dev", "System/Kernel/Devices"),
    ("run", "Data/Variable/run"),
];

const LINKS: [(&str, &str); 5] = [
    ("ptmx", "pts/ptmx"),
    ("fd", "/proc/self/fd"),
    ("stdin", "fd/0"),
    ("stdout", "fd/1"),
    ("stderr", "fd/2"),
];

/// Takes the calling process, process 1 of a new process namespace, into the chamber; returns its `/`.
pub(super) fn enter(plan: &Plan) -> Result<OwnedFd> {
    sys::unshare(UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWNET)
        .context("cannot make namespaces")?;
    // First of all: where the machine shares `/`, what follows must not reach it.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .context("cannot make / private")?;
    sys::loopback_up().context("cannot bring the loopback interface up")?;

    let root = base(plan)?;
    if !plan.without_proc {
        attach(&file_system("proc", &[], hardened())?, &inside(&root, "proc")?)?;
    }
    attach(
        &file_system("sysfs", &[], hardened() | MountAttrFlags::MOUNT_ATTR_RDONLY)?,
        &inside(&root, "sys")?,
    )?;
    devices(&root)?;
    run(&root)?;
    host_name(&root)?;

    rustix::process::fchdir(&root)?;
    rustix::process::pivot_root(".", ".").context("cannot change the root")?;
    unmount(".", UnmountFlags::DETACH).context("cannot leave the old root")?;
    rustix::process::chdir("/")?;
    if !plan.private {
        mount_change("/", MountPropagationFlags::SHARED | MountPropagationFlags::REC)
            .context("cannot make / shared")?;
    }
    directory(Path::new("/"))
}

/// Mounts the root on its own directory, where only this namespace sees it.
fn base(plan: &Plan) -> Result<OwnedFd> {
    let path = plan.root.as_path();
    match plan.base {
        Base::Shared => {
            mount_bind(path, path).context("cannot bind the root")?;
            mount_remount(path, MountFlags::BIND | MountFlags::RDONLY, "")
                .context("cannot make the root read-only")?;
            let root = directory(path)?;
            for name in WRITABLE {
                let copy = tmpfs("0755")?;
                tree::copy(&path.join(name), &path_of(&copy))?;
                attach(&copy, &inside(&root, name)?)?;
            }
            return Ok(root);
        }
        Base::Copied => {
            let copy = tmpfs("0755")?;
            tree::copy(path, &path_of(&copy))?;
            if plan.real_folders {
                turn_links_around(&path_of(&copy))?;
            }
            attach(&copy, &directory(path)?)?;
        }
        Base::Overlaid => attach(&overlay(path)?, &directory(path)?)?,
    }
    for program in &plan.programs {
        programs::install(path, program)?;
    }
    directory(path)
}

/// Puts the folders that GoboLinux has elsewhere where other systems have them, and links where they were.
fn turn_links_around(root: &Path) -> Result<()> {
    for (name, here) in FOLDERS {
        let (folder, link) = (root.join(name), root.join(here));
        fs::remove_file(&folder)
            .and_then(|()| fs::rename(&link, &folder))
            .and_then(|()| symlink(Path::new("/").join(name), &link))
            .with_context(|| format!("cannot make /{name} a folder"))?;
    }
    Ok(())
}

/// An overlay over the directory `lower`. What it writes lies on a tmpfs that covers `lower` itself.
fn overlay(lower: &Path) -> Result<OwnedFd> {
    let below = directory(lower)?;
    attach(&tmpfs("0755")?, &below)?;
    for name in ["upper", "work"] {
        fs::create_dir(lower.join(name))?;
    }
    let path = |path: PathBuf| path.into_os_string().into_string().ok().context("a path that is no text");
    let options = [
        ("lowerdir", path(path_of(&below))?),
        ("upperdir", path(lower.join("upper"))?),
        ("workdir", path(lower.join("work"))?),
    ];
    let options = options.each_ref().map(|(name, value)| (*name, value.as_str()));
    file_system("overlay", &options, MountAttrFlags::empty())
}

fn devices(root: &OwnedFd) -> Result<()> {
    let devices = file_system("tmpfs", &[("mode", "0755")], MountAttrFlags::MOUNT_ATTR_NOSUID)?;
    let path = path_of(&devices);
    for (name, major, minor) in DEVICES {
        let node = path.join(name);
        mknodat(CWD, &node, FileType::CharacterDevice, Mode::from(0o666), makedev(major, minor))
            .with_context(|| format!("cannot make the device {name}"))?;
        fs::set_permissions(&node, fs::Permissions::from_mode(0o666))?;
    }
    for (name, target) in LINKS {
        symlink(target, path.join(name))?;
    }
    for name in ["pts", "shm", "mqueue"] {
        fs::create_dir(path.join(name))?;
    }
    attach(&devices, &inside(root, "dev")?)?;

    let pts = [("ptmxmode", "0666"), ("mode", "0620"), ("gid", "5")];
    attach(
        &file_system("devpts", &pts, hardened() - MountAttrFlags::MOUNT_ATTR_NODEV)?,
        &inside(root, "dev/pts")?,
    )?;
    attach(&tmpfs("1777")?, &inside(root, "dev/shm")?)?;
    attach(&file_system("mqueue", &[], hardened())?, &inside(root, "dev/mqueue")?)
}

/// /run is new at every start; what the root has there says which directories its services want.
fn run(root: &OwnedFd) -> Result<()> {
    let (place, run) = (inside(root, "run")?, tmpfs("0755")?);
    let path = path_of(&run);
    tree::copy(&path_of(&place), &path)?;
    for name in ["sshd", "lock", "user"] {
        fs::create_dir_all(path.join(name))?;
    }
    fs::OpenOptions::new().append(true).create(true).open(path.join("utmp"))?;
    attach(&run, &place)
}

/// The name that the root gives itself, so that its own hosts file knows it.
fn host_name(root: &OwnedFd) -> Result<()> {
    let name = match open_in(root, Path::new("etc/hostname"), OFlags::RDONLY) {
        Ok(file) => std::io::read_to_string(fs::File::from(file))?,
        Err(_) => "localhost".to_owned(),
    };
    rustix::system::sethostname(name.trim().as_bytes()).context("cannot set the host name")
}

fn tmpfs(mode: &str) -> Result<OwnedFd> {
    let attributes = MountAttrFlags::MOUNT_ATTR_NODEV;
    file_system("tmpfs", &[("mode", mode)], attributes)
}

fn hardened() -> MountAttrFlags {
    MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOEXEC
}

/// A new file system, mounted nowhere yet.
fn file_system(kind: &str, options: &[(&str, &str)], attributes: MountAttrFlags) -> Result<OwnedFd> {
    let make = || -> rustix::io::Result<OwnedFd> {
        let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_set_string(&context, "source", kind)?;
        for (name, value) in options {
            fsconfig_set_string(&context, *name, *value)?;
        }
        fsconfig_create(&context)?;
        fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
    };
    make().with_context(|| format!("cannot make a file system of type {kind}"))
}

fn attach(mount: &OwnedFd, place: &OwnedFd) -> Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount.as_fd(), "", place.as_fd(), "", flags).context("cannot attach a mount")
}

/// The directory that `path` leads to inside `root`.
fn inside(root: &OwnedFd, path: &str) -> Result<OwnedFd> {
    open_in(root, Path::new(path), OFlags::PATH | OFlags::DIRECTORY)
        .with_context(|| format!("the root has no directory /{path}"))
}

fn directory(path: &Path) -> Result<OwnedFd> {
    open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .with_context(|| format!("cannot open the directory {}", path.display()))
}

/// A path to an open directory, for functions that take paths only; the machine's /proc is still there.
fn path_of(directory: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/.", directory.as_raw_fd()))
}
