//! Who could write what root's views are made of: /Programs, the index, and the state folder.

use super::Finding;
use crate::requirement::ProgramName;
use crate::tree::{Folder, Layout, Tree};
use crate::trusted::{self, Kind, Trust};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The folder of state, from the root.
const STATE: &str = "/run/gobo-session";

/// The programs and the index, as a login believes them.
pub(super) fn check(root: &Path, layout: &Layout, findings: &mut Vec<Finding>) {
    let shown = match root == Path::new("/") {
        true => crate::kernel::shown(layout).unwrap_or_default(),
        false => crate::kernel::Shown::default(),
    };
    let tree = match Tree::open(root, shown.base(), layout.clone(), Trust::RootOnly) {
        Ok(tree) => tree,
        Err(error) => return findings.push(Finding::of_error("programs", "", &error)),
    };
    check_programs(&tree, findings);
    for area in &layout.areas {
        if let Err(error) = Folder::open_if_there(tree.index().fd(), area.name.as_bytes(), Trust::RootOnly) {
            let error = error.inside(layout.index.as_os_str().as_bytes());
            findings.push(Finding::of_error("index", "", &error));
        }
    }
    if !findings.iter().any(|finding| finding.about == "index") {
        findings.push(Finding::ok("index", format!("{} is root's", layout.index.display())));
    }
}

fn check_programs(tree: &Tree, findings: &mut Vec<Finding>) {
    let at = tree.layout().programs.display();
    let names = match tree.names() {
        Ok(names) => names,
        Err(error) => return findings.push(Finding::of_error("programs", "", &error)),
    };
    let (mut programs, mut versions, mut refused) = (0, 0, 0);
    for name in names.iter().filter_map(|name| name.parse::<ProgramName>().ok()) {
        match tree.program(&name) {
            Ok(Some(program)) => {
                programs += 1;
                versions += program.versions.len();
                refused += program.refused.len();
                let passed_over =
                    |refused| Finding::warning("programs", format!("{at}/{name}/{refused} is no version"));
                findings.extend(program.refused.iter().map(passed_over));
            }
            Ok(None) => {}
            Err(error) => {
                refused += 1;
                findings.push(Finding::of_error("programs", "", &error));
            }
        }
    }
    if refused == 0 {
        findings.push(Finding::ok(
            "programs",
            format!("{at} is root's: {programs} programs, {versions} versions"),
        ));
    }
}

/// The state folder (R17).
pub(super) fn check_state(root: &OwnedFd, findings: &mut Vec<Finding>) {
    findings.push(match trusted::open(root.as_fd(), Path::new(STATE), Trust::RootOnly, Kind::Directory) {
        Ok(_) => Finding::ok("state", format!("{STATE} is root's")),
        Err(error) if error.is_missing() => {
            Finding::ok("state", format!("{STATE} is not there yet: the first login makes it"))
        }
        Err(error) => {
            Finding::failed("state", error.to_string()).cured_by("nobody gets a view until this is right")
        }
    });
}
