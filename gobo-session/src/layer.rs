//! A layer: the links, folders and whiteouts that lie over the base index, as pure data.

#[cfg(feature = "cli")]
mod text;

use crate::tree::AREAS;
use std::collections::{BTreeMap, BTreeSet};

/// The names of one folder of a layer.
pub type Nodes = BTreeMap<Vec<u8>, Node>;

/// What a layer has at a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A link with this text.
    Link(Vec<u8>),
    /// A folder; overlayfs merges it with a folder of the base.
    Folder(Nodes),
    /// The base's name is gone.
    Whiteout,
}

/// A compiled layer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layer {
    /// The parts of the index that differ from the base, by name.
    pub areas: BTreeMap<String, Nodes>,
    /// What was passed over, as sentences.
    pub notes: Vec<String>,
}

/// How much a layer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Links.
    pub links: usize,
    /// Folders, those of the index's own parts not counted.
    pub folders: usize,
    /// Whiteouts.
    pub whiteouts: usize,
}

impl Layer {
    /// The areas in the order in which they are mounted: those that are known in the order of [`AREAS`], then others.
    pub fn in_order(&self) -> impl Iterator<Item = (&str, &Nodes)> {
        let known = AREAS.iter().filter_map(|name| self.areas.get_key_value(*name));
        let others = self.areas.iter().filter(|(name, _)| !AREAS.contains(&name.as_str()));
        others.chain(known).map(|(name, nodes)| (name.as_str(), nodes))
    }

    /// What the layer has at a name such as `lib/libfoo.so.1`; `None` where it leaves that to the base.
    #[must_use]
    pub fn node(&self, area: &str, path: &[&[u8]]) -> Option<&Node> {
        let (last, folders) = path.split_last()?;
        let mut nodes = self.areas.get(area)?;
        for folder in folders {
            match nodes.get(*folder)? {
                Node::Folder(inner) => nodes = inner,
                Node::Link(_) | Node::Whiteout => return None,
            }
        }
        nodes.get(*last)
    }

    /// The names at which two layers differ, such as `bin/foo`, in their order.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut names = Vec::new();
        let none = Nodes::new();
        for area in self.areas.keys().chain(other.areas.keys()).collect::<BTreeSet<_>>() {
            let (one, other) = (self.areas.get(area), other.areas.get(area));
            add_differences(area, one.unwrap_or(&none), other.unwrap_or(&none), &mut names);
        }
        names
    }

    /// Leaves every name of the base where it is: those of versions that chosen ones would replace, too.
    #[cfg(feature = "cli")]
    pub fn keep_old_names(&mut self) {
        self.areas.values_mut().for_each(keep_old_names);
    }

    /// How much it holds.
    #[must_use]
    pub fn size(&self) -> Size {
        let mut size = Size::default();
        self.areas.values().for_each(|nodes| size.add(nodes));
        size
    }
}

#[cfg(feature = "cli")]
fn keep_old_names(nodes: &mut Nodes) {
    nodes.retain(|_, node| *node != Node::Whiteout);
    for node in nodes.values_mut() {
        if let Node::Folder(inner) = node {
            keep_old_names(inner);
        }
    }
}

fn add_differences(at: &str, one: &Nodes, other: &Nodes, names: &mut Vec<String>) {
    for name in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
        let path = format!("{at}/{}", String::from_utf8_lossy(name));
        match (one.get(name), other.get(name)) {
            (Some(Node::Folder(one)), Some(Node::Folder(other))) => {
                add_differences(&path, one, other, names);
            }
            (one, other) if one != other => names.push(path),
            _ => {}
        }
    }
}

impl Size {
    fn add(&mut self, nodes: &Nodes) {
        for node in nodes.values() {
            match node {
                Node::Link(_) => self.links += 1,
                Node::Whiteout => self.whiteouts += 1,
                Node::Folder(inner) => {
                    self.folders += 1;
                    self.add(inner);
                }
            }
        }
    }
}
