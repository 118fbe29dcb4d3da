//! Plug-ins that are opened by path, for programs of both architectures.
//!
//! A loader that searches for a library passes over one for another machine; what opens a plug-in by path does not. But
//! both expand `$PLATFORM` in that path, each to its own word. So the view has a folder for each word, and one that
//! really is called `$PLATFORM`, for what is read there before anything is opened. One variable then serves both.

use super::Compiler;
use super::members::{Member, Part, RealBase};
use super::merge::{AtBase, Names};
use crate::arch::Arch;
use crate::error::Result;
use crate::layer::{Layer, Node, Nodes};
use crate::tree::Layout;
use std::os::unix::ffi::OsStrExt as _;

/// The folder in `lib`.
pub(super) const FOLDER: &[u8] = b"by-platform";

/// The folder of character set converters, and the variable that says where to look for them.
const CONVERTERS: &[u8] = b"gconv";
const CONVERTERS_VARIABLE: &str = "GCONV_PATH";

/// What `$PLATFORM` can be in 64-bit and in 32-bit programs, with the word that stands for all of them first; the name
/// itself is read by both, and both have the same list of converters.
const WORDS: [&[&[u8]]; 2] =
    [&[b"x86_64", b"haswell", b"xeon_phi", b"$PLATFORM"], &[b"i686", b"i586", b"i486", b"i386"]];

impl Compiler<'_> {
    /// The folder of plug-ins, where a 32-bit version brings converters and the base has its own.
    pub(super) fn plug_ins(&self, names: &Names, members: &[Member], base: &RealBase) -> Result<Nodes> {
        let base_has_them = match self.at_base(base, CONVERTERS)? {
            AtBase::Nothing | AtBase::File => false,
            AtBase::Folder => true,
            AtBase::Link { path, owner } => {
                self.is_folder(&Part::Link { path, owner, chain: &base.chain }, CONVERTERS)?
            }
        };
        if !base_has_them {
            return Ok(Nodes::new());
        }
        for (member, entry) in names.get(CONVERTERS).into_iter().flatten() {
            let Some(part @ Part::Claim(claim, _)) = members[*member].part(entry) else { continue };
            if self.plan.chosen[claim.place].arch == Arch::I686
                && self.is_folder(&part, CONVERTERS)?
                && let Some(of_32_bit) = part.target(CONVERTERS)
            {
                let of_64_bit = [b"../../", CONVERTERS].concat();
                return Ok(Nodes::from([(FOLDER.to_vec(), Node::Folder(words([of_64_bit, of_32_bit])))]));
            }
        }
        Ok(Nodes::new())
    }
}

/// A folder for each architecture that leads to its converters, and links for the other words.
fn words(converters: [Vec<u8>; 2]) -> Nodes {
    let mut nodes = Nodes::new();
    for (words, path) in WORDS.into_iter().zip(converters) {
        let folder = Nodes::from([(CONVERTERS.to_vec(), Node::Link(path))]);
        nodes.insert(words[0].to_vec(), Node::Folder(folder));
        nodes.extend(words[1..].iter().map(|word| (word.to_vec(), Node::Link(words[0].to_vec()))));
    }
    nodes
}

/// The variables that lead both architectures to their plug-ins in a layer. They are ours and fixed (R8).
pub(crate) fn variables(layout: &Layout, layer: &Layer) -> Option<(String, String)> {
    layer.node("lib", &[FOLDER, b"$PLATFORM"])?;
    let path = [layout.index.as_os_str().as_bytes(), b"/lib/", FOLDER, b"/$PLATFORM/", CONVERTERS].concat();
    Some((CONVERTERS_VARIABLE.to_owned(), String::from_utf8(path).ok()?))
}
