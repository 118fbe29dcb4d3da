//! Writing into a machine: beneath its root, which is open, and by the way that reading goes. A link leads where it leads
//! in that machine, and each step to it is judged.

use super::Setup;
use crate::error::{Error, Result, Step};
use crate::trusted::{self, Entry, Kind, Trust, TrustError};
use crate::whole;
use rustix::fs::{self, AtFlags, Mode};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

/// The largest file that is read (R18).
const MAX_FILE: usize = 256 * 1024;

/// The mode of a new folder.
const FOLDER: Mode = Mode::from_raw_mode(0o755);

/// A file of a machine that is about to be written or removed, and what it was.
pub(super) struct Target<'s> {
    setup: &'s Setup,
    path: &'s Path,
    trust: Trust,
    entry: Entry,
    old: Option<String>,
}

impl Setup {
    /// The text of a file; `None` where there is none.
    pub(super) fn read(&self, path: &Path, trust: Trust) -> Result<Option<String>> {
        let bytes = match trusted::read(self.root.as_fd(), path, trust, MAX_FILE) {
            Err(error) if error.is_missing() => return Ok(None),
            bytes => bytes.map_err(|error| self.refused(error))?,
        };
        let text = String::from_utf8(bytes).map(Some);
        text.map_err(|_| Error::new(Step::Read, format!("{} is no text", self.shown(path).display())))
    }

    /// The file that a path leads to, or that can be made there.
    pub(super) fn target<'s>(&'s self, path: &'s Path, trust: Trust) -> Result<Target<'s>> {
        let entry = trusted::entry(self.root.as_fd(), path, trust).map_err(|error| self.refused(error))?;
        Ok(Target { setup: self, path, trust, entry, old: self.read(path, trust)? })
    }

    /// Makes a folder, and those above it.
    pub(super) fn make_folder(&self, path: &Path, trust: Trust) -> Result<()> {
        let mut folders: Vec<&Path> =
            path.ancestors().filter(|folder| folder.file_name().is_some()).collect();
        folders.reverse();
        for folder in folders {
            match trusted::open(self.root.as_fd(), folder, trust, Kind::Directory) {
                Err(error) if error.is_missing() => {}
                found => {
                    found.map_err(|error| self.refused(error))?;
                    continue;
                }
            }
            let entry =
                trusted::entry(self.root.as_fd(), folder, trust).map_err(|error| self.refused(error))?;
            fs::mkdirat(&entry.folder, &entry.name, FOLDER)
                // Whatever the caller's mask is: what all programs read is in it.
                .and_then(|()| fs::chmodat(&entry.folder, &entry.name, FOLDER, AtFlags::empty()))
                .and_then(|()| whole::sync(entry.folder.as_fd()))
                .map_err(|errno| whole::failed(&self.shown(folder), errno))?;
        }
        Ok(())
    }

    /// Removes a folder where it is empty.
    pub(super) fn remove_empty_folder(&self, path: &Path, trust: Trust) {
        let parent = path.parent().unwrap_or(Path::new(""));
        if let (Ok(folder), Some(name)) =
            (trusted::open(self.root.as_fd(), parent, trust, Kind::Directory), path.file_name())
        {
            let _ = fs::unlinkat(folder, name, AtFlags::REMOVEDIR);
        }
    }

    /// What a path of the machine is called from outside of it.
    pub(super) fn shown(&self, path: &Path) -> PathBuf {
        trusted::below(&self.path, path)
    }

    /// Why something of the machine is not believed.
    pub(super) fn refused(&self, error: TrustError) -> Error {
        Error::new(Step::Read, error.seen_from_outside(&self.path).to_string())
    }
}

impl Target<'_> {
    /// What the file was; `None` where there was none.
    pub(super) fn old(&self) -> Option<&str> {
        self.old.as_deref()
    }

    /// Writes the file, and reads it by its path again.
    ///
    /// # Errors
    /// Where it cannot be written, or is not what was written: it is as it was then.
    pub(super) fn write(&self, text: &str) -> Result<()> {
        let written = self.put(text).and_then(|()| match self.setup.read(self.path, self.trust)? {
            Some(found) if found == text => Ok(()),
            _ => {
                let what = format!("{}: what is read there is not what was written", self.shown().display());
                Err(Error::new(Step::Configure, what).with_cure("does anything else write there?"))
            }
        });
        written.map_err(|why| self.brought_back(why))
    }

    /// Brings back what the file was.
    ///
    /// # Errors
    /// Where it cannot be written or removed.
    pub(super) fn bring_back(&self) -> Result<()> {
        match &self.old {
            _ if self.is_as_it_was() => Ok(()),
            Some(old) => self.put(old),
            None => self.remove(),
        }
    }

    /// Brings back what the file was; the error says what came of that.
    pub(super) fn brought_back(&self, mut why: Error) -> Error {
        match self.bring_back() {
            Ok(()) if why.errno.is_none() => why.what.push_str("; it is as it was"),
            Ok(()) => {}
            Err(error) => why = Error::new(why.step, format!("{why}; it cannot be brought back: {error}")),
        }
        why
    }

    /// Whether the file is what it was.
    pub(super) fn is_as_it_was(&self) -> bool {
        let name = Path::new(&self.entry.name);
        match trusted::read(self.entry.folder.as_fd(), name, self.trust, MAX_FILE) {
            Ok(bytes) => self.old().is_some_and(|old| old.as_bytes() == bytes),
            Err(error) => self.old.is_none() && error.is_missing(),
        }
    }

    /// Removes the file; that there is none is fine.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub(super) fn remove(&self) -> Result<()> {
        whole::remove(self.entry.folder.as_fd(), &self.entry.name, &self.shown())
    }

    fn put(&self, text: &str) -> Result<()> {
        whole::write(self.entry.folder.as_fd(), &self.entry.name, text, &self.shown())
    }

    fn shown(&self) -> PathBuf {
        self.setup.shown(self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, read_dir, read_to_string};
    use std::os::unix::fs::symlink;

    /// A machine, and who it may be believed by.
    fn machine() -> (tempfile::TempDir, Setup) {
        let root = tempfile::tempdir().unwrap();
        create_dir_all(root.path().join("etc")).unwrap();
        let setup = Setup::open(root.path(), Trust::Anyone).unwrap();
        (root, setup)
    }

    #[test]
    fn a_file_that_is_another_one_meanwhile_is_brought_back() {
        let (root, setup) = machine();
        let link = root.path().join("etc/link");
        for (name, text) in [("one", "1"), ("other", "2")] {
            std::fs::write(root.path().join("etc").join(name), text).unwrap();
        }
        symlink("/etc/one", &link).unwrap();
        let target = setup.target("etc/link".as_ref(), Trust::Anyone).unwrap();
        std::fs::remove_file(&link).unwrap();
        symlink("/etc/other", &link).unwrap();
        let error = target.write("new").unwrap_err().to_string();
        assert!(
            error.contains("etc/link: what is read there is not what was written; it is as it was"),
            "{error}"
        );
        assert_eq!(
            ["one", "other"].map(|name| read_to_string(root.path().join("etc").join(name)).unwrap()),
            ["1", "2"]
        );
        assert!(target.is_as_it_was());
    }

    #[test]
    fn a_new_file_that_cannot_be_read_again_is_taken_away() {
        let (root, setup) = machine();
        let target = setup.target("etc/new".as_ref(), Trust::Anyone).unwrap();
        let error = target.write(&"x".repeat(MAX_FILE + 1)).unwrap_err().to_string();
        assert!(error.contains("is larger than"), "{error}");
        assert_eq!(read_dir(root.path().join("etc")).unwrap().count(), 0);
    }

    #[test]
    fn folders_are_made_where_links_lead_in_the_machine() {
        let (root, setup) = machine();
        symlink("/var/settings", root.path().join("etc/settings")).unwrap();
        create_dir_all(root.path().join("var")).unwrap();
        setup.make_folder("/etc/settings/pam.d".as_ref(), Trust::Anyone).unwrap();
        assert!(root.path().join("var/settings/pam.d").is_dir());
        setup.make_folder("/etc/settings/pam.d".as_ref(), Trust::Anyone).unwrap();
        setup.remove_empty_folder("/etc/settings/pam.d".as_ref(), Trust::Anyone);
        assert!(!root.path().join("var/settings/pam.d").exists());
    }
}
