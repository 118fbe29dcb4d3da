//! Moving between mount namespaces, and always knowing the way back.

use super::sys;
use crate::confined;
use crate::error::{Because as _, Error, Result, Step};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::personality::{self, Persona};
use rustix::fs::{self, AtFlags, Mode, OFlags, Statx, StatxFlags};
use rustix::mount::{MountPropagationFlags, OpenTreeFlags, mount_change, open_tree};
use rustix::process::{chroot, fchdir, getcwd};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// (device, inode) of an object.
pub(super) type Id = (u64, u64);

/// Where a thread was before it went into a namespace of its own.
#[derive(Debug)]
pub struct WayBack {
    namespace: Kept,
    root: Kept,
    cwd: Kept,
    persona: Persona,
}

/// A descriptor that must still be what it was: somebody may close descriptors that are not his.
#[derive(Debug)]
struct Kept {
    fd: OwnedFd,
    id: Id,
}

impl Kept {
    fn open(path: &str, flags: OFlags) -> Result<Self> {
        let fd = fs::open(path, flags | OFlags::CLOEXEC, Mode::empty())
            .because(Step::Attach, || format!("open {path}"))?;
        Ok(Self { id: id_of(&fd)?, fd })
    }

    fn is_itself(&self) -> bool {
        id_of(&self.fd).is_ok_and(|id| id == self.id)
    }
}

impl WayBack {
    /// Remembers where the calling thread is.
    ///
    /// # Errors
    /// Where that cannot be read: nothing should be changed then.
    pub fn save() -> Result<Self> {
        let place = OFlags::PATH | OFlags::DIRECTORY;
        Ok(Self {
            namespace: Kept::open("/proc/thread-self/ns/mnt", OFlags::RDONLY)?,
            root: Kept::open("/", place)?,
            cwd: Kept::open(".", place)?,
            persona: persona()?,
        })
    }

    /// Changes something; where that fails, also by a fault of ours, goes back (R6, R14).
    ///
    /// # Errors
    /// The failure of the change.
    pub(super) fn or_back(self, change: impl FnOnce() -> Result<()>) -> Result<Self> {
        struct OnPanic<'w>(&'w WayBack);
        impl Drop for OnPanic<'_> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    let _ = self.0.go();
                }
            }
        }
        let guard = OnPanic(&self);
        let changed = change();
        drop(guard);
        match changed {
            Ok(()) => Ok(self),
            Err(error) => Err(match self.go() {
                Ok(()) => error,
                Err(lost) => {
                    Error { what: format!("{}; and there is no way back: {lost}", error.what), ..error }
                }
            }),
        }
    }

    /// Goes back.
    ///
    /// # Errors
    /// Where the kernel does not let us: the thread has lost its capabilities since, for example.
    pub fn go(&self) -> Result<()> {
        if ![&self.namespace, &self.root, &self.cwd].into_iter().all(Kept::is_itself) {
            return Err(Error::new(Step::Leave, "a descriptor of the way back was closed by somebody else"));
        }
        enter(self.namespace.fd.as_fd())?;
        fchdir(&self.root.fd).because(Step::Leave, || "fchdir to the old root".into())?;
        chroot(".").because(Step::Leave, || "chroot to the old root".into())?;
        fchdir(&self.cwd.fd).because(Step::Leave, || "fchdir to the old folder".into())?;
        change_persona(self.persona, Step::Leave)
    }
}

/// Gives the calling thread a mount namespace of its own, into which mounts come but out of which none go (R5).
///
/// # Errors
/// Where the kernel refuses.
pub fn enter_own() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)
        .map_err(|errno| {
            let errno = rustix::io::Errno::from_raw_os_error(errno as i32);
            let error = Error::call(Step::Attach, "unshare(CLONE_NEWNS)", errno);
            match errno {
                rustix::io::Errno::PERM => {
                    error.with_cure("it takes CAP_SYS_ADMIN, which this process has not got")
                }
                rustix::io::Errno::NOSPC => error.with_cure("raise the sysctl user.max_mnt_namespaces"),
                _ => error,
            }
        })
        .and_then(|()| make_slave())
}

/// Makes `/` recursively slave: before anything else in a namespace of one's own (R5), and so that no mount which a user
/// namespace is handed has shared propagation (R16).
pub(super) fn make_slave() -> Result<()> {
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC).map_err(|errno| {
        let error = Error::call(Step::Attach, "mount(\"/\", MS_REC|MS_SLAVE)", errno);
        match errno {
            rustix::io::Errno::INVAL => error.with_cure("`/` is no mount point here: is this a chroot?"),
            _ => error,
        }
    })
}

/// Takes uid 0 out of a view to the namespace of process 1 (R22).
///
/// Only where process 1 has the same root and the same user namespace: in a container or a chroot that leads to
/// another system. The folder that the process is in is opened again by its path, and is `/` where that leads
/// elsewhere now. The personality is the plain one again.
///
/// # Errors
/// Where a condition does not hold; nothing was changed then.
pub fn go_to_init() -> Result<WayBack> {
    let same = |ours: &str, theirs: &str| -> Result<bool> {
        match (id_at(ours), id_at(theirs)) {
            // What may not be looked at belongs to somebody with more rights, elsewhere.
            (Ok(_), Err(error)) if error.errno == Some(rustix::io::Errno::ACCESS) => Ok(false),
            (ours, theirs) => Ok(ours? == theirs?),
        }
    };
    if !same("/proc/thread-self/ns/user", "/proc/1/ns/user")? {
        return Err(Error::new(Step::Leave, "process 1 is in another user namespace"));
    }
    if !same("/", "/proc/1/root")? {
        return Err(Error::new(Step::Leave, "process 1 has another root"));
    }
    let cwd = getcwd(Vec::new()).ok();
    let (cwd_id, root_id) = (id_at(".").ok(), id_at("/")?);
    let init = fs::open("/proc/1/ns/mnt", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .because(Step::Leave, || "open /proc/1/ns/mnt".into())?;
    WayBack::save()?.or_back(|| {
        enter(init.as_fd())?;
        if id_at("/")? != root_id {
            return Err(Error::new(Step::Leave, "the root of process 1's namespace is another one"));
        }
        set_personality(false)?;
        let stays =
            cwd.is_some_and(|path| rustix::process::chdir(&path).is_ok() && id_at(".").ok() == cwd_id);
        if stays { Ok(()) } else { rustix::process::chdir("/").because(Step::Leave, || "chdir to /".into()) }
    })
}

/// Makes the calling thread say what system it is: `i686` with PER_LINUX32, else what the kernel is.
pub(super) fn set_personality(is_32_bit: bool) -> Result<()> {
    let linux32 = Persona::from_bits_retain(PER_LINUX32);
    let now = persona()?;
    let wanted = if is_32_bit { now | linux32 } else { now.difference(linux32) };
    if wanted == now { Ok(()) } else { change_persona(wanted, Step::Attach) }
}

/// The calling thread's personality, whole: nix's own `get` drops the bits that it has no names for.
fn persona() -> Result<Persona> {
    let bits = sys::persona().because(Step::Attach, || "personality".into())?;
    Ok(Persona::from_bits_retain(bits))
}

fn change_persona(wanted: Persona, step: Step) -> Result<()> {
    personality::set(wanted)
        .map(drop)
        .map_err(|errno| Error::call(step, "personality", rustix::io::Errno::from_raw_os_error(errno as i32)))
}

/// See personality(2).
const PER_LINUX32: i32 = 0x0008;

/// Enters a mount namespace; a thread that shares its file system context with others gets its own first.
pub(super) fn enter(namespace: BorrowedFd<'_>) -> Result<()> {
    let error = |errno: nix::Error| {
        Error::call(Step::Leave, "setns(CLONE_NEWNS)", rustix::io::Errno::from_raw_os_error(errno as i32))
    };
    match setns(namespace, CloneFlags::CLONE_NEWNS) {
        Err(nix::Error::EINVAL) => {
            unshare(CloneFlags::CLONE_FS).map_err(error)?;
            setns(namespace, CloneFlags::CLONE_NEWNS).map_err(error)
        }
        other => other.map_err(error),
    }
}

/// The root of a mount namespace, open as a place, without the calling thread going there.
///
/// # Errors
/// Where the kernel does not let this process in.
#[cfg(feature = "cli")]
pub(super) fn root_of(namespace: BorrowedFd<'_>) -> Result<OwnedFd> {
    let look = || {
        enter(namespace)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        fs::open("/", flags, Mode::empty()).because(Step::Read, || "open /".into())
    };
    let looked = std::thread::scope(|scope| scope.spawn(look).join());
    looked.unwrap_or_else(|_| Err(Error::new(Step::Read, "the thread that was to look died")))
}

/// The identity of an open object. Its file server is not asked: it may be dead, and an identity does not change.
pub(super) fn id_of(fd: impl AsFd) -> Result<Id> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let stat = fs::statx(fd, c"", flags, StatxFlags::INO).because(Step::Attach, || "statx".into())?;
    Ok(id_in(&stat))
}

/// The identity of what a path leads to.
pub(super) fn id_at(path: impl AsRef<Path>) -> Result<Id> {
    let path = path.as_ref();
    let stat = fs::statx(fs::CWD, path, AtFlags::STATX_DONT_SYNC, StatxFlags::INO)
        .because(Step::Leave, || format!("statx {}", path.display()))?;
    Ok(id_in(&stat))
}

fn id_in(stat: &Statx) -> Id {
    (fs::makedev(stat.stx_dev_major, stat.stx_dev_minor), stat.stx_ino)
}

/// Moves the calling process, which must have one thread only, into a user and a mount namespace of its own, in
/// which it is who it was.
///
/// # Errors
/// Which step the kernel refused, and the setting that is usually behind it.
pub fn enter_user_namespace() -> Result<()> {
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS).map_err(|errno| {
        let raw = rustix::io::Errno::from_raw_os_error(errno as i32);
        Error::call(Step::Attach, "unshare(CLONE_NEWUSER|CLONE_NEWNS)", raw).with_cure(match errno {
            nix::Error::ENOSPC => "raise the sysctls user.max_user_namespaces and user.max_mnt_namespaces",
            nix::Error::EPERM => {
                "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, and no chroot around this process"
            }
            nix::Error::EINVAL | nix::Error::ENOSYS => "this kernel has no user namespaces (CONFIG_USER_NS)",
            _ => "see user_namespaces(7)",
        })
    })?;
    let write = |file: &str, text: String| {
        std::fs::write(file, text).map_err(|e| {
            Error::new(Step::Attach, format!("write {file}: {e}"))
                .with_cure("AppArmor may forbid it: sysctl kernel.apparmor_restrict_unprivileged_userns=0")
        })
    };
    write("/proc/self/setgroups", "deny".into())?;
    write("/proc/self/uid_map", format!("{uid} {uid} 1\n"))?;
    write("/proc/self/gid_map", format!("{gid} {gid} 1\n"))?;
    make_slave()
}

/// Moves the calling process, which must have one thread only, into the user and the mount namespace of another.
///
/// # Errors
/// Where the kernel refuses.
#[cfg(feature = "cli")]
pub(super) fn enter_those_of(pid: u32) -> Result<()> {
    let open = |kind: &str| {
        let path = format!("/proc/{pid}/ns/{kind}");
        fs::open(&path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .because(Step::Attach, || format!("open {path}"))
    };
    let (user, mount) = (open("user")?, open("mnt")?);
    setns(&user, CloneFlags::CLONE_NEWUSER).map_err(|errno| {
        Error::call(Step::Attach, "setns(CLONE_NEWUSER)", rustix::io::Errno::from_raw_os_error(errno as i32))
    })?;
    enter(mount.as_fd())
}

/// Whether the calling thread is in the mount namespace of process 1.
#[must_use]
pub fn is_init() -> bool {
    let here = id_at("/proc/thread-self/ns/mnt");
    here.is_ok_and(|here| id_at("/proc/1/ns/mnt").is_ok_and(|init| here == init))
}

/// Makes the folder `root` the root of the calling process, with /proc, /sys and /dev of the old one in it where it has
/// places for them. The process must be in a mount namespace of its own.
///
/// # Errors
/// Which step the kernel refused.
pub fn enter_root(root: &Path) -> Result<()> {
    let folder = fs::open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .because(Step::Attach, || format!("open {}", root.display()))?;
    for name in ["proc", "sys", "dev"] {
        if let Ok(place) = confined::in_root(folder.as_fd(), name, OFlags::PATH | OFlags::DIRECTORY) {
            let tree = open_tree(
                fs::CWD,
                format!("/{name}"),
                OpenTreeFlags::OPEN_TREE_CLONE
                    | OpenTreeFlags::OPEN_TREE_CLOEXEC
                    | OpenTreeFlags::AT_RECURSIVE,
            )
            .because(Step::Attach, || format!("open_tree(/{name})"))?;
            super::mount::attach(tree.as_fd(), place.as_fd(), name)?;
        }
    }
    let cwd = getcwd(Vec::new()).ok();
    fchdir(&folder).because(Step::Attach, || format!("chdir {}", root.display()))?;
    chroot(".").because(Step::Attach, || format!("chroot {}", root.display()))?;
    let stays = cwd.is_some_and(|cwd| rustix::process::chdir(&cwd).is_ok());
    if stays { Ok(()) } else { rustix::process::chdir("/").because(Step::Attach, || "chdir /".into()) }
}
