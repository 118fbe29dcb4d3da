//! Whether the administrator's profiles lead to views on this machine, and who else could write what those show.

use super::{Finding, Level};
use crate::compile::compile;
use crate::config::{Config, ProfileName};
use crate::error::{Error, Result, Step};
use crate::kernel::limits::Raised;
use crate::layer::{Layer, Node, Nodes};
use crate::login::request_of;
use crate::resolve::resolve;
use crate::tree::{Entry, Folder, Kind, Tree, join};
use crate::trusted::{self, Trust};
use crate::try_out::{Scope, try_out};
use rustix::fs::OFlags;
use std::collections::BTreeSet;

/// The most entries that are looked at, how deep, and how many are named (R18).
const MAX_ENTRIES: usize = 4_000_000;
const MAX_DEPTH: usize = 64;
const MAX_NAMED: usize = 20;

/// Goes the road of a login for each profile, as far as the try-out.
pub(super) fn check(tree: &Tree, config: &Config, findings: &mut Vec<Finding>) {
    let _raised = Raised::new();
    let named: BTreeSet<&ProfileName> = config.policy.names().into_iter().map(|(_, name)| name).collect();
    let mut below = Below { tree, folders: BTreeSet::new(), looked_at: 0, named: Vec::new(), count: 0 };
    for name in config.profiles.names().unwrap_or_default().keys() {
        let scope = if named.contains(name) { Scope::Login } else { Scope::Command };
        // What cannot be loaded has a finding of its own.
        let Ok(profile) = config.profiles.load(name) else { continue };
        let layer = || -> Result<Layer> {
            let plan = resolve(tree, &request_of(profile))?;
            let layer = compile(tree, &plan)?;
            try_out(tree, &plan, &layer, scope)?;
            Ok(layer)
        };
        if let Err(error) = layer().and_then(|layer| below.look_at(&layer)) {
            let finding = Finding::of_error("profile", &format!("{name} leads to no view"), &error);
            findings.push(match scope {
                Scope::Login => finding,
                Scope::Command => Finding { level: Level::Warning, ..finding },
            });
        }
    }
    findings.extend(below.finding());
}

/// What is below the folders that views link whole (R4). A login checks the folder that it links, and what it reads
/// itself: the thousands of files below would take it longer than all the rest.
struct Below<'t> {
    tree: &'t Tree,
    /// The folders that were looked at, by the texts of links.
    folders: BTreeSet<Vec<u8>>,
    looked_at: usize,
    /// What others could change; the first ones are named.
    named: Vec<String>,
    count: usize,
}

impl Below<'_> {
    fn look_at(&mut self, layer: &Layer) -> Result<()> {
        layer.areas.values().try_for_each(|nodes| self.follow_links(nodes))
    }

    fn follow_links(&mut self, nodes: &Nodes) -> Result<()> {
        for node in nodes.values() {
            match node {
                Node::Folder(inner) => self.follow_links(inner)?,
                Node::Link(target) if self.folders.insert(target.clone()) => {
                    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
                    if let Ok(fd) = self.tree.open_base(target, flags) {
                        self.look_through(&Folder::of(fd, target, Trust::Anyone)?, target, 0)?;
                    }
                }
                Node::Link(_) | Node::Whiteout => {}
            }
        }
        Ok(())
    }

    fn look_through(&mut self, folder: &Folder, path: &[u8], depth: usize) -> Result<()> {
        for Entry { name, kind } in folder.entries()? {
            self.looked_at += 1;
            if self.looked_at > MAX_ENTRIES || depth > MAX_DEPTH {
                let what = format!("there is too much below {}", String::from_utf8_lossy(path));
                return Err(Error::new(Step::Read, what));
            }
            let path = join(path, &name);
            if let Err(error) = trusted::check_entry(folder.fd(), &name, Trust::RootOnly) {
                self.count += 1;
                if self.named.len() < MAX_NAMED {
                    self.named.push(format!("{}: {error}", String::from_utf8_lossy(&path)));
                }
            }
            if kind == Kind::Directory
                && let Some(inner) = Folder::open_if_there(folder.fd(), &name, Trust::Anyone)?
            {
                self.look_through(&inner, &path, depth + 1)?;
            }
        }
        Ok(())
    }

    fn finding(self) -> Option<Finding> {
        let Self { named, count, .. } = self;
        let others = match count {
            0 => return None,
            1 => "others than root could change what a view shows, and no login looks there".to_owned(),
            _ => format!(
                "others than root could change {count} things that views show, and no login looks there"
            ),
        };
        let mut places = named;
        if count > places.len() {
            places.push(format!("... and {} more", count - places.len()));
        }
        Some(Finding { places, ..Finding::warning("programs", others) })
    }
}
