//! Old links: names of other versions of a chosen program that nobody claims any more.
//!
//! They are found by walking the other installed versions, not the index: that reads folders of one program only.

use super::Compiler;
use super::members::{Claim, Member, Part, RealBase, parent_of};
use super::rules::{is_kept, loses_old_links};
use crate::error::Result;
use crate::layer::{Node, Nodes};
use crate::requirement::ProgramName;
use crate::tree::{Area, Entry, Kind, LinkText, Owner, join, kind_of, read_link};
use rustix::fs::{FileType, OFlags};
use std::os::unix::ffi::OsStrExt as _;

impl Compiler<'_> {
    /// Adds whiteouts for the old links of an area that have no successor.
    pub(super) fn remove_old(&self, area: &Area, base: &RealBase, nodes: &mut Nodes) -> Result<()> {
        for item in &self.to_link {
            for version in item.program.versions(self.tree) {
                let name = version.version.as_str().to_owned();
                let owner = Owner { program: item.choice.program.to_string(), version: name };
                if self.is_chosen(&item.choice.program, &owner.version) || !self.succeeds(item, &owner) {
                    continue;
                }
                let path = self.tree.version_path(&item.choice.program, &owner.version);
                for claim in self.sources_of(item.place, &path, version, area)? {
                    self.remove_below(area, b"", &owner, &claim, base, nodes)?;
                }
            }
        }
        Ok(())
    }

    /// Walks a folder of another version beside the same folder of the base.
    fn remove_below(
        &self,
        area: &Area,
        path: &[u8],
        owner: &Owner,
        other: &Claim,
        base: &RealBase,
        nodes: &mut Nodes,
    ) -> Result<()> {
        self.tree.note(&other.path);
        let entries = other.folder.entries()?;
        self.count(entries.len())?;
        for Entry { name, kind } in entries.into_iter().filter(|entry| entry.kind != Kind::Special) {
            let path = if path.is_empty() { name.clone() } else { join(path, &name) };
            let hidden = matches!(nodes.get(&name), Some(Node::Link(_) | Node::Whiteout));
            if hidden || !loses_old_links(&area.name, &path) || is_kept(&area.name, &path) {
                continue;
            }
            match read_link(base.folder.fd(), &name)? {
                LinkText::Nothing => {}
                LinkText::Link(text) => {
                    if !nodes.contains_key(&name) && self.tree.owner(&base.at, &text).as_ref() == Some(owner)
                    {
                        nodes.insert(name, Node::Whiteout);
                    }
                }
                LinkText::NotALink => {
                    let inner = self.folder_of(&Part::Claim(other, kind), &name)?;
                    if let (Some(Member::Claim(inner)), Some(below)) = (inner, self.base_folder(base, &name)?)
                    {
                        let mut found = match nodes.remove(&name) {
                            Some(Node::Folder(found)) => found,
                            _ => Nodes::new(),
                        };
                        self.remove_below(area, &path, owner, &inner, &below, &mut found)?;
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
    pub(super) fn has_name(&self, program: &ProgramName, version: &str, area: &Area, path: &[u8]) -> bool {
        let folder = self.tree.version_path(program, version);
        area.sources.iter().any(|source| {
            let path = join(folder.join(source).as_os_str().as_bytes(), path);
            self.tree.note(parent_of(&path));
            let found = self.tree.open_inside(&path, OFlags::PATH | OFlags::NOFOLLOW);
            let stat = found.and_then(|fd| rustix::fs::fstat(&fd));
            stat.is_ok_and(|stat| kind_of(FileType::from_raw_mode(stat.st_mode)) != Kind::Special)
        })
    }
}
