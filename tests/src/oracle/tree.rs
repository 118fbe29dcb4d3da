//! Where a path leads inside a tree.
//!
//! A tree is a folder that stands for `/`: absolute links in it are meant inside it, and `..` never leads out of it. The
//! kernel would follow such a link out into the host, so every component is looked at here, one after the other, and
//! links are followed by hand. An index in memory can lie over `/System/Index`: links that lead back into the index then
//! lead into that one.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::index::{Entry, Index};

/// A path without links, `.` and `..`, as its components from the top of the tree.
pub type Canonical = Vec<String>;

/// Linux gives up after so many links.
const MOST_LINKS: usize = 40;

/// A tree, and the index that is seen in it.
#[derive(Clone, Copy)]
pub struct Tree<'a> {
    root: &'a Path,
    index: Option<&'a Index>,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A directory.
    Directory(Canonical),
    /// A regular file.
    File(Canonical),
    /// A device, a FIFO or a socket.
    Special(Canonical),
    /// Nothing: the first component that is missing, with the path up to it, or why there is no end.
    Nowhere(String),
}

impl<'a> Tree<'a> {
    /// The tree as it is on the disk.
    pub fn on_disk(root: &'a Path) -> Self {
        Tree { root, index: None }
    }

    /// The tree with another index in the place of its own.
    pub fn with_index(root: &'a Path, index: &'a Index) -> Self {
        Tree { root, index: Some(index) }
    }

    /// What stands at a canonical path; a link is not followed.
    pub fn entry(&self, path: &[String]) -> Result<Option<Entry>> {
        if let (Some(index), Some(name)) = (self.index, name_in_index(path)) {
            return Ok(index.get(&name).cloned());
        }
        entry_on_disk(&self.host_path(path))
    }

    /// The names in the directory at a canonical path.
    pub fn list(&self, directory: &[String]) -> Result<Vec<String>> {
        if let (Some(index), Some(name)) = (self.index, name_in_index(directory)) {
            return Ok(index.names_in(&name));
        }
        list_on_disk(&self.host_path(directory))
    }

    /// Follows an absolute path from the top of the tree.
    pub fn resolve(&self, path: &str) -> Result<Place> {
        self.resolve_from(&[], path)
    }

    /// Follows a path or the text of a link, which lies in the directory `from`.
    pub fn resolve_from(&self, from: &[String], text: &str) -> Result<Place> {
        let mut at: Canonical = if text.starts_with('/') { Vec::new() } else { from.to_vec() };
        let mut to_do: VecDeque<String> = components(text).collect();
        let mut links = 0;
        while let Some(component) = to_do.pop_front() {
            if component == ".." {
                at.pop();
                continue;
            }
            let mut next = at.clone();
            next.push(component);
            match self.entry(&next)? {
                None => return Ok(Place::Nowhere(display(&next))),
                Some(Entry::Directory) => at = next,
                Some(Entry::Link(text)) => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Ok(Place::Nowhere("too many links".to_owned()));
                    }
                    if text.starts_with('/') {
                        at.clear();
                    }
                    for component in components(&text).collect::<Vec<_>>().into_iter().rev() {
                        to_do.push_front(component);
                    }
                }
                Some(Entry::File | Entry::Special) if !to_do.is_empty() => {
                    return Ok(Place::Nowhere(display(&next)));
                }
                Some(Entry::File) => return Ok(Place::File(next)),
                Some(Entry::Special) => return Ok(Place::Special(next)),
            }
        }
        Ok(Place::Directory(at))
    }

    /// The path by which this process reaches a canonical path (which has no links, so nothing leads out).
    pub fn host_path(&self, path: &[String]) -> PathBuf {
        let mut host = self.root.to_owned();
        host.extend(path);
        host
    }
}

/// A canonical path as text.
pub fn display(path: &[String]) -> String {
    format!("/{}", path.join("/"))
}

fn components(text: &str) -> impl Iterator<Item = String> {
    text.split('/').filter(|component| !component.is_empty() && *component != ".").map(str::to_owned)
}

/// `/System/Index/bin/x` is the name `bin/x`; other paths have no name, `/System/Index` itself has none either.
fn name_in_index(path: &[String]) -> Option<String> {
    match path {
        [system, index, directory, ..]
            if system == "System"
                && index == "Index"
                && super::index::DIRECTORIES.contains(&directory.as_str()) =>
        {
            Some(path[2..].join("/"))
        }
        _ => None,
    }
}

/// What stands at a path of the host; a link is not followed.
pub(super) fn entry_on_disk(path: &Path) -> Result<Option<Entry>> {
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot look at {}", path.display())),
    };
    Ok(Some(if kind.is_symlink() {
        let text = fs::read_link(path).with_context(|| format!("cannot read the link {}", path.display()))?;
        Entry::Link(utf8(text.as_os_str().as_bytes())?)
    } else if kind.is_dir() {
        Entry::Directory
    } else if kind.is_file() {
        Entry::File
    } else {
        Entry::Special
    }))
}

/// The names in a directory of the host, sorted.
pub(super) fn list_on_disk(path: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in
        fs::read_dir(path).with_context(|| format!("cannot read the directory {}", path.display()))?
    {
        names.push(utf8(entry?.file_name().as_bytes())?);
    }
    names.sort();
    Ok(names)
}

fn utf8(bytes: &[u8]) -> Result<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => {
            bail!("{:?} is not UTF-8: the oracle compares names as text", String::from_utf8_lossy(bytes))
        }
    }
}
