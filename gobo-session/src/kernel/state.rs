//! `/run/gobo-session`: where the untouched index and the description of a view are bound in a session.

use crate::error::{Because as _, Error, Result, Step};
use crate::kernel::mountinfo::{self, Mount};
use crate::tree::Layout;
use crate::trusted::{self, Kind, Trust};
use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, StatxAttributes, StatxFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Where state is.
const RUN: &str = "/run";
const NAME: &str = "gobo-session";

/// Where the untouched index is bound in a session.
pub const INDEX_FOLDER: &str = "/run/gobo-session/index";

/// Where the description of the view is bound in a session.
pub const VIEW_FOLDER: &str = "/run/gobo-session/view";

/// The state folder, checked to be root's alone (R17).
#[derive(Debug)]
pub struct State {
    folder: OwnedFd,
}

impl State {
    /// Opens the folder and makes what is missing of it; for root.
    ///
    /// # Errors
    /// Where it cannot be made, or is not root's.
    pub fn make() -> Result<Self> {
        let open = |path: &Path| place(path, Trust::RootOnly);
        let run = open(Path::new(RUN))?;
        make_folder(run.as_fd(), NAME)?;
        let folder = open(&Path::new(RUN).join(NAME))?;
        for name in ["index", "view"] {
            make_folder(folder.as_fd(), name)?;
            open(&Path::new(RUN).join(NAME).join(name))?;
        }
        Ok(Self { folder })
    }

    /// The folder.
    pub fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

/// Opens a folder of the state by its path, every step of which is checked (R17).
pub(super) fn place(path: &Path, trust: Trust) -> Result<OwnedFd> {
    let root = fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .because(Step::Attach, || "open /".into())?;
    trusted::open(root.as_fd(), path, trust, Kind::Directory)
        .map_err(|error| Error::new(Step::Attach, error.to_string()))
}

fn make_folder(parent: BorrowedFd<'_>, name: &str) -> Result<()> {
    match fs::mkdirat(parent, name, Mode::from(0o755)) {
        Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(Error::call(Step::Attach, format!("mkdir {name} in {RUN}"), errno)),
        // The umask of a login is not ours to trust.
        Ok(()) => {
            let mode = Mode::from(0o755);
            fs::chmodat(parent, name, mode, AtFlags::empty())
                .because(Step::Attach, || format!("chmod {name}"))
        }
    }
}

/// What the calling thread's namespace shows of a view.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// The mount points of our overlays over parts of the index.
    pub overlays: Vec<PathBuf>,
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

    /// Where the base index is: the untouched one where a view lies over the index.
    #[must_use]
    pub fn base(&self) -> Option<&'static Path> {
        self.has_index.then_some(Path::new(INDEX_FOLDER))
    }
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
    shown_in(mounts, layout, |path| mount_of(CWD, path))
}

/// What a list of mounts shows, where `mount_at` tells the id of the mount at a path.
pub(super) fn shown_in(mounts: &[Mount], layout: &Layout, mount_at: impl Fn(&Path) -> Option<u64>) -> Shown {
    let mounted_on = |path: &Path| -> Option<&Mount> {
        let id = mount_at(path)?;
        mounts.iter().find(|mount| mount.id == id)
    };
    let mut shown = Shown::default();
    for area in &layout.areas {
        let path = layout.index.join(&area.name);
        if let Some(mount) = mounted_on(&path).filter(|mount| mount.is_ours()) {
            shown.source = Some(String::from_utf8_lossy(&mount.source).into_owned());
            shown.overlays.push(path);
        }
    }
    shown.has_index = mounted_on(Path::new(INDEX_FOLDER)).is_some();
    shown.has_description = mounted_on(Path::new(VIEW_FOLDER)).is_some_and(|mount| {
        mount.kind == "tmpfs" && mount.source.starts_with(super::SOURCE_PREFIX.as_bytes())
    });
    shown
}

/// The id of the mount whose root is at a path; `None` where nothing is mounted there.
pub(super) fn mount_of(folder: BorrowedFd<'_>, path: &Path) -> Option<u64> {
    let stat = fs::statx(folder, path, AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok()?;
    stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT).then_some(stat.stx_mnt_id)
}
