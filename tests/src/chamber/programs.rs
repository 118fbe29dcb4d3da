//! Programs that a test adds to a root: their trees under /Programs and their links in /System/Index.

use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::os::unix::fs::{lchown, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::plan::Program;
use super::tree;

/// Directories of a program, and the index directory that each is linked to.
const LINKED: [(&str, &str); 6] = [
    ("bin", "bin"),
    ("sbin", "bin"),
    ("lib", "lib"),
    ("include", "include"),
    ("libexec", "libexec"),
    ("share", "share"),
];

/// Adds a program to the root directory `root`, as installing it would: its tree, owned by root, becomes
/// /Programs/NAME/VERSION, `Current` points at it, and its files win in the index.
pub(super) fn install(root: &Path, program: &Program) -> Result<()> {
    let Program { tree, name, version } = program;
    let home = root.join("Programs").join(name);
    let place = home.join(version);
    fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    tree::copy(tree, &place)?;
    give_to_root(&place)?;
    replace_with_link(&home.join("Current"), Path::new(version))?;
    for (directory, index) in LINKED {
        let source = place.join(directory);
        if source.is_dir() && !source.is_symlink() {
            let inside = PathBuf::from("/Programs").join(name).join(version).join(directory);
            let index = root.join("System/Index").join(index);
            fs::create_dir_all(&index).with_context(|| format!("cannot make {}", index.display()))?;
            link_content(root, &source, &inside, &index)
                .with_context(|| format!("cannot link {name} {version} into the index"))?;
        }
    }
    Ok(())
}

/// Makes links in the index directory `index` to everything in `source`, which is `inside` in the chamber.
fn link_content(root: &Path, source: &Path, inside: &Path, index: &Path) -> Result<()> {
    for entry in entries(source)? {
        let (target, link) = (inside.join(entry.file_name()), index.join(entry.file_name()));
        let is_directory = entry.file_type()?.is_dir();
        if is_directory && link.symlink_metadata().is_ok() && in_root(root, &link).is_dir() {
            expand(root, &link)?;
            link_content(root, &entry.path(), &target, &link)?;
        } else {
            replace_with_link(&link, &target)?;
        }
    }
    Ok(())
}

/// Makes a link to a directory a real directory with links to the content.
fn expand(root: &Path, link: &Path) -> Result<()> {
    let Ok(target) = fs::read_link(link) else { return Ok(()) };
    let source = in_root(root, link);
    fs::remove_file(link)?;
    fs::create_dir(link)?;
    for entry in entries(&source)? {
        symlink(target.join(entry.file_name()), link.join(entry.file_name()))?;
    }
    Ok(())
}

/// Where a link of the index leads, seen from outside; other paths are themselves.
fn in_root(root: &Path, path: &Path) -> PathBuf {
    match fs::read_link(path) {
        Ok(target) => match target.strip_prefix("/") {
            Ok(relative) => root.join(relative),
            Err(_) => path.with_file_name("").join(target),
        },
        Err(_) => path.to_owned(),
    }
}

fn replace_with_link(path: &Path, target: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace {}", path.display()));
        }
        _ => {}
    }
    symlink(target, path).with_context(|| format!("cannot make the link {}", path.display()))
}

fn give_to_root(directory: &Path) -> Result<()> {
    for entry in entries(directory)? {
        if entry.file_type()?.is_dir() {
            give_to_root(&entry.path())?;
        } else {
            let mode = entry.metadata()?.permissions();
            lchown(entry.path(), Some(0), Some(0))?;
            if !entry.file_type()?.is_symlink() {
                fs::set_permissions(entry.path(), mode)?;
            }
        }
    }
    Ok(lchown(directory, Some(0), Some(0))?)
}

fn entries(directory: &Path) -> Result<Vec<DirEntry>> {
    let list = fs::read_dir(directory).and_then(Iterator::collect);
    list.with_context(|| format!("cannot list {}", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_was_one_link_is_shared_by_two_programs() {
        crate::requires_root!();
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("root");
        let old = root.join("Programs/Linux-PAM/1.5/lib/security");
        let new = scratch.path().join("new/lib/security");
        for directory in [&old, &new, &root.join("System/Index/lib"), &root.join("System/Index/bin")] {
            fs::create_dir_all(directory).unwrap();
        }
        fs::write(old.join("pam_unix.so"), "").unwrap();
        fs::write(new.join("pam_gobo.so"), "").unwrap();
        symlink("/Programs/Linux-PAM/1.5/lib/security", root.join("System/Index/lib/security")).unwrap();

        let program =
            Program { tree: scratch.path().join("new"), name: "Pam-Gobo".into(), version: "1.0".into() };
        install(&root, &program).unwrap();
        let link = |path: &str| fs::read_link(root.join(path)).unwrap().into_os_string();
        let (first, second) =
            (link("System/Index/lib/security/pam_unix.so"), link("System/Index/lib/security/pam_gobo.so"));
        let current = link("Programs/Pam-Gobo/Current");
        assert_eq!(first, "/Programs/Linux-PAM/1.5/lib/security/pam_unix.so");
        assert_eq!(second, "/Programs/Pam-Gobo/1.0/lib/security/pam_gobo.so");
        assert_eq!(current, "1.0");
    }
}
