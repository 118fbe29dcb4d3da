//! Where a person's files are, and reading and writing them.

use crate::cli::person::Person;
use crate::config::{Author, ConfigError, DIR, ProfileName, Profiles};
use crate::error::{Because as _, Error, Result, Step};
use crate::whole;
use rustix::fs::{self, FileType, Mode, OFlags};
use rustix::io::Errno;
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
    let opened = fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .because(Step::Configure, || format!("open {}", folder.display()))?;
    whole::write(opened.as_fd(), path.file_name().unwrap_or_default(), text, path)
}
