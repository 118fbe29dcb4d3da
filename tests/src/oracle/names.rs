//! What an index comes to: every name that can be reached in it, and what stands at the end.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use super::index::{DIRECTORIES, Entry, Index};
use super::tree::{Canonical, Place, Tree, display};

/// What stands at the end of a name, when all links are followed.
///
/// Paths are canonical and meant inside the tree, so a path is the identity of a file. (Device and inode are not: an
/// overlay may show other numbers for the real files of the base.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This regular file.
    File(String),
    /// A directory; what is in it has names of its own.
    Directory,
    /// A directory that the walk to this name has been in already; what is in it is not listed again.
    Again,
    /// A device, a FIFO or a socket.
    Special(String),
    /// Nothing: a link leads to this path, which is missing, or round in a circle.
    Nowhere(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::File(path) => write!(f, "the file {path}"),
            Outcome::Directory => f.write_str("a directory"),
            Outcome::Again => f.write_str("a directory that it lies in"),
            Outcome::Special(path) => write!(f, "the special file {path}"),
            Outcome::Nowhere(path) => write!(f, "a link that leads nowhere ({path})"),
        }
    }
}

/// Every name that can be reached in the index, directory links followed; names in it that links lead to are looked up
/// in this very index, not in the one that lies in the tree.
pub(super) fn reachable(root: &std::path::Path, index: &Index) -> Result<BTreeMap<String, Outcome>> {
    let tree = Tree::with_index(root, index);
    let mut outcomes = BTreeMap::new();
    for directory in DIRECTORIES {
        if index.get(directory) == Some(&Entry::Directory) {
            let top: Canonical = ["System", "Index", directory].map(str::to_owned).to_vec();
            walk(tree, directory, &mut vec![top], &mut outcomes)?;
        }
    }
    Ok(outcomes)
}

/// Walks the innermost directory of `way`, which has the name `name`.
fn walk(
    tree: Tree<'_>,
    name: &str,
    way: &mut Vec<Canonical>,
    outcomes: &mut BTreeMap<String, Outcome>,
) -> Result<()> {
    let here = way.last().expect("a walk begins somewhere").clone();
    for child in tree.list(&here)? {
        let full = format!("{name}/{child}");
        let mut path = here.clone();
        path.push(child.clone());
        if tree.entry(&path)? == Some(Entry::Special) && here.first().is_some_and(|top| top == "Programs") {
            continue; // "Devices, FIFOs and sockets in program folders do not exist."
        }
        let outcome = match tree.resolve_from(&here, &child)? {
            Place::Directory(target) if way.contains(&target) => Outcome::Again,
            Place::Directory(target) => {
                way.push(target);
                walk(tree, &full, way, outcomes)?;
                way.pop();
                Outcome::Directory
            }
            Place::File(path) => Outcome::File(display(&path)),
            Place::Special(path) => Outcome::Special(display(&path)),
            Place::Nowhere(path) => Outcome::Nowhere(path),
        };
        outcomes.insert(full, outcome);
    }
    Ok(())
}

/// The differences between two maps of names, each as a line to be read; empty when they mean the same.
///
/// A directory may be reached by one link in one index and be built of many in the other. Then a walk that goes round in
/// a circle notices it a step earlier or later: below a name that is [`Outcome::Again`] on one side the other side's
/// names are not asked for. For the same reason two links that lead nowhere by way of the index are equal.
pub fn differences(
    expected: &BTreeMap<String, Outcome>,
    observed: &BTreeMap<String, Outcome>,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, wanted) in expected {
        match observed.get(name) {
            Some(found) if same(wanted, found) => {}
            Some(found) => lines.push(format!("{name}: expected {wanted}, found {found}")),
            None if is_below_again(name, observed) => {}
            None => lines.push(format!("{name}: expected {wanted}, found no such name")),
        }
    }
    for (name, found) in observed {
        if !expected.contains_key(name) && !is_below_again(name, expected) {
            lines.push(format!("{name}: expected no such name, found {found}"));
        }
    }
    lines.sort();
    lines
}

fn same(one: &Outcome, other: &Outcome) -> bool {
    use Outcome::{Again, Directory, Nowhere};
    match (one, other) {
        (Directory | Again, Directory | Again) => true,
        (Nowhere(one), Nowhere(other)) => {
            one == other || one.starts_with("/System/Index/") || other.starts_with("/System/Index/")
        }
        _ => one == other,
    }
}

fn is_below_again(name: &str, outcomes: &BTreeMap<String, Outcome>) -> bool {
    let parents = name.match_indices('/').map(|(end, _)| &name[..end]);
    parents.into_iter().any(|parent| outcomes.get(parent) == Some(&Outcome::Again))
}
