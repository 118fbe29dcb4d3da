//! Configuration for a command that a person starts: the same policy and profiles, and his own profiles after them.
//!
//! His own come last, so that a name means the same at a login and here. His home is the one that passwd names, because
//! `sudo -E` keeps another's HOME (R15).

use super::{Author, Config, ConfigError, DIR, Profile, ProfileName};
use crate::error::{Error, Result, Step};
use crate::tree::Layout;
use crate::trusted::{Root, Trust};
use nix::unistd::{User, geteuid};
use std::path::{Path, PathBuf};

/// What a user wrote himself, from his home: `session.toml` selects, `profiles.d` has his own profiles.
pub(crate) const OWN_FOLDER: &str = ".config/gobo-session";

/// The caller's home, as passwd names it.
pub(crate) fn own_home() -> Option<PathBuf> {
    User::from_uid(geteuid()).ok().flatten().map(|user| user.dir).filter(|home| home.is_absolute())
}

impl Config {
    /// Reads the configuration of the tree below `root`; of this machine's also the caller's own profiles. The switches
    /// that turn logins off do not matter.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn for_command(path: &Path, trust: Trust) -> Result<Self> {
        let (root, mut config) = read_below(path, trust)?;
        if let Some(home) = own_home().filter(|_| path == Path::new("/")) {
            let folder = home.join(OWN_FOLDER).join("profiles.d");
            config.profiles = config.profiles.and_folder(&root, &folder, Author::User)?;
        }
        Ok(config)
    }

    /// As [`Config::for_command`], without the caller's own profiles.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn of_tree(path: &Path, trust: Trust) -> Result<Self> {
        read_below(path, trust).map(|(_, config)| config)
    }

    /// Where programs and the index are.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.policy.layout.clone()
    }

    /// The profile of that name.
    ///
    /// # Errors
    /// As [`super::Profiles::load`], and where it is no name.
    pub fn profile(&self, name: &str) -> Result<Profile> {
        let name: ProfileName =
            name.parse().map_err(|error: super::NameError| Error::new(Step::Configure, error.to_string()))?;
        Ok(self.profiles.load(&name)?)
    }
}

/// What the administrator of the tree below a path wrote, and that tree's root.
fn read_below(path: &Path, trust: Trust) -> Result<(Root, Config)> {
    let root = Root::at(path, trust)
        .map_err(|errno| Error::call(Step::Configure, format!("open {}", path.display()), errno))?;
    let read = Config::read(&root, Path::new(DIR));
    Ok((root, read.map_err(|error| error.seen_from_outside(path))?))
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(Step::Configure, error.one_line())
    }
}
