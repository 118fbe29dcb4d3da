//! Small GoboLinux trees in a temporary folder, told like a story.
//!
//! ```
//! # fn main() -> anyhow::Result<()> {
//! let world = gobo_tests::world::World::new()?;
//! world.program("Foo", "1.0").file("bin/foo").link("lib/libfoo.so", "libfoo.so.1").architecture("i686").current();
//! world.symlink_program("Foo", "1.0");
//! assert!(world.root().join("System/Index/bin/foo").is_symlink());
//! # Ok(())
//! # }
//! ```
//!
//! The methods panic where the disk refuses: a world that cannot be made has nothing to test. Every file says its own path,
//! so that it can be told from all others.

use std::fmt::Display;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use crate::oracle::index::DIRECTORIES;

mod random;
mod symlink_program;

pub use random::{RandomWorld, Selection};

/// A tree: `/Programs`, and `/System/Index` with its five directories.
#[derive(Debug)]
pub struct World {
    root: PathBuf,
    /// Removed with the world, where the world made it.
    _folder: Option<TempDir>,
}

/// One version of a program, while it is told what is in it.
#[derive(Debug)]
pub struct Program<'w> {
    world: &'w World,
    program: String,
    version: String,
}

impl World {
    /// An empty tree in a temporary folder, in memory where the machine has `/dev/shm`.
    pub fn new() -> Result<World> {
        let memory = Path::new("/dev/shm");
        let builder = tempfile::Builder::new().prefix("gobo-world-").to_owned();
        let folder = if memory.is_dir() { builder.tempdir_in(memory) } else { builder.tempdir() };
        let folder = folder.context("cannot make a temporary folder")?;
        let mut world = World::in_folder(&folder.path().join("root"))?;
        world._folder = Some(folder);
        Ok(world)
    }

    /// An empty tree in this folder, which is made, and stays.
    pub fn in_folder(root: &Path) -> Result<World> {
        for directory in DIRECTORIES {
            let path = root.join("System/Index").join(directory);
            fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        }
        fs::create_dir_all(root.join("Programs")).context("cannot make /Programs")?;
        Ok(World { root: root.to_owned(), _folder: None })
    }

    /// The folder that stands for `/`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A version of a program: its folder is made if it is not there.
    pub fn program(&self, program: &str, version: &str) -> Program<'_> {
        let told = Program { world: self, program: program.to_owned(), version: version.to_owned() };
        done(fs::create_dir_all(self.root.join(told.folder())), told.folder());
        told
    }

    /// A symbolic link in the index. What is at that name is replaced, if it is a link.
    pub fn index_link(&self, name: &str, text: &str) -> &World {
        let path = format!("System/Index/{name}");
        if self.root.join(&path).is_symlink() {
            done(fs::remove_file(self.root.join(&path)), &path);
        }
        self.put_link(&path, text);
        self
    }

    /// A real file in the index.
    pub fn index_file(&self, name: &str) -> &World {
        self.put_file(&format!("System/Index/{name}"));
        self
    }

    /// A real directory in the index.
    pub fn index_dir(&self, name: &str) -> &World {
        let path = format!("System/Index/{name}");
        done(fs::create_dir_all(self.root.join(&path)), path);
        self
    }

    /// Removes a link or a file of the index.
    pub fn index_remove(&self, name: &str) -> &World {
        let path = format!("System/Index/{name}");
        done(fs::remove_file(self.root.join(&path)), path);
        self
    }

    /// A file anywhere in the tree, such as `opt/tool`.
    pub fn other_file(&self, path: &str) -> &World {
        self.put_file(path);
        self
    }

    fn put_file(&self, path: &str) {
        self.make_parent(path);
        done(fs::write(self.root.join(path), format!("/{path}\n")), path);
    }

    fn put_link(&self, path: &str, text: &str) {
        self.make_parent(path);
        done(symlink(text, self.root.join(path)), path);
    }

    fn make_parent(&self, path: &str) {
        let path = self.root.join(path);
        let parent = path.parent().expect("a file lies in a directory");
        if !parent.is_dir() {
            done(fs::create_dir_all(parent), parent.display());
        }
    }
}

impl Program<'_> {
    fn folder(&self) -> String {
        format!("Programs/{}/{}", self.program, self.version)
    }

    /// A file, such as `bin/foo`.
    pub fn file(self, path: &str) -> Self {
        self.world.put_file(&format!("{}/{path}", self.folder()));
        self
    }

    /// A directory, empty so far.
    pub fn dir(self, path: &str) -> Self {
        let path = format!("{}/{path}", self.folder());
        done(fs::create_dir_all(self.world.root.join(&path)), path);
        self
    }

    /// A symbolic link.
    pub fn link(self, path: &str, text: &str) -> Self {
        self.world.put_link(&format!("{}/{path}", self.folder()), text);
        self
    }

    /// A FIFO.
    pub fn fifo(self, path: &str) -> Self {
        let path = format!("{}/{path}", self.folder());
        self.world.make_parent(&path);
        let (host, mode) = (self.world.root.join(&path), Mode::from_raw_mode(0o644));
        done(mknodat(CWD, &host, FileType::Fifo, mode, 0).map_err(io::Error::from), path);
        self
    }

    /// The text of `Resources/Dependencies`.
    pub fn dependencies(self, text: &str) -> Self {
        self.resource("Dependencies", text)
    }

    /// The one line of `Resources/Architecture`.
    pub fn architecture(self, architecture: &str) -> Self {
        self.resource("Architecture", &format!("{architecture}\n"))
    }

    /// The text of `Resources/Environment`.
    pub fn environment(self, text: &str) -> Self {
        self.resource("Environment", text)
    }

    fn resource(self, name: &str, text: &str) -> Self {
        let path = format!("{}/Resources/{name}", self.folder());
        self.world.make_parent(&path);
        done(fs::write(self.world.root.join(&path), text), path);
        self
    }

    /// Makes the program's `Current` link lead to this version.
    pub fn current(self) -> Self {
        let path = self.world.root.join("Programs").join(&self.program).join("Current");
        if path.is_symlink() {
            done(fs::remove_file(&path), path.display());
        }
        done(symlink(&self.version, &path), path.display());
        self
    }

    /// Links this version into the index; see [`World::symlink_program`].
    pub fn linked(self) -> Self {
        self.world.symlink_program(&self.program, &self.version);
        self
    }
}

fn done(result: io::Result<()>, what: impl Display) {
    if let Err(error) = result {
        panic!("the world cannot have {what}: {error}");
    }
}
