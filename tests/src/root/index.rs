//! /System/Index, by the rules of SymlinkProgram.
//!
//! The index is made in memory and written once. For each name of a program:
//!
//! 1. a link that leads nowhere (yet) is linked as it is, unless the name is taken;
//! 2. a free name becomes one link, to a file or to a whole folder;
//! 3. a name that the same program has, or that leads nowhere, is linked anew;
//! 4. a folder goes into a folder that is expanded already;
//! 5. where two programs have a folder of that name, it is expanded: a real folder with the links of both;
//! 6. where two programs have a file of that name, the first one keeps it;
//! 7. so it does where one has a file and the other a folder.

use super::closure::Program;
use super::{inside, tree};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder of links.
pub type Folder = BTreeMap<OsString, Node>;

/// What a name of the index is.
#[derive(Debug, PartialEq, Eq)]
pub enum Node {
    /// A link with this absolute target.
    Link(PathBuf),
    /// A real folder.
    Expanded(Folder),
}

/// The folders of a program with the folder of the index that has their links, in the order of linking.
const SOURCES: [(&str, &str); 7] = [
    ("lib", "lib"),
    ("include", "include"),
    ("bin", "bin"),
    ("sbin", "bin"),
    ("libexec", "libexec"),
    ("share", "share"),
    ("Resources/Wrappers", "bin"),
];

/// Makes links into folders, in memory.
pub struct Linker<'a> {
    root: &'a Path,
    /// Names that two programs have: what was kept, and what was not linked.
    pub conflicts: Vec<(PathBuf, PathBuf)>,
}

impl<'a> Linker<'a> {
    /// A linker for a root.
    pub fn new(root: &'a Path) -> Self {
        Self { root, conflicts: Vec::new() }
    }

    /// Links the folders of a program's version into the index.
    pub fn program(&mut self, program: &Program, index: &mut Folder) -> Result<()> {
        let version = Path::new("/Programs").join(&program.name).join(&program.version);
        for (source, directory) in SOURCES {
            let node = index.entry(directory.into()).or_insert_with(|| Node::Expanded(Folder::new()));
            if let Node::Expanded(folder) = node {
                self.folder(&version.join(source), folder)?;
            }
        }
        Ok(())
    }

    /// Links everything in a folder of the root; that there is none is well.
    pub fn folder(&mut self, source: &Path, into: &mut Folder) -> Result<()> {
        for path in self.list(source)? {
            self.name(&path, into)?;
        }
        Ok(())
    }

    fn name(&mut self, path: &Path, into: &mut Folder) -> Result<()> {
        let name = path.file_name().context("a path without name")?.to_owned();
        let Some(found) = inside::resolve(self.root, path) else {
            into.entry(name).or_insert_with(|| Node::Link(self.broken_target(path)));
            return Ok(());
        };
        match into.entry(name) {
            Entry::Vacant(vacant) => drop(vacant.insert(Node::Link(found))),
            Entry::Occupied(mut occupied) => match occupied.get_mut() {
                Node::Expanded(folder) if self.is_folder(&found) => self.folder(&found, folder)?,
                Node::Expanded(_) => self.conflicts.push((path.to_path_buf(), found)),
                Node::Link(old) => match inside::resolve(self.root, old) {
                    None => *old = found,
                    Some(kept) if same_program(&kept, &found) => *old = found,
                    Some(kept) if self.is_folder(&kept) && self.is_folder(&found) => {
                        let mut folder = self.expanded(&kept)?;
                        self.folder(&found, &mut folder)?;
                        occupied.insert(Node::Expanded(folder));
                    }
                    Some(kept) => self.conflicts.push((kept, found)),
                },
            },
        }
        Ok(())
    }

    /// A folder with a link to everything that is in a folder of the root.
    pub fn expanded(&self, folder: &Path) -> Result<Folder> {
        let paths = self.list(folder)?.into_iter();
        Ok(paths.filter_map(|path| Some((path.file_name()?.to_owned(), Node::Link(path)))).collect())
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let on_disk = inside::on_disk(self.root, folder);
        if !on_disk.is_dir() {
            return Ok(Vec::new());
        }
        let names = tree::entries(&on_disk)?.into_iter();
        Ok(names.filter_map(|path| Some(folder.join(path.file_name()?))).collect())
    }

    fn is_folder(&self, path: &Path) -> bool {
        tree::is_folder(&inside::on_disk(self.root, path))
    }

    /// The target of a broken link, made absolute.
    fn broken_target(&self, path: &Path) -> PathBuf {
        match fs::read_link(inside::on_disk(self.root, path)) {
            Ok(target) if target.is_absolute() => target,
            _ => path.to_path_buf(),
        }
    }
}

fn same_program(a: &Path, b: &Path) -> bool {
    let program = |path: &Path| {
        path.strip_prefix("/Programs").ok()?.components().next().map(|name| name.as_os_str().to_owned())
    };
    program(a).is_some_and(|name| program(b) == Some(name))
}

/// Writes a folder of links; a name that is there stays. Returns the number of links.
pub fn write(folder: &Folder, path: &Path) -> Result<usize> {
    tree::make_folder(path)?;
    let mut count = 0;
    for (name, node) in folder {
        let path = path.join(name);
        match node {
            Node::Expanded(folder) => count += write(folder, &path)?,
            Node::Link(target) if !tree::exists(&path) => {
                tree::link(target, &path)?;
                count += 1;
            }
            Node::Link(_) => {}
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Links these folders (of versions) in order, for a root with these files (`PATH` or `PATH -> TARGET`).
    fn index(files: &[&str], versions: &[&str]) -> (Folder, Vec<(PathBuf, PathBuf)>) {
        let work = tempfile::tempdir().unwrap();
        for file in files {
            match file.split_once(" -> ") {
                Some((path, target)) => tree::link(target, &work.path().join(path)).unwrap(),
                None => tree::write(&work.path().join(file), "", 0o644).unwrap(),
            }
        }
        let mut linker = Linker::new(work.path());
        let mut folder = Folder::new();
        for version in versions {
            linker.folder(&Path::new("/Programs").join(version), &mut folder).unwrap();
        }
        (folder, linker.conflicts)
    }

    fn link(target: &str) -> Node {
        Node::Link(target.into())
    }

    fn expanded<const N: usize>(entries: [(&str, &str); N]) -> Node {
        Node::Expanded(entries.map(|(name, target)| (name.into(), link(target))).into())
    }

    #[test]
    fn free_names_and_broken_links() {
        let files = [
            "Programs/A/1/x/file",
            "Programs/A/1/x/dir/y",
            "Programs/A/1/x/to -> file",
            "Programs/A/1/x/off -> /nowhere",
        ];
        let (folder, conflicts) = index(&files, &["A/1/x"]);
        assert_eq!(folder["file".as_ref() as &std::ffi::OsStr], link("/Programs/A/1/x/file"));
        assert_eq!(folder["dir".as_ref() as &std::ffi::OsStr], link("/Programs/A/1/x/dir"));
        assert_eq!(folder["to".as_ref() as &std::ffi::OsStr], link("/Programs/A/1/x/file"));
        assert_eq!(folder["off".as_ref() as &std::ffi::OsStr], link("/nowhere"));
        assert!(conflicts.is_empty());
    }

    #[test]
    fn two_programs_share_a_folder() {
        let files = ["Programs/A/1/x/dir/a", "Programs/B/1/x/dir/b", "Programs/C/1/x/dir/c/d"];
        let (folder, conflicts) = index(&files, &["A/1/x", "B/1/x", "C/1/x"]);
        let all =
            [("a", "/Programs/A/1/x/dir/a"), ("b", "/Programs/B/1/x/dir/b"), ("c", "/Programs/C/1/x/dir/c")];
        assert_eq!(folder, Folder::from([("dir".into(), expanded(all))]));
        assert!(conflicts.is_empty());
    }

    #[test]
    fn the_first_keeps_a_file() {
        let files = ["Programs/A/1/x/name", "Programs/B/1/x/name", "Programs/C/1/x/name/in"];
        let (folder, conflicts) = index(&files, &["A/1/x", "B/1/x", "C/1/x"]);
        assert_eq!(folder, Folder::from([("name".into(), link("/Programs/A/1/x/name"))]));
        assert_eq!(conflicts.len(), 2);
    }

    #[test]
    fn the_same_program_is_linked_anew() {
        let files = ["Programs/A/1/bin/name", "Programs/A/1/sbin/name"];
        let (folder, conflicts) = index(&files, &["A/1/bin", "A/1/sbin"]);
        assert_eq!(folder, Folder::from([("name".into(), link("/Programs/A/1/sbin/name"))]));
        assert!(conflicts.is_empty());
    }

    #[test]
    fn writing_keeps_what_is_there() {
        let work = tempfile::tempdir().unwrap();
        tree::link(".", &work.path().join("lib/triplet")).unwrap();
        let inner = expanded([("triplet", "/other"), ("z", "/z")]);
        assert_eq!(write(&Folder::from([("lib".into(), inner)]), work.path()).unwrap(), 1);
        assert_eq!(fs::read_link(work.path().join("lib/triplet")).unwrap(), Path::new("."));
        assert_eq!(fs::read_link(work.path().join("lib/z")).unwrap(), Path::new("/z"));
    }
}
