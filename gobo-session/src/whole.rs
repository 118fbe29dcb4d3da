//! Writing a file whole or not at all.

use crate::error::{Error, Result, Step};
use rustix::fs::{self, AtFlags, FileType, Gid, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

/// The mode of a new file.
const MODE: u32 = 0o644;

/// What a file's mode may say: nobody else can write to it.
const ALLOWED: u32 = 0o755;

/// How many names are tried for the file beside: one that did not get to its place may have been left there.
const ATTEMPTS: u32 = 16;

/// Writes the file `name` of a folder that was opened for reading: beside its place first, and to it once it is on the disk.
/// Its mode and group stay. `shown` is what the file is called where it cannot be written.
///
/// # Errors
/// Where it cannot be written; what was there is there then, unless only the folder cannot be brought to the disk.
pub(crate) fn write(folder: BorrowedFd<'_>, name: &OsStr, text: &str, shown: &Path) -> Result<()> {
    put(folder, name, text.as_bytes()).map_err(|errno| failed(shown, errno))?;
    sync(folder).map_err(|errno| {
        let what = format!("{} is written, but would be lost where the power fails now", shown.display());
        Error::call(Step::Configure, what, errno)
    })
}

/// Removes a file of a folder that was opened for reading.
///
/// # Errors
/// Where it cannot be removed; that there is none is fine.
pub(crate) fn remove(folder: BorrowedFd<'_>, name: &OsStr, shown: &Path) -> Result<()> {
    match fs::unlinkat(folder, name, AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(()),
        answer => answer.and_then(|()| sync(folder)).map_err(|errno| {
            Error::call(Step::Configure, format!("{} cannot be removed", shown.display()), errno)
        }),
    }
}

/// Brings what a folder has to the disk, where its file system can.
///
/// # Errors
/// Where that fails.
pub(crate) fn sync(folder: BorrowedFd<'_>) -> Result<(), Errno> {
    match fs::fsync(folder) {
        Err(Errno::INVAL) => Ok(()),
        answer => answer,
    }
}

/// That something cannot be written, with the cure where one is known.
pub(crate) fn failed(shown: &Path, errno: Errno) -> Error {
    let error = Error::call(Step::Configure, format!("{} cannot be written", shown.display()), errno);
    match errno {
        Errno::NOSPC | Errno::DQUOT => error.with_cure("nothing is changed; make room, and try again"),
        _ => error,
    }
}

fn put(folder: BorrowedFd<'_>, name: &OsStr, bytes: &[u8]) -> Result<(), Errno> {
    let before = match fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Some(stat).filter(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile),
        Err(Errno::NOENT) => None,
        Err(errno) => return Err(errno),
    };
    let (beside, file) = create_beside(folder, name)?;
    let done = fill(file, bytes, before.as_ref()).and_then(|()| fs::renameat(folder, &beside, folder, name));
    if done.is_err() {
        let _ = fs::unlinkat(folder, &beside, AtFlags::empty());
    }
    done
}

/// A new file in a folder, which nobody else can open yet.
fn create_beside(folder: BorrowedFd<'_>, name: &OsStr) -> Result<(OsString, OwnedFd), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for number in 0..ATTEMPTS {
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}.{number}", std::process::id()));
        match fs::openat(folder, &beside, flags, Mode::from_raw_mode(0o600)) {
            Err(Errno::EXIST) => {}
            opened => return Ok((beside, opened?)),
        }
    }
    Err(Errno::EXIST)
}

fn fill(file: OwnedFd, bytes: &[u8], before: Option<&Stat>) -> Result<(), Errno> {
    let mut mode = before.map_or(MODE, |stat| stat.st_mode & ALLOWED);
    if let Some(before) = before
        && fs::fstat(&file)?.st_gid != before.st_gid
        && fs::fchown(&file, None, Some(Gid::from_raw(before.st_gid))).is_err()
    {
        // Another group than it was for gets nothing.
        mode &= !0o070;
    }
    fs::fchmod(&file, Mode::from_raw_mode(mode))?;
    let mut file = File::from(file);
    file.write_all(bytes).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    fs::fsync(file.as_fd())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    /// Writes a file of a folder, by its name there.
    fn write_in(folder: &Path, name: &str, text: &str) -> Result<()> {
        let opened = fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        write(opened.as_fd(), name.as_ref(), text, &folder.join(name))
    }

    fn mode_of(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn its_mode_and_group_stay_and_nobody_else_can_write_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        write_in(folder.path(), "file", "new").unwrap();
        assert_eq!(mode_of(&file), 0o644);
        let is_root = rustix::process::geteuid().is_root();
        for (before, after) in [(0o640, 0o640), (0o600, 0o600), (0o4775, 0o755)] {
            if is_root {
                std::os::unix::fs::chown(&file, None, Some(7)).unwrap();
            }
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(before)).unwrap();
            write_in(folder.path(), "file", "newer").unwrap();
            assert_eq!(mode_of(&file), after);
            assert!(!is_root || std::fs::metadata(&file).unwrap().gid() == 7);
        }
    }

    #[test]
    fn a_link_at_its_place_is_replaced_and_what_was_left_beside_it_is_not_written_into() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("file"), folder.path().join("other"));
        std::fs::write(&other, "other").unwrap();
        symlink("other", &file).unwrap();
        let left = folder.path().join(format!(".file.{}.0", std::process::id()));
        symlink("other", &left).unwrap();
        write_in(folder.path(), "file", "text").unwrap();
        assert_eq!(std::fs::read_link(&left).unwrap(), Path::new("other"));
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "other");
        assert!(file.symlink_metadata().unwrap().is_file());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "text");
    }

    #[test]
    fn what_cannot_be_put_there_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("file")).unwrap();
        let error = write_in(folder.path(), "file", "text").unwrap_err();
        assert!(error.to_string().contains("/file cannot be written: Is a directory"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
