//! Versions of programs: the text that names a folder below `/Programs/NAME`, and its place in the order of versions.
//!
//! One order serves sorting, "newest" and constraints alike, so that no two parts of the program can disagree about
//! which of two versions is newer. It is total and defined for every text, because a folder may have any name: nothing
//! here fails, and numbers may be of any length. `key` says what the order is.

#[cfg(test)]
pub(crate) mod corpus;
mod key;
mod number;

use key::Key;
use number::Number;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The longest name of a folder, in bytes.
const NAME_MAX: usize = 255;

/// A version as it is written, beside its place in the order.
///
/// `Ord` is a total order for sorting: [`cmp_order`](Self::cmp_order), then the bytes of the text. Two versions are
/// `==` only when they are written alike.
#[derive(Clone)]
pub struct Version {
    text: Box<str>,
    key: Key,
    has_revision: bool,
}

impl Version {
    /// The version that a text means. Every text means one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let has_revision = key::Parts::of(text).revision.is_some();
        Self { text: text.into(), key: Key::of(text), has_revision }
    }

    /// The text, as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The order that constraints go by, in which `2`, `2.0` and `2.00-i686` are one version.
    #[must_use]
    pub fn cmp_order(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }

    /// Whether the two are one version, whatever the revisions of their recipes (`-r2`).
    #[must_use]
    pub fn same_without_revision(&self, other: &Self) -> bool {
        self.key.same_without_revision(&other.key)
    }

    /// Whether the text names a revision of the recipe (`2.24.22-r2`).
    #[must_use]
    pub fn has_revision(&self) -> bool {
        self.has_revision
    }

    /// The part of a version that programs of incompatible interfaces differ in.
    #[must_use]
    pub fn major(&self) -> Major {
        let bare = key::Parts::of(&self.text).bare;
        let is_digit = |c: char| c.is_ascii_digit();
        match bare.find(is_digit) {
            Some(start) => {
                let digits = &bare[start..];
                let end = digits.find(|c| !is_digit(c)).unwrap_or(digits.len());
                Major(MajorKind::Number(Number::new(&digits[..end])))
            }
            None => Major(MajorKind::Name(bare.into())),
        }
    }
}

/// The first number in a version, without leading zeros; where there is none, the whole version (`git`).
///
/// Architecture and revision do not count: `git-i686` and `git` have the same major version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Major(MajorKind);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum MajorKind {
    Name(Box<str>),
    Number(Number),
}

impl fmt::Display for Major {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            MajorKind::Name(name) => f.write_str(name),
            MajorKind::Number(number) => number.fmt(f),
        }
    }
}

impl Serialize for Major {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Major {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        Ok(Self(if is_number { MajorKind::Number(Number::new(&text)) } else { MajorKind::Name(text.into()) }))
    }
}

/// What keeps a name in a program's folder from being that of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameFault {
    /// GoboLinux keeps it for other things: links (`Current`), folders that versions share (`Settings`, `Variable`),
    /// hidden ones.
    Reserved,
    /// `-failed`.
    Failed,
    /// `-Disabled`.
    Disabled,
    /// It is longer than names of folders are.
    TooLong,
    /// It holds a control character or a slash.
    Character,
    /// It is not UTF-8.
    NotText,
}

impl fmt::Display for NameFault {
    /// The reason as a sentence, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reserved => "the name is not for versions",
            Self::Failed => "it was put aside because it failed",
            Self::Disabled => "it was put aside because it is disabled",
            Self::TooLong => "its name is too long",
            Self::Character => "its name holds a control character or a slash",
            Self::NotText => "its name is not UTF-8",
        })
    }
}

/// What keeps a name in a program's folder from being that of a version; `None` where it is one.
#[must_use]
pub fn fault_of_name(name: &str) -> Option<NameFault> {
    if matches!(name, "" | "Current" | "Settings" | "Variable") || name.starts_with('.') {
        Some(NameFault::Reserved)
    } else if name.ends_with("-failed") {
        Some(NameFault::Failed)
    } else if name.ends_with("-Disabled") {
        Some(NameFault::Disabled)
    } else if name.len() > NAME_MAX {
        Some(NameFault::TooLong)
    } else if name.contains(|c: char| c == '/' || c.is_control()) {
        Some(NameFault::Character)
    } else {
        None
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_order(other).then_with(|| self.text.cmp(&other.text))
    }
}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Version").field(&self.text).finish()
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

#[cfg(test)]
mod tests;
