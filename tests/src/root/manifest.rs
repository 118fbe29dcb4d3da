//! The manifest of a root: what is in it, and what it was made of.

use super::closure::{self, Chosen, Program};
use super::{Variant, tree};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What is in a root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The variant.
    pub variant: Variant,
    /// Names everything that the root was made of.
    pub key: String,
    /// Tells whether the root is still as it was built.
    pub fingerprint: String,
    /// The linked version of each program.
    pub linked: BTreeMap<String, String>,
    /// All programs, as they stand in /Programs.
    pub programs: Vec<ProgramEntry>,
}

/// One version of a program in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramEntry {
    /// The program.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `x86_64` or `i686`.
    pub architecture: String,
    /// The packages it was made of.
    pub packages: Vec<PackageEntry>,
}

/// One package in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageEntry {
    /// The binary package.
    pub name: String,
    /// Debian's version.
    pub version: String,
    /// The suite it came from.
    pub suite: String,
    /// The SHA-256 of the package file.
    pub sha256: String,
}

impl Manifest {
    /// Describes a root of these programs; its fingerprint comes when it stands.
    pub fn new(variant: Variant, key: String, programs: &[Program]) -> Result<Self> {
        let linked = closure::linked(programs)?.into_iter();
        let linked = linked.map(|(name, program)| (name.to_owned(), program.version.clone())).collect();
        let mut programs: Vec<ProgramEntry> = programs.iter().map(ProgramEntry::from).collect();
        programs.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        Ok(Self { variant, key, fingerprint: String::new(), linked, programs })
    }

    /// Reads a manifest; one that is not there or not understood is none.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Writes it in one step.
    pub fn write(&self, path: &Path) -> Result<()> {
        let part = path.with_extension("json.part");
        tree::write(&part, serde_json::to_string_pretty(self)? + "\n", 0o644)?;
        fs::rename(&part, path).with_context(|| format!("cannot write {}", path.display()))
    }
}

impl From<&Program> for ProgramEntry {
    fn from(program: &Program) -> Self {
        Self {
            name: program.name.clone(),
            version: program.version.clone(),
            architecture: program.arch.machine().to_owned(),
            packages: program.packages.iter().map(PackageEntry::from).collect(),
        }
    }
}

impl From<&Chosen> for PackageEntry {
    fn from(chosen: &Chosen) -> Self {
        let package = &chosen.package;
        Self {
            name: package.name.clone(),
            version: package.version.clone(),
            suite: chosen.origin.suite.clone(),
            sha256: package.sha256.clone(),
        }
    }
}

/// The fingerprint of what nobody may change in a finished root; Data and Users are for everybody.
pub fn fingerprint(root: &Path) -> Result<String> {
    let parts = [tree::fingerprint(&root.join("Programs"))?, tree::fingerprint(&root.join("System"))?];
    Ok(tree::sha256_of(parts.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_written_and_read() {
        let work = tempfile::tempdir().unwrap();
        let path = work.path().join("root-small.json");
        let package = PackageEntry {
            name: "bash".into(),
            version: "5.2.15-2+b13".into(),
            suite: "bookworm".into(),
            sha256: "aa".into(),
        };
        let bash = ProgramEntry {
            name: "Bash".into(),
            version: "5.2.15".into(),
            architecture: "x86_64".into(),
            packages: vec![package],
        };
        let manifest = Manifest {
            variant: Variant::Small,
            key: "key".into(),
            fingerprint: "print".into(),
            linked: [("Bash".into(), "5.2.15".into())].into(),
            programs: vec![bash],
        };
        assert_eq!(Manifest::read(&path), None);
        manifest.write(&path).unwrap();
        assert_eq!(Manifest::read(&path), Some(manifest));
        assert_eq!(fs::read_dir(work.path()).unwrap().count(), 1);
    }
}
