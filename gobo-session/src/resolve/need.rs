//! What is required, and which versions meet it: by their names alone, and by what is in their folders.
//!
//! Few versions are ever about to be chosen, and only those are looked into.

use super::catalogue::{Catalogue, VersionId};
use crate::error::Result;
use crate::requirement::{ProgramName, Requirement};
use once_cell::unsync::OnceCell;
use std::rc::Rc;

/// Something that is required.
#[derive(Clone)]
pub(super) struct Need {
    /// As it was written.
    pub(super) requirement: Requirement,
    /// The line of the file that says so; 0 for a wish.
    pub(super) line: u32,
    /// Where versions that would meet it are, the first to be taken first.
    ways: Rc<[Way]>,
    /// What meets it by name, once it was asked for.
    named: OnceCell<Rc<[VersionId]>>,
    /// The version to take, where nothing is chosen yet.
    pub(super) first: Option<VersionId>,
    /// The program that the versions stand in for, where they are substitutes.
    pub(super) stands_for: Option<ProgramName>,
}

/// The versions of one program that would meet a requirement.
#[derive(Clone, Copy)]
pub(super) struct Way {
    /// The program, by number.
    pub(super) program: usize,
    /// The alternative that judges them, as a place in the requirement; `None` where any version will do.
    pub(super) alternative: Option<usize>,
}

impl Need {
    /// A need that versions may be found for in these ways; none is chosen to be the first.
    pub(super) fn new(requirement: &Requirement, line: u32, ways: Vec<Way>) -> Self {
        let requirement = requirement.clone();
        Self { requirement, line, ways: ways.into(), named: OnceCell::new(), first: None, stands_for: None }
    }
}

impl Catalogue<'_> {
    /// Whether a version would meet a need, by its name alone.
    pub(super) fn meets(&self, id: VersionId, need: &Need) -> bool {
        self.named(need).contains(&id)
    }

    fn admits(&self, need: &Need, way: Way, id: VersionId) -> bool {
        way.alternative.is_none_or(|place| {
            need.requirement.alternatives()[place].admits(&self.versions[id].folder().version)
        })
    }

    /// The first of some versions by which a need is met, the one to be taken first in front. `among` has those of each
    /// program.
    pub(super) fn first_among(&self, need: &Need, among: &[Vec<VersionId>]) -> Option<VersionId> {
        need.ways.iter().find_map(|way| {
            let there = among.get(way.program)?.iter().copied();
            there.filter(|id| self.admits(need, *way, *id)).min()
        })
    }

    /// The versions that would meet a need by their names, the one to be taken first in front.
    pub(super) fn named<'s>(&self, need: &'s Need) -> &'s [VersionId] {
        need.named.get_or_init(|| self.in_order(need).collect())
    }

    pub(super) fn in_order<'s>(&'s self, need: &'s Need) -> impl Iterator<Item = VersionId> {
        let of = move |way: &'s Way| {
            self.by_program[way.program].clone().filter(move |id| self.admits(need, *way, *id))
        };
        need.ways.iter().flat_map(of)
    }

    /// The first version that meets a need, can be taken, and is wanted.
    pub(super) fn find(
        &self,
        need: &Need,
        mut is_wanted: impl FnMut(VersionId) -> bool,
    ) -> Result<Option<VersionId>> {
        for &id in self.named(need) {
            if self.can_be_taken(id)? && is_wanted(id) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// The first of some versions that can be taken.
    pub(super) fn first_to_be_taken(
        &self,
        versions: impl Iterator<Item = VersionId>,
    ) -> Result<Option<VersionId>> {
        for id in versions {
            if self.can_be_taken(id)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// All versions that meet a need and can be taken, the one to be taken first in front.
    pub(super) fn candidates(&self, need: &Need) -> Result<Vec<VersionId>> {
        let mut candidates = Vec::new();
        for &id in self.named(need) {
            if self.can_be_taken(id)? && !candidates.contains(&id) {
                candidates.push(id);
            }
        }
        Ok(candidates)
    }

    /// Whether a version's folder and its architecture are right.
    fn can_be_taken(&self, id: VersionId) -> Result<bool> {
        let version = &self.versions[id];
        let arch = version.arch.get_or_try_init(|| -> Result<_> {
            let folder = version.folder();
            if folder.folder(self.tree).is_err() {
                return Ok(None);
            }
            let arch = folder.arch(self.tree)?;
            Ok(arch.fits(&self.request.arch).then(|| arch.clone()))
        })?;
        Ok(arch.is_some())
    }
}
