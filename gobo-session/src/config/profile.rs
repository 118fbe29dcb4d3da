//! Profiles: named, written wishes, and the folders they are in.
//!
//! A profile is one file, `NAME.toml`. Only the file that is asked for is read, and those that it includes, so a bad
//! profile is its own users' trouble alone. Folders are searched in the order in which they were added; whoever wrote a
//! profile stays with it, because that decides what it may do at login (R3): the administrator's profiles include
//! each other and nothing that a user wrote. How a file is read is in `profile_file`.

use super::name::ProfileName;
use super::policy::Allow;
use super::profile_file::Loader;
use super::syntax::MAX_FILE;
use super::{ConfigError, absolute, if_present};
use crate::arch::Arch;
use crate::diagnostic::Diagnostic;
use crate::plan::{Source, Wish};
use crate::requirement::Requirement;
use crate::resolve::{OnConflict, Prefer, Request, UseFlag};
use crate::text::nearest;
use crate::trusted::{Kind, Root};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The most files that one folder of profiles may have (R18).
const MAX_FILES: usize = 4096;

/// Who wrote a profile (R3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Root: a file in the administrator's folder.
    Administrator,
    /// A user, or a user in part: he includes what the administrator wrote.
    User,
}

/// A program that a profile asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What is asked for.
    pub requirement: Requirement,
    /// The file that asks.
    pub file: String,
    /// The line in it.
    pub line: u32,
}

/// A profile with everything that it includes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: ProfileName,
    /// Who wrote it.
    pub author: Author,
    /// What it is for, in its author's words.
    pub description: String,
    /// What it asks for: its own programs first, then those of what it includes, in the order of `include`.
    pub programs: Vec<Asked>,
    /// Which version is chosen among those that satisfy.
    pub prefer: Prefer,
    /// Whether a dependency that is not installed is an error.
    pub strict: bool,
    /// Whether a choice without conflicts is taken instead of the nearest one.
    pub solve: bool,
    /// Use flags of programs that do not say what they were built with.
    pub use_flags: Vec<UseFlag>,
    /// Whether the view holds the chosen programs alone.
    pub pure: bool,
    /// The architecture that versions are chosen for; `None` is the machine's own.
    pub arch: Option<Arch>,
    /// Whether `uname` says that the machine is a 32-bit one.
    pub personality: bool,
    /// Variables for the session, none of a name that R8 forbids.
    pub environment: BTreeMap<String, String>,
    /// The files that it was read from, its own first.
    pub files: Vec<String>,
    /// What was odd in them.
    pub notes: Vec<Diagnostic>,
}

impl Profile {
    /// Adds what the profile says to a request, behind what that holds already. The architecture stays: whoever makes
    /// the request chooses it.
    pub fn add_to(self, request: &mut Request) {
        let source = Source::Profile(self.name.to_string());
        for asked in self.programs {
            request.wishes.push(Wish { requirement: asked.requirement, source: source.clone() });
        }
        for (name, value) in self.environment {
            request.environment.entry(name).or_insert(value);
        }
        request.add_use_flags(self.use_flags);
        request.pure |= self.pure;
        request.strict |= self.strict;
        if self.solve {
            request.on_conflict = OnConflict::Solve;
        }
        request.personality |= self.personality;
        request.prefer = self.prefer;
        request.profile = Some(self.name.into());
    }
}

/// Where profiles are.
#[derive(Debug, Clone)]
pub struct Profiles {
    folders: Vec<Rc<Folder>>,
}

/// One folder of profiles.
#[derive(Debug)]
struct Folder {
    author: Author,
    files: Files,
}

#[derive(Debug)]
enum Files {
    /// On disk.
    Disk { root: Root, path: PathBuf },
    /// In memory, each under its profile's name, or why it was not read; `path` is for messages.
    Texts { texts: BTreeMap<ProfileName, Result<Vec<u8>, String>>, path: PathBuf },
}

/// One profile's file.
pub(super) struct Found {
    pub(super) file: String,
    pub(super) bytes: Vec<u8>,
    pub(super) author: Author,
}

impl Profiles {
    /// No folder at all.
    #[must_use]
    pub fn none() -> Self {
        Self { folders: Vec::new() }
    }

    /// The profiles in one folder below `root`; none where it is missing.
    ///
    /// # Errors
    /// Where the folder is not to be trusted or cannot be opened.
    pub fn open(root: &Root, path: &Path, author: Author) -> Result<Self, ConfigError> {
        Self::none().and_folder(root, path, author)
    }

    /// These, and then those of another folder.
    ///
    /// # Errors
    /// As [`Profiles::open`].
    pub fn and_folder(mut self, root: &Root, path: &Path, author: Author) -> Result<Self, ConfigError> {
        if if_present(root.open(path, Kind::Directory))?.is_some() {
            let files = Files::Disk { root: root.clone(), path: path.to_owned() };
            self.folders.push(Rc::new(Folder { author, files }));
        }
        Ok(self)
    }

    /// These, and then texts that somebody else has read or not read, such as the child that looks into a home (R9).
    #[must_use]
    pub fn and_texts(
        mut self,
        texts: BTreeMap<ProfileName, Result<Vec<u8>, String>>,
        path: &Path,
        author: Author,
    ) -> Self {
        let files = Files::Texts { texts, path: path.to_owned() };
        self.folders.push(Rc::new(Folder { author, files }));
        self
    }

    /// The folders on disk that they are searched in.
    #[cfg(feature = "cli")]
    pub(crate) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.folders.iter().filter_map(|folder| match &folder.files {
            Files::Disk { path, .. } => Some(path.as_path()),
            Files::Texts { .. } => None,
        })
    }

    /// Reads a profile and what it includes.
    ///
    /// # Errors
    /// Where it is missing, not to be trusted, or not what a profile should be.
    pub fn load(&self, name: &ProfileName) -> Result<Profile, ConfigError> {
        self.load_by(name, Loader::new(self, &Allow::All))
    }

    /// As [`Profiles::load`], for a login of a user who may select no more than `allow`: what he wrote includes no other
    /// profile of the administrator, and names programs (R2): variables are refused, which hold any text.
    ///
    /// # Errors
    /// As [`Profiles::load`].
    pub fn load_for_login(&self, name: &ProfileName, allow: &Allow) -> Result<Profile, ConfigError> {
        self.load_by(name, Loader::new(self, allow).for_login())
    }

    fn load_by(&self, name: &ProfileName, loader: Loader<'_>) -> Result<Profile, ConfigError> {
        match self.find(name, None)? {
            Some(found) => loader.load(name, &found),
            None => Err(ConfigError::NoProfile { name: name.clone(), near: self.near(name) }),
        }
    }

    /// Who wrote the profile that a name means; `None` where there is none.
    ///
    /// # Errors
    /// Where its file is not to be trusted or cannot be read.
    pub fn author(&self, name: &ProfileName) -> Result<Option<Author>, ConfigError> {
        Ok(self.find(name, None)?.map(|found| found.author))
    }

    /// The names of all profiles, in order, and who wrote each.
    ///
    /// # Errors
    /// Where a folder cannot be read or is not to be trusted.
    pub fn names(&self) -> Result<BTreeMap<ProfileName, Author>, ConfigError> {
        let mut names = BTreeMap::new();
        for folder in &self.folders {
            for name in folder.files.names()? {
                names.entry(name).or_insert(folder.author);
            }
        }
        Ok(names)
    }

    /// The file of a profile, in the first folder that has one; `author` leaves out the folders of others.
    pub(super) fn find(
        &self,
        name: &ProfileName,
        author: Option<Author>,
    ) -> Result<Option<Found>, ConfigError> {
        for folder in self.folders.iter().filter(|folder| author.is_none_or(|author| author == folder.author))
        {
            if let Some((file, bytes)) = folder.files.read(name)? {
                return Ok(Some(Found { file, bytes, author: folder.author }));
            }
        }
        Ok(None)
    }

    /// The profile that a mistyped name was most likely meant to be.
    pub(crate) fn near(&self, name: &ProfileName) -> Option<ProfileName> {
        let names = self.names().ok()?;
        let near = nearest(name.as_str(), names.keys().map(ProfileName::as_str))?;
        near.parse().ok()
    }
}

impl Files {
    fn read(&self, name: &ProfileName) -> Result<Option<(String, Vec<u8>)>, ConfigError> {
        let file = format!("{name}.toml");
        let (path, bytes) = match self {
            Self::Disk { root, path } => {
                let path = path.join(file);
                let bytes = if_present(root.read(&path, MAX_FILE))?;
                (path, bytes)
            }
            Self::Texts { texts, path } => {
                let path = path.join(file);
                let unread = |why| ConfigError::Unread { file: absolute(&path), why };
                let bytes = texts.get(name).cloned().transpose().map_err(unread)?;
                (path, bytes)
            }
        };
        Ok(bytes.map(|bytes| (absolute(&path), bytes)))
    }

    /// The profiles that files are named for; other files are none of our business.
    fn names(&self) -> Result<Vec<ProfileName>, ConfigError> {
        match self {
            Self::Disk { root, path } => {
                let names = if_present(root.list(path, MAX_FILES))?;
                let names = names.unwrap_or_default();
                Ok(names
                    .iter()
                    .filter_map(|name| name.to_str()?.strip_suffix(".toml")?.parse().ok())
                    .collect())
            }
            Self::Texts { texts, .. } => Ok(texts.keys().cloned().collect()),
        }
    }
}
