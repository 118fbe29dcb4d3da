//! Who could write what root's views are made of: /Programs, the index, and the state folder.

use super::{Finding, road};
use crate::config::Config;
use crate::requirement::ProgramName;
use crate::tree::{Folder, Layout, Tree};
use crate::trusted::{self, Kind, Trust};
use rustix::fs::fstatvfs;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The folder of state, from the root.
const STATE: &str = "/run/gobo-session";

/// The folder that it is in, which is a file system of its own.
const ABOVE_STATE: &str = "/run";

/// The programs and the index, as a login believes them, and what the profiles make of them.
pub(super) fn check(root: &Path, layout: &Layout, config: Option<&Config>, findings: &mut Vec<Finding>) {
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
    if let Some(config) = config {
        road::check(&tree, config, findings);
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
                versions += program.versions(tree).count();
                let passed_over =
                    |refused| Finding::warning("programs", format!("{at}/{name}/{refused} is no version"));
                let before = findings.len();
                findings.extend(program.refused(tree).map(passed_over));
                refused += findings.len() - before;
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

/// The state folder (R17), and whether there is room in it.
pub(super) fn check_state(root: &OwnedFd, findings: &mut Vec<Finding>) {
    let open = |path: &str| trusted::open(root.as_fd(), Path::new(path), Trust::RootOnly, Kind::Directory);
    let (folder, finding) = match open(STATE) {
        Ok(folder) => (Some(folder), Finding::ok("state", format!("{STATE} is root's"))),
        Err(error) if error.is_missing() => {
            let what = format!("{STATE} is not there yet: the first login makes it");
            (open(ABOVE_STATE).ok(), Finding::ok("state", what))
        }
        Err(error) => {
            let finding = Finding::failed("state", error.to_string());
            (None, finding.cured_by("nobody gets a view until this is right"))
        }
    };
    findings.push(finding);
    findings.extend(folder.as_ref().and_then(lack_of_room));
}

/// What a file system lacks for a new file, where it lacks anything. One that does not count its files says that it has none.
fn lack_of_room(folder: &OwnedFd) -> Option<Finding> {
    let stat = fstatvfs(folder).ok()?;
    let lacks = match (stat.f_bavail, stat.f_files, stat.f_favail) {
        (0, ..) => "is full",
        (_, 1.., 0) => "has room for no more files",
        _ => return None,
    };
    let cure = format!(
        "see what fills it: du -ax {ABOVE_STATE} | sort -n; until there is room, some logins get no view"
    );
    Some(Finding::failed("state", format!("{ABOVE_STATE} {lacks}")).cured_by(cure))
}
