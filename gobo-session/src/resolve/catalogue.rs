//! What the tree has for a request: versions by number, and for each what it needs and what would do.
//!
//! Several ways of choosing are tried over the same versions, so every requirement is looked up once. A version is a
//! [`VersionId`], and of two versions of a program the one with the smaller id is taken first. A [`Need`] knows where
//! versions that would meet it are found. Which of them can be taken, because their folders and architectures are right,
//! is found out where one is about to be: most versions are never looked into.

use super::need::{Need, Way};
use super::request::{Prefer, Request};
use super::substitutes::Substitutes;
use crate::arch::Arch;
use crate::dependencies::Parsed;
use crate::error::Result;
use crate::requirement::{Alternative, Flag, FlagMark, ProgramName, Requirement, Wanted};
use crate::tree::{Program, Tree, VersionFolder};
use crate::unordered::Map;
use once_cell::unsync::OnceCell;
use std::cmp::Reverse;
use std::ops::Range;
use std::rc::Rc;

/// A version that is installed by its name.
pub(super) type VersionId = usize;

/// One installed version.
pub(super) struct Installed {
    pub(super) program: Rc<Program>,
    /// Its place in `program.named()`.
    place: usize,
    /// The program, by number.
    pub(super) number: usize,
    /// What it was built for; `None` where it cannot be taken.
    pub(super) arch: OnceCell<Option<Arch>>,
    needs: OnceCell<Rc<[Need]>>,
}

impl Installed {
    pub(super) fn folder(&self) -> &VersionFolder {
        &self.program.named()[self.place]
    }

    pub(super) fn name(&self) -> &str {
        self.folder().version.as_str()
    }

    /// Whether the two, which can each be taken, cannot both be chosen.
    pub(super) fn is_rival(&self, other: &Self) -> bool {
        let arch = |version: &Self| version.arch.get().cloned().flatten();
        self.number == other.number
            && self.folder().major == other.folder().major
            && arch(self).zip(arch(other)).is_none_or(|(this, other)| this.fits(&other))
    }
}

/// The versions that have been looked at.
pub(super) struct Catalogue<'a> {
    pub(super) tree: &'a Tree,
    pub(super) request: &'a Request,
    pub(super) versions: Vec<Installed>,
    /// The versions of each program.
    pub(super) by_program: Vec<Range<VersionId>>,
    /// Programs by every name that was asked for.
    by_name: Map<ProgramName, Option<usize>>,
    substitutes: Option<Substitutes>,
}

impl<'a> Catalogue<'a> {
    pub(super) fn new(tree: &'a Tree, request: &'a Request) -> Self {
        Self {
            tree,
            request,
            versions: Vec::new(),
            by_program: Vec::new(),
            by_name: Map::default(),
            substitutes: None,
        }
    }

    pub(super) fn version(&self, id: VersionId) -> &Installed {
        &self.versions[id]
    }

    /// How many programs there are by now.
    pub(super) fn programs(&self) -> usize {
        self.by_program.len()
    }

    /// What a version's file says.
    pub(super) fn parsed(&self, id: VersionId) -> Result<&Parsed> {
        self.versions[id].folder().dependencies(self.tree)
    }

    /// What a version needs.
    pub(super) fn needs(&mut self, id: VersionId) -> Result<Rc<[Need]>> {
        if let Some(needs) = self.versions[id].needs.get() {
            return Ok(Rc::clone(needs));
        }
        let program = Rc::clone(&self.versions[id].program);
        let folder = &program.named()[self.versions[id].place];
        let parsed = folder.dependencies(self.tree)?;
        let mut needs = Vec::with_capacity(parsed.entries.len());
        for entry in &parsed.entries {
            needs.extend(self.need(&entry.requirement, entry.line, Some(folder))?);
        }
        Ok(Rc::clone(self.versions[id].needs.get_or_init(|| needs.into())))
    }

    /// What would meet a requirement; `None` where it asks for nothing that could be layered: another package
    /// manager's things, or alternatives that all depend on flags that are off.
    pub(super) fn need(
        &mut self,
        requirement: &Requirement,
        line: u32,
        dependent: Option<&VersionFolder>,
    ) -> Result<Option<Need>> {
        let mut ways = Vec::with_capacity(1);
        let mut asked_for = Vec::with_capacity(1);
        for (place, alternative) in requirement.alternatives().iter().enumerate() {
            let Wanted::Program(name) = &alternative.wanted else { continue };
            if self.is_on(alternative, dependent)? {
                asked_for.push(name);
                let program = self.number(name)?;
                ways.extend(program.map(|program| Way { program, alternative: Some(place) }));
            }
        }
        if asked_for.is_empty() {
            return Ok(None);
        }
        let mut nearest = Need::new(requirement, line, ways);
        nearest.first = self.first_to_be_taken(self.in_order(&nearest))?;
        if nearest.first.is_some() {
            return Ok(Some(nearest));
        }
        for name in asked_for {
            if let Some((program, first)) = self.substitute(name)? {
                let mut stands_in = Need::new(requirement, line, vec![Way { program, alternative: None }]);
                (stands_in.first, stands_in.stands_for) = (Some(first), Some(name.clone()));
                return Ok(Some(stands_in));
            }
        }
        Ok(Some(nearest))
    }

    /// Whether one of an alternative's flags holds. Where the dependent does not say what it was built with, the request
    /// may; a flag that nobody speaks of holds.
    fn is_on(&self, alternative: &Alternative, dependent: Option<&VersionFolder>) -> Result<bool> {
        if alternative.flags.is_empty() {
            return Ok(true);
        }
        let Some(folder) = dependent else { return Ok(true) };
        let built_with = folder.use_flags(self.tree)?;
        let is_on = |name: &String| match built_with {
            Some(flags) => Some(flags.contains(name)),
            None => self.request.use_flags.get(name).copied(),
        };
        let holds = |flag: &Flag| is_on(&flag.name).is_none_or(|on| on != (flag.mark == FlagMark::Not));
        Ok(alternative.flags.iter().any(holds))
    }

    /// The first installed program that stands in for another, and the version of it to take: its versions are its own,
    /// so that any will do.
    fn substitute(&mut self, name: &ProgramName) -> Result<Option<(usize, VersionId)>> {
        let substitutes = match self.substitutes.take() {
            Some(substitutes) => substitutes,
            None => Substitutes::read(self.tree)?,
        };
        let mut found = None;
        for substitute in substitutes.of(name) {
            let Some(program) = self.number(substitute)? else { continue };
            found = self.first_to_be_taken(self.by_program[program].clone())?.map(|first| (program, first));
            if found.is_some() {
                break;
            }
        }
        self.substitutes = Some(substitutes);
        Ok(found)
    }

    /// The number of the program that a written name means; `None` where it is not installed or could be several.
    fn number(&mut self, name: &ProgramName) -> Result<Option<usize>> {
        if let Some(known) = self.by_name.get(name) {
            return Ok(*known);
        }
        let number = match self.tree.find(name) {
            Ok(Some(program)) if program.name == *name => Some(self.add(&program)),
            Ok(Some(program)) => self.number(&program.name)?,
            Ok(None) | Err(_) => None,
        };
        self.by_name.insert(name.clone(), number);
        Ok(number)
    }

    /// Takes in the versions of a program: newest first as the tree has them, but the preferred ones before all.
    fn add(&mut self, program: &Rc<Program>) -> usize {
        let number = self.by_program.len();
        let mut places: Vec<usize> = (0..program.named().len()).collect();
        places.sort_by_key(|place| Reverse(self.weight(program, program.named()[*place].version.as_str())));
        let start = self.versions.len();
        self.versions.extend(places.into_iter().map(|place| Installed {
            program: Rc::clone(program),
            place,
            number,
            arch: OnceCell::new(),
            needs: OnceCell::new(),
        }));
        self.by_program.push(start..self.versions.len());
        number
    }

    /// How much a version is to be preferred.
    fn weight(&self, program: &Program, version: &str) -> u8 {
        let preferred = &self.request.preferred;
        if !preferred.is_empty() && preferred.contains(&(program.name.clone(), version.to_owned())) {
            2
        } else {
            let is_current = program.current.as_deref() == Some(version);
            u8::from(is_current && self.request.prefer == Prefer::Current)
        }
    }
}
