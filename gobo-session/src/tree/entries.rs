//! Folders and their entries, by descriptor.

use crate::error::{Because as _, Error, Result, Step};
use crate::trusted::{self, Trust};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, RawDir, ResolveFlags};
use rustix::io::Errno;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The most entries that one folder may have (R18).
pub const MAX_ENTRIES: usize = 200_000;

/// What an entry is, as the folder itself tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A folder.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link, to whatever.
    Link,
    /// A device, a FIFO or a socket.
    Special,
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name: any bytes but `/` and NUL.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: Kind,
}

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    /// (device, inode): the folder itself, whatever its path.
    pub id: (u64, u64),
}

impl Folder {
    /// Opens the folder `name` of `parent`, which is not followed if it is a link.
    ///
    /// # Errors
    /// [`Errno::NOENT`] and the like inside, or that it is not to be trusted.
    pub fn open(parent: BorrowedFd<'_>, name: &[u8], trust: Trust) -> Result<Self> {
        Self::open_if_there(parent, name, trust)?.ok_or_else(|| {
            Error::call(Step::Read, format!("open folder {}", String::from_utf8_lossy(name)), Errno::NOENT)
        })
    }

    /// As [`Folder::open`]; `None` where there is no folder of that name.
    ///
    /// # Errors
    /// Where it cannot be read, or is not to be trusted.
    pub fn open_if_there(parent: BorrowedFd<'_>, name: &[u8], trust: Trust) -> Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match fs::openat2(parent, name, flags, Mode::empty(), beneath) {
            Ok(fd) => Self::of(fd, name, trust).map(Some),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(errno) => {
                Err(Error::call(Step::Read, format!("open folder {}", String::from_utf8_lossy(name)), errno))
            }
        }
    }

    /// Takes a folder that is open already; `name` is for messages.
    ///
    /// # Errors
    /// Where it is not to be trusted (R4).
    pub fn of(fd: OwnedFd, name: &[u8], trust: Trust) -> Result<Self> {
        let stat = trusted::check(fd.as_fd(), trust)
            .map_err(|error| Error::new(Step::Read, format!("{}: {error}", String::from_utf8_lossy(name))))?;
        Ok(Self { fd, id: (stat.st_dev, stat.st_ino) })
    }

    /// Its descriptor.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Its entries but `.` and `..`, in the order of their bytes.
    ///
    /// # Errors
    /// Where it cannot be read or has more than [`MAX_ENTRIES`].
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let mut buffer = [MaybeUninit::<u8>::uninit(); 16 * 1024];
        fs::seek(&self.fd, fs::SeekFrom::Start(0)).because(Step::Read, || "rewind a folder".into())?;
        let mut listing = RawDir::new(&self.fd, &mut buffer);
        let mut entries = Vec::new();
        while let Some(entry) = listing.next() {
            let entry = entry.because(Step::Read, || "list a folder".into())?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            if entries.len() == MAX_ENTRIES {
                return Err(Error::new(Step::Read, format!("a folder has more than {MAX_ENTRIES} entries")));
            }
            let kind = match entry.file_type() {
                FileType::Unknown => self.kind(name)?.unwrap_or(Kind::Special),
                known => kind_of(known),
            };
            entries.push(Entry { name: name.to_vec(), kind });
        }
        entries.sort_unstable();
        Ok(entries)
    }

    /// What a name in it is; `None` where there is none.
    ///
    /// # Errors
    /// Where that cannot be told.
    pub fn kind(&self, name: &[u8]) -> Result<Option<Kind>> {
        match fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(kind_of(FileType::from_raw_mode(stat.st_mode)))),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(errno) => {
                Err(Error::call(Step::Read, format!("stat {}", String::from_utf8_lossy(name)), errno))
            }
        }
    }

    /// Reads a file somewhere below it, each folder on the way checked; a link at its end is followed where it stays in
    /// the file's own folder. `None` where there is none.
    ///
    /// # Errors
    /// Where it is no regular file, not to be trusted, or larger than `limit` bytes.
    pub fn read(&self, path: &str, limit: usize, trust: Trust) -> Result<Option<Vec<u8>>> {
        if let Some((folder, rest)) = path.split_once('/') {
            return match Self::open_if_there(self.fd(), folder.as_bytes(), trust)? {
                Some(inner) => inner.read(rest, limit, trust),
                None => Ok(None),
            };
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match fs::openat2(&self.fd, path, flags, Mode::empty(), beneath) {
            Ok(fd) => {
                trusted::check(fd.as_fd(), trust)
                    .map_err(|error| Error::new(Step::Read, format!("{path}: {error}")))?;
                read_all(fd, limit, path).map(Some)
            }
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => Ok(None),
            Err(errno) => Err(Error::call(Step::Read, format!("open {path}"), errno)),
        }
    }
}

/// What a type of file is to us.
pub(crate) fn kind_of(file_type: FileType) -> Kind {
    match file_type {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::File,
        FileType::Symlink => Kind::Link,
        _ => Kind::Special,
    }
}

/// Reads an open regular file of at most `limit` bytes (R18); `path` is for messages.
pub(crate) fn read_all(fd: OwnedFd, limit: usize, path: &str) -> Result<Vec<u8>> {
    use std::io::Read as _;
    let stat = fs::fstat(&fd).because(Step::Read, || format!("stat {path}"))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Error::new(Step::Read, format!("{path} is not a regular file")));
    }
    let mut bytes = Vec::new();
    let read = std::fs::File::from(fd).take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|e| Error::new(Step::Read, format!("read {path}: {e}")))?;
    if bytes.len() > limit {
        return Err(Error::new(Step::Read, format!("{path} is larger than {limit} bytes")));
    }
    Ok(bytes)
}
