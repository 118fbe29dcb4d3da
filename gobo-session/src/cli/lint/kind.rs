//! What a file is, told by its name and place.

use crate::text::nearest;
use clap::ValueEnum;
use std::path::Path;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Kind {
    /// What a program needs.
    Dependencies,
    /// What building it needs.
    BuildDependencies,
    /// What it was built with.
    BuildInformation,
    /// Its variables.
    Environment,
    /// NAME.toml in profiles.d.
    Profile,
    /// The administrator's session.toml, or one of session.d.
    Policy,
    /// A user's session.toml.
    Selection,
}

/// The kinds that have a name to themselves.
const NAMED: [(&str, Kind); 4] = [
    ("Dependencies", Kind::Dependencies),
    ("BuildDependencies", Kind::BuildDependencies),
    ("BuildInformation", Kind::BuildInformation),
    ("Environment", Kind::Environment),
];

impl Kind {
    /// The kind that a file has by its name and place.
    ///
    /// # Errors
    /// What could be meant, where it is none: `did you mean Dependencies?`.
    pub(super) fn of(path: &Path) -> Result<Self, Option<String>> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut folders = path.ancestors().skip(1).filter_map(Path::file_name);
        let (folder, above) = (folders.next(), folders.next());
        let is_toml = name.ends_with(".toml") && !name.starts_with('.');
        if let Some((_, kind)) = NAMED.iter().find(|(known, _)| *known == name) {
            return Ok(*kind);
        }
        match folder.and_then(std::ffi::OsStr::to_str) {
            Some("profiles.d") if is_toml => Ok(Self::Profile),
            Some("session.d") if is_toml => Ok(Self::Policy),
            Some("gobo-session")
                if name == "session.toml" && above.is_some_and(|above| above == ".config") =>
            {
                Ok(Self::Selection)
            }
            _ if name == "session.toml" => Ok(Self::Policy),
            _ => {
                let known = NAMED.iter().map(|(known, _)| *known).chain(["session.toml"]);
                Err(nearest(&name, known).map(|near| format!("did you mean {near}?")))
            }
        }
    }

    /// Its name, as `--kind` writes it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Dependencies => "dependencies",
            Self::BuildDependencies => "build-dependencies",
            Self::BuildInformation => "build-information",
            Self::Environment => "environment",
            Self::Profile => "profile",
            Self::Policy => "policy",
            Self::Selection => "selection",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name_and_place() {
        let known = [
            ("Dependencies", Kind::Dependencies),
            ("/Programs/Lua/5.1.5/Resources/BuildInformation", Kind::BuildInformation),
            ("Recipes/Lua/5.1.5/BuildDependencies", Kind::BuildDependencies),
            ("./Environment", Kind::Environment),
            ("profiles.d/gtk2.toml", Kind::Profile),
            ("/etc/gobo-session/session.d/10-lab.toml", Kind::Policy),
            ("config/session.toml", Kind::Policy),
            ("/Users/ann/.config/gobo-session/session.toml", Kind::Selection),
            ("/Users/ann/.config/gobo-session/profiles.d/mine.toml", Kind::Profile),
        ];
        for (path, kind) in known {
            assert_eq!(Kind::of(Path::new(path)), Ok(kind), "{path}");
        }
        for (path, help) in [
            ("Depedencies", Some("did you mean Dependencies?")),
            ("gtk2.toml", None),
            ("profiles.d/.gtk2.toml", None),
            ("/", None),
        ] {
            assert_eq!(Kind::of(Path::new(path)), Err(help.map(str::to_owned)), "{path}");
        }
    }

    #[test]
    fn the_words_are_those_of_the_command_line() {
        for kind in Kind::value_variants() {
            assert_eq!(kind.to_possible_value().map(|value| value.get_name() == kind.word()), Some(true));
        }
    }
}
