//! Starting a program on paper: what the kernel and ld.so would look for, in their order, without running anything.
//!
//! Libraries are loaded breadth first. One that is loaded already is known by its soname and by every name that it was
//! asked for; the interpreter counts as loaded. The others are looked for as `search` says. At the end every version
//! that a loaded file needs must be defined by the library that it needs it of, unless that defines no versions at all
//! (ld.so warns then, and goes on).

use super::broken::{Broken, Fault};
use super::cpu::Level;
use super::elf::{Image, Target};
use super::images::{Images, Startable};
use super::lookup::{File, Found, ViewNames, split};
use super::search::{Rooms, Seeker};
use crate::tree::Tree;
use std::rc::Rc;

/// How many scripts may be each other's interpreters, as in the kernel.
const MAX_SCRIPTS: usize = 4;

/// The most libraries of one program (R18).
const MAX_OBJECTS: usize = 2048;

/// Starts programs on paper, in one view.
pub(super) struct Loader<'a> {
    names: ViewNames<'a>,
    images: &'a Images,
    rooms: Rooms<'a>,
}

/// A file that is loaded.
pub(super) struct Object {
    /// What it is called in messages: the path of a program, the name of a library.
    pub(super) name: Vec<u8>,
    /// The names that it is known by.
    aliases: Vec<Vec<u8>>,
    pub(super) file: Rc<File>,
    facts: Rc<Startable>,
    /// What `$ORIGIN` means in it.
    pub(super) origin: Vec<u8>,
    /// Which object asked for it.
    pub(super) loader: Option<usize>,
}

impl Object {
    pub(super) fn image(&self) -> Option<&Image> {
        match &*self.facts {
            Startable::Elf(image) => Some(image),
            Startable::Script(_) => None,
        }
    }

    fn is_called(&self, name: &[u8]) -> bool {
        self.aliases.iter().any(|alias| alias == name)
            || self.image().is_some_and(|image| image.soname.as_deref() == Some(name))
    }
}

/// What came of looking for a library.
pub(super) enum Sought {
    /// It is this file; the path is the one it was found by.
    Found { path: Vec<u8>, file: Rc<File>, facts: Rc<Startable> },
    /// It is there for other machines only.
    Other(Rc<File>, Target),
    /// Where it would be looked for cannot be told.
    Untold,
    /// It is not there.
    Nowhere,
}

impl<'a> Loader<'a> {
    pub(super) fn new(tree: &'a Tree, names: ViewNames<'a>, images: &'a Images, level: Level) -> Self {
        Self { names, images, rooms: Rooms::new(tree, level) }
    }

    /// Whether a program would start, by its path.
    pub(super) fn start(&self, program: &[u8]) -> Result<(), Broken> {
        let objects = self.load(program)?;
        objects.iter().try_for_each(|object| has_its_versions(object, &objects))
    }

    /// What is loaded when a program starts, by its path: itself, its interpreter, and its libraries; none where nothing
    /// else is.
    pub(super) fn load(&self, program: &[u8]) -> Result<Vec<Object>, Broken> {
        let mut path = program.to_vec();
        for _ in 0..=MAX_SCRIPTS {
            let (file, facts) = self.executable(&path)?;
            match &*facts {
                Startable::Script(interpreter) => path.clone_from(interpreter),
                Startable::Elf(image) => {
                    return match image.interpreter.clone() {
                        Some(interpreter) => self.link(path, file, facts, interpreter),
                        None => Ok(Vec::new()),
                    };
                }
            }
        }
        Err(Broken::of(&path, Fault::Scripts))
    }

    /// What is loaded with a plug-in that a program opens by its path, started by that interpreter.
    #[cfg(feature = "cli")]
    pub(super) fn load_plug_in(&self, path: &[u8], interpreter: &[u8]) -> Result<Vec<Object>, Broken> {
        let found = self.names.resolve(path).and_then(|found| found.file().cloned());
        let file = found.ok_or_else(|| Broken::of(path, Fault::Missing))?;
        let facts = self.images.of(&self.names, &file).map_err(|odd| Broken::of(path, Fault::Odd(odd)))?;
        self.link(path.to_vec(), file, facts, interpreter.to_vec())
    }

    /// The file that the kernel would start.
    fn executable(&self, path: &[u8]) -> Result<(Rc<File>, Rc<Startable>), Broken> {
        let file = match self.names.resolve(path) {
            Some(Found::File(file)) => file,
            Some(Found::Folder(_)) | None => return Err(Broken::of(path, Fault::Missing)),
        };
        if !file.is_regular() || file.mode & 0o111 == 0 {
            return Err(Broken::of(path, Fault::NotExecutable));
        }
        let facts = self.images.of(&self.names, &file).map_err(|odd| Broken::of(path, Fault::Odd(odd)))?;
        Ok((file, facts))
    }

    /// Loads a program's interpreter and libraries.
    fn link(
        &self,
        path: Vec<u8>,
        file: Rc<File>,
        facts: Rc<Startable>,
        interpreter: Vec<u8>,
    ) -> Result<Vec<Object>, Broken> {
        let Startable::Elf(image) = &*facts else { return Ok(Vec::new()) };
        let target = image.target;
        let (loader, loader_facts) = self.executable(&interpreter)?;
        match &*loader_facts {
            Startable::Elf(loader) if loader.target == target => {}
            Startable::Elf(other) => {
                let fault =
                    Fault::OtherMachine { found: loader.path.clone(), wanted: target, is: other.target };
                return Err(Broken::needed(&interpreter, &path, fault));
            }
            Startable::Script(_) => return Err(Broken::of(&interpreter, Fault::NotExecutable)),
        }
        let is_secure = file.mode & 0o6000 != 0;
        let seeker = Seeker::new(&self.names, self.images, &self.rooms, &loader, target, is_secure);
        let mut objects = vec![
            Object {
                origin: folder_of(&file.path),
                name: path,
                aliases: Vec::new(),
                file,
                facts,
                loader: None,
            },
            Object {
                origin: folder_of(&interpreter),
                name: interpreter.clone(),
                aliases: vec![interpreter],
                file: loader,
                facts: loader_facts,
                loader: None,
            },
        ];
        let mut next = 0;
        while let Some(object) = objects.get(next) {
            let needed = object.image().map_or(Vec::new(), |image| image.needed.clone());
            for name in needed {
                load(&seeker, &mut objects, next, name)?;
            }
            next += 1;
        }
        Ok(objects)
    }
}

/// Loads one needed library, unless it is loaded already.
fn load(seeker: &Seeker<'_, '_>, objects: &mut Vec<Object>, by: usize, name: Vec<u8>) -> Result<(), Broken> {
    if objects.iter().any(|object| object.is_called(&name)) {
        return Ok(());
    }
    let broken = |fault| Err(Broken::needed(&name, &objects[by].name, fault));
    let (path, file, facts) = match seeker.seek(&name, by, objects)? {
        Sought::Found { path, file, facts } => (path, file, facts),
        Sought::Untold => return Ok(()),
        Sought::Nowhere => return broken(Fault::Missing),
        Sought::Other(file, is) => {
            return broken(Fault::OtherMachine { found: file.path.clone(), wanted: seeker.target(), is });
        }
    };
    if objects.len() == MAX_OBJECTS {
        return broken(Fault::Crowded(MAX_OBJECTS));
    }
    match objects.iter_mut().find(|object| object.file.id == file.id) {
        Some(same) => same.aliases.push(name),
        None => objects.push(Object {
            origin: folder_of(&path),
            aliases: vec![name.clone()],
            name,
            file,
            facts,
            loader: Some(by),
        }),
    }
    Ok(())
}

/// Whether the versions that a loaded file needs are there.
fn has_its_versions(object: &Object, objects: &[Object]) -> Result<(), Broken> {
    let needs = object.image().map_or(&[][..], |image| &image.version_needs);
    for need in needs.iter().filter(|need| !need.is_weak) {
        let Some(library) = objects.iter().find(|object| object.is_called(&need.library)) else { continue };
        let Some(versions) = library.image().and_then(|image| image.versions.as_ref()) else { continue };
        if versions.binary_search(&need.version).is_err() {
            let fault = Fault::Version {
                version: need.version.clone(),
                found: library.file.path.clone(),
                needed_by: object.file.path.clone(),
            };
            return Err(Broken::needed(&need.library, &object.name, fault));
        }
    }
    Ok(())
}

/// The folder that a path lies in.
fn folder_of(path: &[u8]) -> Vec<u8> {
    split(path).map_or(Vec::new(), |(folder, _)| folder.to_vec())
}
