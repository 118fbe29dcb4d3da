//! `cargo xtask install` and `uninstall`: the product's files, each of them in a manifest, and nothing else.
//!
//! Every file is written beside its place and renamed to it: programs that run, and sessions whose module is mapped, keep
//! what they have. A configuration file that somebody has changed is never overwritten.

mod files;
mod manifest;

use crate::workspace;
use anyhow::{Context as _, Result, bail, ensure};
use files::{Content, Item};
use manifest::{Entry, Kind, Manifest};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

/// Where things go.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// The folder that stands for `/`.
    pub(crate) destdir: PathBuf,
    /// Programs, pages and documents.
    pub(crate) prefix: PathBuf,
    /// The module.
    pub(crate) pamdir: PathBuf,
    /// The folder of the configuration's folder.
    pub(crate) sysconfdir: PathBuf,
    /// The folder that cargo has built the product in; `None`: it is built now.
    pub(crate) built: Option<PathBuf>,
    /// The source that documents and configuration are taken from.
    pub(crate) source: PathBuf,
}

/// Where libpam may look for modules; the first that has one is meant.
const PAM_FOLDERS: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu/security",
    "/lib/x86_64-linux-gnu/security",
    "/usr/lib64/security",
    "/usr/lib/security",
    "/lib/security",
];

impl Places {
    /// Reads the options of a command line.
    pub(crate) fn of(options: &[&str]) -> Result<Self> {
        let has_modules = |folder: &&&str| Path::new(folder).join("pam_unix.so").exists();
        let pamdir = PAM_FOLDERS.iter().find(has_modules).unwrap_or(&PAM_FOLDERS[3]);
        let mut places = Self {
            destdir: "/".into(),
            prefix: "/usr/local".into(),
            pamdir: pamdir.into(),
            sysconfdir: "/etc".into(),
            built: None,
            source: workspace(),
        };
        let mut words = options.iter();
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (*word, words.next().copied()),
            };
            let value = PathBuf::from(value.with_context(|| format!("{name} needs a folder"))?);
            match name {
                "--destdir" => places.destdir = value,
                "--prefix" => places.prefix = value,
                "--pamdir" => places.pamdir = value,
                "--sysconfdir" => places.sysconfdir = value,
                "--built" => places.built = Some(value),
                _ => bail!("{name} means nothing here"),
            }
        }
        for folder in [&places.prefix, &places.pamdir, &places.sysconfdir] {
            ensure!(folder.is_absolute(), "{} is no absolute path", folder.display());
        }
        Ok(places)
    }

    /// Where an absolute path of the system lies.
    fn real(&self, path: &Path) -> PathBuf {
        self.destdir.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Where the manifest is.
    fn manifest(&self) -> PathBuf {
        self.prefix.join("share/gobo-session/manifest")
    }
}

/// Installs the product, or a new version of it over an old one.
pub(crate) fn install(places: &Places) -> Result<()> {
    let items = files::all(places)?;
    let old = Manifest::read(&places.real(&places.manifest()))?;
    let mut new = Manifest::default();
    for item in &items {
        make_folders(places, &item.path, &old, &mut new)?;
        put(places, item, &old, &mut new)
            .with_context(|| format!("cannot install {}", item.path.display()))?;
    }
    for entry in old.entries.iter().rev().filter(|entry| !new.has(&entry.path)) {
        remove(places, entry)?;
    }
    let path = places.manifest();
    make_folders(places, &path, &old, &mut new)?;
    new.entries.push(Entry { kind: Kind::Manifest, digest: String::new(), path: path.clone() });
    replace(&places.real(&path), new.to_string().as_bytes(), 0o644)
}

/// Removes what the manifest lists, and nothing else.
pub(crate) fn uninstall(places: &Places) -> Result<()> {
    let path = places.real(&places.manifest());
    let manifest = Manifest::read(&path)?;
    ensure!(
        !manifest.entries.is_empty(),
        "there is no {}: nothing is installed with this prefix",
        path.display()
    );
    manifest.entries.iter().rev().try_for_each(|entry| remove(places, entry))
}

/// Puts a file or a link to its place.
fn put(places: &Places, item: &Item, old: &Manifest, new: &mut Manifest) -> Result<()> {
    let real = places.real(&item.path);
    let (bytes, mode) = match &item.content {
        Content::Link(target) => {
            let beside = beside(&real);
            let _ = fs::remove_file(&beside);
            symlink(target, &beside)?;
            fs::rename(&beside, &real)?;
            new.entries.push(Entry { kind: Kind::Link, digest: target.clone(), path: item.path.clone() });
            return Ok(());
        }
        Content::File(bytes, mode) => (bytes, *mode),
        Content::Settings(bytes) => (bytes, 0o644),
    };
    let digest = manifest::digest(bytes);
    let kind = if matches!(item.content, Content::Settings(_)) { Kind::Settings } else { Kind::File };
    let there =
        (kind == Kind::Settings).then(|| fs::read(&real).ok()).flatten().map(|it| manifest::digest(&it));
    let is_changed = there.as_ref().is_some_and(|there| *there != digest && !old.has_with(&item.path, there));
    if is_changed {
        let path = PathBuf::from(format!("{}.new", item.path.display()));
        eprintln!("{} was changed and stays; what is new is {}", item.path.display(), path.display());
        replace(&places.real(&path), bytes, mode)?;
        new.entries.push(Entry { kind: Kind::File, digest: digest.clone(), path });
    } else {
        replace(&real, bytes, mode)?;
    }
    new.entries.push(Entry { kind, digest, path: item.path.clone() });
    Ok(())
}

/// Makes the folders that are missing above a path; those that were made once are told.
fn make_folders(places: &Places, path: &Path, old: &Manifest, new: &mut Manifest) -> Result<()> {
    let folders: Vec<&Path> = path.ancestors().skip(1).collect();
    for folder in folders.into_iter().rev() {
        let real = places.real(folder);
        let is_made = !real.is_dir();
        if is_made {
            fs::create_dir(&real).with_context(|| format!("cannot make {}", real.display()))?;
            fs::set_permissions(&real, fs::Permissions::from_mode(0o755))?;
        }
        if (is_made || old.has(folder)) && !new.has(folder) {
            let path = folder.to_owned();
            new.entries.push(Entry { kind: Kind::Folder, digest: String::new(), path });
        }
    }
    Ok(())
}

/// Removes what one line of a manifest stands for.
fn remove(places: &Places, entry: &Entry) -> Result<()> {
    let real = places.real(&entry.path);
    match entry.kind {
        // Somebody else may have put something into it.
        Kind::Folder => drop(fs::remove_dir(&real)),
        Kind::Settings if fs::read(&real).is_ok_and(|bytes| manifest::digest(&bytes) != entry.digest) => {
            eprintln!("{} was changed and stays", entry.path.display());
        }
        _ => match fs::remove_file(&real) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", real.display()));
            }
            _ => {}
        },
    }
    Ok(())
}

/// Writes a file beside its place and renames it there.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let beside = beside(path);
    fs::write(&beside, bytes)?;
    fs::set_permissions(&beside, fs::Permissions::from_mode(mode))?;
    fs::rename(&beside, path)?;
    Ok(())
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.installing"))
}
