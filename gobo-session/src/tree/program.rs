//! A program of the tree: its installed versions, and what each says of itself.

use super::{Folder, Tree};
use crate::arch::Arch;
use crate::dependencies::{self, Parsed};
use crate::error::{Error, Result, Step};
use crate::requirement::ProgramName;
use crate::version::{Major, NameFault, Version, fault_of_name};
use once_cell::unsync::OnceCell;
use rustix::fs;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;

/// The largest file that is read of a version (R18).
const MAX_FILE: usize = 64 * 1024;

/// A program and its installed versions.
#[derive(Debug)]
pub struct Program {
    /// Its name, as its folder is spelled.
    pub name: ProgramName,
    /// Its versions, newest first.
    pub versions: Vec<VersionFolder>,
    /// The version that `Current` names, installed or not.
    pub current: Option<String>,
    /// Folders that look like versions but are none, and why.
    pub refused: Vec<Refused>,
}

/// A folder that was passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Its name.
    pub folder: String,
    /// What is wrong with it, as a sentence without a full stop.
    pub why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.folder, self.why)
    }
}

impl Refused {
    /// A folder that cannot be opened, or is not to be trusted.
    fn of(folder: String, error: Error) -> Self {
        let why = match error.errno {
            Some(errno) => format!("it cannot be opened: {}", std::io::Error::from(errno)),
            None => error.what.strip_prefix(&format!("{folder}: ")).unwrap_or(&error.what).to_owned(),
        };
        Self { folder, why }
    }
}

/// The text of a folder's name that is a version's; else the name as it can be shown, and what is wrong with it.
fn text_of_name(name: Vec<u8>) -> Result<String, (String, NameFault)> {
    let text = String::from_utf8(name)
        .map_err(|error| (String::from_utf8_lossy(error.as_bytes()).into_owned(), NameFault::NotText))?;
    match fault_of_name(&text) {
        None => Ok(text),
        Some(fault) => Err((text, fault)),
    }
}

/// One version's folder.
#[derive(Debug)]
pub struct VersionFolder {
    /// The version, as the folder is spelled.
    pub version: Version,
    /// The part of it that incompatible versions differ in.
    pub major: Major,
    folder: Folder,
    arch: OnceCell<Arch>,
    dependencies: OnceCell<Parsed>,
    use_flags: OnceCell<Option<BTreeSet<String>>>,
    pub(super) linked: OnceCell<Option<bool>>,
}

impl Program {
    /// Reads the folder of a program; `None` where there is none.
    pub(super) fn open(tree: &Tree, name: &ProgramName) -> Result<Option<Self>> {
        let Some(folder) = Folder::open_if_there(tree.programs.as_fd(), name.as_str().as_bytes(), tree.trust)
            .map_err(|error| error.inside(tree.layout.programs.as_os_str().as_bytes()))?
        else {
            return Ok(None);
        };
        let mut versions = Vec::new();
        let mut refused = Vec::new();
        for entry in folder.entries()? {
            if entry.kind != super::Kind::Directory {
                continue;
            }
            let text = match text_of_name(entry.name) {
                Ok(text) => text,
                Err((_, NameFault::Reserved)) => continue,
                Err((folder, fault)) => {
                    refused.push(Refused { folder, why: fault.to_string() });
                    continue;
                }
            };
            match Folder::open_if_there(folder.fd(), text.as_bytes(), tree.trust) {
                Ok(Some(folder)) => versions.push(VersionFolder::new(&text, folder)),
                Ok(None) => {}
                Err(error) => refused.push(Refused::of(text, error)),
            }
        }
        versions.sort_by(|a, b| b.version.cmp(&a.version));
        let current = fs::readlinkat(folder.fd(), "Current", Vec::new())
            .ok()
            .and_then(|text| text.into_string().ok())
            .and_then(|text| text.trim_end_matches('/').rsplit('/').next().map(str::to_owned));
        Ok(Some(Self { name: name.clone(), versions, current, refused }))
    }

    /// The folder of a version, by its exact name.
    #[must_use]
    pub fn version(&self, name: &str) -> Option<&VersionFolder> {
        self.versions.iter().find(|v| v.version.as_str() == name)
    }

    /// The folder that `Current` names.
    #[must_use]
    pub fn current(&self) -> Option<&VersionFolder> {
        self.version(self.current.as_deref()?)
    }
}

impl VersionFolder {
    fn new(name: &str, folder: Folder) -> Self {
        let version = Version::new(name);
        Self {
            major: version.major(),
            version,
            folder,
            arch: OnceCell::new(),
            dependencies: OnceCell::new(),
            use_flags: OnceCell::new(),
            linked: OnceCell::new(),
        }
    }

    /// The open folder.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What it was built for.
    ///
    /// # Errors
    /// Where its Architecture file cannot be read.
    pub fn arch(&self, tree: &Tree) -> Result<&Arch> {
        self.arch.get_or_try_init(|| {
            let bytes = self.read(tree, "Resources/Architecture")?;
            Ok(Arch::of_file(&bytes.unwrap_or_default()))
        })
    }

    /// What it needs: `Resources/Dependencies`, or `Resources/BuildInformation` where that is missing or as good as
    /// empty (at most one byte).
    ///
    /// # Errors
    /// Where neither can be read.
    pub fn dependencies(&self, tree: &Tree, program: &ProgramName) -> Result<&Parsed> {
        self.dependencies.get_or_try_init(|| {
            let path = |file: &str| {
                tree.version_path(program, self.version.as_str()).join(file).display().to_string()
            };
            match self.read(tree, "Resources/Dependencies")? {
                Some(bytes) if bytes.len() > 1 => {
                    Ok(dependencies::parse(&path("Resources/Dependencies"), &bytes))
                }
                _ => {
                    let bytes = self.read(tree, "Resources/BuildInformation")?.unwrap_or_default();
                    Ok(dependencies::parse_build_information(&path("Resources/BuildInformation"), &bytes))
                }
            }
        })
    }

    /// The flags that it was built with, one or several on each line of `Resources/UseFlags`; `None` where it does not
    /// say.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn use_flags(&self, tree: &Tree) -> Result<Option<&BTreeSet<String>>> {
        let flags: Result<_> = self.use_flags.get_or_try_init(|| {
            let Some(bytes) = self.read(tree, "Resources/UseFlags")? else { return Ok(None) };
            let text = String::from_utf8_lossy(&bytes);
            let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
            let words = lines.flat_map(str::split_whitespace).filter(|word| !word.starts_with(['-', '!']));
            Ok(Some(words.map(|word| word.trim_start_matches('+').to_owned()).collect()))
        });
        Ok(flags?.as_ref())
    }

    /// The text of `Resources/Environment`, where there is one.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn environment(&self, tree: &Tree) -> Result<Option<Vec<u8>>> {
        self.read(tree, "Resources/Environment")
    }

    fn read(&self, tree: &Tree, path: &str) -> Result<Option<Vec<u8>>> {
        self.folder.read(path, MAX_FILE, tree.trust()).map_err(|mut error| {
            error.step = Step::Read;
            error.what = format!("version {}: {}", self.version, error.what);
            error
        })
    }
}
