//! Where ld.so looks for a library, and in which order.
//!
//! For a file that needs one: the RPATHs of that file and of those that loaded it, unless it has a RUNPATH; then its
//! RUNPATH; then the default folder, which is the index's `lib`, and below it the folders that Debian's loaders have for
//! one architecture. In each folder the 64-bit loader first looks into the folders for the levels of the processor
//! (since Glibc 2.33), and into `x86_64` (before Glibc 2.37). A library for another machine is passed over. `ld.so.cache`
//! is not asked: it names files of the default folders, and what it names for another machine is passed over as well.

use super::broken::{Broken, Fault};
use super::cpu::Level;
use super::elf::{Search, Target};
use super::images::{Images, Startable};
use super::loader::{Object, Sought};
use super::lookup::{File, ViewNames};
use super::rules::glibc_at;
use crate::tree::{Tree, join};
use crate::unordered::Map;
use crate::version::Version;
use std::cell::RefCell;
use std::os::unix::ffi::OsStrExt as _;
use std::rc::Rc;

/// The folders below `lib` that Debian's loaders search by default.
const TRIPLETS: [&[u8]; 2] = [b"x86_64-linux-gnu", b"i386-linux-gnu"];

/// The most folders that are taken from one RPATH (R18).
const MAX_FOLDERS: usize = 256;

/// Which folders below a folder a loader searches before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Habits {
    /// The folders for the levels of the processor.
    levels: bool,
    /// The folder `x86_64`.
    legacy: bool,
}

/// The folders that were searched before, as far as they exist.
pub(super) struct Rooms<'a> {
    tree: &'a Tree,
    level: Level,
    known: RefCell<Map<(Vec<u8>, Habits), Paths>>,
}

/// Folders, in the order in which they are searched.
type Paths = Rc<[Vec<u8>]>;

/// Looks for the libraries of one program.
pub(super) struct Seeker<'s, 'a> {
    names: &'s ViewNames<'a>,
    images: &'s Images,
    rooms: &'s Rooms<'a>,
    target: Target,
    habits: Habits,
    /// The default folders.
    defaults: Vec<Vec<u8>>,
    /// Whether the program is set-user-ID or set-group-ID.
    is_secure: bool,
}

impl<'a> Rooms<'a> {
    pub(super) fn new(tree: &'a Tree, level: Level) -> Self {
        Self { tree, level, known: RefCell::default() }
    }

    /// The folders that are searched for a folder of a list.
    fn of(&self, names: &ViewNames<'a>, folder: &[u8], habits: Habits) -> Paths {
        let key = (folder.to_vec(), habits);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let levels = self.level.folders().filter(|_| habits.levels);
        let inner = levels.chain([b"x86_64".as_slice()].into_iter().filter(|_| habits.legacy));
        let all = inner.map(|inner| join(folder, inner)).chain([folder.to_vec()]);
        let there = all.filter(|path| names.resolve(path).is_some_and(|found| found.folder().is_some()));
        let rooms: Paths = there.collect();
        self.known.borrow_mut().insert(key, rooms.clone());
        rooms
    }
}

impl<'s, 'a> Seeker<'s, 'a> {
    pub(super) fn new(
        names: &'s ViewNames<'a>,
        images: &'s Images,
        rooms: &'s Rooms<'a>,
        loader: &File,
        target: Target,
        is_secure: bool,
    ) -> Self {
        let lib = join(rooms.tree.layout().index.as_os_str().as_bytes(), b"lib");
        let triplets = TRIPLETS.map(|triplet| join(&lib, triplet));
        let version = glibc_at(rooms.tree, &loader.path).map(|owner| Version::new(&owner.version));
        let is_before = |limit| version.as_ref().map(|v| v.cmp_order(&Version::new(limit)).is_lt());
        let is_64 = target == Target::X86_64;
        let habits = Habits {
            levels: is_64 && is_before("2.33") != Some(true),
            legacy: is_64 && is_before("2.37") != Some(false),
        };
        let defaults = std::iter::once(lib).chain(triplets).collect();
        Self { names, images, rooms, target, habits, defaults, is_secure }
    }

    /// For whom the program and its libraries are.
    pub(super) fn target(&self) -> Target {
        self.target
    }

    /// Looks for a library that the object `by` needs.
    ///
    /// # Errors
    /// Where what is found there ends the start: a file that is no library.
    pub(super) fn seek(&self, name: &[u8], by: usize, objects: &[Object]) -> Result<Sought, Broken> {
        if name.contains(&b'/') {
            return match self.expand(name, &objects[by]) {
                Some(path) => Ok(self.look_at(path, &objects[by])?.unwrap_or(Sought::Nowhere)),
                None => Ok(Sought::Untold),
            };
        }
        let mut other = None;
        for folder in self.wanted(by, objects).iter().chain(&self.defaults) {
            for room in self.rooms.of(self.names, folder, self.habits).iter() {
                match self.look_at(join(room, name), &objects[by])? {
                    Some(Sought::Other(file, target)) => other = Some(Sought::Other(file, target)),
                    Some(found) => return Ok(found),
                    None => {}
                }
            }
        }
        Ok(other.unwrap_or(Sought::Nowhere))
    }

    /// What is at a path; `None` where that is nothing.
    fn look_at(&self, path: Vec<u8>, by: &Object) -> Result<Option<Sought>, Broken> {
        let Some(file) = self.names.resolve(&path).and_then(|found| found.file().cloned()) else {
            return Ok(None);
        };
        let facts = self
            .images
            .of(self.names, &file)
            .map_err(|odd| Broken::needed(&path, &by.name, Fault::Odd(odd)))?;
        match &*facts {
            Startable::Elf(image) if image.target == self.target => {
                Ok(Some(Sought::Found { path, file, facts }))
            }
            Startable::Elf(image) => Ok(Some(Sought::Other(file, image.target))),
            Startable::Script(_) => Err(Broken::needed(&path, &by.name, Fault::Odd(super::elf::Odd::NotElf))),
        }
    }

    /// The folders that an object and those that loaded it want to be searched.
    fn wanted(&self, by: usize, objects: &[Object]) -> Vec<Vec<u8>> {
        let object = &objects[by];
        if let Some(Search::Runpath(list)) = object.image().map(|image| &image.search) {
            return self.folders_of(list, object);
        }
        let mut folders = Vec::new();
        let mut next = Some(by);
        while let Some(object) = next.map(|place| &objects[place]) {
            if let Some(Search::Rpath(list)) = object.image().map(|image| &image.search) {
                folders.extend(self.folders_of(list, object));
            }
            next = object.loader;
        }
        folders
    }

    fn folders_of(&self, list: &[u8], object: &Object) -> Vec<Vec<u8>> {
        list.split(|b| *b == b':').take(MAX_FOLDERS).filter_map(|entry| self.expand(entry, object)).collect()
    }

    /// A path with `$ORIGIN` replaced. `None` where it is relative, holds `$LIB` or `$PLATFORM`, of which each loader has
    /// its own idea, or would let the caller of a set-user-ID program choose its libraries.
    fn expand(&self, text: &[u8], object: &Object) -> Option<Vec<u8>> {
        let rest = text.strip_prefix(b"$ORIGIN").or_else(|| text.strip_prefix(b"${ORIGIN}"));
        let path = match rest {
            Some(_) if self.is_secure => return None,
            Some(rest) if rest.is_empty() || rest.starts_with(b"/") => [&object.origin, rest].concat(),
            Some(_) => return None,
            None => text.to_vec(),
        };
        (path.starts_with(b"/") && !path.contains(&b'$')).then_some(path)
    }
}
