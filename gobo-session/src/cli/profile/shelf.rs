//! Where a person's files are, and writing them: whole or not at all.

use crate::cli::person::Person;
use crate::config::{Author, ConfigError, DIR, ProfileName, Profiles};
use crate::error::{Because as _, Error, Result, Step};
use rustix::fs::{self, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

/// Where a person's own profiles are. Root's own are the administrator's.
pub(super) struct Shelf {
    folder: PathBuf,
    author: Author,
}

impl Shelf {
    pub(super) fn of(person: &Person) -> Self {
        let is_root = person.uid == 0;
        let folder = if is_root { PathBuf::from(DIR) } else { person.folder() };
        let author = if is_root { Author::Administrator } else { Author::User };
        Self { folder: folder.join("profiles.d"), author }
    }

    /// The file of a profile.
    pub(super) fn file(&self, name: &ProfileName) -> PathBuf {
        self.folder.join(format!("{name}.toml"))
    }

    /// The profiles that there are for a file on the shelf.
    pub(super) fn profiles(&self) -> Result<Profiles> {
        let own = (self.author == Author::User).then_some(&*self.folder);
        Profiles::beside(own, Path::new("/"))
    }

    /// Makes sure that a name does not mean the administrator's profile: that one goes first, everywhere.
    pub(super) fn claim(&self, name: &ProfileName, profiles: &Profiles) -> Result<(), ConfigError> {
        match profiles.author(name)? {
            Some(author) if author != self.author => Err(ConfigError::Unread {
                file: self.file(name).display().to_string(),
                why: "the administrator has a profile of this name, which goes first; take another name"
                    .into(),
            }),
            _ => Ok(()),
        }
    }
}

/// Reads a file of a person's own; `None` where there is none. A link is refused: a login does not follow it.
pub(super) fn read(path: &Path) -> Result<Option<String>> {
    let kind = match fs::lstat(path) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        stat => FileType::from_raw_mode(stat.because(Step::Read, || path.display().to_string())?.st_mode),
    };
    let refused = |why: &str, cure: &str| {
        Err(Error::new(Step::Read, format!("{}: {why}", path.display())).with_cure(cure))
    };
    match kind {
        FileType::RegularFile => {}
        FileType::Symlink => {
            return refused("it is a link", "put the file itself there: a login does not follow it");
        }
        _ => return refused("it is no regular file", "move it away"),
    }
    let text = std::fs::read_to_string(path);
    text.map(Some).map_err(|error| Error::new(Step::Read, format!("{}: {error}", path.display())))
}

/// Writes a file, whole or not at all, and makes the folders that it lies in. Nobody else can write to it.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder)
        .map_err(|error| Error::new(Step::Configure, format!("make folder {}: {error}", folder.display())))?;
    let mode = fs::lstat(path).map_or(0o644, |stat| stat.st_mode & 0o755);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = folder.join(format!(".{name}.{}", std::process::id()));
    let written = write_new(&new, text, Mode::from_raw_mode(mode))
        .and_then(|()| fs::renameat(CWD, &new, CWD, path))
        .because(Step::Configure, || format!("write {}", path.display()));
    written.map_err(|error| {
        let _ = fs::unlink(&new);
        if error.errno == Some(Errno::NOSPC) {
            error.with_cure("nothing is changed; make room, and try again")
        } else {
            error
        }
    })
}

fn write_new(path: &Path, text: &str, mode: Mode) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = fs::open(path, flags, mode)?;
    fs::fchmod(&fd, mode)?;
    let mut file = File::from(fd);
    file.write_all(text.as_bytes()).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    fs::fsync(file.as_fd())
}
