//! What the tree has for a request: versions by number, and for each what it needs and what would do.
//!
//! Several ways of choosing are tried over the same versions, so every requirement is looked up once. A version is a
//! [`VersionId`]; a [`Need`] lists the versions that would meet it, the one to take first in front.

use super::request::{Prefer, Request};
use super::substitutes::Substitutes;
use crate::arch::Arch;
use crate::dependencies::Parsed;
use crate::error::Result;
use crate::requirement::{Alternative, Flag, FlagMark, ProgramName, Requirement, Wanted};
use crate::tree::{Program, Tree, VersionFolder};
use std::collections::HashMap;
use std::rc::Rc;

/// An installed version of an architecture that is wanted.
pub(super) type VersionId = usize;

/// Something that is required.
#[derive(Clone)]
pub(super) struct Need {
    /// As it was written.
    pub(super) requirement: Rc<Requirement>,
    /// The line of the file that says so; 0 for a wish.
    pub(super) line: u32,
    /// What would meet it, the first to be taken first.
    pub(super) candidates: Vec<VersionId>,
    /// The program that the candidates stand in for, where they are substitutes.
    pub(super) stands_for: Option<ProgramName>,
}

/// One installed version.
pub(super) struct Installed {
    pub(super) program: Rc<Program>,
    /// Its place in `program.versions`.
    place: usize,
    /// The program, by number.
    pub(super) number: usize,
    pub(super) arch: Arch,
    needs: Option<Rc<[Need]>>,
}

impl Installed {
    pub(super) fn folder(&self) -> &VersionFolder {
        &self.program.versions[self.place]
    }

    pub(super) fn name(&self) -> &str {
        self.folder().version.as_str()
    }

    /// Whether the two cannot both be chosen.
    pub(super) fn is_rival(&self, other: &Self) -> bool {
        self.number == other.number
            && self.folder().major == other.folder().major
            && self.arch.fits(&other.arch)
    }
}

/// The versions that have been looked at.
pub(super) struct Catalogue<'a> {
    pub(super) tree: &'a Tree,
    pub(super) request: &'a Request,
    versions: Vec<Installed>,
    /// The versions of each program that fit the architecture, the preferred ones first.
    by_program: Vec<Vec<VersionId>>,
    /// Programs by every name that was asked for.
    by_name: HashMap<ProgramName, Option<usize>>,
    substitutes: Option<Substitutes>,
}

impl<'a> Catalogue<'a> {
    pub(super) fn new(tree: &'a Tree, request: &'a Request) -> Self {
        Self {
            tree,
            request,
            versions: Vec::new(),
            by_program: Vec::new(),
            by_name: HashMap::new(),
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
        let version = &self.versions[id];
        version.folder().dependencies(self.tree, &version.program.name)
    }

    /// What a version needs.
    pub(super) fn needs(&mut self, id: VersionId) -> Result<Rc<[Need]>> {
        if let Some(needs) = &self.versions[id].needs {
            return Ok(Rc::clone(needs));
        }
        let program = Rc::clone(&self.versions[id].program);
        let folder = &program.versions[self.versions[id].place];
        let parsed = folder.dependencies(self.tree, &program.name)?;
        let mut needs = Vec::with_capacity(parsed.entries.len());
        for entry in &parsed.entries {
            needs.extend(self.need(&entry.requirement, entry.line, Some(folder))?);
        }
        let needs: Rc<[Need]> = needs.into();
        self.versions[id].needs = Some(Rc::clone(&needs));
        Ok(needs)
    }

    /// What would meet a requirement; `None` where it asks for nothing that could be layered: another package
    /// manager's things, or alternatives that all depend on flags that are off.
    pub(super) fn need(
        &mut self,
        requirement: &Rc<Requirement>,
        line: u32,
        dependent: Option<&VersionFolder>,
    ) -> Result<Option<Need>> {
        let mut need =
            Need { requirement: Rc::clone(requirement), line, candidates: Vec::new(), stands_for: None };
        let mut asks_for_something = false;
        for alternative in requirement.alternatives() {
            let Wanted::Program(name) = &alternative.wanted else { continue };
            if !self.is_on(alternative, dependent)? {
                continue;
            }
            asks_for_something = true;
            let Some(program) = self.number(name)? else { continue };
            need.candidates.reserve_exact(self.by_program[program].len());
            for &id in &self.by_program[program] {
                if alternative.admits(&self.versions[id].folder().version) && !need.candidates.contains(&id) {
                    need.candidates.push(id);
                }
            }
        }
        if need.candidates.is_empty() && asks_for_something {
            for alternative in requirement.alternatives() {
                if let Wanted::Program(name) = &alternative.wanted
                    && self.is_on(alternative, dependent)?
                {
                    self.add_substitutes(name, &mut need)?;
                }
            }
        }
        Ok(asks_for_something.then_some(need))
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

    /// Any version of the first installed substitute will do: its versions are its own.
    fn add_substitutes(&mut self, name: &ProgramName, need: &mut Need) -> Result<()> {
        let substitutes = match self.substitutes.take() {
            Some(substitutes) => substitutes,
            None => Substitutes::read(self.tree)?,
        };
        for substitute in substitutes.of(name) {
            if !need.candidates.is_empty() {
                break;
            }
            if let Some(program) = self.number(substitute)? {
                need.candidates.extend(&self.by_program[program]);
                need.stands_for = Some(name.clone());
            }
        }
        self.substitutes = Some(substitutes);
        Ok(())
    }

    /// The number of the program that a written name means; `None` where it is not installed or could be several.
    fn number(&mut self, name: &ProgramName) -> Result<Option<usize>> {
        if let Some(known) = self.by_name.get(name) {
            return Ok(*known);
        }
        let number = match self.tree.find(name) {
            Ok(Some(program)) if program.name == *name => Some(self.add(program)?),
            Ok(Some(program)) => {
                let name = program.name.clone();
                self.number(&name)?
            }
            Ok(None) | Err(_) => None,
        };
        self.by_name.insert(name.clone(), number);
        Ok(number)
    }

    /// Takes in the versions of a program, newest first as the tree has them, and then the preferred ones to the front.
    fn add(&mut self, program: Rc<Program>) -> Result<usize> {
        let number = self.by_program.len();
        let mut ids = Vec::new();
        for (place, folder) in program.versions.iter().enumerate() {
            let arch = folder.arch(self.tree)?.clone();
            if arch.fits(&self.request.arch) {
                ids.push(self.versions.len());
                let program = Rc::clone(&program);
                self.versions.push(Installed { program, place, number, arch, needs: None });
            }
        }
        ids.sort_by_key(|id| std::cmp::Reverse(self.weight(*id)));
        self.by_program.push(ids);
        Ok(number)
    }

    /// How much a version is to be preferred.
    fn weight(&self, id: VersionId) -> u8 {
        let version = &self.versions[id];
        let (program, name) = (&version.program, version.name());
        let preferred = &self.request.preferred;
        if !preferred.is_empty() && preferred.contains(&(program.name.clone(), name.to_owned())) {
            2
        } else {
            let is_current = program.current.as_deref() == Some(name);
            u8::from(is_current && self.request.prefer == Prefer::Current)
        }
    }
}
