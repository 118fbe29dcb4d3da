//! What GoboLinux' SymlinkProgram does to the index, in short.
//!
//! A free name gets a link; a link of the same program is replaced; where a link to a directory meets a directory, the name
//! becomes a real directory that holds the links of both; a real directory is entered; any other clash leaves what is there.

use std::fs;
use std::os::unix::fs::symlink;

use super::{World, done};
use crate::oracle::index::{DIRECTORIES, Entry};
use crate::oracle::tree::{Place, Tree};
use crate::oracle::words::sources;

/// How the texts of new links are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Texts {
    Absolute,
    Relative,
}

impl World {
    /// Links a version into the index, as the package tools do, with links such as `/Programs/Foo/1.0/bin/foo`.
    pub fn symlink_program(&self, program: &str, version: &str) -> &World {
        self.link_all(program, version, Texts::Absolute)
    }

    /// The same with links such as `../../../Programs/Foo/1.0/bin/foo`.
    pub fn symlink_program_relative(&self, program: &str, version: &str) -> &World {
        self.link_all(program, version, Texts::Relative)
    }

    fn link_all(&self, program: &str, version: &str, texts: Texts) -> &World {
        for directory in DIRECTORIES {
            // The strongest source comes last here, and replaces what the others have linked.
            for source in sources(directory).into_iter().rev() {
                let folder = format!("/Programs/{program}/{version}/{source}");
                if let Place::Directory(_) = self.resolve(&folder) {
                    self.link_names(directory, program, &folder, texts);
                }
            }
        }
        self
    }

    /// Links everything in the directory `folder` to the name that it has in the index directory `name`.
    fn link_names(&self, name: &str, program: &str, folder: &str, texts: Texts) {
        let Place::Directory(place) = self.resolve(folder) else { return };
        for child in self.tree().list(&place).expect("a directory can be read") {
            self.link_name(&format!("{name}/{child}"), program, &format!("{folder}/{child}"), texts);
        }
    }

    fn link_name(&self, name: &str, program: &str, target: &str, texts: Texts) {
        let is_directory = matches!(self.resolve(target), Place::Directory(_));
        match self.entry(name) {
            None => self.make_link(name, target, texts),
            Some(Entry::Link(old)) if is_link_of(&old, program) => {
                self.remove_link(name);
                self.make_link(name, target, texts);
            }
            Some(Entry::Link(_)) if is_directory => self.expand(name, program, target, texts),
            Some(Entry::Directory) if is_directory => self.link_names(name, program, target, texts),
            Some(_) => {}
        }
    }

    /// Makes a real directory of a link to a directory, with the links of both.
    fn expand(&self, name: &str, program: &str, target: &str, texts: Texts) {
        let path = format!("/System/Index/{name}");
        let Place::Directory(place) = self.resolve(&path) else { return };
        if place.first().is_none_or(|top| top != "Programs") {
            return; // A link such as `x86_64-linux-gnu -> .` is no program's directory.
        }
        self.remove_link(name);
        self.index_dir(name);
        for child in self.tree().list(&place).expect("a directory can be read") {
            self.make_link(&format!("{name}/{child}"), &format!("/{}/{child}", place.join("/")), texts);
        }
        self.link_names(name, program, target, texts);
    }

    fn make_link(&self, name: &str, target: &str, texts: Texts) {
        let text = match texts {
            Texts::Absolute => target.to_owned(),
            Texts::Relative => format!("{}{}", "../".repeat(name.matches('/').count() + 2), &target[1..]),
        };
        let path = self.root.join("System/Index").join(name);
        done(symlink(text, &path), path.display());
    }

    fn remove_link(&self, name: &str) {
        let path = self.root.join("System/Index").join(name);
        done(fs::remove_file(&path), path.display());
    }

    fn entry(&self, name: &str) -> Option<Entry> {
        let path: Vec<String> = format!("System/Index/{name}").split('/').map(str::to_owned).collect();
        self.tree().entry(&path).expect("the index can be read")
    }

    fn resolve(&self, path: &str) -> Place {
        self.tree().resolve(path).expect("the tree can be read")
    }

    fn tree(&self) -> Tree<'_> {
        Tree::on_disk(self.root())
    }
}

fn is_link_of(text: &str, program: &str) -> bool {
    text.contains(&format!("Programs/{program}/"))
}
