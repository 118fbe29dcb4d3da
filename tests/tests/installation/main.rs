//! `cargo xtask install` and `uninstall`, with the product as it is built here.

mod debian;
mod files;
mod gobolinux;
mod mistakes;

use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::built;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder that stands for `/`, and the words that say where things go in it.
struct System {
    root: TempDir,
    /// What was built.
    product: TempDir,
    words: Vec<String>,
}

impl System {
    fn new(prefix: &str, pamdir: &str, sysconfdir: &str) -> Result<Self> {
        let (root, product) = (tempfile::tempdir()?, tempfile::tempdir()?);
        for file in ["gobo-session", "libpam_gobo.so"] {
            symlink(built(file)?, product.path().join(file))?;
        }
        let folders = [
            ("--destdir", root.path()),
            ("--prefix", Path::new(prefix)),
            ("--pamdir", Path::new(pamdir)),
            ("--sysconfdir", Path::new(sysconfdir)),
            ("--built", product.path()),
        ];
        let words = folders.map(|(name, folder)| format!("{name}={}", folder.display())).to_vec();
        Ok(Self { root, product, words })
    }

    /// `cargo xtask WORD` with these places; what it says.
    fn xtask(&self, word: &str) -> Result<String> {
        let _ = &self.product;
        let xtask = built("xtask").context("cargo build -p xtask")?;
        let output = Command::new(xtask).arg(word).args(&self.words).output()?;
        let said = String::from_utf8(output.stderr)?;
        ensure!(output.status.success(), "{word}: {said}");
        Ok(said)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.path(path)).with_context(|| path.to_owned())
    }

    /// Everything below the root: folders end with `/`, links tell where they lead, files their mode.
    fn list(&self) -> Result<BTreeMap<String, String>> {
        let (mut all, mut folders) = (BTreeMap::new(), vec![self.root.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let name = format!("/{}", path.strip_prefix(self.root.path())?.display());
                let stat = fs::symlink_metadata(&path)?;
                let mode = stat.permissions().mode() & 0o7777;
                if stat.is_dir() {
                    all.insert(format!("{name}/"), format!("{mode:o}"));
                    folders.push(path);
                } else if stat.is_symlink() {
                    all.insert(name, fs::read_link(&path)?.display().to_string());
                } else {
                    all.insert(name, format!("{mode:o}"));
                }
            }
        }
        Ok(all)
    }
}
