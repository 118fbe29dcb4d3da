//! Names in configuration files: profiles, users, groups, services, and patterns for terminals and hosts.
//!
//! Every type here is made from text by one strict grammar (R2), so what a file holds is either good or refused with
//! its place.

use super::syntax::{quoted, read_as_text};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// The longest profile name, in bytes.
const MAX_PROFILE_NAME: usize = 64;

/// The name of a profile: a letter or digit, then letters, digits, `.`, `_` and `-`; never `none`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct ProfileName(String);

impl ProfileName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_name = text.len() <= MAX_PROFILE_NAME
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        match text {
            "none" => Err(NameError("`none` is reserved and cannot be the name of a profile".to_owned())),
            _ if is_name => Ok(Self(text.to_owned())),
            other => Err(NameError(format!("{} is not a profile name", quoted(other)))),
        }
    }
}

/// A profile, or the reserved `none`: no view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// No view.
    #[default]
    None,
    /// This profile.
    Profile(ProfileName),
}

impl Choice {
    /// The profile, if one is meant.
    #[must_use]
    pub fn profile(&self) -> Option<&ProfileName> {
        match self {
            Self::None => None,
            Self::Profile(name) => Some(name),
        }
    }
}

impl FromStr for Choice {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "none" { Ok(Self::None) } else { text.parse().map(Self::Profile) }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.profile().map_or("none", ProfileName::as_str))
    }
}

/// The name of a user, a group or a service, as its database spells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word(pub(super) String);

impl FromStr for Word {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        // `@` and `\\` stand inside the names of some directory services; in front, `@` is for groups in `exempt`.
        let is_odd = |c: char| c.is_control() || matches!(c, '*' | '?' | ':' | '/');
        if !(1..=256).contains(&text.len()) || text.starts_with('@') || text.contains(is_odd) {
            return Err(NameError(format!("{} is not a name", quoted(text))));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A pattern of a whole text: `*` is any number of characters, `?` is one, case does not matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glob(String);

impl FromStr for Glob {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty()
            || text.len() > 256
            || text.contains(|c: char| c.is_control() || "[]{}\\".contains(c))
        {
            return Err(NameError(format!("{} is not a pattern of characters, * and ?", quoted(text))));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Glob {
    /// Whether it holds for the whole text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut p, mut t) = (0, 0);
        // Where the last star is, and how much of the text it has eaten: the only place to come back to.
        let mut star = None;
        while t < text.len() {
            match pattern.get(p) {
                Some(b'*') => {
                    star = Some((p, t));
                    p += 1;
                }
                Some(b) if *b == b'?' || b.eq_ignore_ascii_case(&text[t]) => {
                    p += 1;
                    t += 1;
                }
                _ => {
                    let Some((at, eaten)) = star else { return false };
                    star = Some((at, eaten + 1));
                    (p, t) = (at + 1, eaten + 1);
                }
            }
        }
        pattern[p..].iter().all(|b| *b == b'*')
    }
}

/// Why a text is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError(pub(super) String);

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", crate::text::Safe(&self.0))
    }
}

impl std::error::Error for NameError {}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ProfileName> for String {
    fn from(name: ProfileName) -> Self {
        name.0
    }
}

read_as_text!(ProfileName, Choice, Word, Glob);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_profile_names_are_strict() {
        for good in ["gtk2", "i686", "a.b_c-d", "0", &"x".repeat(64)] {
            assert!(good.parse::<ProfileName>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "-a", "_a", "a/b", "../a", "a b", "a\0", "\u{e4}", "none", &"x".repeat(65)]
        {
            assert!(bad.parse::<ProfileName>().is_err(), "{bad}");
        }
        assert_eq!("none".parse::<Choice>(), Ok(Choice::None));
    }

    #[test]
    fn names_of_directory_services_are_names() {
        assert!("LAB\\ann".parse::<Word>().is_ok() && "ann@example.org".parse::<Word>().is_ok());
        for bad in ["", "@staff", "a*", "a/b", "root:0", "a\nb"] {
            assert!(bad.parse::<Word>().is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns_hold_for_the_whole_text() {
        let holds = |pattern: &str, text| pattern.parse::<Glob>().unwrap().matches(text);
        assert!(holds("tty*", "tty1") && holds("tty*", "tty") && holds("LAB-?", "lab-7") && holds("*", ""));
        assert!(holds("*.lab.*.org", "a.lab.lab.b.org"));
        assert!(
            !holds("tty?", "tty") && !holds("tty", "tty1") && !holds("lab-*", "xlab-1") && !holds("?", "")
        );
    }

    #[test]
    fn r18_a_pattern_of_stars_ends_soon() {
        let pattern: Glob = "*a".repeat(100).parse().unwrap();
        assert!(!pattern.matches(&format!("{}b", "a".repeat(10_000))));
    }
}
