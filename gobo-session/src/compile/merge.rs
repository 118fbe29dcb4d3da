//! Which names a view has: the rule of `docs/views.md`, name by name.

use super::Compiler;
use super::members::{Claim, LinkedBase, Member, Part, RealBase};
use super::plug_ins;
use super::rules::{is_kept, is_library_name, loses_old_links};
use crate::arch::Arch;
use crate::error::{Error, Result, Step};
use crate::layer::{Node, Nodes};
use crate::tree::{Area, Entry, Kind, LinkText, Owner, RealFiles, absolute, join, read_link};
use crate::version::Version;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// How deep folders may be nested (R18).
const MAX_DEPTH: usize = 64;

/// The folders of `lib` in which we have names of our own: those that only a 64-bit loader searches, and searches first
/// (since Glibc 2.33, and before 2.37), and that of plug-ins.
const OURS: [&[u8]; 3] = [b"glibc-hwcaps", b"x86_64", plug_ins::FOLDER];

/// The names that any member has, each with who has it (a place among the members), strongest first.
pub(super) type Names = BTreeMap<Vec<u8>, Vec<(usize, Entry)>>;

/// Where in the index a merge is.
struct Place<'a> {
    area: &'a Area,
    /// The name of the folder, from the area; empty at its top.
    path: &'a [u8],
    depth: usize,
    /// The 64-bit libraries whose names 32-bit ones took, at the top of `lib`, and such modules in their folders.
    taken: &'a RefCell<Nodes>,
}

impl Place<'_> {
    fn is_top(&self) -> bool {
        self.path.is_empty()
    }

    fn name(&self, name: &[u8]) -> Vec<u8> {
        if self.is_top() { name.to_vec() } else { join(self.path, name) }
    }
}

/// What the base has at a name, where a real folder of it takes part.
pub(super) enum AtBase {
    Nothing,
    Link { path: Vec<u8>, owner: Option<Owner> },
    Folder,
    File,
}

impl Compiler<'_> {
    /// The names of one area in which the view differs from the base.
    pub(super) fn merge_area(&self, area: &Area, base: Option<&RealBase>) -> Result<Nodes> {
        let mut members: Vec<Member> = self.claims_of(area)?.into_iter().map(Member::Claim).collect();
        let taken = RefCell::default();
        let place = Place { area, path: b"", depth: 0, taken: &taken };
        let mut names = entries_of(self, &members)?;
        let is_lib = area.name == "lib";
        let mut ours = if is_lib { OURS.map(|name| names.remove(name)) } else { [None, None, None] };
        let mut nodes = Nodes::new();
        for (name, entries) in &names {
            self.merge_name(&place, name, entries, &members, base, &mut nodes)?;
        }
        let mut taken = taken.take();
        let modules = plug_ins::split_off_modules(&mut taken);
        let mut own = self.hwcaps(taken, base)?;
        if is_lib {
            own.extend(self.plug_ins(&names, &members, base, modules)?);
        }
        let last = members.len();
        for (name, entries) in OURS.iter().zip(&mut ours).filter(|(name, _)| own.contains_key(**name)) {
            let entry = Entry { name: name.to_vec(), kind: Kind::Directory };
            entries.get_or_insert_default().push((last, entry));
        }
        members.push(Member::Extra(own));
        for (name, entries) in OURS.iter().zip(ours) {
            if let Some(entries) = entries {
                self.merge_name(&place, name, &entries, &members, base, &mut nodes)?;
            }
        }
        Ok(nodes)
    }

    /// The folders in which the 64-bit loader finds the libraries that lost their names.
    fn hwcaps(&self, taken: Nodes, base: Option<&RealBase>) -> Result<Nodes> {
        let mut folders = Nodes::new();
        if taken.is_empty() {
            return Ok(folders);
        }
        if self.glibc_searches_legacy_folders(base)? {
            folders.insert(b"x86_64".to_vec(), Node::Folder(taken.clone()));
        }
        let level = Nodes::from([(b"x86-64-v2".to_vec(), Node::Folder(taken))]);
        folders.insert(b"glibc-hwcaps".to_vec(), Node::Folder(level));
        Ok(folders)
    }

    /// Whether the 64-bit Glibc of the view is older than 2.37, or not known.
    fn glibc_searches_legacy_folders(&self, base: Option<&RealBase>) -> Result<bool> {
        let is_it = |c: &&crate::plan::Choice| c.program.as_str() == "Glibc" && c.arch == Arch::X86_64;
        let version = match self.plan.chosen.iter().find(is_it) {
            Some(choice) => Some(choice.version.clone()),
            None => match base.map(|b| self.at_base(b, b"libc.so.6")).transpose()? {
                Some(AtBase::Link { owner: Some(owner), .. }) if self.tree.installed(&owner).is_some() => {
                    Some(owner.version)
                }
                _ => None,
            },
        };
        let limit = Version::new("2.37");
        Ok(version.is_none_or(|version| Version::new(&version).cmp_order(&limit).is_lt()))
    }

    /// Merges the folders that take part at a place.
    fn merge(&self, place: &Place<'_>, members: &[Member], base: Option<&RealBase>) -> Result<Nodes> {
        if place.depth > MAX_DEPTH {
            let path = String::from_utf8_lossy(place.path).into_owned();
            return Err(Error::new(
                Step::Compile,
                format!("{path} is nested deeper than {MAX_DEPTH} folders"),
            ));
        }
        let mut nodes = Nodes::new();
        for (name, entries) in &entries_of(self, members)? {
            self.merge_name(place, name, entries, members, base, &mut nodes)?;
        }
        Ok(nodes)
    }

    /// Decides one name and adds what the layer needs for it.
    fn merge_name(
        &self,
        place: &Place<'_>,
        name: &[u8],
        entries: &[(usize, Entry)],
        members: &[Member],
        base: Option<&RealBase>,
        nodes: &mut Nodes,
    ) -> Result<()> {
        let at_base = match base {
            Some(base) => self.at_base(base, name)?,
            None => AtBase::Nothing,
        };
        let keeps = self.tree.layout().real_files == RealFiles::Keep;
        let has_name = !matches!(at_base, AtBase::Nothing);
        if (keeps && matches!(at_base, AtBase::File))
            || (place.is_top() && has_name && is_kept(&place.area.name, name))
        {
            return Ok(());
        }
        let mut parts: Vec<Part<'_>> =
            entries.iter().filter_map(|(member, entry)| members[*member].part(entry)).collect();
        let base_path = self.add_base_link(place, name, base, at_base, &mut parts)?;
        let Some(first) = parts.first() else { return Ok(()) };
        let base_folder = match base {
            Some(base) if has_name && base_path.is_none() => self.base_folder(base, name)?,
            _ => None,
        };
        let alone = parts.len() == 1 && base_folder.is_none();
        if alone || !self.is_folder(first, name)? {
            let is_found = place.is_top() || plug_ins::is_of_modules(place.path);
            let takes_library = !alone && is_found && place.area.name == "lib" && is_library_name(name);
            if takes_library && let Some(loser) = self.taken_library(&parts, name)? {
                insert(&mut place.taken.borrow_mut(), &place.name(name), loser);
            }
            return self.emit(first, name, base_path.as_deref(), nodes);
        }
        let mut folders = Vec::new();
        for part in &parts {
            folders.extend(self.folder_of(part, name)?);
        }
        if folders.len() == 1 && base_folder.is_none() {
            return self.emit(first, name, base_path.as_deref(), nodes);
        }
        let path = place.name(name);
        let inner = Place { path: &path, depth: place.depth + 1, ..*place };
        let merged = self.merge(&inner, &folders, base_folder.as_ref())?;
        if !merged.is_empty() || base_folder.is_none() {
            nodes.insert(name.to_vec(), Node::Folder(merged));
        }
        Ok(())
    }

    /// Adds a link to the winner, unless the base has that very link already.
    fn emit(
        &self,
        winner: &Part<'_>,
        name: &[u8],
        base_path: Option<&[u8]>,
        nodes: &mut Nodes,
    ) -> Result<()> {
        let node = match winner {
            Part::Link { .. } => return Ok(()),
            Part::Extra(node) => (*node).clone(),
            part => match part.target(name) {
                Some(target) if base_path == Some(&target) => return Ok(()),
                Some(target) => Node::Link(target),
                None => return Ok(()),
            },
        };
        self.may_be_linked(winner, name)?;
        nodes.insert(name.to_vec(), node);
        Ok(())
    }

    /// Lets a link of the base take part, at its owner's place in the order, unless it is removed or leads where a claim
    /// leads; gives where it leads.
    fn add_base_link<'m>(
        &self,
        place: &Place<'_>,
        name: &[u8],
        base: Option<&'m RealBase>,
        at_base: AtBase,
        parts: &mut Vec<Part<'m>>,
    ) -> Result<Option<Vec<u8>>> {
        let (Some(base), AtBase::Link { path, owner }) = (base, at_base) else { return Ok(None) };
        let is_claimed = parts.iter().any(|part| part.target(name).as_ref() == Some(&path));
        if is_claimed || self.is_removed(place, name, owner.as_ref(), parts)? {
            return Ok(Some(path));
        }
        let rank = self.rank_of(owner.as_ref());
        let stronger = parts.iter().take_while(|part| match part {
            Part::Claim(claim, _) => claim.place < rank,
            Part::Inside(inside, _) => self.rank_of(inside.owner.as_ref()) <= rank,
            Part::Link { .. } => true,
            Part::Extra(_) => false,
        });
        let at = stronger.count();
        parts.insert(at, Part::Link { path: path.clone(), owner, chain: &base.chain });
        Ok(Some(path))
    }

    /// Whether a base link is an old one that does not stay.
    fn is_removed(
        &self,
        place: &Place<'_>,
        name: &[u8],
        owner: Option<&Owner>,
        parts: &[Part<'_>],
    ) -> Result<bool> {
        let Some(owner) = owner else { return Ok(false) };
        let path = place.name(name);
        for successor in self.successors(owner) {
            let claims = |part: &Part<'_>| matches!(part, Part::Claim(c, _) if c.place == successor.place);
            if (parts.iter().any(claims) || loses_old_links(&place.area.name, &path))
                && self.has_name(&successor.choice.program, &owner.version, place.area, &path)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the base has at a name of a real folder of it.
    pub(super) fn at_base(&self, base: &RealBase, name: &[u8]) -> Result<AtBase> {
        Ok(match read_link(base.folder.fd(), name)? {
            LinkText::Nothing => AtBase::Nothing,
            LinkText::Link(text) => {
                let owner = self.tree.owner(&base.at, &text);
                AtBase::Link { path: absolute(&base.at, &text), owner }
            }
            LinkText::NotALink => match base.folder.kind(name)? {
                Some(Kind::Directory) => AtBase::Folder,
                Some(_) => AtBase::File,
                None => AtBase::Nothing,
            },
        })
    }

    pub(super) fn base_folder(&self, base: &RealBase, name: &[u8]) -> Result<Option<RealBase>> {
        let at = join(&base.at, name);
        self.tree.index().note(&at);
        let folder = crate::tree::Folder::open_if_there(base.folder.fd(), name, self.tree.trust())?;
        Ok(folder.map(|folder| RealBase {
            at,
            chain: base.chain.iter().copied().chain([folder.id]).collect(),
            folder,
        }))
    }

    /// Where a 32-bit library takes a name: the next file in the order that is no 32-bit one.
    fn taken_library(&self, parts: &[Part<'_>], name: &[u8]) -> Result<Option<Vec<u8>>> {
        let is_32_bit = |part: &Part<'_>| match part {
            Part::Claim(Claim { place, .. }, _) => self.plan.chosen[*place].arch == Arch::I686,
            Part::Link { owner, .. } | Part::Inside(LinkedBase { owner, .. }, _) => {
                self.arch_of(owner.as_ref()) == Arch::I686
            }
            Part::Extra(_) => true,
        };
        let takes = parts.first().is_some_and(|part| matches!(part, Part::Claim(..)) && is_32_bit(part));
        for part in parts.iter().skip(1).filter(|_| takes) {
            if !is_32_bit(part) && !self.is_folder(part, name)? {
                return Ok(part.target(name));
            }
        }
        Ok(None)
    }
}

/// Puts a link at a path, with the folders above it.
fn insert(nodes: &mut Nodes, path: &[u8], target: Vec<u8>) {
    let Some(slash) = path.iter().position(|byte| *byte == b'/') else {
        nodes.insert(path.to_vec(), Node::Link(target));
        return;
    };
    let folder = nodes.entry(path[..slash].to_vec()).or_insert_with(|| Node::Folder(Nodes::new()));
    if let Node::Folder(inner) = folder {
        insert(inner, &path[slash + 1..], target);
    }
}

/// The names that any member has, each with who has it, strongest first.
fn entries_of(compiler: &Compiler<'_>, members: &[Member]) -> Result<Names> {
    let mut names = Names::new();
    for (number, member) in members.iter().enumerate() {
        for entry in member.entries(compiler)? {
            names.entry(entry.name.clone()).or_default().push((number, entry));
        }
    }
    Ok(names)
}
