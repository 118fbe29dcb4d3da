//! What a root has besides programs and the index: its skeleton, /System/Settings, users.

use super::closure::Program;
use super::data::{Data, Layout};
use super::index::{self, Folder, Linker, Node};
use super::place::{SETTINGS, VARIABLE};
use super::tree::{self, Files};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

/// Makes the folders, files and links that belong to no program. The links come first: folders are meant behind them.
pub fn skeleton(root: &Path, layout: &Layout) -> Result<()> {
    tree::make_folder(root)?;
    for folder in &layout.make.folders {
        tree::make_folder(&root.join(folder))?;
    }
    for (name, target) in &layout.links {
        tree::link(target, &root.join(name))?;
    }
    for file in &layout.make.files {
        tree::write(&root.join(file), "", 0o644)?;
    }
    Ok(())
}

/// Makes /Programs/NAME/Settings of the linked programs, links them into /System/Settings, and fills /Data/Variable.
pub fn link_programs(root: &Path, linked: &BTreeMap<&str, &Program>, layout: &Layout) -> Result<()> {
    let mut linker = Linker::new(root);
    let mut settings = Folder::new();
    for (name, program) in linked {
        let folder = root.join("Programs").join(name);
        let version = folder.join(&program.version);
        if version.join(SETTINGS).is_dir() {
            tree::copy(&version.join(SETTINGS), &folder.join("Settings"), Files::Copied)?;
        }
        if version.join(VARIABLE).is_dir() {
            tree::copy(&version.join(VARIABLE), &root.join("Data/Variable"), Files::Copied)?;
        }
        linker.folder(&Path::new("/Programs").join(name).join("Settings"), &mut settings)?;
        if version.join("Resources/Environment").exists() {
            let target =
                Path::new("/Programs").join(name).join(&program.version).join("Resources/Environment");
            tree::link(
                target,
                &root.join("System/Environment").join(format!("{name}--{}", program.version)),
            )?;
        }
    }
    for name in &layout.expanded_settings {
        let name: &OsStr = name.as_ref();
        if let Some(Node::Link(target)) = settings.get(name) {
            settings.insert(name.to_owned(), Node::Expanded(linker.expanded(target)?));
        }
    }
    index::write(&settings, &root.join("System/Settings"))?;
    Ok(())
}

/// Writes the root's own settings over those of programs, makes the users' homes, and sets owners and modes.
pub fn write_own(root: &Path, data: &Data) -> Result<()> {
    let settings = root.join("System/Settings");
    let services = data.settings.join("pam.d");
    tree::walk(&data.settings, &mut |path, metadata| {
        if metadata.is_file() && !path.starts_with(&services) {
            let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            tree::write(&settings.join(path.strip_prefix(&data.settings)?), content, 0o644)?;
        }
        Ok(())
    })?;
    for name in &data.layout.empty_settings {
        let path = settings.join(name);
        if !tree::exists(&path) {
            tree::write(&path, "", 0o644)?;
        }
    }
    make_homes(root, &settings.join("passwd"))?;
    for (name, owner) in &data.layout.owners {
        let path = root.join(name);
        let failed = || format!("cannot set the owner and mode of {}", path.display());
        chown(&path, Some(0), Some(owner.group)).with_context(failed)?;
        fs::set_permissions(&path, Permissions::from_mode(owner.mode)).with_context(failed)?;
    }
    Ok(())
}

/// What a login shell of a new user reads.
const BASH_PROFILE: &str = "[ -f ~/.bashrc ] && . ~/.bashrc\ntrue\n";

/// Makes the homes of those whose home is in /Users.
fn make_homes(root: &Path, passwd: &Path) -> Result<()> {
    let text = fs::read_to_string(passwd).with_context(|| format!("cannot read {}", passwd.display()))?;
    for line in text.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let [_, _, uid, gid, _, home, _] = fields[..] else { continue };
        let (true, Ok(uid), Ok(gid)) = (home.starts_with("/Users/"), uid.parse(), gid.parse()) else {
            continue;
        };
        let home = root.join(home.trim_start_matches('/'));
        tree::make_folder(&home)?;
        tree::write(&home.join(".bash_profile"), BASH_PROFILE, 0o644)?;
        for path in [home.join(".bash_profile"), home] {
            chown(&path, Some(uid), Some(gid)).with_context(|| format!("cannot chown {}", path.display()))?;
        }
    }
    Ok(())
}
