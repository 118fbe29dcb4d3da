//! What a plan is made from, but the tree.

use crate::arch::Arch;
use crate::plan::{Source, Wish};
use crate::requirement::{ProgramName, Requirement};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

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

/// What is done where the nearest choice ends in a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum OnConflict {
    /// It is recorded, and nothing else: nobody is there to read an offer.
    #[default]
    Record,
    /// Another choice in which everything fits is looked for and offered.
    Offer,
    /// The other choice is taken.
    Solve,
}

/// A use flag that is on or off for programs that do not say what they were built with: `mysql`, `-mysql`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct UseFlag {
    /// Its name.
    pub name: String,
    /// Whether it is on.
    pub is_on: bool,
}

impl fmt::Display for UseFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_on { "" } else { "-" }, self.name)
    }
}

impl FromStr for UseFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix('-').unwrap_or(text);
        let is_name = (1..=64).contains(&name.len())
            && !name.starts_with('-')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b));
        if is_name {
            Ok(Self { name: name.to_owned(), is_on: name.len() == text.len() })
        } else {
            Err("a use flag is letters, digits, `_`, `+` and `-`; with `-` before it, it is off".to_owned())
        }
    }
}

impl TryFrom<String> for UseFlag {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
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
    /// What is done where the nearest choice ends in a conflict.
    pub on_conflict: OnConflict,
    /// Use flags of programs that do not say what they were built with; one that is not named leaves its lines in.
    pub use_flags: BTreeMap<String, bool>,
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
            on_conflict: OnConflict::default(),
            use_flags: BTreeMap::new(),
            wishes: Vec::new(),
            kept: Vec::new(),
            preferred: BTreeSet::new(),
            environment: BTreeMap::new(),
        }
    }

    /// Sets use flags, but for those that are set already.
    pub fn add_use_flags(&mut self, flags: impl IntoIterator<Item = UseFlag>) {
        for UseFlag { name, is_on } in flags {
            self.use_flags.entry(name).or_insert(is_on);
        }
    }

    /// The same request with one more wish.
    #[must_use]
    pub fn with(mut self, requirement: Requirement, source: Source) -> Self {
        self.wishes.push(Wish { requirement, source });
        self
    }
}
