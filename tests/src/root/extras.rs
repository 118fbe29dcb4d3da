//! What a program has besides its packages' files: its Resources, its part of pam.d, links and modes that Debian's
//! maintainer scripts make.

use super::closure::Program;
use super::data::{Arch, Data};
use super::place::SETTINGS;
use super::tree;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

/// What a program has besides its packages' files: paths in its folder, with what they are.
pub struct Extras(BTreeMap<PathBuf, Extra>);

#[derive(Debug)]
enum Extra {
    /// A file with this content.
    File(String),
    /// A link; a `*` at the end of the target stands for the one program that begins so.
    Link(String),
    /// A mode and group for a file that is there.
    Owner { mode: u32, group: u32 },
}

impl Extras {
    /// Collects the extras of a program, its Resources among them.
    pub fn new(program: &Program, dependencies: String, data: &Data) -> Result<Self> {
        let mut extras = BTreeMap::new();
        let first = &program.packages.first().with_context(|| format!("{program} has no packages"))?.package;
        let description =
            format!("[Name] {}\n[Summary] {}\n[Homepage] {}\n", program.name, first.summary, first.homepage);
        let mut origin = String::new();
        for chosen in &program.packages {
            let (package, from) = (&chosen.package, &chosen.origin);
            let (name, version, hash) = (&package.name, &package.version, &package.sha256);
            writeln!(origin, "{} {name} {version} {} {hash}", from.suite, from.arch.debian())?;
        }
        let mut resource =
            |name: &str, text: String| extras.insert(Path::new("Resources").join(name), Extra::File(text));
        resource("Dependencies", dependencies);
        resource("Architecture", format!("{}\n", program.arch.machine()));
        resource("Description", description);
        resource("PackagedFrom", origin);
        if let Some(text) = data.programs.environment(&program.name, &program.version) {
            resource("Environment", text.to_owned());
        }
        for (path, target) in data.programs.links.get(&program.name).into_iter().flatten() {
            extras.insert(path.into(), Extra::Link(target.clone()));
        }
        for (path, owner) in data.programs.modes.get(&program.name).into_iter().flatten() {
            extras.insert(path.into(), Extra::Owner { mode: owner.mode, group: owner.group });
        }
        if program.arch == Arch::Amd64 {
            let folder = Path::new(SETTINGS).join("pam.d");
            let owned = |service: &str| data.programs.pam_owner(service) == program.name;
            for path in tree::entries(&data.settings.join("pam.d"))? {
                let service =
                    path.file_name().and_then(|name| name.to_str()).context("a name that is not UTF-8")?;
                if owned(service) {
                    extras.insert(folder.join(service), Extra::File(fs::read_to_string(&path)?));
                }
            }
            for (service, target) in data.programs.pam_links.iter().filter(|(service, _)| owned(service)) {
                extras.insert(folder.join(service), Extra::Link(target.clone()));
            }
        }
        Ok(Self(extras))
    }

    /// All of it as text, for the key of a store.
    pub fn describe(&self) -> String {
        format!("{:?}", self.0)
    }

    /// Adds them to the unpacked packages: first the files, because links lead to them.
    pub fn add_to(&self, folder: &Path) -> Result<()> {
        let (files, others): (Vec<_>, Vec<_>) =
            self.0.iter().partition(|(_, extra)| matches!(extra, Extra::File(_)));
        for (name, extra) in files.into_iter().chain(others) {
            let path = folder.join(name);
            match extra {
                Extra::File(text) => tree::write(&path, text, 0o644)?,
                Extra::Link(target) => match matching(&path, target) {
                    Some(target) if !tree::exists(&path) => tree::link(target, &path)?,
                    _ => {}
                },
                Extra::Owner { mode, group } if path.is_file() => {
                    chown(&path, Some(0), Some(*group))
                        .with_context(|| format!("cannot chown {}", path.display()))?;
                    tree::set_mode(&path, *mode)?;
                }
                Extra::Owner { .. } => {}
            }
        }
        Ok(())
    }
}

/// The target of a link, if there is one beside it.
fn matching(link: &Path, target: &str) -> Option<String> {
    let folder = link.parent()?;
    let Some(prefix) = target.strip_suffix('*') else {
        return tree::exists(&folder.join(target)).then(|| target.to_owned());
    };
    let names = tree::entries(folder)
        .ok()?
        .into_iter()
        .filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
    names.into_iter().find(|name| name.starts_with(prefix) && !name.ends_with("-config"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_before_links_to_them() {
        let work = tempfile::tempdir().unwrap();
        let extras = Extras(BTreeMap::from([
            ("pam.d/a-link".into(), Extra::Link("service".into())),
            ("pam.d/service".into(), Extra::File("auth".into())),
            ("bin/none".into(), Extra::Link("missing".into())),
        ]));
        extras.add_to(work.path()).unwrap();
        assert_eq!(fs::read_to_string(work.path().join("pam.d/a-link")).unwrap(), "auth");
        assert!(!tree::exists(&work.path().join("bin/none")));
        extras.add_to(work.path()).unwrap();
    }

    #[test]
    fn links_take_the_version_that_is_there() {
        let work = tempfile::tempdir().unwrap();
        for name in ["python3.9-config", "python3.9", "sh.distrib", "bash"] {
            tree::write(&work.path().join("bin").join(name), "", 0o755).unwrap();
        }
        let link = work.path().join("bin/python3");
        assert_eq!(matching(&link, "python3.*").as_deref(), Some("python3.9"));
        assert_eq!(matching(&link, "bash").as_deref(), Some("bash"));
        assert_eq!(matching(&link, "zsh"), None);
        assert_eq!(matching(&work.path().join("missing/x"), "x*"), None);
    }
}
