//! Where a root has what the harness itself uses.

use std::path::Path;

/// The places of a kind of root.
#[derive(Debug)]
pub(super) struct Places {
    /// Where commands are found.
    pub(super) path: &'static str,
    /// Root's home.
    pub(super) home: &'static str,
    /// The ssh daemon.
    pub(super) sshd: &'static str,
    /// Whether chambers share it: all that a system writes to is in the few folders that each has a copy of.
    pub(super) is_shared: bool,
}

const GOBOLINUX: Places = Places {
    path: "/System/Index/bin",
    home: "/Users/root",
    sshd: "/System/Index/bin/sshd",
    is_shared: true,
};

const DEBIAN: Places =
    Places { path: "/usr/sbin:/usr/bin:/sbin:/bin", home: "/root", sshd: "/usr/sbin/sshd", is_shared: false };

/// The places of the root at a path.
pub(super) fn of(root: &Path) -> &'static Places {
    if root.join("System/Settings").is_dir() { &GOBOLINUX } else { &DEBIAN }
}
