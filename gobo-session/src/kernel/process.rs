//! A process's view, looked at from outside: by its own root and its own list of mounts.

mod mounts;

use super::folder;
use super::layers::LAYERS_FOLDER;
use super::mountinfo::{self, Mount};
use super::state::{At, STATE_FOLDER, Shown, VIEW_FOLDER, mount_at, mount_of, shown_in, told_by};
use crate::confined;
use crate::error::{Because as _, Error, Result, Step};
use crate::layer::Layer;
use crate::tree::Layout;
use rustix::fs::{self, Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

pub(super) use mounts::Mounts;

/// The most bytes of a file that describes a view (R18).
const MAX_FILE: usize = 16 * 1024 * 1024;

/// A process that the kernel lets us look at, or whoever would stand at the root of a namespace.
pub struct Process {
    root: OwnedFd,
    path: PathBuf,
    mounts: Mounts,
    /// Whose files are believed: root's, the caller's, and of a process that was named its own user's.
    believed: Vec<u32>,
}

/// Whose files everybody believes: root's and his own.
fn believed() -> [u32; 2] {
    [0, nix::unistd::geteuid().as_raw()]
}

impl Process {
    /// This process.
    ///
    /// # Errors
    /// Where /proc cannot be read.
    pub fn own() -> Result<Self> {
        Self::at(PathBuf::from("/"), None, mountinfo::read)
    }

    /// Another process.
    ///
    /// # Errors
    /// Where there is none of that id, or the kernel does not let this one look at it.
    pub fn of(pid: u32) -> Result<Self> {
        let user = fs::stat(format!("/proc/{pid}")).ok().map(|process| process.st_uid);
        Self::at(PathBuf::from(format!("/proc/{pid}/root")), user, || mountinfo::of(pid)).map_err(|error| {
            match error.errno {
                Some(Errno::NOENT | Errno::SRCH) => {
                    Error::new(Step::Read, format!("there is no process {pid}")).with_cure(
                        "gobo-session list shows sessions with their processes, ps -e all processes",
                    )
                }
                Some(Errno::ACCESS | Errno::PERM) => {
                    error.with_cure("only the user of a process, and root, may look at it")
                }
                _ => error,
            }
        })
    }

    fn at(path: PathBuf, user: Option<u32>, mounts: impl FnOnce() -> Result<Vec<Mount>>) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = fs::open(&path, flags, Mode::empty())
            .map_err(|errno| Error::call(Step::Read, format!("open {}", path.display()), errno))?;
        let mounts = Mounts::listed(mounts()?);
        Ok(Self { root, path, mounts, believed: believed().into_iter().chain(user).collect() })
    }

    /// Whoever stands at a root that is open already.
    #[cfg(feature = "cli")]
    pub(super) fn looking_from(root: OwnedFd, mounts: Mounts) -> Self {
        use std::os::fd::AsRawFd as _;
        let path = PathBuf::from(format!("/proc/self/fd/{}", root.as_raw_fd()));
        Self { root, path, mounts, believed: believed().to_vec() }
    }

    /// Its root, as a path for this process.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.path
    }

    /// What it sees of a view.
    #[must_use]
    pub fn shown(&self, layout: &Layout) -> Shown {
        self.look(layout).0
    }

    /// What it sees of a view, and the folder of its index, open as a place, where no link leads there.
    pub(super) fn look(&self, layout: &Layout) -> (Shown, Option<OwnedFd>) {
        let open = [layout.index.as_path(), Path::new(STATE_FOLDER)];
        let open = open.map(|path| (path.as_os_str(), self.place(path).ok()));
        let shown = shown_in(layout, |parent, name| {
            let folder = open.iter().find(|(path, _)| *path == parent.as_os_str());
            let folder = folder.and_then(|(_, folder)| folder.as_ref()).filter(|_| !name.contains('/'));
            let mounted = match folder.map(|folder| mount_at(folder.as_fd(), name, self.mounts.ids())) {
                Some(At::Mount(mounted)) => mounted,
                Some(At::Other) => return None,
                // The whole way, on which links stay within the root.
                Some(At::Link) | None => {
                    let place = self.open(&parent.join(name), OFlags::PATH).ok()?;
                    mount_of(place.as_fd(), Path::new(""), self.mounts.ids())?
                }
            };
            self.mounts.kind(mounted)
        });
        let [(_, index), _] = open;
        (shown, index)
    }

    /// Whether the folder of its view has another folder.
    ///
    /// # Errors
    /// Where that cannot be told.
    #[cfg(feature = "cli")]
    pub(super) fn has_in_view(&self, name: &str) -> Result<bool> {
        match self.place(&Path::new(VIEW_FOLDER).join(name)) {
            Ok(_) => Ok(true),
            Err(Error { errno: Some(Errno::NOENT), .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A folder, open as a place.
    pub(super) fn place(&self, path: &Path) -> Result<OwnedFd> {
        self.open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW)
    }

    /// The mount that is right at a path, open as a place, where it is of the kind that is meant.
    pub(super) fn mount_on(&self, path: &Path, is_meant: impl Fn(&Mount) -> bool) -> Result<OwnedFd> {
        let place = self.place(path)?;
        match self.mounts.at(place.as_fd()) {
            Some(mount) if is_meant(&mount) => Ok(place),
            _ => Err(Error::new(Step::Read, format!("another mount is on {} by now", path.display()))
                .with_cure("try again")),
        }
    }

    /// One of the overlays that it is shown, open as a place.
    ///
    /// # Errors
    /// Where that cannot be opened, or is another mount by now.
    pub fn overlay(&self, path: &Path) -> Result<OwnedFd> {
        self.mount_on(path, Mount::is_ours)
    }

    /// A file that describes its view.
    ///
    /// # Errors
    /// Where it is not there, or cannot be read.
    pub fn description(&self, name: &str) -> Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        let (fd, path) = self.open_described(name, flags)?;
        let owner = fs::fstat(&fd).because(Step::Read, || format!("fstat {}", path.display()))?.st_uid;
        if !self.believed.contains(&owner) {
            return Err(Error::new(Step::Read, format!("{} is of user {owner}", path.display())));
        }
        crate::tree::read_all(fd, MAX_FILE, &path.display().to_string())
    }

    /// The layer of its view, as it was made.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn layer(&self) -> Result<Layer> {
        let (fd, _) = self.open_described(super::view::LAYER_FOLDER, OFlags::RDONLY | OFlags::DIRECTORY)?;
        folder::read(fd)
    }

    /// The folders of that layer, and when it was made, in seconds since 1970.
    ///
    /// # Errors
    /// Where they cannot be read.
    #[cfg(feature = "cli")]
    pub(crate) fn layer_folders(&self) -> Result<(folder::FolderTree, i64)> {
        let (fd, path) =
            self.open_described(super::view::LAYER_FOLDER, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let made = fs::fstat(&fd).because(Step::Read, || format!("fstat {}", path.display()))?.st_ctime;
        let folders =
            folder::folders(&crate::tree::Folder::of(fd, b"layer", crate::trusted::Trust::Anyone)?)?;
        Ok((folders, made))
    }

    /// Opens a part of the description of its view: in the view's own folder, or for a view whose layer others have too in
    /// the folder of that layer.
    fn open_described(&self, name: &str, flags: OFlags) -> Result<(OwnedFd, PathBuf)> {
        let own = Path::new(VIEW_FOLDER).join(name);
        let opened = self.open(&own, flags);
        let is_elsewhere = matches!(opened, Err(Error { errno: Some(Errno::NOENT), .. }));
        match is_elsewhere.then(|| self.plan_id()).flatten() {
            Some(id) => {
                let kept = Path::new(LAYERS_FOLDER).join(id).join(name);
                Ok((self.open(&kept, flags)?, kept))
            }
            None => Ok((opened?, own)),
        }
    }

    /// The id of the plan of its view, as the description's mount says it.
    fn plan_id(&self) -> Option<String> {
        let folder = self.open(Path::new(VIEW_FOLDER), OFlags::PATH).ok()?;
        let mount = self.mounts.at(folder.as_fd())?;
        let (_, id) = told_by(std::str::from_utf8(&mount.source).ok()?)?;
        id.bytes().all(|b| b.is_ascii_hexdigit()).then(|| id.to_owned())
    }

    fn open(&self, path: &Path, flags: OFlags) -> Result<OwnedFd> {
        confined::in_root(self.root.as_fd(), path, flags)
            .map_err(|errno| Error::call(Step::Read, format!("open {}", path.display()), errno))
    }
}
