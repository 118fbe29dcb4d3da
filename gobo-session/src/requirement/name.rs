//! Names: of programs, and of the package managers beside GoboLinux' own.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The longest name, in bytes: that of a folder.
pub(super) const MAX: usize = 255;

/// The name of a program, as its folder in `/Programs` bears it: letters, digits and `+ . _ -`, a letter or digit first.
///
/// It is always one component of a path, and never an option of a command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgramName(Box<str>);

impl ProgramName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no name of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidName {
    /// It is empty.
    Empty,
    /// It is longer than a folder's name may be.
    TooLong,
    /// It begins with this character.
    Start(char),
    /// It holds this character.
    Character(char),
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a program's name is missing"),
            Self::TooLong => write!(f, "a program's name has at most {MAX} bytes"),
            Self::Start(c) => {
                write!(f, "a program's name begins with a letter or a digit, not with `{}`", c.escape_debug())
            }
            Self::Character('/') => {
                f.write_str("a program's name holds no `/`: write the name alone, not a path")
            }
            Self::Character(c) => {
                write!(
                    f,
                    "a program's name holds letters, digits and + . _ - alone, not `{}`",
                    c.escape_debug()
                )
            }
        }
    }
}

impl std::error::Error for InvalidName {}

impl FromStr for ProgramName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let start = text.chars().next().ok_or(InvalidName::Empty)?;
        if text.len() > MAX {
            return Err(InvalidName::TooLong);
        }
        if let Some(c) = text.chars().find(|c| !is_name_character(*c)) {
            return Err(InvalidName::Character(c));
        }
        if !start.is_ascii_alphanumeric() {
            return Err(InvalidName::Start(start));
        }
        Ok(Self(text.into()))
    }
}

/// What names of programs hold behind their first character.
pub(super) fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '_' | '-')
}

impl fmt::Display for ProgramName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for ProgramName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for ProgramName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ProgramName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A package manager that dependencies name with a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlienManager {
    /// `Cabal:`, of Haskell.
    Cabal,
    /// `CPAN:`, of Perl.
    Cpan,
    /// `CTAN:`, of TeX.
    Ctan,
    /// `LuaRocks:`, of Lua.
    LuaRocks,
    /// `PIP:`, of Python 2.
    Pip,
    /// `PIP3:`, of Python 3.
    Pip3,
    /// `RubyGems:`, of Ruby.
    RubyGems,
}

impl AlienManager {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Cabal, Self::Cpan, Self::Ctan, Self::LuaRocks, Self::Pip, Self::Pip3, Self::RubyGems];

    /// The name, as dependencies write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cabal => "Cabal",
            Self::Cpan => "CPAN",
            Self::Ctan => "CTAN",
            Self::LuaRocks => "LuaRocks",
            Self::Pip => "PIP",
            Self::Pip3 => "PIP3",
            Self::RubyGems => "RubyGems",
        }
    }

    /// The manager of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|manager| manager.as_str() == name)
    }
}

impl fmt::Display for AlienManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
