//! From a plan to a layer: link or expand, as SymlinkProgram does, but only what differs from the base.
//!
//! `docs/views.md` says exactly what a view holds; this room finds the difference to the base index without building
//! the whole. It walks only the folders of the versions that are to be linked, asks the base one readlink per name,
//! and enters a folder only where more than one takes part in it.

mod members;
mod merge;
mod old;
#[cfg(feature = "cli")]
mod own_folders;
pub(crate) mod plug_ins;
mod rules;

#[cfg(feature = "cli")]
pub use own_folders::add_own_folders;

use crate::arch::Arch;
use crate::error::{Error, Result, Step};
use crate::layer::Layer;
use crate::plan::{Choice, Plan};
use crate::tree::{Area, Folder, Owner, Program, Tree, VersionFolder};
use members::{Claim, RealBase};
use std::cell::{Cell, RefCell};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::rc::Rc;

/// The most entries that one compilation looks at (R18).
const MAX_LOOKED_AT: usize = 4_000_000;

/// Compiles the layer of a plan.
///
/// # Errors
/// Where a folder cannot be read or is not trusted, or where there is more than the bounds allow.
pub fn compile(tree: &Tree, plan: &Plan) -> Result<Layer> {
    let compiler = Compiler::new(tree, plan)?;
    let mut layer = Layer::default();
    for area in &tree.layout().areas {
        let base = if plan.pure { None } else { compiler.base_of(area)? };
        let mut nodes = compiler.merge_area(area, base.as_ref())?;
        if let Some(base) = &base {
            compiler.remove_old(area, base, &mut nodes)?;
        }
        if plan.pure || !nodes.is_empty() {
            layer.areas.insert(area.name.clone(), nodes);
        }
    }
    layer.notes = compiler.notes.into_inner();
    Ok(layer)
}

/// A chosen version that is to be linked.
struct ToLink<'a> {
    place: usize,
    choice: &'a Choice,
    program: Rc<Program>,
}

struct Compiler<'a> {
    tree: &'a Tree,
    plan: &'a Plan,
    to_link: Vec<ToLink<'a>>,
    notes: RefCell<Vec<String>>,
    looked_at: Cell<usize>,
}

impl<'a> Compiler<'a> {
    fn new(tree: &'a Tree, plan: &'a Plan) -> Result<Self> {
        let mut to_link = Vec::new();
        for (place, choice) in plan.to_link() {
            let program =
                tree.program(&choice.program)?.filter(|p| p.version(tree, &choice.version).is_some());
            let program = program.ok_or_else(|| {
                let (program, version) = (&choice.program, &choice.version);
                Error::new(Step::Compile, format!("{program} {version} is no longer installed"))
            })?;
            to_link.push(ToLink { place, choice, program });
        }
        let notes = RefCell::default();
        Ok(Self { tree, plan, to_link, notes, looked_at: Cell::new(0) })
    }

    fn base_of(&self, area: &Area) -> Result<Option<RealBase>> {
        let index = self.tree.index();
        let at = index.path().join(&area.name).as_os_str().as_bytes().to_vec();
        index.note(&at);
        let folder = Folder::open_if_there(index.fd(), area.name.as_bytes(), self.tree.trust())
            .map_err(|error| error.inside(index.path().as_os_str().as_bytes()))?;
        Ok(folder.map(|folder| RealBase { at, chain: vec![folder.id], folder }))
    }

    /// The folders that the versions to be linked have for an area, in the order of precedence.
    fn claims_of(&self, area: &Area) -> Result<Vec<Claim>> {
        let mut claims = Vec::new();
        for item in &self.to_link {
            let choice = item.choice;
            if let Some(version) = item.program.version(self.tree, &choice.version) {
                let path = self.tree.version_path(&choice.program, &choice.version);
                claims.extend(self.sources_of(item.place, &path, version, area)?);
            }
        }
        Ok(claims)
    }

    /// The folders that one version has for an area, strongest first.
    fn sources_of(
        &self,
        place: usize,
        path: &Path,
        version: &VersionFolder,
        area: &Area,
    ) -> Result<Vec<Claim>> {
        let mut claims = Vec::new();
        let Ok(version_folder) = version.folder(self.tree) else { return Ok(claims) };
        for source in area.sources.iter().filter(|source| version.may_have(self.tree, source)) {
            let folder = Folder::open_if_there(version_folder.fd(), source.as_bytes(), self.tree.trust())
                .map_err(|error| error.inside(path.as_os_str().as_bytes()))?;
            claims.extend(folder.map(|folder| Claim {
                place,
                path: path.join(source).as_os_str().as_bytes().to_vec(),
                chain: vec![folder.id],
                folder,
            }));
        }
        Ok(claims)
    }

    /// The place in the order of a base link with that owner: its version's, where that is chosen and linked.
    fn rank_of(&self, owner: Option<&Owner>) -> usize {
        let is_it = |choice: &Choice| {
            owner.is_some_and(|o| o.program == choice.program.as_str() && o.version == choice.version)
        };
        let found = self.plan.chosen.iter().position(|choice| choice.linked && is_it(choice));
        found.filter(|_| !self.plan.pure).unwrap_or(usize::MAX)
    }

    /// The architecture of the version that owns a base link.
    fn arch_of(&self, owner: Option<&Owner>) -> Arch {
        let arch = owner.and_then(|owner| {
            let program = self.tree.installed(owner)?;
            program.version(self.tree, &owner.version)?.arch(self.tree).ok().cloned()
        });
        arch.unwrap_or(Arch::Any)
    }

    /// The versions to be linked for which a version of that owner is an old one.
    fn successors<'s>(&'s self, owner: &'s Owner) -> impl Iterator<Item = &'s ToLink<'a>> {
        self.to_link.iter().filter(move |item| self.succeeds(item, owner))
    }

    /// Whether a version of that owner is an old one of a version to be linked.
    fn succeeds(&self, item: &ToLink<'a>, owner: &Owner) -> bool {
        item.choice.program.as_str() == owner.program
            && item.choice.version != owner.version
            && item.program.version(self.tree, &owner.version).is_some_and(|version| {
                version.major == item.choice.major
                    && version.arch(self.tree).is_ok_and(|arch| arch.fits(&item.choice.arch))
            })
    }

    fn note(&self, note: String) {
        self.notes.borrow_mut().push(note);
    }

    fn count(&self, entries: usize) -> Result<()> {
        self.looked_at.set(self.looked_at.get() + entries);
        if self.looked_at.get() > MAX_LOOKED_AT {
            let what = format!("the chosen programs have more than {MAX_LOOKED_AT} names");
            return Err(Error::new(Step::Compile, what));
        }
        Ok(())
    }
}
