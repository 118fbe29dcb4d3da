//! What programs that have more rights than their caller load: themselves, their interpreter, their libraries, and the
//! plug-ins that they open by path.
//!
//! Which plug-ins a program opens is written in no file that could be read here. So all those that stand in the folders
//! which PAM, the name service, sudo, iconv and others are known to open are taken, as if each program opened them all.

use super::cpu::Level;
use super::elf::Target;
use super::images::{Images, Startable};
use super::loader::{Loader, Object};
use super::lookup::{Found, ViewNames};
use super::programs;
use crate::error::Result;
use crate::layer::Layer;
use crate::tree::{Tree, join};
use serde::Serialize;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;

/// Folders of plug-ins below the index, and who opens them.
const FOLDERS: [(&str, &str); 16] = [
    ("lib/security", "PAM"),
    ("lib/x86_64-linux-gnu/security", "PAM"),
    ("libexec/sudo", "sudo"),
    ("lib/sudo", "sudo"),
    ("lib/gconv", "iconv"),
    ("lib/x86_64-linux-gnu/gconv", "iconv"),
    ("lib/krb5/plugins/preauth", "Kerberos"),
    ("lib/krb5/plugins/libkrb5", "Kerberos"),
    ("lib/krb5/plugins/authdata", "Kerberos"),
    ("lib/sasl2", "SASL"),
    ("lib/ossl-modules", "OpenSSL"),
    ("lib/engines-3", "OpenSSL"),
    ("lib/engines-1.1", "OpenSSL"),
    ("lib/pkcs11", "PKCS#11"),
    ("lib/polkit-1/extensions", "polkit"),
    ("lib/xorg/modules", "Xorg"),
];

/// Folders of libraries, in which the name service opens those that are called so.
const LIBRARIES: [&str; 2] = ["lib", "lib/x86_64-linux-gnu"];
const NAME_SERVICE: &[u8] = b"libnss_";

/// The interpreters by which plug-ins are loaded.
const INTERPRETERS: [(bool, &[u8]); 2] =
    [(true, b"/lib64/ld-linux-x86-64.so.2"), (false, b"/lib/ld-linux.so.2")];

/// A program or a plug-in, and what is loaded with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loading {
    /// Its path.
    pub path: String,
    /// Why it counts: `set-user-ID`, `set-group-ID`, `file capabilities`, or whose plug-in it is.
    pub why: String,
    /// What is loaded with it, by the name that it is asked for; a plug-in is among its own.
    pub loads: BTreeMap<String, Loaded>,
    /// Why it could not be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub odd: Option<String>,
}

impl Loading {
    /// What is loaded besides itself, the names of each version together: `Glibc 2.36 (libc.so.6, libm.so.6)`.
    #[must_use]
    pub fn by_version(&self) -> Vec<String> {
        let mut versions: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (name, loaded) in self.loads.iter().filter(|(name, _)| **name != self.path) {
            let name = name.rsplit('/').next().unwrap_or(name);
            versions.entry(loaded.to_string()).or_default().push(name);
        }
        versions.into_iter().map(|(version, names)| format!("{version} ({})", names.join(", "))).collect()
    }
}

/// A file that is loaded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Loaded {
    /// The program that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The version of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its path, without links.
    pub file: String,
}

impl std::fmt::Display for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.program, &self.version) {
            (Some(program), Some(version)) => write!(f, "{program} {version}"),
            _ => f.write_str(&self.file),
        }
    }
}

/// What privileged programs of the base load, there or in the view that a layer gives.
///
/// # Errors
/// Where the index cannot be read.
pub fn loadings(tree: &Tree, layer: Option<&Layer>) -> Result<Vec<Loading>> {
    let base = ViewNames::base(tree);
    let names = || layer.map_or_else(|| ViewNames::base(tree), |layer| ViewNames::view(tree, layer, false));
    let images = Images::default();
    let reader = Reader { tree, loader: Loader::new(tree, names(), &images, Level::here()) };
    let mut loadings = Vec::new();
    for path in programs::privileged(tree, &base)? {
        let objects = reader.loader.load(&path).map_err(|broken| broken.refusal(tree, &path).to_string());
        loadings.push(reader.loading(&path, why_privileged(&base, &path), objects));
    }
    let names = names();
    for (path, whose) in plug_ins(tree, &names)? {
        let Some((interpreter, is_64)) = interpreter_of(&names, &images, &path) else { continue };
        let objects = reader
            .loader
            .load_plug_in(&path, interpreter)
            .map_err(|broken| broken.refusal(tree, &path).to_string());
        let why = format!("{whose}{}", if is_64 { "" } else { ", 32-bit" });
        loadings.push(reader.loading(&path, why, objects));
    }
    Ok(loadings)
}

struct Reader<'r, 'a> {
    tree: &'r Tree,
    loader: Loader<'a>,
}

impl Reader<'_, '_> {
    fn loading(
        &self,
        path: &[u8],
        why: String,
        objects: std::result::Result<Vec<Object>, String>,
    ) -> Loading {
        let (objects, odd) = match objects {
            Ok(objects) => (objects, None),
            Err(odd) => (Vec::new(), Some(odd)),
        };
        let name = |object: &Object| String::from_utf8_lossy(&object.name).into_owned();
        let loads = objects.iter().map(|object| (name(object), self.loaded(&object.file.path))).collect();
        Loading { path: String::from_utf8_lossy(path).into_owned(), why, loads, odd }
    }

    fn loaded(&self, file: &[u8]) -> Loaded {
        let owner = self.tree.owner(b"", file);
        let (program, version) = owner.map(|owner| (owner.program, owner.version)).unzip();
        Loaded { program, version, file: String::from_utf8_lossy(file).into_owned() }
    }
}

/// Which rights a program has.
fn why_privileged(base: &ViewNames<'_>, path: &[u8]) -> String {
    let file = base.resolve(path).and_then(|found| found.file().cloned());
    let Some(file) = file else { return "gone".to_owned() };
    let capable = base.open(&file).is_ok_and(|fd| programs::has_capabilities(std::os::fd::AsFd::as_fd(&fd)));
    let rights = [
        (file.mode & 0o4000 != 0, "set-user-ID"),
        (file.mode & 0o2000 != 0, "set-group-ID"),
        (capable, "file capabilities"),
    ];
    rights.into_iter().filter(|(has, _)| *has).map(|(_, right)| right).collect::<Vec<_>>().join(", ")
}

/// The paths of all plug-ins, and who opens each.
fn plug_ins(tree: &Tree, names: &ViewNames<'_>) -> Result<Vec<(Vec<u8>, &'static str)>> {
    let index = tree.index().path().as_os_str().as_bytes();
    let mut plug_ins = Vec::new();
    let mut add = |folder: &str, whose: &'static str, is_one: fn(&[u8]) -> bool| -> Result<()> {
        let at = join(index, folder.as_bytes());
        let Some(Found::Folder(folder)) = names.resolve(&at) else { return Ok(()) };
        let all = names.names_in(&folder)?.into_iter().filter(|name| is_one(name));
        plug_ins.extend(all.map(|name| (join(&at, &name), whose)));
        Ok(())
    };
    for (folder, whose) in FOLDERS {
        add(folder, whose, |name| name.windows(3).any(|part| part == b".so"))?;
    }
    for folder in LIBRARIES {
        add(folder, "the name service", |name| name.starts_with(NAME_SERVICE))?;
    }
    Ok(plug_ins)
}

/// The interpreter of programs that could open a plug-in; `None` where it is none.
fn interpreter_of(names: &ViewNames<'_>, images: &Images, path: &[u8]) -> Option<(&'static [u8], bool)> {
    let file = names.resolve(path)?.file()?.clone();
    let facts = images.of(names, &file).ok()?;
    let Startable::Elf(image) = &*facts else { return None };
    let is_64 = image.target == Target::X86_64;
    INTERPRETERS.into_iter().find(|(of_64, _)| *of_64 == is_64).map(|(_, interpreter)| (interpreter, is_64))
}
