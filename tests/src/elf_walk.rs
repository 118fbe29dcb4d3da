//! Do programs find their libraries? An own, plain walk as `ld.so` goes it, without running anything.
//!
//! It looks at the tree as it is now, through whatever is mounted over `/System/Index`, so the same question can be asked
//! of the base and of a view.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::oracle::tree::{Canonical, Place, Tree, display};
use crate::oracle::{Outcome, observed};

mod elf;

use elf::Elf;

/// Where the index keeps libraries.
const LIB: &str = "/System/Index/lib";

/// Where only the 64-bit loader looks, and before [`LIB`]: Glibc since 2.33, and before 2.37.
const LIB_64: [&str; 4] =
    ["glibc-hwcaps/x86-64-v4", "glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v2", "x86_64"];

/// What the programs in the index's `bin` and `libexec`, and the set-user-ID programs everywhere in it, do not find: the
/// loader, a library, a symbol version. A program that finds everything is not in the map.
pub fn missing_libraries(root: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let mut walker = Walker { tree: Tree::on_disk(root), read: BTreeMap::new() };
    let mut missing = BTreeMap::new();
    for (name, outcome) in observed(root, &root.join("System/Index"))? {
        let Outcome::File(path) = outcome else { continue };
        let path: Canonical = path[1..].split('/').map(str::to_owned).collect();
        if !(name.starts_with("bin/") || name.starts_with("libexec/") || walker.is_set_user_id(&path)?) {
            continue;
        }
        let lacks = walker.lacks(&path)?;
        if !lacks.is_empty() {
            missing.insert(name, lacks.into_iter().collect());
        }
    }
    Ok(missing)
}

/// The tree, and the ELF files that were read. (A file of a tree does not change while it is walked.)
struct Walker<'a> {
    tree: Tree<'a>,
    read: BTreeMap<Canonical, Option<Elf>>,
}

/// Something that is loaded.
struct Loaded {
    elf: Elf,
    /// How messages call it.
    path: String,
    /// What `$ORIGIN` means in it.
    origin: String,
    /// What was loaded it for, to inherit DT_RPATH from.
    loader: Option<usize>,
    /// The names it goes by.
    names: Vec<String>,
    place: Canonical,
}

impl Walker<'_> {
    fn is_set_user_id(&self, path: &Canonical) -> Result<bool> {
        let host = self.tree.host_path(path);
        let metadata = host.metadata().with_context(|| format!("cannot look at {}", host.display()))?;
        Ok(metadata.permissions().mode() & 0o4000 != 0)
    }

    /// What one program lacks. Libraries are loaded breadth first.
    fn lacks(&mut self, program: &Canonical) -> Result<BTreeSet<String>> {
        let mut lacks = BTreeSet::new();
        let Some(elf) = self.elf(program)? else { return Ok(lacks) };
        if let Some(interpreter) = &elf.interpreter {
            self.check_interpreter(interpreter, &elf, &mut lacks)?;
        }
        let (path, origin) = (display(program), display(&program[..program.len() - 1]));
        let mut all =
            vec![Loaded { elf, path, origin, loader: None, names: Vec::new(), place: program.clone() }];
        let mut to_do = VecDeque::from([0]);
        while let Some(number) = to_do.pop_front() {
            for needed in all[number].elf.needed.clone() {
                if all.iter().any(|loaded| loaded.names.contains(&needed)) {
                    continue;
                }
                match self.find(&needed, &all, number)? {
                    None => drop(lacks.insert(format!("{needed} (needed by {})", all[number].path))),
                    Some(found) => match all.iter().position(|loaded| loaded.place == found.place) {
                        Some(same) => all[same].names.push(needed),
                        None => {
                            to_do.push_back(all.len());
                            all.push(found);
                        }
                    },
                }
            }
        }
        check_versions(&all, &mut lacks);
        Ok(lacks)
    }

    fn check_interpreter(&mut self, path: &str, elf: &Elf, lacks: &mut BTreeSet<String>) -> Result<()> {
        let found = match self.tree.resolve(path)? {
            Place::File(place) => self.elf(&place)?,
            _ => None,
        };
        if found.is_none_or(|loader| !is_for_the_same(&loader, elf)) {
            lacks.insert(format!("{path} (the program interpreter)"));
        }
        Ok(())
    }

    /// Looks for a library where the loader does, for what stands at `number` among what is loaded.
    fn find(&mut self, needed: &str, all: &[Loaded], number: usize) -> Result<Option<Loaded>> {
        let asker = &all[number];
        let candidates = if needed.contains('/') {
            vec![expand(needed, asker)]
        } else {
            let folders = search_path(all, number);
            folders.into_iter().map(|folder| format!("{folder}/{needed}")).collect()
        };
        for path in candidates {
            let Place::File(place) = self.tree.resolve(&path)? else { continue };
            let Some(elf) = self.elf(&place)? else { continue };
            if !is_for_the_same(&elf, &all[0].elf) {
                continue; // `ld.so` passes over a wrong class too.
            }
            let (origin, _) = path.rsplit_once('/').expect("a path in a folder");
            let mut names = vec![needed.to_owned()];
            names.extend(elf.soname.clone());
            let origin = origin.to_owned();
            return Ok(Some(Loaded { elf, path, origin, loader: Some(number), names, place }));
        }
        Ok(None)
    }

    fn elf(&mut self, place: &Canonical) -> Result<Option<Elf>> {
        if let Some(elf) = self.read.get(place) {
            return Ok(elf.clone());
        }
        let elf = elf::read(&self.tree.host_path(place))?;
        self.read.insert(place.clone(), elf.clone());
        Ok(elf)
    }
}

/// The folders for what stands at `number`: DT_RPATH of it and of what it was loaded for, unless it has a DT_RUNPATH;
/// that; then the index.
fn search_path(all: &[Loaded], number: usize) -> Vec<String> {
    let mut folders = Vec::new();
    let asker = &all[number];
    if let Some(runpath) = &asker.elf.runpath {
        folders.extend(runpath.iter().map(|folder| expand(folder, asker)));
    } else {
        let mut next = Some(number);
        while let Some(current) = next {
            let loaded = &all[current];
            if loaded.elf.runpath.is_none() {
                folders.extend(loaded.elf.rpath.iter().map(|folder| expand(folder, loaded)));
            }
            next = loaded.loader;
        }
    }
    if all[0].elf.is_64 {
        folders.extend(LIB_64.iter().map(|folder| format!("{LIB}/{folder}")));
    }
    folders.push(LIB.to_owned());
    folders
}

fn expand(path: &str, loaded: &Loaded) -> String {
    let lib = if loaded.elf.is_64 { "lib64" } else { "lib" };
    let path = path.replace("${ORIGIN}", &loaded.origin).replace("$ORIGIN", &loaded.origin);
    path.replace("${LIB}", lib).replace("$LIB", lib)
}

fn is_for_the_same(one: &Elf, other: &Elf) -> bool {
    one.is_64 == other.is_64 && one.machine == other.machine
}

/// "version `GLIBC_2.38' not found": every symbol version that is needed is defined by the library it must come from. (A
/// library that defines none at all gets only a warning from the loader.)
fn check_versions(all: &[Loaded], lacks: &mut BTreeSet<String>) {
    for loaded in all {
        for (library, version) in &loaded.elf.needs_versions {
            let Some(from) = all.iter().find(|other| other.names.contains(library)) else { continue };
            if !from.elf.defines_versions.is_empty() && !from.elf.defines_versions.contains(version) {
                lacks.insert(format!("{version} in {} (needed by {})", from.path, loaded.path));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    /// This very test program, put into a world as `bin/tester`.
    fn world_with_an_elf_program() -> (World, Elf) {
        let world = World::new().unwrap();
        world.program("Tester", "1.0").file("bin/tester").file("bin/script").current().linked();
        let own = std::env::current_exe().unwrap();
        std::fs::copy(&own, world.root().join("Programs/Tester/1.0/bin/tester")).unwrap();
        let elf = elf::read(&own).unwrap().unwrap();
        (world, elf)
    }

    #[test]
    fn a_program_alone_lacks_its_loader_and_its_libraries() {
        let (world, elf) = world_with_an_elf_program();
        let missing = missing_libraries(world.root()).unwrap();
        let mut wanted: Vec<String> = elf
            .needed
            .iter()
            .map(|name| format!("{name} (needed by /Programs/Tester/1.0/bin/tester)"))
            .collect();
        wanted.extend(elf.interpreter.map(|path| format!("{path} (the program interpreter)")));
        wanted.sort();
        assert_eq!(missing, BTreeMap::from([("bin/tester".to_owned(), wanted)]));
    }

    #[test]
    fn a_program_with_its_libraries_lacks_nothing() {
        let (world, elf) = world_with_an_elf_program();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let libraries: BTreeSet<&str> = maps
            .lines()
            .filter_map(|line| line.split_whitespace().nth(5))
            .filter(|path| path.contains(".so"))
            .collect();
        for path in libraries {
            let name = path.rsplit('/').next().unwrap();
            world.program("Libraries", "1.0").file(&format!("lib/{name}"));
            std::fs::copy(path, world.root().join("Programs/Libraries/1.0/lib").join(name)).unwrap();
        }
        world.symlink_program("Libraries", "1.0");
        let interpreter = elf.interpreter.unwrap();
        let loader = world.root().join(&interpreter[1..]);
        std::fs::create_dir_all(loader.parent().unwrap()).unwrap();
        std::fs::copy(&interpreter, &loader).unwrap();
        assert_eq!(missing_libraries(world.root()).unwrap(), BTreeMap::new());
    }

    /// Prints what a real root lacks, the folder of which is named by `GOBO_TESTS_ROOT`.
    #[test]
    #[ignore = "asks a question of one root: GOBO_TESTS_ROOT=FOLDER cargo test ... -- --ignored --nocapture"]
    fn print_what_a_root_lacks() {
        let root = std::env::var_os("GOBO_TESTS_ROOT").expect("GOBO_TESTS_ROOT names a root");
        for (name, lacks) in missing_libraries(Path::new(&root)).unwrap() {
            eprintln!("{name}: {}", lacks.join(", "));
        }
    }

    #[test]
    fn a_symbol_version_must_be_defined_by_its_library() {
        let loaded = |path: &str, elf: Elf| Loaded {
            elf,
            path: path.to_owned(),
            origin: String::new(),
            loader: None,
            names: vec![path.to_owned()],
            place: Vec::new(),
        };
        let needs = |version: &str| ("libc.so.6".to_owned(), version.to_owned());
        let needs_versions = vec![needs("GLIBC_2.36"), needs("GLIBC_2.38")];
        let program = loaded("prog", Elf { needs_versions, ..Elf::default() });
        let library = |versions: &[&str]| {
            let defines_versions = versions.iter().map(|version| (*version).to_owned()).collect();
            loaded("libc.so.6", Elf { defines_versions, ..Elf::default() })
        };
        let mut lacks = BTreeSet::new();
        let mut all = vec![program, library(&["GLIBC_2.36"])];
        check_versions(&all, &mut lacks);
        assert_eq!(lacks.pop_first().as_deref(), Some("GLIBC_2.38 in libc.so.6 (needed by prog)"));
        all[1] = library(&[]);
        check_versions(&all, &mut lacks);
        assert_eq!(lacks, BTreeSet::new());
    }
}
