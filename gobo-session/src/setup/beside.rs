//! How a tree lies on a machine, and what leads programs to one that lies beside the system's own.
//!
//! On GoboLinux /bin, /lib and /usr lead into the index: its tree is *rooted*, and whatever looks anything up finds it in
//! the view. Elsewhere /System/Index lies *beside* /usr, where nothing looks: shells have to be told by variables, and the
//! loader by its configuration.

use super::Setup;
use super::marked::{FileState, marked};
use crate::error::{Error, Result, Step};
use crate::tree::Layout;
use crate::trusted::{self, Kind, Trust};
use rustix::fs::fstat;
use serde::Serialize;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::Command;

/// How a tree lies on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lies {
    /// The system's folders lead into the index.
    Rooted,
    /// The index is a folder beside those of the system.
    Beside,
    /// The index is the system's own /usr.
    Usr,
    /// There are no programs, or there is no index.
    Nowhere,
}

/// A file that leads to a tree beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it is, from the machine's root.
    pub path: &'static str,
    /// What it does, as part of a sentence.
    pub does: &'static str,
    /// How it stands with it.
    pub state: FileState,
    text: String,
}

impl File {
    /// Whether it is not what it should be, and can be made so.
    #[must_use]
    pub fn needs_work(&self) -> bool {
        matches!(self.state, FileState::Missing | FileState::Older)
    }
}

/// For shells. Its name ends in `.sh`, which is what /etc/profile reads.
const PROFILE: &str = "/etc/profile.d/gobo-session.sh";

/// For the loader. Its name makes it the last that is read: of a library that both have, the system's own is taken, so that
/// nothing of the system depends on what is in the tree.
const LOADER: &str = "/etc/ld.so.conf.d/zz-gobo-session.conf";

/// What 32-bit programs are started by.
const LOADER_32: &str = "/lib/ld-linux.so.2";

/// The folders in which a system has its programs and libraries, and the part of the index that each leads to in a rooted
/// tree.
const FOLDERS: [(&str, &str); 4] = [("bin", "bin"), ("lib", "lib"), ("usr/bin", "bin"), ("usr/lib", "lib")];

impl Setup {
    /// How the tree lies.
    #[must_use]
    pub fn lies(&self, layout: &Layout) -> Lies {
        let index = layout.index.as_path();
        if self.identity(&layout.programs).is_none() || self.identity(index).is_none() {
            return Lies::Nowhere;
        }
        if index == Path::new("/usr") {
            return Lies::Usr;
        }
        let leads_there = |(folder, part): &(&str, &str)| {
            self.identity(folder.as_ref()).is_none_or(|own| self.identity(&index.join(part)) == Some(own))
        };
        if FOLDERS.iter().all(leads_there) { Lies::Rooted } else { Lies::Beside }
    }

    /// The files that lead to a tree beside, and how it stands with them.
    #[must_use]
    pub fn files(&self, layout: &Layout) -> Vec<File> {
        let index = layout.index.display();
        let index_text = index.to_string();
        let shell = SHELL.replace("@INDEX@", &index_text.replace('\'', r"'\''"));
        let files = [
            (PROFILE, "sets PATH, MANPATH, PKG_CONFIG_PATH and XDG_DATA_DIRS in login shells", shell),
            (
                LOADER,
                "has the loader look for libraries in the index, after the system's",
                format!("{index}/lib\n"),
            ),
        ];
        let file = |(path, does, text): (_, _, String)| {
            let text = marked(&text);
            let state = self.file_state(path, &text);
            File { path, does, state, text }
        };
        files.map(file).into()
    }

    /// Whether programs of 32 bits lack what starts them, on a machine that could run them; with the cure.
    #[must_use]
    pub fn lacks_32_bit_loader(&self) -> Option<(&'static str, &'static str)> {
        if std::env::consts::ARCH != "x86_64" || self.has_file(LOADER_32) {
            return None;
        }
        let distributions = [
            (
                "etc/debian_version",
                "dpkg --add-architecture i386 && apt-get update && apt-get install libc6:i386",
            ),
            ("etc/fedora-release", "dnf install glibc.i686"),
            ("etc/arch-release", "pacman -S lib32-glibc"),
        ];
        let here = distributions.into_iter().find(|(file, _)| self.has_file(file));
        Some((LOADER_32, here.map_or("install the C library of your system for i686", |(_, cure)| cure)))
    }

    /// Writes a file, or beside one that was changed as `FILE.new`; what was done, for a person. `None` where it is as it
    /// should be.
    ///
    /// # Errors
    /// Where it cannot be written, or the loader's cache cannot be made anew.
    pub fn put(&self, file: &File) -> Result<Option<String>> {
        let (path, told) = match file.state {
            FileState::Right => return Ok(None),
            FileState::Changed => (
                format!("{}.new", file.path),
                format!("was changed and stays; what is new is {}.new", file.path),
            ),
            FileState::Missing | FileState::Older => (file.path.to_owned(), "is written".to_owned()),
        };
        let place = Path::new(&path);
        if let Some(folder) = place.parent() {
            self.make_folder(folder, self.trust)?;
        }
        self.target(place, self.trust)?.write(&file.text)?;
        self.tell_loader(&path)?;
        Ok(Some(told))
    }

    /// Takes a file away, but not one that was changed; what was done, for a person. `None` where it is not there.
    ///
    /// # Errors
    /// Where it cannot be removed, or the loader's cache cannot be made anew.
    pub fn take_away(&self, file: &File) -> Result<Option<String>> {
        let new = format!("{}.new", file.path);
        if self.file_state(&new, &file.text).is_own() {
            self.target(new.as_ref(), self.trust)?.remove()?;
        }
        match file.state {
            FileState::Missing => Ok(None),
            FileState::Changed => Ok(Some("was changed and stays".to_owned())),
            FileState::Right | FileState::Older => {
                self.target(file.path.as_ref(), self.trust)?.remove()?;
                self.tell_loader(file.path)?;
                Ok(Some("is taken away".to_owned()))
            }
        }
    }

    /// Has the loader's cache made anew, where a file is one that it is made of.
    fn tell_loader(&self, path: &str) -> Result<()> {
        if path != LOADER {
            return Ok(());
        }
        let failed = |why: String| {
            let error = Error::new(Step::Configure, format!("ldconfig {why}"));
            error.with_cure("run it again by hand: libraries of the tree are found by what it makes")
        };
        let program =
            ["/sbin/ldconfig", "/usr/sbin/ldconfig"].into_iter().find(|path| Path::new(path).exists());
        let mut ldconfig = Command::new(program.unwrap_or("ldconfig"));
        let ran = ldconfig.arg("-r").arg(&self.path).output().map_err(|error| failed(error.to_string()))?;
        if ran.status.success() {
            return Ok(());
        }
        Err(failed(format!("failed: {}", String::from_utf8_lossy(&ran.stderr).trim_end())))
    }

    /// How it stands with the file at a path, which is to have that text.
    fn file_state(&self, path: &str, text: &str) -> FileState {
        FileState::of(self.read(path.as_ref(), self.trust), text)
    }

    /// Which folder a path of the machine leads to.
    fn identity(&self, path: &Path) -> Option<(u64, u64)> {
        let found = trusted::open(self.root.as_fd(), path, Trust::Anyone, Kind::Directory).ok()?;
        fstat(found).ok().map(|stat| (stat.st_dev, stat.st_ino))
    }

    /// Whether a path of the machine leads to a file.
    fn has_file(&self, path: &str) -> bool {
        trusted::open(self.root.as_fd(), path.as_ref(), Trust::Anyone, Kind::File).is_ok()
    }
}

/// What login shells read. In a session with a view the same paths have its versions.
const SHELL: &str = r#"# Leads to the programs of the index, which lies beside /usr.
gobo_index='@INDEX@'
case ":$PATH:" in
    *":$gobo_index/bin:"*) ;;
    *)
        # Root's commands stay the system's; others find those of the index first.
        if [ "$(id -u)" = 0 ]; then
            PATH="$PATH:$gobo_index/bin"
        else
            PATH="$gobo_index/bin:$PATH"
        fi
        # What an empty part stands for is the system's own list.
        MANPATH="$gobo_index/share/man:${MANPATH:-}"
        PKG_CONFIG_PATH="$gobo_index/lib/pkgconfig:$gobo_index/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
        XDG_DATA_DIRS="$gobo_index/share:${XDG_DATA_DIRS:-/usr/local/share:/usr/share}"
        export PATH MANPATH PKG_CONFIG_PATH XDG_DATA_DIRS
        ;;
esac
unset gobo_index
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A machine with programs, an index and a /usr of its own.
    fn machine() -> (tempfile::TempDir, Setup) {
        let root = tempfile::tempdir().unwrap();
        for folder in ["Programs", "System/Index/bin", "System/Index/lib", "usr/bin", "usr/lib", "etc"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let setup = Setup::open(root.path(), Trust::Anyone).unwrap();
        (root, setup)
    }

    #[test]
    fn how_a_tree_lies() {
        let (root, setup) = machine();
        let layout = Layout::default();
        assert_eq!(setup.lies(&layout), Lies::Beside);
        assert_eq!(setup.lies(&Layout { index: "/usr".into(), ..layout.clone() }), Lies::Usr);
        assert_eq!(setup.lies(&Layout { programs: "/opt".into(), ..layout.clone() }), Lies::Nowhere);
        fs::remove_dir_all(root.path().join("usr")).unwrap();
        symlink("/System/Index", root.path().join("usr")).unwrap();
        symlink("System/Index/lib", root.path().join("lib")).unwrap();
        assert_eq!(setup.lies(&layout), Lies::Rooted);
    }

    #[test]
    fn the_loader_for_32_bits_is_looked_for_in_the_machine() {
        let (root, setup) = machine();
        if std::env::consts::ARCH != "x86_64" {
            return;
        }
        fs::write(root.path().join("etc/debian_version"), "12\n").unwrap();
        assert!(setup.lacks_32_bit_loader().unwrap().1.contains("libc6:i386"));
        symlink("usr/lib", root.path().join("lib")).unwrap();
        fs::write(root.path().join("usr/lib/ld-linux.so.2"), "").unwrap();
        assert_eq!(setup.lacks_32_bit_loader(), None);
    }
}
