//! A GoboLinux root out of Debian packages: real programs in several versions, for end-to-end tests and the demo.
//!
//! [`build`] tells the story: the packages' indexes are read, the packages of the wanted units are chosen with what they
//! depend on ([`closure`]), fetched, and unpacked into a store, one tree for each version of a program; a root is made of
//! hard links to these trees, gets its `/System/Index` by SymlinkProgram's rules ([`index`]), settings, users and caches,
//! is looked over ([`verify`]), and replaces the root of last time. If nothing has changed since, there is nothing to do.
//!
//! ```text
//! WORK/lock              held while a build runs
//! WORK/apt/SUITE-ARCH/   the private state of apt, and what is kept of the Packages files
//! WORK/debs/             downloaded packages
//! WORK/store/            unpacked programs
//! WORK/root-small/       the root
//! WORK/root-small.json   its manifest
//! ```
//!
//! What a root is made of is data: `tests/data/root`. [`debian`] is no such root: a Debian system as it comes.
//!
//! A root is for reading: tests mount it read-only, or clone it. Its files are shared with the store, so what is written
//! through to them reaches both; the next build finds out and makes them anew.

pub mod apt;
pub mod caches;
pub mod closure;
pub mod data;
pub mod debian;
pub mod dependencies;
pub mod extras;
pub mod fetch;
pub mod host;
pub mod index;
pub mod inside;
pub mod manifest;
pub mod packages;
pub mod parallel;
pub mod place;
pub mod relation;
pub mod settings;
pub mod store;
pub mod tree;
pub mod unpack;
pub mod verify;
pub mod version;

pub use host::{HOST_PACKAGES, missing_tools};
pub use manifest::{Manifest, PackageEntry, ProgramEntry};

use anyhow::{Context, Result};
use apt::{Apt, Refresh};
use closure::Program;
use data::{Data, Origin};
use fetch::Debs;
use host::{Lock, Progress, Umask, Use};
use packages::Catalogue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Store, Stored};

/// Changes whenever a root is put together differently than before.
const FORMAT: &str = "gobo root 2";

/// Which root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// Login services, shells and interpreters in several versions, and an i686 userland.
    Small,
    /// The same with GTK+ 2 and 3, a third Python, and a screen in memory.
    Full,
    /// What the doors need that take much: systemd, a display manager, a job scheduler.
    Doors,
}

impl Display for Variant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Small => "small",
            Self::Full => "full",
            Self::Doors => "doors",
        })
    }
}

impl std::str::FromStr for Variant {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "small" => Ok(Self::Small),
            "full" => Ok(Self::Full),
            "doors" => Ok(Self::Doors),
            _ => anyhow::bail!("there is no variant `{text}` of the root, only `small`, `full` and `doors`"),
        }
    }
}

/// What to build, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which root.
    pub variant: Variant,
    /// The folder for the root and all caches.
    pub work: PathBuf,
}

impl Options {
    /// Builds in `target/goboroot` of the workspace.
    pub fn new(variant: Variant) -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        Self { variant, work: workspace.join("target/goboroot") }
    }
}

/// A root that is ready for use.
#[derive(Clone, Debug)]
pub struct Root {
    /// The root directory.
    pub path: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
    /// Whether it was built just now; otherwise it was there, unchanged.
    pub built: bool,
    /// As long as this lives, a build that replaces the root leaves this one's files where open descriptors and mounts
    /// find them.
    _use: Arc<Use>,
}

/// Builds a root, or finds the one of last time unchanged. Progress goes to stderr, one line a step.
pub fn build(options: &Options) -> Result<Root> {
    let progress = Progress::start();
    host::require_privileges_and_tools()?;
    let _umask = Umask::set(0o022);
    tree::make_folder(&options.work)?;
    let work =
        options.work.canonicalize().with_context(|| format!("no folder {}", options.work.display()))?;
    let _lock = Lock::take(&work.join("lock"), &progress)?;
    let data = Data::read(options.variant)?;
    let mirror = apt::mirror()?;
    let apts: BTreeMap<&Origin, Apt> = data
        .origins()
        .into_iter()
        .map(|origin| Ok((origin, Apt::new(&work, &mirror, origin)?)))
        .collect::<Result<_>>()?;

    let builder = Builder { options, work: &work, data: &data, apts: &apts, progress: &progress };
    match builder.run(Refresh::WhenOld) {
        // A mirror drops old packages when new ones come: an index of this morning may be too old.
        Err(error) if error.is::<Outdated>() => {
            progress.line(format_args!("{error:#}"));
            progress.line(format_args!("the index may be out of date: trying once more with a new one"));
            builder.run(Refresh::Always)
        }
        result => result,
    }
}

/// A download failed, with an index that was not fetched just now.
#[derive(Debug)]
struct Outdated;

impl Display for Outdated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not all packages could be fetched")
    }
}

struct Builder<'a> {
    options: &'a Options,
    work: &'a Path,
    data: &'a Data,
    apts: &'a BTreeMap<&'a Origin, Apt>,
    progress: &'a Progress,
}

impl Builder<'_> {
    fn run(&self, refresh: Refresh) -> Result<Root> {
        let (catalogues, refreshed) = self.catalogues(refresh)?;
        let programs = closure::resolve(self.data, &catalogues, self.progress)?;
        let store = Store::new(self.work)?;
        let stored = store.locate(&programs, self.data)?;
        let mut manifest = Manifest::new(self.options.variant, self.key(&stored), &programs)?;
        let name = format!("root-{}", self.options.variant);
        let (root, description) = (self.work.join(&name), self.work.join(format!("{name}.json")));
        if let Some(known) = Manifest::read(&description).filter(|known| known.key == manifest.key) {
            if manifest::fingerprint(&root).is_ok_and(|found| found == known.fingerprint) {
                let _use = Arc::new(Use::begin(&root)?);
                return Ok(Root { path: root, manifest: known, built: false, _use });
            }
            self.progress.line(format_args!("{} is not as it was built: building it again", root.display()));
        }

        let filled = store.fill(&stored, &Debs::new(self.work), self.apts, self.progress);
        if refreshed {
            filled?
        } else {
            filled.context(Outdated)?
        }
        // Put together beside the old root, then exchanged for it: there is never half a root of this name.
        let part = self.work.join(format!("{name}.part"));
        tree::remove(&part)?;
        settings::skeleton(&part, &self.data.layout)?;
        store.install(&stored, &part)?;
        let links = self.link(&programs, &part)?;
        let linked = closure::linked(&programs)?;
        settings::link_programs(&part, &linked, &self.data.layout)?;
        settings::write_own(&part, self.data)?;
        caches::make(&part, &linked, &store)?;
        verify::verify(&part, &linked)?;
        manifest.fingerprint = manifest::fingerprint(&part)?;
        self.replace(&part, &root, &description, &manifest)?;
        store.prune()?;
        let (count, root_name) = (programs.len(), root.display());
        self.progress.line(format_args!("{root_name}: {count} programs, {links} links in the index"));
        let _use = Arc::new(Use::begin(&root)?);
        Ok(Root { path: root, manifest, built: true, _use })
    }

    /// The packages of each suite and architecture, and whether they were all fetched just now.
    fn catalogues(&self, refresh: Refresh) -> Result<(BTreeMap<&Origin, Catalogue>, bool)> {
        let apts: Vec<_> = self.apts.iter().collect();
        let read = parallel::map_with(4, &apts, |(_, apt)| apt.catalogue(refresh, self.progress))?;
        let refreshed = read.iter().all(|(_, refreshed)| *refreshed);
        let catalogues = apts.into_iter().zip(read).map(|((origin, _), (catalogue, _))| (*origin, catalogue));
        Ok((catalogues.collect(), refreshed))
    }

    /// Names everything that goes into the root.
    fn key(&self, stored: &[Stored<'_>]) -> String {
        let name =
            |stored: &Stored<'_>| stored.tree.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let trees: Vec<String> = stored.iter().map(name).collect();
        let fixed = [FORMAT, &self.data.digest];
        tree::sha256_of(fixed.into_iter().chain(trees.iter().map(String::as_str)))
    }

    /// Makes the `Current` links and the index. Returns the number of its links.
    fn link(&self, programs: &[Program], root: &Path) -> Result<usize> {
        for (name, program) in closure::current(programs)? {
            tree::link(&program.version, &root.join("Programs").join(name).join("Current"))?;
        }
        let mut linker = index::Linker::new(root);
        let mut folder = index::Folder::new();
        for program in closure::linked(programs)?.values() {
            linker.program(program, &mut folder)?;
        }
        for (kept, other) in &linker.conflicts {
            self.progress.line(format_args!("the index keeps {}, not {}", kept.display(), other.display()));
        }
        index::write(&folder, &root.join("System/Index"))
    }

    /// Puts the new root in the place of the old one. A manifest stands only beside the root that it describes.
    fn replace(&self, part: &Path, root: &Path, description: &Path, manifest: &Manifest) -> Result<()> {
        let failed = || format!("cannot replace {}", root.display());
        if description.exists() {
            fs::remove_file(description).with_context(failed)?;
        }
        let old = |number: u32| root.with_extension(format!("old-{number}"));
        if let Some(free) = (0..).map(old).find(|path| !tree::exists(path)).filter(|_| root.exists()) {
            fs::rename(root, free).with_context(failed)?;
        }
        fs::rename(part, root).with_context(failed)?;
        manifest.write(description)?;
        // Old roots that a test still uses are left for a later build.
        for path in (0..).map(old).take_while(|path| tree::exists(path)) {
            if Use::none(&path) {
                tree::remove(&path)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_have_names() {
        assert_eq!("small".parse::<Variant>().unwrap(), Variant::Small);
        assert_eq!(Variant::Full.to_string(), "full");
        assert!("huge".parse::<Variant>().unwrap_err().to_string().contains("huge"));
    }
}
