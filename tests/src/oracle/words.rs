//! The words that the rules are made of: sources, majors, architectures, owners, what a directory has at a name.

use std::fs;

use anyhow::Result;

use super::index::Entry;
use super::tree::{Canonical, Place, Tree, display};

/// What is known of a version: of a chosen one, or of one that owns a base link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The program, such as `GTK+`.
    pub program: String,
    /// The version, such as `2.24.33-i686`.
    pub version: String,
    /// See [`major`].
    pub major: String,
    /// See [`architecture`].
    pub architecture: Architecture,
}

/// The architecture of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// It fits every other.
    Any,
    /// This one; i386, i486, i586 and i686 are `i686`.
    One(String),
}

impl Version {
    /// Reads what is to be known of a version from its folder; `None` where there is no such folder.
    pub fn read(tree: Tree<'_>, program: &str, version: &str) -> Result<Option<Version>> {
        let Place::Directory(_) = tree.resolve(&format!("/Programs/{program}/{version}"))? else {
            return Ok(None);
        };
        Ok(Some(Version {
            program: program.to_owned(),
            version: version.to_owned(),
            major: major(version),
            architecture: architecture(tree, program, version)?,
        }))
    }

    /// The folder of the version, as links to it are written.
    pub fn folder(&self) -> String {
        format!("/Programs/{}/{}", self.program, self.version)
    }

    /// Whether two values mean the same version of the same program.
    pub fn is(&self, other: &Version) -> bool {
        self.program == other.program && self.version == other.version
    }
}

impl Architecture {
    /// "Architectures are **the same** when equal or when either is *any*."
    pub fn same(&self, other: &Architecture) -> bool {
        self == other || *self == Architecture::Any || *other == Architecture::Any
    }

    /// Whether it is just this architecture; *any* is not.
    pub fn is(&self, name: &str) -> bool {
        *self == Architecture::One(name.to_owned())
    }
}

/// "The **sources** of D in a version folder, strongest first. By default, for `bin`: `Resources/Wrappers`, `sbin`,
/// `bin`; for `lib`: `lib64`, `lib`; for the others the folder of that name."
pub fn sources(directory: &str) -> Vec<&str> {
    match directory {
        "bin" => vec!["Resources/Wrappers", "sbin", "bin"],
        "lib" => vec!["lib64", "lib"],
        other => vec![other],
    }
}

/// "A major (the first number in the version; a version without one is its own major)".
pub fn major(version: &str) -> String {
    let from_first_digit = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    let digits: String = from_first_digit.chars().take_while(char::is_ascii_digit).collect();
    match digits.trim_start_matches('0') {
        "" if digits.is_empty() => version.to_owned(),
        "" => "0".to_owned(),
        number => number.to_owned(),
    }
}

/// "An architecture (the first line of `Resources/Architecture`; i386, i486, i586 and i686 are one; a missing file, an
/// unreadable value and `noarch` mean *any*)".
pub fn architecture(tree: Tree<'_>, program: &str, version: &str) -> Result<Architecture> {
    let place = tree.resolve(&format!("/Programs/{program}/{version}/Resources/Architecture"))?;
    let Place::File(path) = place else { return Ok(Architecture::Any) };
    let Ok(text) = fs::read_to_string(tree.host_path(&path)) else { return Ok(Architecture::Any) };
    Ok(match text.lines().next().unwrap_or("").trim() {
        "" | "noarch" => Architecture::Any,
        "i386" | "i486" | "i586" | "i686" => Architecture::One("i686".to_owned()),
        other => Architecture::One(other.to_owned()),
    })
}

/// "The **owner** of a base link is read from its text, without touching the disk: made absolute against the directory
/// it lies in, `.` and `..` taken lexically; if the result is `/Programs/NAME/VERSION/...`, the owner is that program
/// and version (`Current` is replaced by the text of the link `/Programs/NAME/Current`), provided the folder
/// `/Programs/NAME/VERSION` exists. Otherwise the link has no owner."
pub fn owner(tree: Tree<'_>, directory: &str, text: &str) -> Result<Option<Version>> {
    let path = lexical(&format!("/System/Index/{directory}"), text);
    let [programs, program, version, _, ..] = path.as_slice() else { return Ok(None) };
    if programs != "Programs" {
        return Ok(None);
    }
    if version != "Current" {
        return Version::read(tree, program, version);
    }
    match tree.entry(&["Programs".to_owned(), program.clone(), "Current".to_owned()])? {
        Some(Entry::Link(current)) => match lexical(&format!("/Programs/{program}"), &current).as_slice() {
            [programs, same, version] if programs == "Programs" && same == program => {
                Version::read(tree, program, version)
            }
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// A path or text of a link in `directory`, made absolute, as components; `.` and `..` are taken by their letters alone.
pub(super) fn lexical(directory: &str, text: &str) -> Vec<String> {
    let mut path: Vec<String> = Vec::new();
    for component in absolute(directory, text).split('/') {
        match component {
            "" | "." => {}
            ".." => drop(path.pop()),
            name => path.push(name.to_owned()),
        }
    }
    path
}

/// The text of a link in `directory`, made absolute and otherwise left alone.
pub fn absolute(directory: &str, text: &str) -> String {
    if text.starts_with('/') { text.to_owned() } else { format!("{directory}/{text}") }
}

/// The directories that a walk went through, the innermost last.
pub type Way = Vec<Canonical>;

/// What something counts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// "A **file** is everything that is not a directory: regular files, broken symlinks, symlinks to files."
    File,
    /// A directory, with the way to it.
    Directory(Way),
}

/// What the innermost directory of a way has at a name.
///
/// "A symlink counts as what it leads to inside the tree; one that leads to a directory which it lies in (itself or any
/// directory above it on the way the walk took) is a file, and is never walked. Devices, FIFOs and sockets in program
/// folders do not exist".
pub fn look(tree: Tree<'_>, way: &Way, name: &str) -> Result<Option<Kind>> {
    let here = way.last().expect("a walk begins somewhere");
    let mut path = here.clone();
    path.push(name.to_owned());
    Ok(match tree.entry(&path)? {
        None => None,
        Some(Entry::Special) if display(here).starts_with("/Programs/") => None,
        Some(Entry::File | Entry::Special) => Some(Kind::File),
        Some(Entry::Directory) => Some(Kind::Directory(and(way, path))),
        Some(Entry::Link(text)) => match tree.resolve_from(here, &text)? {
            Place::Directory(target) if !way.contains(&target) => Some(Kind::Directory(and(way, target))),
            _ => Some(Kind::File),
        },
    })
}

fn and(way: &Way, next: Canonical) -> Way {
    let mut longer = way.clone();
    longer.push(next);
    longer
}
