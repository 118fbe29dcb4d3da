//! An index as plain data: every name that is really in it, and what stands there.
//!
//! Links are not followed here, so only real directories are entered. The base index is read into this form, the expected
//! one is built in it, and a mounted view is read into it too: from there on all three are treated alike.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::tree::{entry_on_disk, list_on_disk};

/// The directories of an index.
pub const DIRECTORIES: [&str; 5] = ["bin", "lib", "include", "libexec", "share"];

/// What stands at one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A symbolic link with this text.
    Link(String),
    /// A real directory.
    Directory,
    /// A regular file.
    File,
    /// A device, a FIFO or a socket.
    Special,
}

/// Names, such as `share/themes/Default`, and what stands there. The five directories have names too: `bin` and so on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index(BTreeMap<String, Entry>);

impl Index {
    /// Reads the folder that holds the five directories.
    pub fn read(folder: &Path) -> Result<Index> {
        let mut index = Index::default();
        for directory in DIRECTORIES {
            index.read_name(&folder.join(directory), directory)?;
        }
        Ok(index)
    }

    fn read_name(&mut self, path: &Path, name: &str) -> Result<()> {
        let Some(entry) = entry_on_disk(path)? else { return Ok(()) };
        let is_directory = entry == Entry::Directory;
        self.put(name, entry);
        if is_directory {
            for child in list_on_disk(path)? {
                self.read_name(&path.join(&child), &format!("{name}/{child}"))?;
            }
        }
        Ok(())
    }

    /// What stands at a name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.0.get(name)
    }

    /// Puts something at a name.
    pub fn put(&mut self, name: &str, entry: Entry) {
        self.0.insert(name.to_owned(), entry);
    }

    /// The last parts of the names directly below a name.
    pub fn names_in(&self, name: &str) -> Vec<String> {
        let below = format!("{name}/");
        let from_here = self.0.range(below.clone()..).map(|(other, _)| other);
        let names = from_here.map_while(|other| other.strip_prefix(&below));
        names.filter(|rest| !rest.contains('/')).map(str::to_owned).collect()
    }

    /// Every name with what stands there.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(name, entry)| (name.as_str(), entry))
    }
}
