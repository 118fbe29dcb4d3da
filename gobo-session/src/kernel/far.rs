//! What lies on a file server: reading it can take for ever, and nobody can be called back from it.
//!
//! The answer must not come from the file system that may be dead: `statfs` would ask it. So the list of mounts says
//! which file systems are not local, and a path is followed by reading links of local ones alone.

use super::mountinfo::{self, Mount};
use rustix::fs::{self, CWD};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

/// File systems for which another machine or another process answers; so does every kind that begins with `fuse`.
const FAR: [&str; 18] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "virtiofs",
    "afs",
    "ceph",
    "coda",
    "lustre",
    "gfs2",
    "ocfs2",
    "orangefs",
    "beegfs",
    "glusterfs",
    "gpfs",
    "autofs",
];

/// The most links that a path may go through, as in the kernel.
const MAX_LINKS: usize = 40;

/// Where file systems are mounted for which somebody else answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Far {
    points: Vec<PathBuf>,
}

impl Far {
    /// Those of a list of mounts.
    #[must_use]
    pub(crate) fn among(mounts: &[Mount]) -> Self {
        let is_far = |mount: &&Mount| mount.kind.starts_with("fuse") || FAR.contains(&mount.kind.as_str());
        let points = mounts.iter().filter(is_far).map(|mount| OsStr::from_bytes(&mount.point).into());
        Self { points: points.collect() }
    }

    /// Those of the calling thread's namespace; none where /proc does not tell.
    #[must_use]
    pub(crate) fn now() -> Self {
        mountinfo::read().map(|mounts| Self::among(&mounts)).unwrap_or_default()
    }

    /// Whether the way to an absolute path, or anything below it, lies on such a file system. None is touched for it.
    #[must_use]
    pub(crate) fn touches(&self, path: &Path) -> bool {
        if self.points.is_empty() {
            return false;
        }
        let mut place = PathBuf::from("/");
        let mut rest = parts_of(path);
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if self.points.contains(&place) {
                return true;
            }
            let next = place.join(&part);
            match part.as_bytes() {
                b"/" => place = next,
                b".." => drop(place.pop()),
                _ if self.points.contains(&next) => return true,
                _ => match fs::readlinkat(CWD, &next, Vec::new()) {
                    Ok(target) if links < MAX_LINKS => {
                        links += 1;
                        rest.extend(parts_of(Path::new(&OsString::from_vec(target.into_bytes()))));
                    }
                    Ok(_) => return true,
                    Err(rustix::io::Errno::INVAL) => place = next,
                    // What is not there is not far.
                    Err(_) => return false,
                },
            }
        }
        self.points.iter().any(|point| point.starts_with(&place))
    }
}

/// The parts of a path, the last one first.
fn parts_of(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev().filter(|part| *part != Component::CurDir);
    parts.map(|part| part.as_os_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn mount(point: &Path, kind: &str) -> Mount {
        Mount {
            id: 1,
            device: 1,
            point: point.as_os_str().as_bytes().to_vec(),
            propagation: Vec::new(),
            kind: kind.into(),
            source: Vec::new(),
        }
    }

    #[test]
    fn a_path_is_far_by_its_way_its_end_and_what_is_below() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let at = |name: &str| real.join(name);
        for name in ["server", "programs/Local", "programs/Far", "near"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        symlink(at("server"), at("absolute")).unwrap();
        symlink("near/../server/deep", at("relative")).unwrap();
        symlink("endless", at("endless")).unwrap();
        let far = Far::among(&[
            mount(Path::new("/"), "ext4"),
            mount(&at("server"), "nfs4"),
            mount(&at("programs/Far"), "fuse.sshfs"),
        ]);
        for name in
            ["server", "server/deep/down", "absolute", "absolute/x", "relative", "programs", "endless"]
        {
            assert!(far.touches(&at(name)), "{name}");
        }
        for name in ["near", "programs/Local", "serv", "missing", "server/../near/../missing"] {
            // The last one goes through the server: `..` is not taken away before.
            assert_eq!(far.touches(&at(name)), name.starts_with("server"), "{name}");
        }
        assert!(!Far::among(&[mount(Path::new("/"), "ext4")]).touches(&at("server")));
        assert!(Far::among(&[mount(Path::new("/"), "nfs")]).touches(&at("near")));
        assert!(!Far::default().touches(Path::new("/")));
    }
}
