//! Paths inside a root that is not the running system's: absolute links are meant inside it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// How many links are followed before a path counts as a loop.
const HOPS: usize = 40;

/// Where an absolute path leads in the root, all links followed, the last one too; nothing if there is nothing.
pub fn resolve(root: &Path, path: &Path) -> Option<PathBuf> {
    let mut pending: VecDeque<OsString> = names(path);
    let mut here = PathBuf::from("/");
    let mut hops = 0;
    while let Some(name) = pending.pop_front() {
        if name == ".." {
            here.pop();
            continue;
        }
        let next = here.join(&name);
        let on_disk = on_disk(root, &next);
        if !on_disk.symlink_metadata().ok()?.is_symlink() {
            here = next;
            continue;
        }
        hops += 1;
        if hops > HOPS {
            return None;
        }
        let target = std::fs::read_link(&on_disk).ok()?;
        if target.is_absolute() {
            here = PathBuf::from("/");
        }
        for name in names(&target).into_iter().rev() {
            pending.push_front(name);
        }
    }
    Some(here)
}

/// Where a path of the root lies on the running system.
pub fn on_disk(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    #[test]
    fn links_stay_inside() {
        let work = tempfile::tempdir().unwrap();
        let root = work.path();
        tree::write(&root.join("Programs/X/1/lib/x.so.1"), "", 0o644).unwrap();
        tree::link("System/Index/lib", &root.join("lib")).unwrap();
        tree::link("/Programs/X/1/lib/x.so", &root.join("System/Index/lib/x.so")).unwrap();
        tree::link("x.so.1", &root.join("Programs/X/1/lib/x.so")).unwrap();
        tree::link("../../../../lib/x.so", &root.join("Programs/X/1/up")).unwrap();
        tree::link("loop", &root.join("loop")).unwrap();
        let resolved = |path: &str| resolve(root, Path::new(path));
        assert_eq!(resolved("/lib/x.so").unwrap(), Path::new("/Programs/X/1/lib/x.so.1"));
        assert_eq!(resolved("/Programs/X/1/up").unwrap(), Path::new("/Programs/X/1/lib/x.so.1"));
        assert_eq!(resolved("/../../lib").unwrap(), Path::new("/System/Index/lib"));
        assert_eq!(resolved("/loop"), None);
        assert_eq!(resolved("/etc/hostname"), None, "never the host's");
    }
}
