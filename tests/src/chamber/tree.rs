//! Copies of directory trees, with owners, modes, times and file capabilities as they were.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};

/// Puts the content and the attributes of the directory `from` into the existing directory `to`.
///
/// Sockets, pipes and devices are left out.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let entry = entry.with_context(|| format!("cannot list {}", from.display()))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target).with_context(|| format!("cannot make {}", target.display()))?;
            copy(&source, &target)?;
        } else {
            copy_file(&source, &target)
                .with_context(|| format!("cannot copy {} to {}", source.display(), target.display()))?;
        }
    }
    set_attributes(to, &metadata).with_context(|| format!("cannot set the attributes of {}", to.display()))
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    if metadata.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if !metadata.is_file() {
        return Ok(());
    } else {
        fs::copy(from, to)?;
    }
    set_attributes(to, &metadata)?;
    if metadata.mode() & 0o111 != 0 && metadata.is_file() {
        copy_capabilities(from, to)?;
    }
    Ok(())
}

/// Owner first: a change of owner takes set-user-ID bits away. Times last.
fn set_attributes(path: &Path, metadata: &Metadata) -> Result<()> {
    lchown(path, Some(metadata.uid()), Some(metadata.gid()))?;
    if !metadata.is_symlink() {
        fs::set_permissions(path, fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
    }
    let times = Timestamps {
        last_access: Timespec { tv_sec: metadata.atime(), tv_nsec: metadata.atime_nsec() },
        last_modification: Timespec { tv_sec: metadata.mtime(), tv_nsec: metadata.mtime_nsec() },
    };
    Ok(rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

fn copy_capabilities(from: &Path, to: &Path) -> Result<()> {
    const NAME: &str = "security.capability";
    let mut value = [0; 64];
    match rustix::fs::lgetxattr(from, NAME, &mut value) {
        Ok(length) => Ok(rustix::fs::lsetxattr(to, NAME, &value[..length], rustix::fs::XattrFlags::empty())?),
        Err(rustix::io::Errno::NODATA | rustix::io::Errno::OPNOTSUPP) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
