//! The plan: pure data that says which versions a view is made of, and why.
//!
//! A plan is made by [`crate::resolve`] and read by everything after it. It can be printed, compared, stored and sent;
//! it holds no descriptor and promises nothing about the disk but what was read when it was made. The same tree
//! gives the same plan, byte for byte.

use crate::arch::Arch;
use crate::diagnostic::Diagnostic;
use crate::requirement::{ProgramName, Requirement};
use crate::version::Major;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// The layout of the data below; a reader refuses another.
pub const FORMAT: u32 = 1;

/// Which versions a view is made of, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`FORMAT`].
    pub format: u32,
    /// The profile that it was made for, where there is one.
    pub profile: Option<String>,
    /// The architecture that versions were chosen for.
    pub arch: Arch,
    /// Whether the view holds the chosen programs alone.
    pub pure: bool,
    /// Whether the session says that it is a 32-bit system (PER_LINUX32).
    pub personality: bool,
    /// What was asked for, in the order of its weight.
    pub wishes: Vec<Wish>,
    /// The versions, in order of precedence: the first named goes before the later.
    pub chosen: Vec<Choice>,
    /// Requirements that had to give way to nearer ones.
    pub conflicts: Vec<Conflict>,
    /// Requirements that no installed version meets.
    pub missing: Vec<Missing>,
    /// What was odd in the files that were read.
    pub notes: Vec<Diagnostic>,
    /// Variables that the profile sets.
    pub environment: BTreeMap<String, String>,
    /// What is where, where it is not as GoboLinux has it: one choice has another layer over another tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// Another choice, in which nothing would give way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// Where something gave way and no choice satisfies all: why, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impasse: Vec<String>,
}

/// A plan as a view tells it, and what of it the view's mounts depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanText {
    /// The mount source of the view.
    pub source: String,
    /// The plan as canonical JSON.
    pub json: String,
    /// As in the plan.
    pub pure: bool,
    /// As in the plan.
    pub personality: bool,
}

/// A choice in which nothing gives way, as near to the nearest one as was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Every version that is chosen in it and not in the nearest choice.
    pub changes: Vec<Change>,
    /// What to ask for to have it; empty where that cannot be said by names and versions alone.
    pub with: Vec<Requirement>,
    /// Whether that must be named before everything else that is asked for.
    pub first: bool,
    /// The same in one sentence without a full stop.
    pub sentence: String,
    /// Whether the plan holds it already.
    pub taken: bool,
}

/// One version of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The program.
    pub program: ProgramName,
    /// The version that it would replace; `None` where it stands beside what is chosen.
    pub from: Option<String>,
    /// The version.
    pub to: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, from, to } = self;
        match from {
            None => write!(f, "{program} {to}"),
            Some(from) if from == to => write!(f, "{program} kept at {to}"),
            Some(from) => write!(f, "{program} {to} instead of {from}"),
        }
    }
}

/// A requirement and where it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What is asked for.
    pub requirement: Requirement,
    /// Who asks.
    pub source: Source,
}

/// Where a requirement comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The command line.
    Asked,
    /// A profile, by name.
    Profile(String),
    /// The command that is to be run, by its path.
    Command(String),
    /// The view of the session that this one is made in.
    Session,
    /// A Dependencies file that the command line names.
    Listed {
        /// The file, as it was named.
        file: String,
        /// The line in it.
        line: u32,
    },
    /// A chosen version needs it.
    Dependency {
        /// Which, as a place in [`Plan::chosen`].
        of: usize,
        /// The file that says so.
        file: String,
        /// The line in it.
        line: u32,
    },
}

/// A version that the view is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The program.
    pub program: ProgramName,
    /// The version's folder.
    pub version: String,
    /// Its major version: two that differ in it can both be there.
    pub major: Major,
    /// What it was built for.
    pub arch: Arch,
    /// Whether the base index shows it already, so that the layer needs nothing of it.
    pub linked: bool,
    /// The requirement that brought it.
    pub requirement: Requirement,
    /// The program of that requirement, where this one stands in for it (`CompatibilityList`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<ProgramName>,
    /// Who required it.
    pub source: Source,
}

/// A requirement that gave way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// What was required.
    pub requirement: Requirement,
    /// Who required it.
    pub source: Source,
    /// The version that would have met it.
    pub version: String,
    /// The nearer choice that stands instead, as a place in [`Plan::chosen`].
    pub winner: usize,
}

/// A requirement that nothing installed meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What was required.
    pub requirement: Requirement,
    /// Who required it.
    pub source: Source,
    /// What is there instead, as a sentence.
    pub why: String,
}

/// A short name for a plan's content: equal plans have equal ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanId(String);

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Plan {
    /// A plan in which nothing is chosen.
    #[must_use]
    pub fn empty(arch: Arch) -> Self {
        Self {
            format: FORMAT,
            profile: None,
            arch,
            pure: false,
            personality: false,
            wishes: Vec::new(),
            chosen: Vec::new(),
            conflicts: Vec::new(),
            missing: Vec::new(),
            notes: Vec::new(),
            environment: BTreeMap::new(),
            tree: None,
            offer: None,
            impasse: Vec::new(),
        }
    }

    /// The plan's id: the first 64 bits of the SHA-256 of its canonical JSON, in hexadecimal. What it offers besides is
    /// no part of the view.
    #[must_use]
    pub fn id(&self) -> PlanId {
        let json = match self.offer.is_none() && self.impasse.is_empty() {
            true => self.to_json(),
            false => Self { offer: None, impasse: Vec::new(), ..self.clone() }.to_json(),
        };
        let digest = Sha256::digest(json.as_bytes());
        PlanId(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The plan as canonical JSON: fields in the order of the type, no white space.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| unreachable!("a plan is plain data: {error}"))
    }

    /// The plan as a view tells it.
    #[must_use]
    pub fn text(&self) -> PlanText {
        let Self { pure, personality, .. } = *self;
        PlanText { source: self.mount_source(&self.id()), json: self.to_json(), pure, personality }
    }

    /// Reads a plan back.
    ///
    /// # Errors
    /// Where the text is no plan, or one of another format.
    pub fn from_json(text: &[u8]) -> Result<Self, String> {
        let plan: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if plan.format != FORMAT {
            return Err(format!("the plan has format {}, this program reads {FORMAT}", plan.format));
        }
        if !plan.places_are_sound() {
            return Err("the plan gives reasons that are not in it".into());
        }
        Ok(plan)
    }

    /// Whether every reason names an earlier choice, so that following reasons comes to an end.
    fn places_are_sound(&self) -> bool {
        let is_below = |source: &Source, end: usize| match source {
            Source::Dependency { of, .. } => *of < end,
            _ => true,
        };
        let end = self.chosen.len();
        self.chosen.iter().enumerate().all(|(place, choice)| is_below(&choice.source, place))
            && self.conflicts.iter().all(|c| c.winner < end && is_below(&c.source, end))
            && self.missing.iter().all(|m| is_below(&m.source, end))
    }

    /// The choices that the layer holds: those that the base does not show, or all of a pure view.
    pub fn to_link(&self) -> impl Iterator<Item = (usize, &Choice)> {
        self.chosen.iter().enumerate().filter(|(_, choice)| self.pure || !choice.linked)
    }

    /// Which view it is, in one line: its id, and the versions in which it differs from the base.
    #[must_use]
    pub fn summary(&self, id: &PlanId) -> String {
        let layered = self.to_link().map(|(_, choice)| format!("{} {}", choice.program, choice.version));
        format!("plan {id}: {}", layered.collect::<Vec<_>>().join(", "))
    }

    /// The mount source of a view made from this plan.
    #[must_use]
    pub fn mount_source(&self, id: &PlanId) -> String {
        let profile = self.profile.as_deref().unwrap_or("-");
        format!("{}{profile}:{id}", crate::kernel::SOURCE_PREFIX)
    }

    /// What led to a source: the versions that need it, nearest first, and who asked for the last of them.
    #[must_use]
    pub fn chain<'a>(&'a self, source: &'a Source) -> (Vec<Needs<'a>>, &'a Source) {
        let mut chain = Vec::new();
        let mut next = source;
        while let Source::Dependency { of, file, line } = next {
            let choice = &self.chosen[*of];
            chain.push(Needs { choice, file, line: *line });
            next = &choice.source;
        }
        (chain, next)
    }

    /// The chain of reasons for a source, nearest first: `Cairo 1.18.2 needs it (/Programs/.../Dependencies:3)`.
    #[must_use]
    pub fn because(&self, source: &Source) -> Vec<String> {
        let (needs, first) = self.chain(source);
        let needs = needs.iter().map(|need| format!("{} needs it ({}:{})", need.who(), need.file, need.line));
        needs.chain([first.to_string()]).collect()
    }
}

/// That a version of the plan needs something.
#[derive(Debug, Clone, Copy)]
pub struct Needs<'a> {
    /// The version.
    pub choice: &'a Choice,
    /// The file that says so.
    pub file: &'a str,
    /// The line in it.
    pub line: u32,
}

impl Needs<'_> {
    /// The version by name, and what it stands in for.
    #[must_use]
    pub fn who(&self) -> String {
        let Choice { program, version, stands_for, .. } = self.choice;
        let instead = stands_for.as_ref().map(|name| format!(" in place of {name}")).unwrap_or_default();
        format!("{program} {version}{instead}")
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("asked for on the command line"),
            Self::Profile(name) => write!(f, "asked for by profile {name}"),
            Self::Command(path) => write!(f, "the command {path}"),
            Self::Session => f.write_str("chosen by the session"),
            Self::Listed { file, line } => write!(f, "asked for by {file}:{line}"),
            Self::Dependency { file, line, .. } => write!(f, "{file}:{line}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(of: usize) -> Plan {
        let source = Source::Dependency { of, file: "Dependencies".into(), line: 1 };
        let missing =
            Missing { requirement: "Lua".parse().unwrap(), source, why: "Lua is not installed".into() };
        let choice = Choice {
            program: "Foo".parse().unwrap(),
            version: "1.0".into(),
            major: crate::version::Version::new("1.0").major(),
            arch: Arch::Any,
            linked: false,
            requirement: "Foo".parse().unwrap(),
            stands_for: None,
            source: Source::Asked,
        };
        Plan { chosen: vec![choice], missing: vec![missing], ..Plan::empty(Arch::X86_64) }
    }

    #[test]
    fn a_plan_is_read_back_as_it_was_written() {
        let plan = plan(0);
        assert_eq!(Plan::from_json(plan.to_json().as_bytes()), Ok(plan.clone()));
        assert_eq!(plan.id().to_string().len(), 16);
        assert_eq!(plan.mount_source(&plan.id()), format!("gobo-session:-:{}", plan.id()));
    }

    #[test]
    fn a_forged_plan_whose_reasons_lead_nowhere_is_refused() {
        let mut endless = plan(0);
        endless.chosen[0].source = Source::Dependency { of: 0, file: "Dependencies".into(), line: 1 };
        for forged in [plan(7), endless] {
            assert!(Plan::from_json(forged.to_json().as_bytes()).is_err());
        }
    }
}
