//! The cache of downloaded packages.
//!
//! A file is used only when its SHA-256 is the one that the signed index names, whoever put it there; another one is
//! fetched again. Files are fetched under another name, checked, and renamed.

use super::apt::Apt;
use super::closure::Chosen;
use super::data::Origin;
use super::host::Progress;
use super::{parallel, tree};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The cache of downloaded packages.
pub struct Debs {
    folder: PathBuf,
}

impl Debs {
    /// Opens the cache in the work folder.
    pub fn new(work: &Path) -> Self {
        Self { folder: work.join("debs") }
    }

    /// Where a package is, once it is fetched.
    pub fn path(&self, chosen: &Chosen) -> PathBuf {
        let package = &chosen.package;
        // The pool's names have the version and architecture: suites that have the same file share it here too.
        let name = Path::new(&package.filename).file_name().unwrap_or(package.name.as_ref());
        self.folder.join(name)
    }

    /// Makes sure that all packages are there and are what the index says.
    pub fn fetch(
        &self,
        wanted: &[&Chosen],
        apts: &BTreeMap<&Origin, Apt>,
        progress: &Progress,
    ) -> Result<()> {
        tree::make_folder(&self.folder)?;
        // A package for all architectures may be wanted for several of them.
        let files: BTreeMap<PathBuf, &Chosen> =
            wanted.iter().map(|chosen| (self.path(chosen), *chosen)).collect();
        let wanted: Vec<&Chosen> = files.into_values().collect();
        let states = parallel::map(&wanted, |chosen| self.state(chosen))?;
        let mut missing: Vec<&Chosen> = Vec::new();
        for (chosen, state) in wanted.into_iter().zip(states) {
            match state {
                State::Good => continue,
                State::Missing => {}
                State::Broken => {
                    let path = self.path(chosen);
                    progress.line(format_args!(
                        "{} is not what the index says: fetching it again",
                        path.display()
                    ));
                }
            }
            missing.push(chosen);
        }
        if missing.is_empty() {
            return Ok(());
        }
        let bytes: u64 = missing.iter().map(|chosen| chosen.package.size).sum();
        progress.line(format_args!("fetching {} packages, {:.1} MB", missing.len(), bytes as f64 / 1e6));
        // A few connections: one does not fill the line.
        let mut batches: Vec<Vec<&Chosen>> = Vec::new();
        for origin in apts.keys() {
            let here: Vec<&Chosen> =
                missing.iter().copied().filter(|chosen| chosen.origin == **origin).collect();
            batches.extend(here.chunks(40).map(<[_]>::to_vec));
        }
        parallel::map_with(4, &batches, |batch| self.fetch_batch(batch, apts))?;
        Ok(())
    }

    fn fetch_batch(&self, batch: &[&Chosen], apts: &BTreeMap<&Origin, Apt>) -> Result<()> {
        let apt =
            batch.first().and_then(|chosen| apts.get(&chosen.origin)).context("a package of no suite")?;
        let part = |chosen: &Chosen| {
            let mut path = self.path(chosen).into_os_string();
            path.push(".part");
            PathBuf::from(path)
        };
        let parts: Vec<PathBuf> = batch.iter().map(|chosen| part(chosen)).collect();
        let files = batch.iter().zip(&parts).map(|(chosen, part)| {
            let package = &chosen.package;
            (package.filename.as_str(), part.as_path(), package.sha256.as_str())
        });
        let downloaded = apt.download(files);
        // What has come is kept, even if something else has not.
        for (chosen, part) in batch.iter().zip(&parts) {
            match tree::sha256(part) {
                Ok(hash) if hash == chosen.package.sha256 => {
                    fs::rename(part, self.path(chosen))
                        .with_context(|| format!("cannot rename {}", part.display()))?;
                }
                Ok(_) => {
                    fs::remove_file(part).with_context(|| format!("cannot remove {}", part.display()))?;
                    downloaded.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
                    bail!("{} came with another SHA-256 than the index has", chosen.package.filename);
                }
                Err(_) => {}
            }
        }
        downloaded?;
        match batch.iter().find(|chosen| !self.path(chosen).exists()) {
            Some(chosen) => bail!("{} was not downloaded", chosen.package.filename),
            None => Ok(()),
        }
    }

    fn state(&self, chosen: &Chosen) -> Result<State> {
        let path = self.path(chosen);
        match path.metadata() {
            Err(_) => Ok(State::Missing),
            Ok(metadata) if metadata.len() != chosen.package.size => Ok(State::Broken),
            Ok(_) => {
                let hash = tree::sha256(&path).with_context(|| format!("cannot read {}", path.display()))?;
                Ok(if hash == chosen.package.sha256 { State::Good } else { State::Broken })
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Good,
    Missing,
    Broken,
}

#[cfg(test)]
mod tests {
    use super::super::data::Arch;
    use super::super::packages::Package;
    use super::*;

    /// A package of three bytes, on a mirror that is a folder.
    fn fixture(work: &Path) -> (Debs, Chosen, Apt) {
        let origin = Origin { suite: "test".into(), arch: Arch::Amd64 };
        tree::write(&work.join("mirror/pool/abc_1_amd64.deb"), "abc", 0o644).unwrap();
        let mirror = format!("file://{}", work.join("mirror").display());
        let apt = Apt::new(work, &mirror, &origin).unwrap();
        let package = Package {
            name: "abc".into(),
            filename: "pool/abc_1_amd64.deb".into(),
            size: 3,
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into(),
            ..Package::default()
        };
        (Debs::new(work), Chosen { package, origin, base: true, link: true }, apt)
    }

    #[test]
    fn cached_files_are_checked_each_time() {
        let work = tempfile::tempdir().unwrap();
        let (debs, chosen, _) = fixture(work.path());
        assert_eq!(debs.state(&chosen).unwrap(), State::Missing);
        for (content, state) in
            [("abc", State::Good), ("ab", State::Broken), ("abd", State::Broken), ("", State::Broken)]
        {
            tree::write(&debs.path(&chosen), content, 0o644).unwrap();
            assert_eq!(debs.state(&chosen).unwrap(), state, "{content:?}");
        }
    }

    #[test]
    fn broken_files_are_fetched_again() {
        if !Path::new("/usr/lib/apt/apt-helper").exists() {
            eprintln!("skipped: there is no apt here");
            return;
        }
        let work = tempfile::tempdir().unwrap();
        let (debs, mut chosen, apt) = fixture(work.path());
        let origin = chosen.origin.clone();
        let apts = BTreeMap::from([(&origin, apt)]);
        let progress = Progress::silent();
        debs.fetch(&[&chosen], &apts, &progress).unwrap();
        tree::write(&debs.path(&chosen), "truncat", 0o644).unwrap();
        debs.fetch(&[&chosen], &apts, &progress).unwrap();
        assert_eq!(fs::read_to_string(debs.path(&chosen)).unwrap(), "abc");
        // A mirror that serves something else than its index says.
        chosen.package.sha256 = "0".repeat(64);
        assert!(debs.fetch(&[&chosen], &apts, &progress).is_err());
        // And one that has not got the file at all: the message says where it was looked for.
        chosen.package.filename = "pool/gone.deb".into();
        let error = format!("{:#}", debs.fetch(&[&chosen], &apts, &progress).unwrap_err());
        assert!(error.contains("gone.deb") && error.contains("file://"), "{error}");
        assert_eq!(fs::read_dir(work.path().join("debs")).unwrap().count(), 1, "no partial files are left");
    }
}
