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

/// The folder of character set converters, of which a view shows the base's, and the variable that says where they are.
const CONVERTERS: &[u8] = b"gconv";
const CONVERTERS_VARIABLE: &str = "GCONV_PATH";

/// Folders of modules, in which a view shows those of all versions, and the variable that says where more of them are.
const MODULES: [&[u8]; 2] = [b"gtk-2.0", b"gtk-3.0"];
const MODULES_VARIABLE: &str = "GTK_PATH";

/// What `$PLATFORM` can be in 64-bit and in 32-bit programs, with the word that stands for all of them first; the name
/// itself is read by both.
const WORDS: [&[&[u8]]; 2] =
    [&[b"x86_64", b"haswell", b"xeon_phi", b"$PLATFORM"], &[b"i686", b"i586", b"i486", b"i386"]];

/// Whether a folder of `lib`, by its path from there, is one of modules or lies in one.
pub(super) fn is_of_modules(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/').next().is_some_and(|first| MODULES.contains(&first))
}

/// Puts the modules that 64-bit programs lost, which were found among the libraries that they lost, into nodes of their
/// own.
pub(super) fn split_off_modules(taken: &mut Nodes) -> Nodes {
    MODULES.into_iter().filter_map(|folder| taken.remove_entry(folder)).collect()
}

impl Compiler<'_> {
    /// The folder of plug-ins: converters where a 32-bit version brings some and the base has its own, and modules that
    /// 64-bit programs lost to 32-bit ones.
    pub(super) fn plug_ins(
        &self,
        names: &Names,
        members: &[Member],
        base: Option<&RealBase>,
        modules: Nodes,
    ) -> Result<Nodes> {
        let in_view = |folder: &[u8]| Node::Link([b"../../", folder].concat());
        let [mut of_64_bit, mut of_32_bit] = [Nodes::new(), Nodes::new()];
        if let Some(path) = base.map(|base| self.converters(names, members, base)).transpose()?.flatten() {
            of_64_bit.insert(CONVERTERS.to_vec(), in_view(CONVERTERS));
            of_32_bit.insert(CONVERTERS.to_vec(), Node::Link(path));
        }
        for (folder, lost) in modules {
            of_32_bit.insert(folder.clone(), in_view(&folder));
            of_64_bit.insert(folder, lost);
        }
        if of_32_bit.is_empty() {
            return Ok(Nodes::new());
        }
        let mut words = Nodes::new();
        for (spelled, folder) in WORDS.into_iter().zip([of_64_bit, of_32_bit]) {
            words.extend(spelled.iter().map(|word| (word.to_vec(), Node::Link(spelled[0].to_vec()))));
            words.insert(spelled[0].to_vec(), Node::Folder(folder));
        }
        Ok(Nodes::from([(FOLDER.to_vec(), Node::Folder(words))]))
    }

    /// Where 32-bit converters are, if the base has others.
    fn converters(&self, names: &Names, members: &[Member], base: &RealBase) -> Result<Option<Vec<u8>>> {
        let base_has_them = match self.at_base(base, CONVERTERS)? {
            AtBase::Nothing | AtBase::File => false,
            AtBase::Folder => true,
            AtBase::Link { path, owner } => {
                self.is_folder(&Part::Link { path, owner, chain: &base.chain }, CONVERTERS)?
            }
        };
        for (member, entry) in names.get(CONVERTERS).into_iter().flatten().filter(|_| base_has_them) {
            let Some(part @ Part::Claim(claim, _)) = members[*member].part(entry) else { continue };
            if self.plan.chosen[claim.place].arch == Arch::I686 && self.is_folder(&part, CONVERTERS)? {
                return Ok(part.target(CONVERTERS));
            }
        }
        Ok(None)
    }
}

/// The variables that lead programs of both architectures to their plug-ins in a layer. They are ours and fixed (R8).
pub(crate) fn variables(layout: &Layout, layer: &Layer) -> Vec<(&'static str, String)> {
    let path_of = |folder: &[u8]| {
        layer.node("lib", &[FOLDER, WORDS[0][0], folder])?;
        let path = [layout.index.as_os_str().as_bytes(), b"/lib/", FOLDER, b"/$PLATFORM/", folder].concat();
        String::from_utf8(path).ok()
    };
    let modules: Vec<String> = MODULES.into_iter().filter_map(path_of).collect();
    let modules = (!modules.is_empty()).then(|| (MODULES_VARIABLE, modules.join(":")));
    path_of(CONVERTERS).map(|path| (CONVERTERS_VARIABLE, path)).into_iter().chain(modules).collect()
}
