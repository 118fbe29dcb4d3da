//! Who takes part at a name: folders of chosen versions, what the base has, and what we add ourselves.

use super::Compiler;
use crate::error::{Error, Result, Step};
use crate::layer::Node;
use crate::tree::{Entry, Folder, Kind, Owner};
use crate::trusted;
use rustix::fs::OFlags;

/// The identity of a folder: (device, inode).
pub(super) type Id = (u64, u64);

/// A folder of a chosen version that is to be linked.
pub(super) struct Claim {
    /// The place of the version in the plan.
    pub(super) place: usize,
    /// The path of the folder, as links name it.
    pub(super) path: Vec<u8>,
    /// The folder and those above it on the way.
    pub(super) chain: Vec<Id>,
    pub(super) folder: Folder,
}

/// A real folder of the base index: overlayfs merges it with the layer's.
pub(super) struct RealBase {
    /// The path by which programs know it.
    pub(super) at: Vec<u8>,
    /// The folder and those above it on the way.
    pub(super) chain: Vec<Id>,
    pub(super) folder: Folder,
}

/// A folder that a link of the base leads to, in a place where the layer has to repeat what is in it.
pub(super) struct LinkedBase {
    /// Where the link leads, as links name it.
    pub(super) path: Vec<u8>,
    /// Who owns the link, and so everything inside.
    pub(super) owner: Option<Owner>,
    /// The folder and those above it on the way.
    pub(super) chain: Vec<Id>,
    pub(super) folder: Folder,
}

/// A folder that takes part; the strongest stands first.
pub(super) enum Member {
    Claim(Claim),
    Base(LinkedBase),
    /// Names of our own, weaker than all others.
    Extra(std::collections::BTreeMap<Vec<u8>, Node>),
}

/// What one member has at one name.
pub(super) enum Part<'m> {
    /// An entry of a chosen version's folder.
    Claim(&'m Claim, Kind),
    /// An entry of a folder that a base link leads to.
    Inside(&'m LinkedBase, Kind),
    /// A link of the base index: its text made absolute, and its owner.
    Link { path: Vec<u8>, owner: Option<Owner>, chain: &'m [Id] },
    /// A node of our own.
    Extra(&'m Node),
}

impl Member {
    /// The entries that can take part; others are noted and passed over.
    pub(super) fn entries(&self, compiler: &Compiler<'_>) -> Result<Vec<Entry>> {
        let (folder, path) = match self {
            Self::Claim(claim) => (&claim.folder, &claim.path),
            Self::Base(base) => (&base.folder, &base.path),
            Self::Extra(nodes) => {
                let entry = |name: &Vec<u8>| Entry { name: name.clone(), kind: Kind::Link };
                return Ok(nodes.keys().map(entry).collect());
            }
        };
        compiler.tree.note(path);
        let mut entries = folder.entries()?;
        compiler.count(entries.len())?;
        entries.retain(|entry| {
            if entry.kind == Kind::Special {
                let (path, name) = (String::from_utf8_lossy(path), String::from_utf8_lossy(&entry.name));
                compiler.note(format!("{path}/{name} is a device, FIFO or socket: left out"));
            }
            entry.kind != Kind::Special
        });
        Ok(entries)
    }

    /// What it has at a name whose kind is known.
    pub(super) fn part(&self, entry: &Entry) -> Option<Part<'_>> {
        match self {
            Self::Claim(claim) => Some(Part::Claim(claim, entry.kind)),
            Self::Base(base) => Some(Part::Inside(base, entry.kind)),
            Self::Extra(nodes) => nodes.get(&entry.name).map(Part::Extra),
        }
    }
}

/// The folder that a path lies in.
pub(super) fn parent_of(path: &[u8]) -> &[u8] {
    path.iter().rposition(|b| *b == b'/').map_or(b"", |end| &path[..end])
}

impl Part<'_> {
    /// Where a link to it leads.
    pub(super) fn target(&self, name: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Claim(claim, _) => Some([&claim.path, b"/".as_slice(), name].concat()),
            Self::Inside(base, _) => Some([&base.path, b"/".as_slice(), name].concat()),
            Self::Link { path, .. } => Some(path.clone()),
            Self::Extra(Node::Link(text)) => Some(text.clone()),
            Self::Extra(_) => None,
        }
    }
}

impl Compiler<'_> {
    /// The folder that a part is or leads to; `None` where it counts as a file.
    ///
    /// A link that leads to a folder it lies in counts as a file: following it would never end.
    pub(super) fn folder_of<'m>(&self, part: &Part<'m>, name: &[u8]) -> Result<Option<Member>> {
        let trust = self.tree.trust();
        let opened = match part {
            Part::Extra(Node::Folder(nodes)) => return Ok(Some(Member::Extra(nodes.clone()))),
            Part::Extra(_) | Part::Claim(_, Kind::File) | Part::Inside(_, Kind::File) => None,
            Part::Claim(claim, Kind::Directory) => Folder::open_if_there(claim.folder.fd(), name, trust)
                .map_err(|error| error.inside(&claim.path))?,
            Part::Inside(base, Kind::Directory) => Folder::open_if_there(base.folder.fd(), name, trust)
                .map_err(|error| error.inside(&base.path))?,
            Part::Claim(claim, _) => self.behind_link(part.target(name), &claim.chain)?,
            Part::Inside(base, _) => self.behind_link(part.target(name), &base.chain)?,
            Part::Link { chain, .. } => self.behind_link(part.target(name), chain)?,
        };
        let (Some(folder), Some(path)) = (opened, part.target(name)) else { return Ok(None) };
        let chain = |above: &[Id]| above.iter().copied().chain([folder.id]).collect::<Vec<_>>();
        Ok(Some(match part {
            Part::Claim(claim, _) => {
                Member::Claim(Claim { place: claim.place, path, chain: chain(&claim.chain), folder })
            }
            Part::Inside(base, _) => Member::Base(LinkedBase {
                path,
                owner: base.owner.clone(),
                chain: chain(&base.chain),
                folder,
            }),
            Part::Link { owner, chain: above, .. } => {
                Member::Base(LinkedBase { path, owner: owner.clone(), chain: chain(above), folder })
            }
            Part::Extra(_) => return Ok(None),
        }))
    }

    fn behind_link(&self, target: Option<Vec<u8>>, chain: &[Id]) -> Result<Option<Folder>> {
        let Some(target) = target else { return Ok(None) };
        let Ok(fd) = self.tree.open_base(&target, OFlags::RDONLY | OFlags::DIRECTORY) else {
            // What is there may become a folder.
            self.tree.note(parent_of(&target));
            return Ok(None);
        };
        // What is not trusted is not read: the link stays a link.
        let Ok(folder) = Folder::of(fd, &target, self.tree.trust()) else { return Ok(None) };
        Ok((!chain.contains(&folder.id)).then_some(folder))
    }

    /// Makes sure that what a chosen version has at a name is root's alone, since a link of the layer will lead there
    /// (R4). A link of the version is judged by its owner; what it leads to is root's word then.
    pub(super) fn may_be_linked(&self, part: &Part<'_>, name: &[u8]) -> Result<()> {
        let Part::Claim(claim, _) = part else { return Ok(()) };
        trusted::check_entry(claim.folder.fd(), name, self.tree.trust()).map_err(|error| {
            let what = format!("{}: {error}", String::from_utf8_lossy(name));
            Error::new(Step::Compile, what).inside(&claim.path)
        })
    }

    /// Whether a part is a folder or leads to one.
    pub(super) fn is_folder(&self, part: &Part<'_>, name: &[u8]) -> Result<bool> {
        match part {
            Part::Claim(_, Kind::Directory) | Part::Inside(_, Kind::Directory) => Ok(true),
            Part::Claim(_, Kind::File) | Part::Inside(_, Kind::File) => Ok(false),
            Part::Extra(node) => Ok(matches!(node, Node::Folder(_))),
            _ => Ok(self.folder_of(part, name)?.is_some()),
        }
    }
}
