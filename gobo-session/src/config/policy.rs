//! The administrator's policy: who gets which profile, who may pick another one, and what happens on failure.
//!
//! This room holds what policy is and how its words are spelled; `policy_file` puts several files together, and
//! `decision` applies the result to a login.

use super::name::{Choice, Glob, NameError, ProfileName, Word};
use super::syntax::{OneOrMore, quoted, read_as_text};
use crate::tree::Layout;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// What becomes of a login that cannot have its view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// It goes on over the base index.
    #[default]
    Base,
    /// It is refused.
    Deny,
}

/// Whether profiles that users wrote are used at login (R3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserProfiles {
    /// Never.
    #[default]
    Off,
    /// As if the administrator had written them: their authors can become root by them.
    Trusted,
}

/// What a user may select.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<Allowed>")]
pub enum Allow {
    /// Every profile of the administrator: `"*"`.
    All,
    /// These.
    Only(BTreeSet<ProfileName>),
}

impl Allow {
    /// Whether a profile may be selected.
    #[must_use]
    pub fn contains(&self, name: &ProfileName) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

impl Default for Allow {
    /// Nothing.
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

impl From<Vec<Allowed>> for Allow {
    fn from(list: Vec<Allowed>) -> Self {
        if list.contains(&Allowed::All) {
            return Self::All;
        }
        Self::Only(list.into_iter().filter_map(Allowed::profile).collect())
    }
}

/// One word of `allow`.
#[derive(PartialEq)]
enum Allowed {
    All,
    One(Choice),
}

impl Allowed {
    fn profile(self) -> Option<ProfileName> {
        match self {
            Self::One(Choice::Profile(name)) => Some(name),
            Self::One(Choice::None) | Self::All => None,
        }
    }
}

impl FromStr for Allowed {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "*" { Ok(Self::All) } else { text.parse().map(Self::One) }
    }
}

/// Somebody who never gets a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Exempt {
    User(Word),
    Group(Word),
}

impl FromStr for Exempt {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix('@') {
            Some(group) => group.parse().map(Self::Group),
            None => text.parse().map(Self::User),
        }
    }
}

read_as_text!(Allowed, Exempt);

/// A user id or a range of them, ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Uids(pub(super) RangeInclusive<u32>);

impl<'de> Deserialize<'de> for Uids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UidsVisitor)
    }
}

struct UidsVisitor;

impl Visitor<'_> for UidsVisitor {
    type Value = Uids;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a user id or a range such as \"1000-1999\"")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Uids, E> {
        let uid = u32::try_from(number).map_err(|_| E::custom(format!("{number} is not a user id")))?;
        Ok(Uids(uid..=uid))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Uids, E> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.trim().parse::<u32>(), last.trim().parse::<u32>()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Uids(first..=last)),
            (Ok(_), Ok(_)) => Err(E::custom("the range ends before it begins")),
            _ => Err(E::custom(format!("{} is not a user id or a range of them", quoted(text)))),
        }
    }
}

/// `deadline-ms`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Deadline(pub(super) Duration);

impl TryFrom<i64> for Deadline {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        match u64::try_from(number) {
            Ok(ms @ 100..=60_000) => Ok(Self(Duration::from_millis(ms))),
            _ => Err(format!("{number} is not between 100 and 60000 milliseconds")),
        }
    }
}

/// One `[[rule]]`: every condition that is written must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    pub(super) user: Option<OneOrMore<Word>>,
    pub(super) group: Option<OneOrMore<Word>>,
    pub(super) uid: Option<OneOrMore<Uids>>,
    pub(super) service: Option<OneOrMore<Word>>,
    pub(super) tty: Option<OneOrMore<Glob>>,
    pub(super) host: Option<OneOrMore<Glob>>,
    pub(super) profile: Option<Choice>,
    pub(super) allow: Option<Allow>,
    pub(super) force: bool,
    /// Where it is written: `FILE:LINE`.
    #[serde(skip)]
    pub(super) place: String,
}

/// Everything that `session.toml` and its drop-ins say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What becomes of a login that cannot have its view.
    pub on_failure: OnFailure,
    /// Whether users' own profiles are used at login.
    pub user_profiles: UserProfiles,
    /// Whether `/` is made shared in process 1's namespace.
    pub share_root: bool,
    /// How long all of open_session may take.
    pub deadline: Duration,
    /// Where programs and the index are.
    pub layout: Layout,
    pub(super) exempt: Vec<Exempt>,
    pub(super) profile: Choice,
    pub(super) allow: Allow,
    pub(crate) rules: Vec<Rule>,
}

impl Policy {
    /// The profiles that policy names, each with the place: what it gives, and what users may select.
    pub(crate) fn names(&self) -> Vec<(String, &ProfileName)> {
        let rules = self
            .rules
            .iter()
            .map(|rule| (format!("the rule at {}", rule.place), rule.profile.as_ref(), rule.allow.as_ref()));
        let default = ("[default]".to_owned(), Some(&self.profile), Some(&self.allow));
        let mut names = Vec::new();
        for (place, profile, allow) in std::iter::once(default).chain(rules) {
            let allowed = allow.into_iter().flat_map(|allow| match allow {
                Allow::All => None,
                Allow::Only(names) => Some(names.iter()),
            });
            names.extend(profile.and_then(Choice::profile).map(|name| (place.clone(), name)));
            names.extend(allowed.flatten().map(|name| (place.clone(), name)));
        }
        names
    }
}

impl Default for Policy {
    /// Nobody gets a view and nobody may select one.
    fn default() -> Self {
        Self {
            on_failure: OnFailure::Base,
            user_profiles: UserProfiles::Off,
            share_root: true,
            deadline: Duration::from_secs(2),
            layout: Layout::default(),
            exempt: Vec::new(),
            profile: Choice::None,
            allow: Allow::default(),
            rules: Vec::new(),
        }
    }
}
