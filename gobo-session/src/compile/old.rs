//! Old links: names of other versions of a chosen program that nobody claims any more.
//!
//! They are found by walking the other installed versions, not the index: that reads folders of one program only.

use super::members::RealBase;
use super::rules::{is_kept, loses_old_links};
use super::Compiler;
use crate::error::Result;
use crate::layer::{Node, Nodes};
use crate::requirement::ProgramName;
use crate::tree::{Area, Entry, Folder, Kind, LinkText, Owner, Program, join, read_link};

impl Compiler<'_> {
    /// Adds whiteouts for the old links of an area that have no successor.
    pub(super) fn remove_old(&self, area: &Area, base: &RealBase, nodes: &mut Nodes) -> Result<()> {
        for item in &self.to_link {
            for version in &item.program.versions {
                let name = version.version.as_str().to_owned();
                let owner = Owner { program: item.choice.program.to_string(), version: name };
                if self.is_chosen(&item.choice.program, &owner.version)
                    || !self.successors(&owner).any(|s| s.place == item.place)
                {
                    continue;
                }
                for source in &area.sources {
                    let trust = self.tree.trust();
                    if let Some(folder) =
                        Folder::open_if_there(version.folder().fd(), source.as_bytes(), trust)?
                    {
                        self.remove_below(area, b"", &owner, &folder, base, nodes)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn remove_below(
        &self,
        area: &Area,
        path: &[u8],
        owner: &Owner,
        folder: &Folder,
        base: &RealBase,
        nodes: &mut Nodes,
    ) -> Result<()> {
        let entries = folder.entries()?;
        self.count(entries.len())?;
        for Entry { name, .. } in entries.into_iter().filter(|entry| entry.kind != Kind::Special) {
            let path = if path.is_empty() { name.clone() } else { join(path, &name) };
            let hidden = matches!(nodes.get(&name), Some(Node::Link(_) | Node::Whiteout));
            if hidden || !loses_old_links(&area.name, &path) || is_kept(&area.name, &path) {
                continue;
            }
            match read_link(base.folder.fd(), &name)? {
                LinkText::Nothing => {}
                LinkText::Link(text) => {
                    if !nodes.contains_key(&name) && self.tree.owner(&base.at, &text).as_ref() == Some(owner) {
                        nodes.insert(name, Node::Whiteout);
                    }
                }
                LinkText::NotALink => {
                    let trust = self.tree.trust();
                    let inner = Folder::open_if_there(folder.fd(), &name, trust)?;
                    let below = Folder::open_if_there(base.folder.fd(), &name, trust)?;
                    if let (Some(inner), Some(below)) = (inner, below) {
                        let base =
                            RealBase { at: join(&base.at, &name), chain: Vec::new(), folder: below };
                        let mut found = match nodes.remove(&name) {
                            Some(Node::Folder(found)) => found,
                            _ => Nodes::new(),
                        };
                        self.remove_below(area, &path, owner, &inner, &base, &mut found)?;
                        if !found.is_empty() {
                            nodes.insert(name, Node::Folder(found));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn is_chosen(&self, program: &ProgramName, version: &str) -> bool {
        self.plan.chosen.iter().any(|c| c.program == *program && c.version == version)
    }

    /// Whether a version has a name in one of its sources of an area.
    pub(super) fn has_name(&self, program: &Program, version: &str, area: &Area, path: &[u8]) -> Result<bool> {
        let Some(version) = program.version(version) else { return Ok(false) };
        for source in &area.sources {
            let folder = Folder::open_if_there(version.folder().fd(), source.as_bytes(), self.tree.trust())?;
            if let Some(folder) = folder
                && folder.kind(path)?.is_some_and(|kind| kind != Kind::Special)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
