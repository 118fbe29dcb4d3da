//! What somebody asks for: a program, and which of its versions will do.
//!
//! Requirements come from two places: lines of a program's `Resources/Dependencies`, which are read as generously as they
//! were written, and what a person types (`--with 'Lua = 5.3.6'`, `programs = ["GTK+ = 2.24.22"]`). Both are one grammar
//! (`grammar`), and both end as the values below, which print in one canonical form and read back from it.
//!
//! Requirements hold names and versions, never paths: whatever a [`ProgramName`] says, it is one component of a path.

mod complaint;
pub(crate) mod grammar;
mod name;

pub use name::{AlienManager, InvalidName, ProgramName};

use crate::version::Version;
use complaint::Complaint;
use grammar::{Line, Options};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

/// How a version is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl Op {
    /// The operator, as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }
}

/// A bound on versions, such as `>= 2.24`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Constraint {
    /// How to compare.
    pub op: Op,
    /// What to compare with.
    pub version: Version,
}

impl Constraint {
    /// Whether a version will do.
    ///
    /// Versions compare by [`Version::cmp_order`]. `= 2.24.22` takes every revision of that version's recipe
    /// (`2.24.22-r3`), `= 2.24.22-r3` that one alone; `!=` is the opposite of `=`. `1.17_bin` is another version than
    /// `1.17`, and later.
    #[must_use]
    pub fn admits(&self, version: &Version) -> bool {
        let order = version.cmp_order(&self.version);
        let equal = if self.version.has_revision() {
            order == Ordering::Equal
        } else {
            version.same_without_revision(&self.version)
        };
        match self.op {
            Op::Equal => equal,
            Op::NotEqual => !equal,
            Op::Less => order == Ordering::Less,
            Op::LessEqual => order != Ordering::Greater,
            Op::Greater => order == Ordering::Greater,
            Op::GreaterEqual => order != Ordering::Less,
        }
    }
}

/// Who provides what is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wanted {
    /// A program of GoboLinux.
    Program(ProgramName),
    /// Something of another package manager, such as `CPAN:XML::Parser`.
    Alien {
        /// The package manager.
        manager: AlienManager,
        /// What that one calls it: printable ASCII without blanks and slashes.
        name: String,
    },
}

/// How a flag stands in its brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlagMark {
    /// `[ssl]`: where the flag is on.
    Plain,
    /// `[!ssl]`: where it is off.
    Not,
    /// `[*ssl]`: a generic flag, which stands for one of several.
    Generic,
}

/// A condition on the flags that a program was built with, such as `[ssl]`. Data: what it comes to is policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Flag {
    /// What stands before the name.
    pub mark: FlagMark,
    /// The flag.
    pub name: String,
}

/// One way to meet a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alternative {
    /// What is asked for.
    pub wanted: Wanted,
    /// The bounds on its version, all of which must hold; none takes any version.
    pub constraints: Vec<Constraint>,
    /// The flags that it depends on, one of which must hold; none means always.
    pub flags: Vec<Flag>,
}

impl Alternative {
    /// Whether a version meets every constraint.
    #[must_use]
    pub fn admits(&self, version: &Version) -> bool {
        self.constraints.iter().all(|constraint| constraint.admits(version))
    }
}

/// What is asked for: one alternative or several, the preferred one first. There is always one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// Shared: a plan repeats what files say.
    alternatives: Arc<[Alternative]>,
}

impl Requirement {
    /// The requirement that these alternatives make, if there are any.
    #[must_use]
    pub fn new(alternatives: Vec<Alternative>) -> Option<Self> {
        (!alternatives.is_empty()).then(|| Self { alternatives: alternatives.into() })
    }

    /// The ways to meet it, the preferred one first; never empty.
    #[must_use]
    pub fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    /// The programs that it names, the preferred one first.
    pub fn programs(&self) -> impl Iterator<Item = &ProgramName> {
        self.alternatives.iter().filter_map(|alternative| match &alternative.wanted {
            Wanted::Program(name) => Some(name),
            Wanted::Alien { .. } => None,
        })
    }
}

/// Any version of a program.
impl From<ProgramName> for Requirement {
    fn from(name: ProgramName) -> Self {
        let wanted = Wanted::Program(name);
        Self { alternatives: [Alternative { wanted, constraints: Vec::new(), flags: Vec::new() }].into() }
    }
}

/// Why a text is no requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRequirement(Complaint);

impl InvalidRequirement {
    /// The bytes of the text that are wrong.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.0.span.clone()
    }

    /// What is wrong, in one sentence without a full stop.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
}

impl fmt::Display for InvalidRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        self.help().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

impl std::error::Error for InvalidRequirement {}

impl FromStr for Requirement {
    type Err = InvalidRequirement;

    /// Reads what a person typed: a line of `Dependencies` that asks for something. A version without an operator is a
    /// lower bound. Odd spellings are accepted as they are there; nothing is left out.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (line, complaints) = grammar::read_line(text, &Options::default());
        if let Some(error) = complaints.into_iter().find(|complaint| complaint.loses_text) {
            return Err(InvalidRequirement(error));
        }
        let (message, help) = match line {
            Line::Entry(requirement) => return Ok(requirement),
            Line::Nothing => ("no program is named", "write a program and its version, as in `Lua >= 5.3`"),
            Line::Flags(_) => ("flags alone ask for nothing", "name the program before them"),
            Line::CrossOnly => ("`[cross]` is for building a cross compiler", "leave it out"),
        };
        Err(InvalidRequirement(Complaint::error(0..text.len(), message).with_help(help)))
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.op, self.version)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(name) => name.fmt(f),
            Self::Alien { manager, name } => write!(f, "{manager}:{name}"),
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            FlagMark::Plain => "",
            FlagMark::Not => "!",
            FlagMark::Generic => "*",
        };
        write!(f, "{mark}{}", self.name)
    }
}

/// The canonical form: `Qt >= 3.3.2, < 4.0 [opengl]`.
impl fmt::Display for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wanted.fmt(f)?;
        if !self.constraints.is_empty() {
            f.write_str(" ")?;
            list(f, &self.constraints, ", ")?;
        }
        if !self.flags.is_empty() {
            f.write_str(" [")?;
            list(f, &self.flags, ",")?;
            f.write_str("]")?;
        }
        Ok(())
    }
}

/// The canonical form, which reads back as the same requirement.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, &self.alternatives, " | ")
    }
}

fn list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display], separator: &str) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

impl Serialize for Requirement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Requirement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
pub(crate) mod tests;
