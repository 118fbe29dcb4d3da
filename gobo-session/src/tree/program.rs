//! A program of the tree: its installed versions, and what each says of itself.

use super::{Folder, Tree};
use crate::arch::Arch;
use crate::dependencies::{self, Options, Parsed};
use crate::error::{Error, Result, Step};
use crate::requirement::ProgramName;
use crate::version::{Major, NameFault, Version, fault_of_name};
use once_cell::unsync::OnceCell;
use rustix::fs;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::rc::Rc;

/// The largest file that is read of a version (R18).
const MAX_FILE: usize = 64 * 1024;

/// A program and its installed versions.
///
/// Its folder is listed when it is first asked for; the folder of a version is opened when something in it is asked for,
/// and one that cannot be opened or is not to be trusted is no version.
#[derive(Debug)]
pub struct Program {
    /// Its name, as its folder is spelled.
    pub name: ProgramName,
    /// The version that `Current` names, installed or not.
    pub current: Option<String>,
    /// The folders that have names of versions, newest first.
    named: Vec<VersionFolder>,
    /// Those that look like versions by their names but are none.
    misnamed: Vec<Refused>,
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
    fn of(folder: &str, error: Error) -> Self {
        let why = match error.errno {
            Some(errno) => format!("it cannot be opened: {}", std::io::Error::from(errno)),
            None => error.what.strip_prefix(&format!("{folder}: ")).unwrap_or(&error.what).to_owned(),
        };
        Self { folder: folder.to_owned(), why }
    }
}

/// The link of a program that names its current version.
pub(super) const CURRENT: &str = "Current";

/// The version that the link at a path names.
pub(super) fn current_in(folder: BorrowedFd<'_>, path: &str) -> Option<String> {
    let text = fs::readlinkat(folder, path, Vec::new()).ok()?.into_string().ok()?;
    text.trim_end_matches('/').rsplit('/').next().map(str::to_owned)
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

/// The folder that versions of a program lie in.
#[derive(Debug)]
struct Parent {
    program: ProgramName,
    folder: Folder,
}

/// One version's folder.
#[derive(Debug)]
pub struct VersionFolder {
    /// The version, as the folder is spelled.
    pub version: Version,
    /// The part of it that incompatible versions differ in.
    pub major: Major,
    of: Rc<Parent>,
    folder: OnceCell<Result<Folder, Refused>>,
    arch: OnceCell<Arch>,
    dependencies: OnceCell<Parsed>,
    use_flags: OnceCell<Option<BTreeSet<String>>>,
    pub(super) linked: OnceCell<Option<bool>>,
    /// The names at its top.
    top: OnceCell<Option<BTreeSet<Vec<u8>>>>,
}

impl Program {
    /// Reads the folder of a program; `None` where there is none.
    pub(super) fn open(tree: &Tree, name: &ProgramName) -> Result<Option<Self>> {
        let Some(folder) =
            Folder::open_if_there(tree.programs.as_fd(), name.as_str().as_bytes(), tree.trust())
                .map_err(|error| error.inside(tree.layout.programs.as_os_str().as_bytes()))?
        else {
            return Ok(None);
        };
        let parent = Rc::new(Parent { program: name.clone(), folder });
        let (mut named, mut misnamed) = (Vec::new(), Vec::new());
        for entry in parent.folder.entries()?.into_iter().filter(|entry| entry.kind == super::Kind::Directory)
        {
            match text_of_name(entry.name) {
                Ok(text) => named.push(VersionFolder::new(&text, &parent)),
                Err((_, NameFault::Reserved)) => {}
                Err((folder, fault)) => misnamed.push(Refused { folder, why: fault.to_string() }),
            }
        }
        named.sort_by(|a, b| b.version.cmp(&a.version));
        let current = current_in(parent.folder.fd(), CURRENT);
        Ok(Some(Self { name: name.clone(), current, named, misnamed }))
    }

    /// The folders that have names of versions, newest first, whatever is in them.
    #[must_use]
    pub fn named(&self) -> &[VersionFolder] {
        &self.named
    }

    /// The installed versions, newest first.
    pub fn versions(&self, tree: &Tree) -> impl Iterator<Item = &VersionFolder> {
        self.named.iter().filter(|version| version.folder(tree).is_ok())
    }

    /// The installed version of that exact name.
    #[must_use]
    pub fn version(&self, tree: &Tree, name: &str) -> Option<&VersionFolder> {
        let named = self.named.iter().find(|version| version.version.as_str() == name);
        named.filter(|version| version.folder(tree).is_ok())
    }

    /// The installed version that `Current` names.
    #[must_use]
    pub fn current(&self, tree: &Tree) -> Option<&VersionFolder> {
        self.version(tree, self.current.as_deref()?)
    }

    /// Folders that look like versions but are none, and why.
    pub fn refused(&self, tree: &Tree) -> impl Iterator<Item = &Refused> {
        self.misnamed.iter().chain(self.named.iter().filter_map(|version| version.folder(tree).err()))
    }
}

impl VersionFolder {
    fn new(name: &str, parent: &Rc<Parent>) -> Self {
        let version = Version::new(name);
        Self {
            major: version.major(),
            version,
            of: Rc::clone(parent),
            folder: OnceCell::new(),
            arch: OnceCell::new(),
            dependencies: OnceCell::new(),
            use_flags: OnceCell::new(),
            linked: OnceCell::new(),
            top: OnceCell::new(),
        }
    }

    /// The program that it is a version of.
    #[must_use]
    pub fn program(&self) -> &ProgramName {
        &self.of.program
    }

    /// The folder, opened once.
    ///
    /// # Errors
    /// Why it is no version.
    pub fn folder(&self, tree: &Tree) -> Result<&Folder, &Refused> {
        let name = self.version.as_str();
        let open = || match Folder::open_if_there(self.of.folder.fd(), name.as_bytes(), tree.trust()) {
            Ok(Some(folder)) => Ok(folder),
            Ok(None) => Err(Refused { folder: name.to_owned(), why: "it is gone".to_owned() }),
            Err(error) => Err(Refused::of(name, error)),
        };
        self.folder.get_or_init(open).as_ref()
    }

    /// Whether it can have a folder at a path: one look at its names is cheaper than asking for each that is not there.
    pub(crate) fn may_have(&self, tree: &Tree, path: &str) -> bool {
        let names = || {
            let entries = self.folder(tree).ok()?.entries().ok()?;
            Some(entries.into_iter().map(|entry| entry.name).collect())
        };
        let first = path.split('/').next().unwrap_or_default();
        let top = self.top.get_or_init(names).as_ref();
        top.is_none_or(|top| top.contains(first.as_bytes()))
    }

    /// Whether anything was asked of it.
    #[cfg(feature = "cli")]
    pub(crate) fn was_asked(&self) -> bool {
        self.folder.get().is_some()
    }

    /// Whether something was asked of it, and its folder could not be opened or was not to be trusted.
    pub(crate) fn was_refused(&self) -> bool {
        self.folder.get().is_some_and(Result::is_err)
    }

    /// Whether more was asked of it than what it was built for.
    #[cfg(feature = "cli")]
    pub(crate) fn was_read(&self) -> bool {
        self.dependencies.get().is_some() || self.use_flags.get().is_some()
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
    pub fn dependencies(&self, tree: &Tree) -> Result<&Parsed> {
        self.dependencies.get_or_try_init(|| self.read_dependencies(tree, &Options::default()))
    }

    /// As [`Self::dependencies`], read anew as the options say.
    ///
    /// # Errors
    /// Where neither file can be read.
    pub fn read_dependencies(&self, tree: &Tree, options: &Options) -> Result<Parsed> {
        let path = |file: &str| {
            tree.version_path(self.program(), self.version.as_str()).join(file).display().to_string()
        };
        match self.read(tree, "Resources/Dependencies")? {
            Some(bytes) if bytes.len() > 1 => {
                Ok(dependencies::parse_with(&path("Resources/Dependencies"), &bytes, options))
            }
            _ => {
                let bytes = self.read(tree, "Resources/BuildInformation")?.unwrap_or_default();
                Ok(dependencies::parse_build_information(&path("Resources/BuildInformation"), &bytes))
            }
        }
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
        let folder = self
            .folder(tree)
            .map_err(|refused| Error::new(Step::Read, format!("{} {refused}", self.program())))?;
        folder.read(path, MAX_FILE, tree.trust()).map_err(|mut error| {
            error.step = Step::Read;
            error.what = format!("{} {}: {}", self.program(), self.version, error.what);
            error
        })
    }
}
