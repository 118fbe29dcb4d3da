//! `/run/gobo-session`: where the untouched index and the description of a view are bound in a session.

use crate::error::{Because as _, Error, Result, Step};
use crate::kernel::mount;
use crate::kernel::mountinfo::{self, Mount};
use crate::kernel::namespace::{Id, id_of};
use crate::tree::Layout;
use crate::trusted::{self, Kind, Root, Trust};
use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags, Statx, StatxAttributes, StatxFlags};
use rustix::io::Errno;
use std::ops::Deref;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Where state is.
const RUN: &str = "/run";
const NAME: &str = "gobo-session";

/// The folder of state.
pub(super) const STATE_FOLDER: &str = "/run/gobo-session";

/// Where the untouched index is bound in a session.
pub const INDEX_FOLDER: &str = "/run/gobo-session/index";

/// Where the description of the view is bound in a session.
pub const VIEW_FOLDER: &str = "/run/gobo-session/view";

/// The state folder, checked to be root's alone (R17).
#[derive(Debug)]
pub struct State {
    folder: OwnedFd,
    /// What the untouched index and the description of a view are bound to in a session: the path, and which folder it is.
    places: [(&'static str, Id); 2],
}

impl State {
    /// Opens the folder and makes what is missing of it; for root.
    ///
    /// # Errors
    /// Where it cannot be made, or is not root's.
    pub fn make() -> Result<Self> {
        Self::make_below(&root(Trust::RootOnly)?)
    }

    /// As [`State::make`], with a root that is open already.
    ///
    /// # Errors
    /// As [`State::make`].
    pub(crate) fn make_below(root: &Root) -> Result<Self> {
        let run = open(root, Path::new(RUN))?;
        let path = Path::new(RUN).join(NAME);
        let folder = folder_in(run.as_fd(), NAME, &path)?;
        let place = |name: &'static str| -> Result<_> {
            let path = Path::new(name);
            let last = path.file_name().unwrap_or_default().to_string_lossy();
            Ok((name, id_of(folder_in(folder.as_fd(), &last, path)?)?))
        };
        Ok(Self { places: [place(INDEX_FOLDER)?, place(VIEW_FOLDER)?], folder })
    }

    /// The folder of that path in the namespace that the calling thread is in by now. The very folder that was checked is not
    /// checked again.
    pub(super) fn place(&self, path: &str) -> Result<OwnedFd> {
        let fd = mount::place(Path::new(path))?;
        let id = id_of(&fd)?;
        if self.places.contains(&(path, id)) { Ok(fd) } else { place(Path::new(path), Trust::RootOnly) }
    }

    /// The folder.
    pub fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

/// Opens a folder of the state by its path, every step of which is checked (R17).
pub(super) fn place(path: &Path, trust: Trust) -> Result<OwnedFd> {
    open(&root(trust)?, path)
}

fn root(trust: Trust) -> Result<Root> {
    Root::at(Path::new("/"), trust).because(Step::Attach, || "open /".into())
}

fn open(root: &Root, path: &Path) -> Result<OwnedFd> {
    root.open(path, Kind::Directory).map_err(|error| Error::new(Step::Attach, error.to_string()))
}

/// Opens a folder of one that was checked, and makes it where it is missing; `path` is where it is.
pub(super) fn folder_in(parent: BorrowedFd<'_>, name: &str, path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || fs::openat(parent, name, flags, Mode::empty());
    let fd = match open() {
        Err(Errno::NOENT) => make_folder(parent, name, path).map(|()| open())?,
        opened => opened,
    };
    match fd {
        Ok(fd) if trusted::check(fd.as_fd(), Trust::RootOnly).is_ok() => Ok(fd),
        // It may be reached by a link, or the walk says what is wrong with it.
        _ => place(path, Trust::RootOnly),
    }
}

fn make_folder(parent: BorrowedFd<'_>, name: &str, path: &Path) -> Result<()> {
    let mode = Mode::from(0o755);
    match fs::mkdirat(parent, name, mode) {
        Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(Error::call(Step::Attach, format!("mkdir {}", path.display()), errno)),
        // The umask of a login is not ours to trust.
        Ok(()) => fs::chmodat(parent, name, mode, AtFlags::empty())
            .because(Step::Attach, || format!("chmod {}", path.display())),
    }
}

/// What the calling thread's namespace shows of a view.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// The mount points of our overlays over parts of the index.
    pub overlays: Vec<PathBuf>,
    /// The devices of their file systems, in the same order.
    pub devices: Vec<u64>,
    /// Their source name.
    pub source: Option<String>,
    /// Whether the untouched index can be reached.
    pub has_index: bool,
    /// Whether a description of the view is there.
    pub has_description: bool,
}

impl Shown {
    /// Whether there is any view.
    #[must_use]
    pub fn is_view(&self) -> bool {
        !self.overlays.is_empty() || self.has_description
    }

    /// The id of its plan, as the mounts say it.
    #[must_use]
    #[cfg(feature = "cli")]
    pub fn plan_id(&self) -> Option<&str> {
        told_by(self.source.as_deref()?).map(|(_, id)| id)
    }

    /// Where the base index is: the untouched one where a view lies over the index.
    #[must_use]
    pub fn base(&self) -> Option<&'static Path> {
        self.has_index.then_some(Path::new(INDEX_FOLDER))
    }
}

/// The profile, or a dash, and the plan's id that the source name of our mounts tells.
pub(super) fn told_by(source: &str) -> Option<(&str, &str)> {
    source.strip_prefix(super::SOURCE_PREFIX)?.rsplit_once(':')
}

/// Finds out what the calling thread's namespace shows.
///
/// A view is recognised by the source name of an overlay that is mounted on a part of the index; mount ids are
/// compared, not paths, which links and chroots change.
///
/// # Errors
/// Where /proc cannot be read.
pub fn shown(layout: &Layout) -> Result<Shown> {
    mountinfo::read().map(|mounts| shown_among(layout, &mounts))
}

/// As [`shown`], where the mounts of the namespace were read already.
#[must_use]
pub fn shown_among(layout: &Layout, mounts: &[Mount]) -> Shown {
    shown_in(layout, |parent, name| {
        let Mounted { id, .. } = mount_of(CWD, &parent.join(name), Ids::Reused)?;
        mounts.iter().find(|mount| mount.id == id)
    })
}

/// What mounts show, where `mounted_on` tells the one at a name of a folder.
pub(super) fn shown_in<M: Deref<Target = Mount>>(
    layout: &Layout,
    mounted_on: impl Fn(&Path, &str) -> Option<M>,
) -> Shown {
    let mut shown = Shown::default();
    for area in &layout.areas {
        if let Some(mount) = mounted_on(&layout.index, &area.name).filter(|mount| mount.is_ours()) {
            shown.source = Some(String::from_utf8_lossy(&mount.source).into_owned());
            shown.devices.push(mount.device);
            shown.overlays.push(layout.index.join(&area.name));
        }
    }
    let in_state = |path: &str| mounted_on(Path::new(STATE_FOLDER), path.rsplit('/').next()?);
    shown.has_index = in_state(INDEX_FOLDER).is_some();
    shown.has_description = in_state(VIEW_FOLDER).is_some_and(|mount| {
        mount.kind == "tmpfs" && mount.source.starts_with(super::SOURCE_PREFIX.as_bytes())
    });
    shown
}

/// Which ids a list of mounts tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    /// Those of mountinfo: a new mount may get the one of a mount that is gone.
    Reused,
    /// Those of statmount, none of which is ever used again.
    Unique,
}

impl Ids {
    /// STATX_MNT_ID_UNIQUE
    const UNIQUE: StatxFlags = StatxFlags::from_bits_retain(0x4000);

    fn flag(self) -> StatxFlags {
        match self {
            Self::Reused => StatxFlags::MNT_ID,
            Self::Unique => Self::UNIQUE,
        }
    }
}

/// A mount, as it is seen at its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mounted {
    /// Its id.
    pub(super) id: u64,
    /// The device of its file system.
    pub(super) device: u64,
}

impl Mounted {
    fn of(stat: &Statx, ids: Ids) -> Option<Self> {
        let is_told = StatxFlags::from_bits_retain(stat.stx_mask).contains(ids.flag());
        let is_root = is_told && stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
        let device = fs::makedev(stat.stx_dev_major, stat.stx_dev_minor);
        is_root.then_some(Self { id: stat.stx_mnt_id, device })
    }
}

/// The mount whose root is at a path; `None` where nothing is mounted there.
pub(super) fn mount_of(folder: BorrowedFd<'_>, path: &Path, ids: Ids) -> Option<Mounted> {
    Mounted::of(&fs::statx(folder, path, AtFlags::EMPTY_PATH, ids.flag()).ok()?, ids)
}

/// What is at a name of a folder.
pub(super) enum At {
    /// The root of a mount.
    Mount(Mounted),
    /// A link.
    Link,
    /// Something else, or nothing.
    Other,
}

/// What is at a name of a folder; a link is not followed.
pub(super) fn mount_at(folder: BorrowedFd<'_>, name: &str, ids: Ids) -> At {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let Ok(stat) = fs::statx(folder, name, flags, ids.flag() | StatxFlags::TYPE) else { return At::Other };
    match Mounted::of(&stat, ids) {
        Some(mounted) => At::Mount(mounted),
        None if FileType::from_raw_mode(stat.stx_mode.into()) == FileType::Symlink => At::Link,
        None => At::Other,
    }
}
