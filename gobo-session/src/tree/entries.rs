//! Folders and their entries, by descriptor.

use crate::confined;
use crate::error::{Because as _, Error, Result, Step};
use crate::trusted::{self, Trust};
use rustix::buffer::spare_capacity;
use rustix::fs::{self, AtFlags, FileType, OFlags, RawDir};
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
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        match confined::beneath(parent, name, flags) {
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

    /// Its descriptor, and nothing else.
    pub(crate) fn into_fd(self) -> OwnedFd {
        self.fd
    }

    /// Its entries but `.` and `..`, in the order of their bytes.
    ///
    /// # Errors
    /// Where it cannot be read or has more than [`MAX_ENTRIES`].
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let mut entries = self.entries_that(|_, _| true)?;
        entries.sort_unstable();
        Ok(entries)
    }

    /// Those of its entries that are meant, in no order.
    ///
    /// # Errors
    /// As [`Folder::entries`].
    pub(crate) fn entries_that(&self, is_meant: impl FnMut(&[u8], Kind) -> bool) -> Result<Vec<Entry>> {
        fs::seek(&self.fd, fs::SeekFrom::Start(0)).because(Step::Read, || "rewind a folder".into())?;
        entries_of(self.fd(), is_meant)
    }

    /// What a name in it is; `None` where there is none.
    ///
    /// # Errors
    /// Where that cannot be told.
    pub fn kind(&self, name: &[u8]) -> Result<Option<Kind>> {
        kind_in(self.fd(), name)
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
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        match confined::beneath(self.fd(), path, flags) {
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

/// The entries that are meant of a folder that is open and was not read before, in no order.
///
/// # Errors
/// As [`Folder::entries`].
pub(crate) fn entries_of(
    folder: BorrowedFd<'_>,
    mut is_meant: impl FnMut(&[u8], Kind) -> bool,
) -> Result<Vec<Entry>> {
    let mut buffer = [MaybeUninit::<u8>::uninit(); 16 * 1024];
    let mut listing = RawDir::new(folder, &mut buffer);
    let (mut entries, mut count) = (Vec::new(), 0);
    while let Some(entry) = listing.next() {
        let entry = entry.because(Step::Read, || "list a folder".into())?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        if count == MAX_ENTRIES {
            return Err(Error::new(Step::Read, format!("a folder has more than {MAX_ENTRIES} entries")));
        }
        count += 1;
        let kind = match entry.file_type() {
            FileType::Unknown => kind_in(folder, name)?.unwrap_or(Kind::Special),
            known => kind_of(known),
        };
        if is_meant(name, kind) {
            entries.push(Entry { name: name.to_vec(), kind });
        }
    }
    Ok(entries)
}

fn kind_in(folder: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Kind>> {
    match fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(kind_of(FileType::from_raw_mode(stat.st_mode)))),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(errno) => Err(Error::call(Step::Read, format!("stat {}", String::from_utf8_lossy(name)), errno)),
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
pub(crate) fn read_all(fd: impl AsFd, limit: usize, path: &str) -> Result<Vec<u8>> {
    let stat = fs::fstat(&fd).because(Step::Read, || format!("stat {path}"))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Error::new(Step::Read, format!("{path} is not a regular file")));
    }
    // With room to find its end by one more read.
    let size = usize::try_from(stat.st_size).unwrap_or_default().min(limit);
    let mut bytes = Vec::with_capacity(size + 64);
    while bytes.len() <= limit {
        bytes.reserve(64);
        match rustix::io::read(&fd, spare_capacity(&mut bytes)) {
            Ok(0) => return Ok(bytes),
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(Error::call(Step::Read, format!("read {path}"), errno)),
        }
    }
    Err(Error::new(Step::Read, format!("{path} is larger than {limit} bytes")))
}
