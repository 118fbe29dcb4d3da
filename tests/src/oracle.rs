//! The oracle: says what a view of the index must hold, slowly and plainly.
//!
//! `docs/views.md` is the contract. Every rule of it is a function here with its sentence as documentation, and nothing is
//! clever or remembered: the index of a view is built name after name as plain data, then walked. The compiler of layers
//! follows the same page and shares no code with this, so that where both agree both are probably right.
//!
//! [`expected`] reads a tree whose `/System/Index` is the base; a view that is mounted there would be taken for the base.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

mod chosen;
#[cfg(test)]
mod examples;
mod hwcaps;
pub mod index;
mod names;
mod parts;
mod plug_ins;
mod rules;
pub mod tree;
pub mod words;

pub use names::{Outcome, differences};

use index::Index;
use tree::Tree;

/// A chosen version. A list of them is in order of precedence: the first named wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The program, such as `GTK+`.
    pub program: String,
    /// The version, such as `2.24.33-i686`.
    pub version: String,
}

impl Chosen {
    /// A program and a version.
    pub fn new(program: &str, version: &str) -> Chosen {
        Chosen { program: program.to_owned(), version: version.to_owned() }
    }
}

/// Every name that a view of these chosen versions has, and what stands at the end of it.
pub fn expected(root: &Path, chosen: &[Chosen], pure: bool) -> Result<BTreeMap<String, Outcome>> {
    names::reachable(root, &expected_index(root, chosen, pure)?)
}

/// The view's index itself. A right view may say the same with other links: what counts is what [`expected`] says.
pub fn expected_index(root: &Path, chosen: &[Chosen], pure: bool) -> Result<Index> {
    let tree = Tree::on_disk(root);
    // "In a pure view the base index is empty and every chosen version is to be linked."
    let base = if pure { Index::default() } else { Index::read(&root.join("System/Index"))? };
    let choice = chosen::Choice::read(tree, &base, chosen, pure)?;
    rules::view(&rules::Rules { tree, base: &base, choice: &choice })
}

/// Every name of a real index, a mounted view or the base, and what stands at the end of it. `index` is the folder that
/// holds the five directories; it is taken to lie at `/System/Index` of the tree, wherever it is.
pub fn observed(root: &Path, index: &Path) -> Result<BTreeMap<String, Outcome>> {
    names::reachable(root, &Index::read(index)?)
}
