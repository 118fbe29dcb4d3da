//! What lies among the settings and is read by nobody: left over, or misspelled.

use super::Finding;
use crate::config::DIR;
use crate::text::nearest;
use crate::trusted::{self, Trust};
use std::ffi::OsString;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

/// What is read in the folder of settings; `setup` keeps stacks in pam.d as they were.
const READ: [&str; 5] = ["session.toml", "session.d", "profiles.d", "disabled", "pam.d"];

/// The folders in it, in which files of this ending are read.
const FOLDERS: [&str; 2] = ["session.d", "profiles.d"];
const ENDING: &str = ".toml";

/// The most names in a folder that are looked at (R18).
const MOST: usize = 10_000;

pub(super) fn check(root: &OwnedFd, findings: &mut Vec<Finding>) {
    let names = |folder: &Path| -> Vec<OsString> {
        trusted::list(root.as_fd(), folder, Trust::Anyone, MOST).unwrap_or_default()
    };
    let folder = Path::new(DIR);
    for name in names(folder) {
        let name = name.to_string_lossy();
        if !READ.contains(&&*name) {
            let near = nearest(&name, READ).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            findings.push(unread(&folder.join(&*name)).cured_by(format!("remove it{near}")));
        }
    }
    for folder in FOLDERS.map(|name| folder.join(name)) {
        for name in names(&folder) {
            let name = name.to_string_lossy();
            if !name.ends_with(ENDING) {
                let cure = format!("remove it, or let its name end in {ENDING}");
                findings.push(unread(&folder.join(&*name)).cured_by(cure));
            }
        }
    }
}

fn unread(path: &Path) -> Finding {
    Finding::warning("settings", format!("nothing reads {}", path.display()))
}
