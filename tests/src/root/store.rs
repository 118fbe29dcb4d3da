//! The store of unpacked programs, and their copies in a root.
//!
//! A tree of the store is named by everything that it is made of: its packages' digests, its Dependencies and other
//! extras, and [`FORMAT`]. So it never changes, and a root's program is a tree of hard links to it. Three things keep it
//! so: set-user-ID and set-group-ID files are copied, because tests change their modes; what an administrator edits
//! (Settings, Variable) is copied from Resources/Defaults; and each tree has a fingerprint, taken when it was unpacked
//! and compared at every build: a tree that was written through is thrown away and unpacked again.

use super::apt::Apt;
use super::closure::{Chosen, Program};
use super::data::{Data, Origin};
use super::dependencies::Providers;
use super::extras::Extras;
use super::fetch::Debs;
use super::host::Progress;
use super::tree::Files;
use super::{parallel, tree, unpack};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Changes whenever a package is unpacked differently than before.
pub const FORMAT: &str = "gobo root program 2";

/// Trees that no root has used for so long are removed.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The store of unpacked programs.
pub struct Store {
    folder: PathBuf,
}

/// A program with its place in the store.
pub struct Stored<'a> {
    /// The program.
    pub program: &'a Program,
    /// Its tree, once [`Store::fill`] has run.
    pub tree: PathBuf,
    extras: Extras,
}

impl Store {
    /// Opens the store in the work folder.
    pub fn new(work: &Path) -> Result<Self> {
        let folder = work.join("store");
        tree::make_folder(&folder)?;
        Ok(Self { folder })
    }

    /// Where something else may be kept with the trees.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Says where each program's tree is or will be.
    pub fn locate<'a>(&self, programs: &'a [Program], data: &Data) -> Result<Vec<Stored<'a>>> {
        let providers = Providers::new(programs);
        let locate = |program: &'a Program| {
            let extras = Extras::new(program, providers.lines(program), data)?;
            let described = extras.describe();
            let parts = [FORMAT, &program.name, &program.version, &described];
            let key = tree::sha256_of(parts.into_iter().chain(program.digests()));
            let tree = self.folder.join(format!("{}--{}--{}", program.name, program.version, &key[..20]));
            Ok(Stored { program, tree, extras })
        };
        programs.iter().map(locate).collect()
    }

    /// Makes sure that all trees are there and unchanged, fetching the packages of those that are not.
    pub fn fill(
        &self,
        stored: &[Stored<'_>],
        debs: &Debs,
        apts: &BTreeMap<&Origin, Apt>,
        progress: &Progress,
    ) -> Result<()> {
        let sound = parallel::map(stored, |stored| Ok(sound(&stored.tree, progress)))?;
        let missing: Vec<&Stored<'_>> =
            stored.iter().zip(sound).filter_map(|(s, sound)| (!sound).then_some(s)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let packages: Vec<&Chosen> = missing.iter().flat_map(|stored| &stored.program.packages).collect();
        debs.fetch(&packages, apts, progress)?;
        progress.line(format_args!("unpacking {} programs", missing.len()));
        parallel::map(&missing, |stored| unpack_one(stored, debs, progress))?;
        Ok(())
    }

    /// Makes /Programs/NAME/VERSION of each program.
    pub fn install(&self, stored: &[Stored<'_>], root: &Path) -> Result<()> {
        for stored in stored {
            let folder = root.join("Programs").join(&stored.program.name);
            tree::make_folder(&folder)?;
            tree::copy(&stored.tree, &folder.join(&stored.program.version), Files::Shared)?;
        }
        Ok(())
    }

    /// Removes trees that no root has used for a month, and what an interrupted build left.
    pub fn prune(&self) -> Result<()> {
        for path in tree::entries(&self.folder)? {
            let name = path.to_string_lossy();
            if name.ends_with(FINGERPRINT) {
                if !tree_of(&path).exists() {
                    fs::remove_file(&path).with_context(|| format!("cannot remove {name}"))?;
                }
                continue;
            }
            let used =
                fingerprint_of(&path).metadata().or_else(|_| path.metadata()).and_then(|m| m.modified());
            let old = used
                .ok()
                .and_then(|time| SystemTime::now().duration_since(time).ok())
                .is_some_and(|age| age > KEPT);
            if old || name.ends_with(".part") {
                tree::remove(&path)?;
            }
        }
        Ok(())
    }
}

const FINGERPRINT: &str = ".fingerprint";

fn fingerprint_of(tree: &Path) -> PathBuf {
    let mut name = tree.as_os_str().to_owned();
    name.push(FINGERPRINT);
    name.into()
}

fn tree_of(fingerprint: &Path) -> PathBuf {
    fingerprint.to_string_lossy().trim_end_matches(FINGERPRINT).into()
}

/// Whether a tree is there and as it was unpacked. Its use is noted.
fn sound(tree: &Path, progress: &Progress) -> bool {
    let path = fingerprint_of(tree);
    let (Ok(expected), true) = (fs::read_to_string(&path), tree.is_dir()) else { return false };
    let unchanged = tree::fingerprint(tree).is_ok_and(|found| found == expected);
    if unchanged {
        let now = fs::File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(SystemTime::now()));
        drop(now); // Not noting the use costs an unpacking in a month, at worst.
    } else {
        progress
            .line(format_args!("{} was changed since it was unpacked: unpacking it again", tree.display()));
    }
    unchanged
}

fn unpack_one(stored: &Stored<'_>, debs: &Debs, progress: &Progress) -> Result<()> {
    let mut part = stored.tree.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    tree::remove(&part)?;
    tree::remove(&stored.tree)?;
    for note in unpack::unpack(stored.program, &stored.extras, debs, &part)? {
        progress.line(format_args!("{}: {note}", stored.program));
    }
    tree::write(&fingerprint_of(&stored.tree), tree::fingerprint(&part)?, 0o644)?;
    fs::rename(&part, &stored.tree).with_context(|| format!("cannot rename {}", part.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_that_was_written_through_is_not_sound() {
        let work = tempfile::tempdir().unwrap();
        let tree = work.path().join("A--1--key");
        let progress = Progress::silent();
        assert!(!sound(&tree, &progress), "it is not there");
        tree::write(&tree.join("bin/a"), "a", 0o755).unwrap();
        assert!(!sound(&tree, &progress), "its unpacking was interrupted");
        tree::write(&fingerprint_of(&tree), tree::fingerprint(&tree).unwrap(), 0o644).unwrap();
        assert!(sound(&tree, &progress));
        let copy = work.path().join("copy");
        tree::copy(&tree, &copy, Files::Shared).unwrap();
        assert!(sound(&tree, &progress), "another link changes nothing");
        fs::write(copy.join("bin/a"), "longer").unwrap();
        assert!(!sound(&tree, &progress));
    }

    #[test]
    fn pruning() {
        let work = tempfile::tempdir().unwrap();
        let store = Store::new(work.path()).unwrap();
        for name in ["A--1--new", "B--1--old", "C--1--x.part"] {
            tree::make_folder(&store.path(name)).unwrap();
            tree::write(&fingerprint_of(&store.path(name)), "", 0o644).unwrap();
        }
        let old = fs::File::options().append(true).open(fingerprint_of(&store.path("B--1--old"))).unwrap();
        old.set_modified(SystemTime::now() - KEPT * 2).unwrap();
        store.prune().unwrap();
        store.prune().unwrap();
        let left = tree::entries(&store.folder).unwrap();
        assert_eq!(left, [store.path("A--1--new"), fingerprint_of(&store.path("A--1--new"))]);
    }
}
