//! Trees of files: their digest, hard-linked copies, removal.

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fs::{self, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown, lchown, symlink};
use std::path::{Path, PathBuf};

/// The SHA-256 of a file's content.
pub fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 17];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hexadecimal(hash)),
            count => hash.update(&buffer[..count]),
        }
    }
}

/// The SHA-256 of some texts, each ended by a zero byte.
pub fn sha256_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text);
        hash.update([0]);
    }
    hexadecimal(hash)
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The entries of a directory, sorted by name.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listing = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = listing.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Calls a function for everything below a folder, folders before what they hold, in the order of names.
pub fn walk(folder: &Path, visit: &mut dyn FnMut(&Path, &Metadata) -> Result<()>) -> Result<()> {
    for path in entries(folder)? {
        let metadata = path.symlink_metadata().with_context(|| format!("cannot read {}", path.display()))?;
        visit(&path, &metadata)?;
        if metadata.is_dir() {
            walk(&path, visit)?;
        }
    }
    Ok(())
}

/// The SHA-256 of the names and contents of all files below a folder.
pub fn digest(folder: &Path) -> Result<String> {
    let mut lines = Vec::new();
    walk(folder, &mut |path, metadata| {
        if metadata.is_file() {
            let content = sha256(path).with_context(|| format!("cannot read {}", path.display()))?;
            lines.push(format!("{} {content}", path.strip_prefix(folder)?.display()));
        }
        Ok(())
    })?;
    Ok(sha256_of(lines.iter().map(String::as_str)))
}

/// A short text that changes when anything below the folder was changed: names, types, owners, modes, sizes, times and
/// link targets. The content is not read.
pub fn fingerprint(folder: &Path) -> Result<String> {
    let mut lines = Vec::new();
    walk(folder, &mut |path, m| {
        let name = path.strip_prefix(folder)?.display().to_string();
        let target = if m.is_symlink() { fs::read_link(path)?.display().to_string() } else { String::new() };
        let time = if m.is_file() { (m.mtime(), m.mtime_nsec(), m.size()) } else { (0, 0, 0) };
        lines.push(format!("{name} {:o} {}:{} {time:?} {target}", m.mode(), m.uid(), m.gid()));
        Ok(())
    })?;
    Ok(sha256_of(lines.iter().map(String::as_str)))
}

/// How the files of a tree are copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// Hard links; only set-user-ID and set-group-ID files are copied.
    Shared,
    /// All files are copied.
    Copied,
}

/// Copies a tree over another with owners, modes and times; what exists is kept, folders are merged.
pub fn copy(from: &Path, to: &Path, files: Files) -> Result<()> {
    let metadata = from.symlink_metadata().with_context(|| format!("cannot read {}", from.display()))?;
    copy_entry(from, &metadata, to, files)
}

fn copy_entry(from: &Path, metadata: &Metadata, to: &Path, files: Files) -> Result<()> {
    let failed = || format!("cannot copy {} to {}", from.display(), to.display());
    if metadata.is_dir() {
        match fs::create_dir(to) {
            Ok(()) => {
                lchown(to, Some(metadata.uid()), Some(metadata.gid())).with_context(failed)?;
                fs::set_permissions(to, metadata.permissions()).with_context(failed)?;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(failed),
        }
        for entry in fs::read_dir(from).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            copy_entry(
                &entry.path(),
                &entry.metadata().with_context(failed)?,
                &to.join(entry.file_name()),
                files,
            )?;
        }
    } else if exists(to) {
        // What is there was put there first: it stays.
    } else if metadata.is_symlink() {
        symlink(fs::read_link(from).with_context(failed)?, to).with_context(failed)?;
    } else if metadata.is_file() {
        if files == Files::Shared && metadata.mode() & 0o6000 == 0 {
            fs::hard_link(from, to).with_context(failed)?;
        } else {
            copy_file(from, metadata, to).with_context(failed)?;
        }
    } else {
        bail!("{} is neither file, folder nor link", from.display());
    }
    Ok(())
}

fn copy_file(from: &Path, metadata: &Metadata, to: &Path) -> std::io::Result<()> {
    let mut source = fs::File::open(from)?;
    let mut target = fs::File::create_new(to)?;
    std::io::copy(&mut source, &mut target)?;
    // Owner first: changing it takes the set-user-ID bit away.
    fchown(&target, Some(metadata.uid()), Some(metadata.gid()))?;
    target.set_permissions(metadata.permissions())?;
    target.set_times(fs::FileTimes::new().set_modified(metadata.modified()?))
}

/// Whether there is anything of this name, a broken link included.
pub fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether the path itself is a directory, not a link to one.
pub fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Makes a folder and those above it.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Writes a file, in a folder which is made when it is missing; a link of that name is replaced, not followed.
pub fn write(path: &Path, content: impl AsRef<[u8]>, mode: u32) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    if path.is_symlink() {
        fs::remove_file(path).with_context(failed)?;
    }
    fs::write(path, content).with_context(failed)?;
    set_mode(path, mode)
}

/// Sets the mode of a file or folder.
pub fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot chmod {}", path.display()))
}

/// Makes a symbolic link, in a folder which is made when it is missing.
pub fn link(target: impl AsRef<Path>, path: &Path) -> Result<()> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    symlink(target, path).with_context(|| format!("cannot make the link {}", path.display()))
}

/// Removes a tree; that it is not there is well.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_files_but_not_privileged_ones() {
        let work = tempfile::tempdir().unwrap();
        let (from, to) = (work.path().join("from"), work.path().join("to"));
        write(&from.join("bin/plain"), "plain", 0o755).unwrap();
        write(&from.join("bin/privileged"), "privileged", 0o4755).unwrap();
        link("plain", &from.join("bin/link")).unwrap();
        copy(&from, &to, Files::Shared).unwrap();
        let inode = |path: PathBuf| path.symlink_metadata().unwrap().ino();
        assert_eq!(inode(from.join("bin/plain")), inode(to.join("bin/plain")));
        assert_ne!(inode(from.join("bin/privileged")), inode(to.join("bin/privileged")));
        assert_eq!(to.join("bin/privileged").metadata().unwrap().mode() & 0o7777, 0o4755);
        assert_eq!(fs::read_link(to.join("bin/link")).unwrap(), Path::new("plain"));
        assert_eq!(fingerprint(&from).unwrap(), fingerprint(&to).unwrap());
    }

    #[test]
    fn the_fingerprint_tells_changes() {
        let work = tempfile::tempdir().unwrap();
        let file = work.path().join("a/file");
        write(&file, "one", 0o644).unwrap();
        let before = fingerprint(work.path()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o4755)).unwrap();
        let changed = fingerprint(work.path()).unwrap();
        assert_ne!(before, changed);
        fs::write(&file, "longer").unwrap();
        assert_ne!(changed, fingerprint(work.path()).unwrap());
    }

    #[test]
    fn digests() {
        let work = tempfile::tempdir().unwrap();
        write(&work.path().join("x"), "abc", 0o644).unwrap();
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&work.path().join("x")).unwrap(), known);
        assert!(remove(&work.path().join("missing")).is_ok());
    }
}
