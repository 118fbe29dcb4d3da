//! Folders of the base in a view that its user may write to.
//!
//! In a namespace of his own the base's folders belong to nobody that the user could be, and the kernel would not let him
//! make a name in them. A folder of the layer goes before the base's of the same name, and is his: so the layer gets every
//! one of them. That makes every part of the index a part of the view, too: what is written stays in it.

use super::MAX_LOOKED_AT;
use crate::error::{Error, Result, Step};
use crate::layer::{Layer, Node, Nodes};
use crate::tree::{Folder, Kind, Tree, join};
use rustix::io::Errno;
use std::os::unix::ffi::OsStrExt as _;

/// Adds every folder of the base index to a layer that merges with it, empty where the layer has nothing for it. Files and
/// links stay the base's, and so does a folder that the caller may not read.
///
/// # Errors
/// Where a folder of the base cannot be read, or there are too many names.
pub fn add_own_folders(tree: &Tree, layer: &mut Layer) -> Result<()> {
    let mut looked_at = 0;
    for area in &tree.layout().areas {
        let base = Folder::open_if_there(tree.index().fd(), area.name.as_bytes(), tree.trust())?;
        if let Some(base) = base {
            let nodes = layer.areas.entry(area.name.clone()).or_default();
            let at = tree.index().path().join(&area.name);
            add(tree, (&base, at.as_os_str().as_bytes()), nodes, &mut looked_at)?;
        }
    }
    Ok(())
}

fn add(tree: &Tree, (base, at): (&Folder, &[u8]), nodes: &mut Nodes, looked_at: &mut usize) -> Result<()> {
    tree.index().note(at);
    let entries = base.entries()?;
    *looked_at += entries.len();
    if *looked_at > MAX_LOOKED_AT {
        return Err(Error::new(Step::Compile, format!("the index has more than {MAX_LOOKED_AT} names")));
    }
    for entry in entries.into_iter().filter(|entry| entry.kind == Kind::Directory) {
        let inner = match Folder::open(base.fd(), &entry.name, tree.trust()) {
            Err(error) if error.errno == Some(Errno::ACCESS) => continue,
            opened => opened?,
        };
        let at = join(at, &entry.name);
        if let Node::Folder(nodes) = nodes.entry(entry.name).or_insert_with(|| Node::Folder(Nodes::new())) {
            add(tree, (&inner, &at), nodes, looked_at)?;
        }
    }
    Ok(())
}
