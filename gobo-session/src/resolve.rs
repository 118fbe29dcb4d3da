//! From requirements to a plan: which version each gets, and why.
//!
//! Each requirement gets, among the installed versions that satisfy it and fit the architecture, the one that is
//! preferred already (a session's own choice, the very folder of a command), else the current one, else the highest.
//! Dependencies of what is chosen are followed to the end, breadth first, so that the requirement nearest to the
//! user is met first. A requirement that a chosen version meets needs nothing more: that is what ends cycles. There
//! is one version per program, major version and architecture; a requirement that would need another one gives way
//! and is recorded.

use crate::arch::Arch;
use crate::error::{Error, Result, Step};
use crate::plan::{Choice, Conflict, FORMAT, Missing, Plan, Source, Wish};
use crate::requirement::{Alternative, ProgramName, Requirement, Wanted};
use crate::tree::{Program, Tree, VersionFolder};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

/// The most versions that a plan may hold (R18).
pub const MAX_CHOSEN: usize = 4096;

/// Which of several satisfying versions is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prefer {
    /// The current one, where it satisfies.
    #[default]
    Current,
    /// The highest one.
    Newest,
}

/// Everything that a plan is made from, but the tree.
#[derive(Debug, Clone)]
pub struct Request {
    /// The profile's name, where there is one.
    pub profile: Option<String>,
    /// The architecture that is wanted.
    pub arch: Arch,
    /// Whether the view is to hold the chosen programs alone.
    pub pure: bool,
    /// Whether the session is to say that it is a 32-bit system.
    pub personality: bool,
    /// Which of several satisfying versions is taken.
    pub prefer: Prefer,
    /// Whether a missing dependency is a failure.
    pub strict: bool,
    /// What is asked for; the first weighs most.
    pub wishes: Vec<Wish>,
    /// What the session around asked for: met after everything else.
    pub kept: Vec<Wish>,
    /// Versions that go before the current one where they satisfy.
    pub preferred: BTreeSet<(ProgramName, String)>,
    /// Variables to set.
    pub environment: BTreeMap<String, String>,
}

impl Request {
    /// A request for nothing, for programs of that architecture.
    #[must_use]
    pub fn new(arch: Arch) -> Self {
        Self {
            profile: None,
            arch,
            pure: false,
            personality: false,
            prefer: Prefer::Current,
            strict: false,
            wishes: Vec::new(),
            kept: Vec::new(),
            preferred: BTreeSet::new(),
            environment: BTreeMap::new(),
        }
    }

    /// The same request with one more wish.
    #[must_use]
    pub fn with(mut self, requirement: Requirement, source: Source) -> Self {
        self.wishes.push(Wish { requirement, source });
        self
    }
}

/// Makes the plan.
///
/// # Errors
/// Where something asked for is not there, in strict mode where a dependency is not, and where the tree cannot be
/// read.
pub fn resolve(tree: &Tree, request: &Request) -> Result<Plan> {
    let mut resolution = Resolution {
        tree,
        request,
        by_program: BTreeMap::new(),
        plan: Plan {
            format: FORMAT,
            profile: request.profile.clone(),
            arch: request.arch.clone(),
            pure: request.pure,
            personality: request.personality,
            wishes: request.wishes.iter().chain(&request.kept).cloned().collect(),
            chosen: Vec::new(),
            conflicts: Vec::new(),
            missing: Vec::new(),
            notes: Vec::new(),
            environment: request.environment.clone(),
        },
    };
    resolution.meet_all(&request.wishes)?;
    resolution.meet_all(&request.kept)?;
    Ok(resolution.plan)
}

struct Resolution<'a> {
    tree: &'a Tree,
    request: &'a Request,
    /// The places in `plan.chosen` by program.
    by_program: BTreeMap<ProgramName, Vec<usize>>,
    plan: Plan,
}

/// What an alternative of a requirement comes to.
enum Offer {
    /// A chosen version meets it.
    Met,
    /// This version would meet it.
    Version(Rc<Program>, usize),
    /// Nothing does; the sentence says what there is.
    Nothing(String),
    /// Another package manager's: nothing of it could be layered.
    Alien,
}

impl Resolution<'_> {
    /// Meets wishes and then, level by level, what the chosen versions need.
    fn meet_all(&mut self, wishes: &[Wish]) -> Result<()> {
        let mut queue: VecDeque<(Requirement, Source)> =
            wishes.iter().map(|wish| (wish.requirement.clone(), wish.source.clone())).collect();
        while let Some((requirement, source)) = queue.pop_front() {
            if let Some(place) = self.meet(requirement, source)? {
                queue.extend(self.needs_of(place)?);
            }
        }
        Ok(())
    }

    /// Meets one requirement; the place of the choice where that took a new one.
    fn meet(&mut self, requirement: Requirement, source: Source) -> Result<Option<usize>> {
        let mut why = Vec::new();
        for alternative in requirement.alternatives() {
            match self.offer(alternative)? {
                Offer::Met => return Ok(None),
                Offer::Version(program, version) => {
                    return self.choose(&program, &program.versions[version], requirement, source);
                }
                Offer::Nothing(sentence) => why.push(sentence),
                Offer::Alien => {}
            }
        }
        if !why.is_empty() {
            self.miss(requirement, source, why.join("; "))?;
        }
        Ok(None)
    }

    fn offer(&self, alternative: &Alternative) -> Result<Offer> {
        let Wanted::Program(name) = &alternative.wanted else {
            return Ok(Offer::Alien);
        };
        let program = match self.tree.find(name) {
            Ok(Some(program)) => program,
            Ok(None) => return Ok(Offer::Nothing(self.not_installed(name))),
            Err(error) => return Ok(Offer::Nothing(error.to_string())),
        };
        let chosen = self.by_program.get(&program.name).into_iter().flatten();
        for choice in chosen.map(|place| &self.plan.chosen[*place]) {
            let version = program.version(&choice.version);
            if version.is_some_and(|v| alternative.admits(&v.version)) {
                return Ok(Offer::Met);
            }
        }
        let mut best: Option<usize> = None;
        for (place, version) in program.versions.iter().enumerate() {
            if !alternative.admits(&version.version) || !version.arch(self.tree)?.fits(&self.request.arch) {
                continue;
            }
            let weight = |place: usize| self.weight(&program, &program.versions[place]);
            if best.is_none_or(|b| weight(place) > weight(b)) {
                best = Some(place);
            }
        }
        Ok(match best {
            Some(place) => Offer::Version(program, place),
            None => Offer::Nothing(self.nothing_fits(&program)?),
        })
    }

    /// How much a satisfying version is to be preferred; among equals the highest, which comes first.
    fn weight(&self, program: &Program, version: &VersionFolder) -> u8 {
        let name = version.version.as_str();
        let is_current = program.current.as_deref() == Some(name);
        if self.request.preferred.contains(&(program.name.clone(), name.to_owned())) {
            2
        } else {
            u8::from(is_current && self.request.prefer == Prefer::Current)
        }
    }

    fn choose(
        &mut self,
        program: &Program,
        version: &VersionFolder,
        requirement: Requirement,
        source: Source,
    ) -> Result<Option<usize>> {
        let arch = version.arch(self.tree)?.clone();
        let major = version.version.major();
        let name = version.version.as_str().to_owned();
        let places = self.by_program.entry(program.name.clone()).or_default();
        let rival = places.iter().copied().find(|place| {
            let choice = &self.plan.chosen[*place];
            choice.major == major && choice.arch.fits(&arch)
        });
        if let Some(winner) = rival {
            self.plan.conflicts.push(Conflict { requirement, source, version: name, winner });
            return Ok(None);
        }
        if self.plan.chosen.len() == MAX_CHOSEN {
            return Err(Error::new(
                Step::Resolve,
                format!("the view would hold more than {MAX_CHOSEN} programs"),
            ));
        }
        let is_current = program.current.as_deref() == Some(&*name);
        let linked = is_current && self.tree.is_linked(&program.name, version)?;
        let place = self.plan.chosen.len();
        places.push(place);
        self.plan.chosen.push(Choice {
            program: program.name.clone(),
            version: name,
            major,
            arch,
            linked,
            requirement,
            source,
        });
        Ok(Some(place))
    }

    /// What a chosen version needs.
    fn needs_of(&mut self, place: usize) -> Result<Vec<(Requirement, Source)>> {
        let choice = &self.plan.chosen[place];
        let Some(program) = self.tree.program(&choice.program)? else { return Ok(Vec::new()) };
        let Some(version) = program.version(&choice.version) else { return Ok(Vec::new()) };
        let parsed = version.dependencies(self.tree, &program.name)?;
        self.plan.notes.extend(parsed.diagnostics.iter().cloned());
        let file = &parsed.file;
        Ok(parsed
            .entries
            .iter()
            .map(|entry| {
                let source = Source::Dependency { of: place, file: file.clone(), line: entry.line };
                (entry.requirement.clone(), source)
            })
            .collect())
    }

    /// Nothing meets it: an error where it was asked for, else a note.
    fn miss(&mut self, requirement: Requirement, source: Source, why: String) -> Result<()> {
        let is_dependency = matches!(source, Source::Dependency { .. });
        if (is_dependency && !self.request.strict) || source == Source::Session {
            self.plan.missing.push(Missing { requirement, source, why });
            return Ok(());
        }
        let chain = self.plan.because(&source).join(", ");
        Err(Error::new(Step::Resolve, format!("nothing meets `{requirement}` ({chain}): {why}"))
            .with_cure("install it, or ask for another version"))
    }

    fn not_installed(&self, name: &ProgramName) -> String {
        match self.tree.nearest(name) {
            Some(near) => format!("{name} is not installed; did you mean {near}?"),
            None => format!("{name} is not installed"),
        }
    }

    fn nothing_fits(&self, program: &Program) -> Result<String> {
        let mut there = Vec::new();
        for version in &program.versions {
            there.push(format!("{} ({})", version.version, version.arch(self.tree)?));
        }
        there.extend(program.refused.iter().map(|error| error.what.clone()));
        let name = &program.name;
        Ok(match there.as_slice() {
            [] => format!("{name} has no version installed"),
            there => format!("{name} is installed as {}; {} is wanted", there.join(", "), self.request.arch),
        })
    }
}
