//! Configuration: the administrator's policy and profiles, a user's selection, and the switches that turn it all off.
//!
//! Everything that root reads here is opened by [`crate::trusted`] and bounded before it is parsed (R4, R18). What is
//! missing is the default, and the default layers nobody. What is wrong is an error, which layers nobody either.

mod check;
mod command;
mod decision;
#[cfg(test)]
mod decision_tests;
#[cfg(test)]
mod hostile;
#[cfg(feature = "cli")]
pub mod keys;
#[cfg(test)]
mod load_tests;
mod name;
mod policy;
mod policy_file;
mod profile;
mod profile_file;
#[cfg(test)]
mod profile_tests;
mod selection;
mod syntax;

pub use check::{check_policy, check_profile, check_selection};
pub(crate) use command::OWN_FOLDER;
#[cfg(feature = "cli")]
pub(crate) use command::own_home;
pub use decision::{Decision, Login, Source};
pub use name::{Choice, NameError, ProfileName};
pub use policy::{Allow, OnFailure, Policy, Rule, UserProfiles};
pub use profile::{Asked, Author, Profile, Profiles};
pub use selection::Selection;
pub use syntax::MAX_FILE;

use crate::diagnostic::Diagnostic;
use crate::text::Safe;
use crate::trusted::{Kind, Root, TrustError};
use rustix::fs::{AtFlags, statat};
use std::fmt;
use std::path::Path;

/// The administrator's folder, from the root.
pub const DIR: &str = "/etc/gobo-session";

/// The folder of state, from the root.
const STATE: &str = "/run/gobo-session";

/// The most drop-ins of a policy, and the most entries that their folder may have (R18).
const MAX_DROP_INS: usize = 64;

/// The most bytes of the kernel's command line that are looked at.
const MAX_CMDLINE: usize = 64 * 1024;

/// What the administrator wrote.
#[derive(Debug)]
pub struct Config {
    /// Who gets what.
    pub policy: Policy,
    /// The profiles in `profiles.d`.
    pub profiles: Profiles,
}

/// Why there is no configuration. Nobody is layered then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// Somebody else than root could have written it (R4).
    Untrusted(TrustError),
    /// It cannot be read.
    Unreadable(TrustError),
    /// Somebody else was to read it, and did not.
    Unread {
        /// The file, or the folder.
        file: String,
        /// Why he did not.
        why: String,
    },
    /// It does not say what it should; there is at least one error.
    Invalid(Vec<Diagnostic>),
    /// There is no profile of that name.
    NoProfile {
        /// The name.
        name: ProfileName,
        /// The profile that was most likely meant.
        near: Option<ProfileName>,
    },
}

impl Config {
    /// Reads the policy in the folder `dir` below `root`, and finds its profiles, whatever the switches say.
    ///
    /// # Errors
    /// Where something is there but not to be trusted, not readable, or not understood. What is missing is no error.
    pub fn read(root: &Root, dir: &Path) -> Result<Self, ConfigError> {
        let drop_ins = dir.join("session.d");
        let names = if_present(root.list(&drop_ins, MAX_DROP_INS))?.unwrap_or_default();
        let names = names.iter().filter(|name| {
            Path::new(name).extension().is_some_and(|e| e == "toml")
                && !name.as_encoded_bytes().starts_with(b".")
        });
        let mut files = Vec::new();
        for path in std::iter::once(dir.join("session.toml")).chain(names.map(|name| drop_ins.join(name))) {
            if let Some(bytes) = if_present(root.read(&path, MAX_FILE))? {
                files.push((absolute(&path), bytes));
            }
        }
        let policy = policy_file::read(files).map_err(ConfigError::Invalid)?;
        let profiles = Profiles::open(root, &dir.join("profiles.d"), Author::Administrator)?;
        Ok(Self { policy, profiles })
    }
}

/// The switch that turns everything off for everybody, if one does: the machine's own, or the one in `dir`.
#[must_use]
pub fn kill_switch(root: &Root, dir: &Path) -> Option<String> {
    machine_switch(root).or_else(|| switch_in(root, dir))
}

/// The switch that is there whatever becomes of the configuration: a file called `disabled` in /run/gobo-session, or
/// `gobo_session=off` on the kernel's command line.
pub(crate) fn machine_switch(root: &Root) -> Option<String> {
    switch_in(root, Path::new(STATE)).or_else(|| switch_of_kernel(root))
}

/// The switch in a folder: a file called `disabled`.
///
/// In a hurry one creates it in any way, so its owner and mode do not matter; those of its folder do (R17).
pub(crate) fn switch_in(root: &Root, folder: &Path) -> Option<String> {
    let fd = root.open(folder, Kind::Directory).ok()?;
    let is_there = statat(&fd, "disabled", AtFlags::SYMLINK_NOFOLLOW).is_ok();
    is_there.then(|| absolute(&folder.join("disabled")))
}

fn switch_of_kernel(root: &Root) -> Option<String> {
    let cmdline = root.read(Path::new("proc/cmdline"), MAX_CMDLINE).ok()?;
    let word = "gobo_session=off";
    cmdline
        .split(u8::is_ascii_whitespace)
        .any(|found| found == word.as_bytes())
        .then(|| format!("{word} on the kernel's command line"))
}

/// A path from the root, for messages.
fn absolute(path: &Path) -> String {
    Path::new("/").join(path).to_string_lossy().into_owned()
}

/// What is not there is no error.
fn if_present<T>(result: Result<T, TrustError>) -> Result<Option<T>, ConfigError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) if error.is_untrusted() => Err(ConfigError::Untrusted(error)),
        Err(error) => Err(ConfigError::Unreadable(error)),
    }
}

impl ConfigError {
    /// The same error without anything that a file holds: what root may say about a file that it read for a user (R9).
    #[must_use]
    pub fn without_content(self) -> Self {
        match self {
            Self::Invalid(errors) => Self::Invalid(errors.iter().map(syntax::without_content).collect()),
            other => other,
        }
    }

    /// The same error for somebody who is not in the root that its paths start from.
    fn seen_from_outside(self, root: &Path) -> Self {
        match self {
            Self::Untrusted(error) => Self::Untrusted(error.seen_from_outside(root)),
            Self::Unreadable(error) => Self::Unreadable(error.seen_from_outside(root)),
            other => other,
        }
    }

    /// One clear line for syslog: the first error, and how many more there are.
    #[must_use]
    pub fn one_line(&self) -> String {
        match self {
            Self::Invalid(errors) => {
                let first = errors.iter().find(|error| error.is_error()).or(errors.first());
                let first = first.map_or_else(|| "not understood".to_owned(), Diagnostic::one_line);
                match errors.len() {
                    0 | 1 => first,
                    count => format!("{first}; and {} more", count - 1),
                }
            }
            other => other.to_string(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untrusted(error) => write!(f, "not trusted: {error}"),
            Self::Unreadable(error) => write!(f, "{error}"),
            Self::Unread { file, why } => write!(f, "{}: {}", Safe(file), Safe(why)),
            Self::Invalid(errors) => errors.iter().enumerate().try_for_each(|(i, error)| {
                if i > 0 {
                    f.write_str("\n")?;
                }
                write!(f, "{error}")
            }),
            Self::NoProfile { name, near } => {
                write!(f, "there is no profile `{}`", Safe(name.as_str()))?;
                near.as_ref().map_or(Ok(()), |near| write!(f, " (did you mean `{}`?)", Safe(near.as_str())))
            }
        }
    }
}

impl std::error::Error for ConfigError {}
