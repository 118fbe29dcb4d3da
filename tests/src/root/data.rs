//! The data that describes a root: units of packages, names, what programs have besides, users and settings.
//!
//! It lies in `tests/data/root`, in files that can be read and changed without reading the builder.

use super::{Variant, version};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Everything in `tests/data/root`.
pub struct Data {
    /// The units of the chosen variant, in order.
    pub units: Vec<Unit>,
    /// names.toml
    pub names: Names,
    /// programs.toml
    pub programs: Programs,
    /// layout.toml
    pub layout: Layout,
    /// The folder whose files go to /System/Settings.
    pub settings: PathBuf,
    /// The SHA-256 of all these files.
    pub digest: String,
}

/// Packages that are resolved together. The fields are explained in units.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Unit {
    pub id: String,
    #[serde(flatten)]
    pub origin: Origin,
    #[serde(default)]
    pub base: bool,
    #[serde(default)]
    pub link: bool,
    pub variants: Vec<Variant>,
    pub roots: Vec<String>,
    #[serde(default)]
    pub exclude: BTreeSet<String>,
}

/// A suite of the archive, for one architecture.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct Origin {
    /// `bookworm`
    pub suite: String,
    /// `amd64`
    pub arch: Arch,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.suite, self.arch.debian())
    }
}

/// An architecture, by Debian's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// x86_64
    Amd64,
    /// i686
    I386,
}

impl Arch {
    /// Debian's name.
    pub fn debian(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::I386 => "i386",
        }
    }

    /// The kernel's name, which Resources/Architecture holds.
    pub fn machine(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64",
            Self::I386 => "i686",
        }
    }
}

#[derive(Deserialize)]
struct Units {
    unit: Vec<Unit>,
}

/// How Debian's names become GoboLinux'.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Packages that no root gets.
    pub exclude: BTreeSet<String>,
    versions: BTreeMap<String, String>,
    programs: BTreeMap<String, String>,
}

impl Names {
    /// The program that is built from a source package.
    pub fn program(&self, source: &str) -> String {
        let capitalised = |word: &str| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        };
        match (self.programs.get(source), source.strip_prefix("lib")) {
            (Some(name), _) => name.clone(),
            (None, Some(rest)) if !rest.is_empty() => format!("Lib{}", capitalised(rest)),
            (None, _) => capitalised(source),
        }
    }

    /// The upstream version of a source package, as folders have it.
    pub fn version(&self, source: &str, source_version: &str) -> String {
        let upstream = version::upstream(source_version);
        self.versions.get(&format!("{source} {upstream}")).cloned().unwrap_or_else(|| upstream.to_owned())
    }
}

/// What programs have besides their packages' files.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Programs {
    /// Links that no package carries, for each program.
    pub links: BTreeMap<String, BTreeMap<String, String>>,
    /// Modes that no package carries, for each program.
    pub modes: BTreeMap<String, BTreeMap<String, Owner>>,
    environment: BTreeMap<String, String>,
    pam: BTreeMap<String, String>,
    /// Links in pam.d.
    pub pam_links: BTreeMap<String, String>,
}

impl Programs {
    /// Resources/Environment of a version.
    pub fn environment(&self, name: &str, version: &str) -> Option<&str> {
        self.environment
            .get(&format!("{name} {version}"))
            .or_else(|| self.environment.get(name))
            .map(String::as_str)
    }

    /// The program that brings this file of pam.d.
    pub fn pam_owner(&self, service: &str) -> &str {
        self.pam.get(service).map_or("Linux-PAM", String::as_str)
    }
}

/// The mode and group of a file; its owner is root.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Owner {
    pub mode: u32,
    pub group: u32,
}

/// The folders, links and files of a root that belong to no program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layout {
    /// Folders of /System/Settings that are never one link.
    pub expanded_settings: Vec<String>,
    /// Empty files in /System/Settings.
    pub empty_settings: Vec<String>,
    /// Owners and modes that are not root:root 0644 (0755).
    pub owners: BTreeMap<String, Owner>,
    /// What is made first.
    pub make: Make,
    /// The links, with their targets.
    pub links: BTreeMap<String, String>,
}

/// Empty folders and files.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Make {
    pub folders: Vec<String>,
    pub files: Vec<String>,
}

impl Data {
    /// Reads the data of a variant.
    pub fn read(variant: Variant) -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/root");
        let units: Units = parse(&folder.join("units.toml"))?;
        Ok(Self {
            units: units.unit.into_iter().filter(|unit| unit.variants.contains(&variant)).collect(),
            names: parse(&folder.join("names.toml"))?,
            programs: parse(&folder.join("programs.toml"))?,
            layout: parse(&folder.join("layout.toml"))?,
            settings: folder.join("settings"),
            digest: super::tree::digest(&folder)?,
        })
    }

    /// The suites and architectures of the units, each once.
    pub fn origins(&self) -> BTreeSet<&Origin> {
        self.units.iter().map(|unit| &unit.origin).collect()
    }
}

fn parse<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_well_formed() {
        for variant in [Variant::Small, Variant::Full, Variant::Doors] {
            let data = Data::read(variant).unwrap();
            assert!(data.units.iter().any(|unit| unit.base && unit.link));
            for link in data.programs.links.values().flat_map(BTreeMap::keys) {
                assert!(link.contains('/'), "{link}");
            }
        }
    }

    #[test]
    fn names() {
        let data = Data::read(Variant::Small).unwrap();
        assert_eq!(data.names.program("glibc"), "Glibc");
        assert_eq!(data.names.program("libfoo"), "LibFoo");
        assert_eq!(data.names.program("foo"), "Foo");
        assert_eq!(data.names.version("bash", "5.1-2+deb11u1"), "5.1.4");
        assert_eq!(data.names.version("bash", "5.2.15-2"), "5.2.15");
    }

    #[test]
    fn users_and_groups_agree() {
        let settings = Data::read(Variant::Small).unwrap().settings;
        let read = |file: &str| std::fs::read_to_string(settings.join(file)).unwrap();
        let names =
            |text: &str| text.lines().map(|l| l.split(':').next().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&read("passwd")), names(&read("shadow")));
        assert_eq!(names(&read("group")), names(&read("gshadow")));
        let groups: Vec<String> =
            read("group").lines().map(|l| l.split(':').nth(2).unwrap().to_owned()).collect();
        for line in read("passwd").lines() {
            assert!(groups.contains(&line.split(':').nth(3).unwrap().to_owned()), "{line}");
        }
    }
}
