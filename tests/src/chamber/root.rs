//! The files of a chamber, reached from outside; links are followed as the chamber would follow them.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Uid};
use rustix::io::Errno;

/// Opens a path as if `root` were the root of all, and again where somebody renamed anything meanwhile: the kernel gives
/// up then.
pub(super) fn open_in(root: &OwnedFd, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    loop {
        match rustix::fs::openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::IN_ROOT) {
            Err(Errno::AGAIN) => {}
            answer => return answer,
        }
    }
}

/// The `/` of a chamber.
pub(super) struct Root(OwnedFd);

impl Root {
    pub(super) fn new(directory: OwnedFd) -> Root {
        Root(directory)
    }

    pub(super) fn open(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        open_in(&self.0, path, flags)
    }

    pub(super) fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        let read = self.open(path, OFlags::RDONLY).map_err(Into::into);
        read.and_then(|file| File::from(file).read_to_end(&mut content))
            .with_context(|| format!("cannot read {} in the chamber", path.display()))?;
        Ok(content)
    }

    /// Writes a new file and renames it over the old one, of which owner and mode stay.
    pub(super) fn write(&self, path: &Path, content: &[u8]) -> Result<()> {
        let write = || -> Result<()> {
            let (directory, name) = self.parent(path)?;
            let old = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW).ok();
            let old = old.filter(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
            let mut new = OsString::from(".");
            new.push(name);
            new.push(".new");
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mode = Mode::from(0o600);
            let mut file = File::from(rustix::fs::openat(&directory, &new, flags, mode)?);
            if let Some(old) = &old {
                rustix::fs::fchown(&file, Some(Uid::from_raw(old.st_uid)), Some(Gid::from_raw(old.st_gid)))?;
            }
            let mode = old.map_or(0o644, |old| old.st_mode & 0o7777);
            rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
            file.write_all(content)?;
            Ok(rustix::fs::renameat(&directory, &new, &directory, name)?)
        };
        write().with_context(|| format!("cannot write {} in the chamber", path.display()))
    }

    /// Makes a directory and those above it, as far as they do not exist.
    pub(super) fn mkdir(&self, path: &Path) -> Result<()> {
        let make = || -> Result<()> {
            if self.open(path, OFlags::PATH | OFlags::DIRECTORY).is_ok() {
                return Ok(());
            }
            let (directory, name) = self.parent(path)?;
            Ok(rustix::fs::mkdirat(&directory, name, Mode::from(0o755))?)
        };
        make().with_context(|| format!("cannot make {} in the chamber", path.display()))
    }

    /// Removes a file, a link or a whole directory; nothing at all is fine too.
    pub(super) fn remove(&self, path: &Path) -> Result<()> {
        let remove = || -> Result<()> {
            let (directory, name) = self.parent(path)?;
            match rustix::fs::unlinkat(&directory, name, AtFlags::empty()) {
                Err(Errno::ISDIR) => Ok(fs::remove_dir_all(path_of(&directory).join(name))?),
                Ok(()) | Err(Errno::NOENT) => Ok(()),
                Err(error) => Err(error.into()),
            }
        };
        remove().with_context(|| format!("cannot remove {} in the chamber", path.display()))
    }

    /// Makes a symbolic link, in place of what was there.
    pub(super) fn link(&self, target: &Path, path: &Path) -> Result<()> {
        self.remove(path)?;
        let (directory, name) = self.parent(path)?;
        symlink(target, path_of(&directory).join(name))
            .with_context(|| format!("cannot make the link {} in the chamber", path.display()))
    }

    pub(super) fn set_mode(&self, path: &Path, mode: u32) -> Result<()> {
        let file = self.open(path, OFlags::PATH).map_err(Into::into);
        file.and_then(|file| fs::set_permissions(path_of(&file), Permissions::from_mode(mode)))
            .with_context(|| format!("cannot change the mode of {} in the chamber", path.display()))
    }

    pub(super) fn chown(&self, path: &Path, uid: u32, gid: u32) -> Result<()> {
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        self.open(path, OFlags::PATH)
            .and_then(|file| rustix::fs::chownat(file, "", Some(uid), Some(gid), AtFlags::EMPTY_PATH))
            .with_context(|| format!("cannot change the owner of {} in the chamber", path.display()))
    }

    pub(super) fn exists(&self, path: &Path) -> bool {
        self.open(path, OFlags::PATH).is_ok()
    }

    /// The names in a directory, in order.
    pub(super) fn list(&self, path: &Path) -> Result<Vec<OsString>> {
        let list = || -> Result<Vec<OsString>> {
            let directory = self.open(path, OFlags::PATH | OFlags::DIRECTORY)?;
            let entries = fs::read_dir(path_of(&directory).join("."))?;
            let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>>>()?;
            names.sort();
            Ok(names)
        };
        list().with_context(|| format!("cannot list {} in the chamber", path.display()))
    }

    /// Where a symbolic link points.
    pub(super) fn read_link(&self, path: &Path) -> Result<PathBuf> {
        let link = self.open(path, OFlags::PATH | OFlags::NOFOLLOW)?;
        let target = rustix::fs::readlinkat(link, "", Vec::new())?;
        Ok(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    /// Connects to a socket.
    pub(super) fn connect(&self, path: &Path) -> Result<UnixStream> {
        let socket = self.open(path, OFlags::PATH).map_err(Into::into);
        socket
            .and_then(|socket| UnixStream::connect(path_of(&socket)))
            .with_context(|| format!("cannot connect to {} in the chamber", path.display()))
    }

    /// The directory that holds `path`, made where it is missing, and the last name of `path`.
    fn parent<'p>(&self, path: &'p Path) -> Result<(OwnedFd, &'p OsStr)> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            bail!("{} names nothing", path.display());
        };
        let parent = if parent.as_os_str().is_empty() { Path::new("/") } else { parent };
        let directory = OFlags::PATH | OFlags::DIRECTORY;
        match self.open(parent, directory) {
            Err(Errno::NOENT) => {
                self.mkdir(parent)?;
                Ok((self.open(parent, directory)?, name))
            }
            other => Ok((other?, name)),
        }
    }
}

/// A path to an open file, for functions that take paths only.
fn path_of(file: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}
