//! What a user keeps of the views of his commands: one file for each, which he alone can read and write.
//!
//! Root's lie in the state folder, anybody else's in the folder that his login gave him for such things
//! (`XDG_RUNTIME_DIR`). What is there is believed where it is his own and nobody else can write it (R15). Files are put in
//! place whole, so that whoever reads finds one or the other; old ones go.

use super::{State, layers, limits};
use crate::error::{Because as _, Error, Result, Step};
use crate::tree::{Folder, read_all};
use crate::trusted::Trust;
use nix::unistd::geteuid;
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::io::Write as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Names the folder that is a user's own as long as he is logged in.
const RUNTIME_FOLDER: &str = "XDG_RUNTIME_DIR";

/// Where root's own is.
const ROOTS_FOLDER: &str = "/run";

/// The folder in it, and the one of records in that.
const FOLDERS: [&str; 2] = ["gobo-session", "commands"];

/// A file of root's: what anybody keeps is from before it was made for the last time.
pub(crate) const REFRESHED: &str = "/run/gobo-session/refreshed";

/// The most bytes of a record (R18).
const MAX_RECORD: usize = 4 * 1024 * 1024;

/// How many records there may be, and how many bytes in all.
const MAX_RECORDS: usize = 256;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// After this time nobody writes any more what lies beside its place.
const WRITTEN: Duration = Duration::from_secs(60);

/// The caller's records.
pub(crate) struct Records {
    folder: OwnedFd,
}

impl Records {
    /// Those that are there already; `None` where there are none, or somebody else could have written them.
    pub(crate) fn open() -> Option<Self> {
        FOLDERS
            .into_iter()
            .try_fold(runtime_folder()?, |folder, name| open_folder(folder.as_fd(), name))
            .map(Self::of)
    }

    /// As [`Records::open`], with what is missing made; `None` where the caller has no place for them.
    pub(crate) fn make() -> Option<Self> {
        let make = |folder: OwnedFd, name: &str| {
            // The state folder is for everybody to read.
            let is_state = geteuid().is_root() && name == FOLDERS[0];
            let mode = Mode::from(if is_state { 0o755 } else { 0o700 });
            match fs::mkdirat(&folder, name, mode) {
                // The umask is not ours to trust.
                Ok(()) => fs::chmodat(&folder, name, mode, AtFlags::empty()).ok()?,
                Err(Errno::EXIST) => {}
                Err(_) => return None,
            }
            open_folder(folder.as_fd(), name)
        };
        FOLDERS.into_iter().try_fold(runtime_folder()?, make).map(Self::of)
    }

    fn of(folder: OwnedFd) -> Self {
        Self { folder }
    }

    /// A record; `None` where there is none that can be read, or somebody else could have written it.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = fs::openat(&self.folder, name, flags, Mode::empty()).ok()?;
        is_own(&fs::fstat(&file).ok()?).then(|| read_all(file, MAX_RECORD, name).ok()).flatten()
    }

    /// Writes a record in place of the one of that name, and lets old ones go.
    ///
    /// # Errors
    /// Where it is too large, or cannot be written; what was there is there then.
    pub(crate) fn write(&self, name: &str, parts: &[&[u8]]) -> Result<()> {
        limits::room_for_files()?;
        let size: usize = parts.iter().map(|part| part.len()).sum();
        if size > MAX_RECORD {
            return Err(Error::new(Step::Mount, format!("a record of {size} bytes is too large")));
        }
        // Processes of other namespaces may have the same number: they find a file that is there.
        let aside = format!(".{name}.{}", std::process::id());
        let written = self.write_aside(&aside, parts).and_then(|()| {
            fs::renameat(&self.folder, &aside, &self.folder, name)
                .because(Step::Mount, || format!("rename {aside}"))
        });
        if written.is_err() {
            let _ = fs::unlinkat(&self.folder, &aside, AtFlags::empty());
        }
        written.and_then(|()| self.tidy())
    }

    fn write_aside(&self, aside: &str, parts: &[&[u8]]) -> Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let what = || format!("write {aside}");
        let file = fs::openat(&self.folder, aside, flags, Mode::from(0o600)).because(Step::Mount, what)?;
        fs::fchmod(&file, Mode::from(0o600)).because(Step::Mount, what)?;
        let written = std::fs::File::from(file).write_all(&parts.concat());
        written.map_err(|error| Error::new(Step::Mount, format!("write {aside}: {error}")))
    }

    /// Removes all of them.
    ///
    /// # Errors
    /// Where one cannot be removed.
    pub(crate) fn forget(&self) -> Result<()> {
        self.files()?.iter().try_for_each(|file| self.remove(&file.name))
    }

    /// Removes the oldest, as far as there are more than there may be, and what was left beside its place.
    fn tidy(&self) -> Result<()> {
        let mut files = self.files()?;
        files.sort_by_key(|file| std::cmp::Reverse(file.written));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (mut count, mut bytes) = (0, 0);
        for file in files {
            let goes = if file.name.starts_with(b".") {
                file.written + WRITTEN < now
            } else {
                count += 1;
                bytes += file.size;
                count > MAX_RECORDS || bytes > MAX_BYTES
            };
            if goes {
                self.remove(&file.name)?;
            }
        }
        Ok(())
    }

    fn files(&self) -> Result<Vec<RecordFile>> {
        let folder = Folder::open(self.folder.as_fd(), b".", Trust::Anyone)?;
        let stat = |name: Vec<u8>| {
            // Somebody else may tidy up at the same time.
            let stat = fs::statat(folder.fd(), name.as_slice(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
            let seconds = Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or_default());
            let written = seconds + Duration::from_nanos(stat.st_mtime_nsec);
            Some(RecordFile { name, written, size: usize::try_from(stat.st_size).unwrap_or(usize::MAX) })
        };
        Ok(folder.entries()?.into_iter().filter_map(|entry| stat(entry.name)).collect())
    }

    /// Removes one, where it is there.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub(crate) fn remove(&self, name: &[u8]) -> Result<()> {
        match fs::unlinkat(&self.folder, name, AtFlags::empty()) {
            // A folder is nothing of ours.
            Ok(()) | Err(Errno::NOENT | Errno::ISDIR) => Ok(()),
            Err(errno) => {
                Err(Error::call(Step::Mount, format!("remove {}", String::from_utf8_lossy(name)), errno))
            }
        }
    }
}

/// Has everybody's records be from before now; for root, who holds the lock of the layers.
///
/// # Errors
/// Where that cannot be written.
pub(crate) fn outdate(state: &State) -> Result<()> {
    layers::replace(state.folder(), REFRESHED.rsplit('/').next().unwrap_or_default(), b"")
}

/// A file in the folder of records.
struct RecordFile {
    name: Vec<u8>,
    /// When, since 1970.
    written: Duration,
    size: usize,
}

/// The caller's folder for what goes when he does.
fn runtime_folder() -> Option<OwnedFd> {
    let path = match geteuid().is_root() {
        true => PathBuf::from(ROOTS_FOLDER),
        false => std::env::var_os(RUNTIME_FOLDER).map(PathBuf::from).filter(|path| path.is_absolute())?,
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    own_folder(fs::open(path, flags, Mode::empty()).ok()?)
}

fn open_folder(parent: BorrowedFd<'_>, name: &str) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    own_folder(fs::openat(parent, name, flags, Mode::empty()).ok()?)
}

fn own_folder(folder: OwnedFd) -> Option<OwnedFd> {
    is_own(&fs::fstat(&folder).ok()?).then_some(folder)
}

/// Whether something is the caller's own, and nobody else can write it.
fn is_own(stat: &Stat) -> bool {
    let is_link = FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
    stat.st_uid == geteuid().as_raw() && stat.st_mode & 0o022 == 0 && !is_link
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn records() -> (tempfile::TempDir, Records) {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::of(std::fs::File::open(folder.path()).unwrap().into());
        (folder, records)
    }

    #[test]
    fn what_was_written_last_is_read() {
        let (folder, records) = records();
        records.write("one", &[b"a", b"b"]).unwrap();
        records.write("one", &[b"ab", b"", b"c"]).unwrap();
        assert_eq!(records.read("one"), Some(b"abc".to_vec()));
        assert_eq!(records.read("two"), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        records.forget().unwrap();
        assert_eq!(records.read("one"), None);
    }

    #[test]
    fn r15_what_others_could_have_written_is_not_read() {
        let (folder, records) = records();
        let at = |name: &str| folder.path().join(name);
        records.write("mode", &[b"x"]).unwrap();
        std::fs::set_permissions(at("mode"), std::fs::Permissions::from_mode(0o620)).unwrap();
        records.write("file", &[b"x"]).unwrap();
        symlink(at("file"), at("link")).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for name in ["mode", "link", "folder", "fifo"] {
            assert_eq!(records.read(name), None, "{name}");
        }
        assert!(records.read("file").is_some());
    }

    #[test]
    fn r18_old_ones_go_and_what_was_left_beside_too() {
        let (folder, records) = records();
        let age = |name: &str, seconds: u64| {
            let file = std::fs::File::options().write(true).open(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
        };
        for (name, seconds) in [(".left.1", 100), (".being-written.2", 1), ("oldest", 1000)] {
            std::fs::write(folder.path().join(name), "").unwrap();
            age(name, seconds);
        }
        for number in 1..MAX_RECORDS {
            std::fs::write(folder.path().join(number.to_string()), "").unwrap();
        }
        records.write("new", &[b"x"]).unwrap();
        let is_there = |name: &str| folder.path().join(name).exists();
        assert!(is_there("new") && is_there(".being-written.2") && is_there("1"));
        assert!(!is_there("oldest") && !is_there(".left.1"));
        records.forget().unwrap();
        let large = vec![0; MAX_RECORD];
        for (name, seconds) in [("a", 50), ("b", 40), ("c", 30), ("d", 20), ("e", 10)] {
            records.write(name, &[&large]).unwrap();
            age(name, seconds);
        }
        assert!(["b", "c", "d", "e"].into_iter().all(is_there) && !is_there("a"));
        assert!(records.write("f", &[&large, b"x"]).is_err() && !is_there("f"));
    }
}
