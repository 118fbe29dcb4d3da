//! What was installed: a line for each file, link and folder.

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What was installed, in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) entries: Vec<Entry>,
}

/// One file, link or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// The SHA-256 of a file as it was installed, the target of a link.
    pub(super) digest: String,
    pub(super) path: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// A file that administrators change.
    Settings,
    Link,
    /// A folder that was not there before.
    Folder,
    /// The manifest itself.
    Manifest,
}

/// The kinds and their words.
const KINDS: [(Kind, &str); 5] = [
    (Kind::File, "file"),
    (Kind::Settings, "settings"),
    (Kind::Link, "link"),
    (Kind::Folder, "folder"),
    (Kind::Manifest, "manifest"),
];

impl Manifest {
    /// Reads a manifest; an empty one where there is none.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            read => read.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let entry = |line: &str| {
            let mut parts = line.splitn(3, '\t');
            let word = parts.next()?;
            let (kind, _) = KINDS.into_iter().find(|(_, known)| *known == word)?;
            Some(Entry { kind, digest: parts.next()?.to_owned(), path: parts.next()?.into() })
        };
        let entries: Option<Vec<Entry>> = text.lines().map(entry).collect();
        Ok(Self { entries: entries.with_context(|| format!("{} is no manifest", path.display()))? })
    }

    /// Whether a path is listed.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.entries.iter().any(|entry| entry.path == path)
    }

    /// Whether a path is listed with that content.
    pub(super) fn has_with(&self, path: &Path, digest: &str) -> bool {
        self.entries.iter().any(|entry| entry.path == path && entry.digest == digest)
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Entry { kind, digest, path } in &self.entries {
            let word = KINDS.into_iter().find(|(known, _)| known == kind).map_or("", |(_, word)| word);
            writeln!(f, "{word}\t{digest}\t{}", path.display())?;
        }
        Ok(())
    }
}

/// The SHA-256 of a content, in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
