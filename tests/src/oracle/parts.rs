//! What takes part at a name, and in which order: the claims of the chosen versions, and the base.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::index::Entry;
use super::rules::Rules;
use super::words::{Kind, Version, Way, absolute, lexical, look, owner};

/// One directory of several that make up a directory of the view.
#[derive(Clone)]
pub(super) enum Member {
    /// A directory of the chosen version at this place in the order, from its source of this rank.
    Claim { place: usize, source: usize, folder: String, way: Way },
    /// A real directory of the base, at the same name.
    Base { way: Way },
    /// The directory that a base link leads to, "a base whose entries are links with that link's owner".
    Behind { owner: Option<Version>, folder: String, way: Way },
    /// A directory that is there only for what [`super::hwcaps`] puts into it.
    Hwcaps,
}

/// What takes part at a name.
pub(super) struct Part {
    rank: Rank,
    /// Where it comes from.
    pub(super) origin: Origin,
    /// A file or a directory.
    pub(super) kind: Kind,
    /// What a link to it says.
    pub(super) text: String,
}

/// Where something that takes part comes from.
pub(super) enum Origin {
    /// From the chosen version at this place in the order, its source of this rank.
    Claim { place: usize, source: usize },
    /// It is really there in the base, not a link.
    Base,
    /// A base link, or what lies behind one, and its owner.
    Link { owner: Option<Version> },
    /// From [`super::hwcaps`].
    Hwcaps,
}

/// The order: of two the smaller one comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Chosen { place: usize, source: usize },
    Base,
    Hwcaps,
}

impl Rules<'_> {
    pub(super) fn names_inside(
        &self,
        directory: &str,
        members: &[Member],
        more: &BTreeMap<String, String>,
    ) -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for member in members {
            match member {
                Member::Base { .. } => names.extend(self.base.names_in(directory)),
                Member::Claim { way, .. } | Member::Behind { way, .. } => {
                    names.extend(self.tree.list(way.last().expect("a way has an end"))?);
                }
                Member::Hwcaps => {}
            }
        }
        let below = more.keys().filter_map(|name| name.strip_prefix(directory)?.strip_prefix('/'));
        names.extend(below.filter_map(|rest| rest.split('/').next()).map(str::to_owned));
        Ok(names)
    }

    /// What takes part at the name `directory/name`, in order.
    pub(super) fn parts(
        &self,
        directory: &str,
        members: &[Member],
        name: &str,
        more: &BTreeMap<String, String>,
    ) -> Result<Vec<Part>> {
        let full = format!("{directory}/{name}");
        let mut parts = Vec::new();
        for member in members {
            match member {
                Member::Claim { place, source, folder, way } if !self.kept(&full) => {
                    if let Some(kind) = look(self.tree, way, name)? {
                        let (place, source) = (*place, *source);
                        let text = format!("{folder}/{name}");
                        let rank = Rank::Chosen { place, source };
                        parts.push(Part { rank, origin: Origin::Claim { place, source }, kind, text });
                    }
                }
                Member::Behind { owner, folder, way } => {
                    if let Some(kind) = look(self.tree, way, name)? {
                        let (rank, owner) = (self.rank_of_link(owner.as_ref()), owner.clone());
                        let text = format!("{folder}/{name}");
                        parts.push(Part { rank, origin: Origin::Link { owner }, kind, text });
                    }
                }
                Member::Claim { .. } | Member::Base { .. } | Member::Hwcaps => {}
            }
        }
        for member in members {
            if let Member::Base { way } = member {
                parts.extend(self.base_part(directory, name, way, &parts)?);
            }
        }
        parts.extend(hwcaps_part(&full, more));
        parts.sort_by_key(|part| part.rank);
        Ok(parts)
    }

    /// "The **base**: what the base index has at that name, unless it is removed as *old*, or is a link to the very place
    /// that a claim leads to." The place is read from the texts, `.` and `..` taken lexically.
    fn base_part(&self, directory: &str, name: &str, way: &Way, claims: &[Part]) -> Result<Option<Part>> {
        let full = format!("{directory}/{name}");
        let Some(entry) = self.base.get(&full) else { return Ok(None) };
        let kind = look(self.tree, way, name)?.expect("the base has it");
        let Entry::Link(text) = entry else {
            let text = format!("/System/Index/{full}");
            return Ok(Some(Part { rank: Rank::Base, origin: Origin::Base, kind, text }));
        };
        let owner = owner(self.tree, directory, text)?;
        if let Some(owner) = &owner
            && self.old_is_removed(&full, owner, claims)?
        {
            return Ok(None);
        }
        let rank = self.rank_of_link(owner.as_ref());
        let text = absolute(&format!("/System/Index/{directory}"), text);
        if claims.iter().any(|claim| lexical("/", &claim.text) == lexical("/", &text)) {
            return Ok(None);
        }
        Ok(Some(Part { rank, origin: Origin::Link { owner }, kind, text }))
    }

    /// "A base *link* whose owner is a chosen version that is *linked* stands at that version's place in the order. Any
    /// other base entry stands last."
    fn rank_of_link(&self, owner: Option<&Version>) -> Rank {
        match owner.and_then(|owner| self.choice.place_of_linked(owner)) {
            Some(place) => Rank::Chosen { place, source: 0 },
            None => Rank::Base,
        }
    }

    /// What takes part at each of the names directly in a directory.
    pub(super) fn parts_directly_in(
        &self,
        directory: &str,
        members: &[Member],
    ) -> Result<BTreeMap<String, Vec<Part>>> {
        let none = BTreeMap::new();
        let mut all = BTreeMap::new();
        for name in self.names_inside(directory, members, &none)? {
            let parts = self.parts(directory, members, &name, &none)?;
            all.insert(name, parts);
        }
        Ok(all)
    }
}

impl Part {
    pub(super) fn to_member(&self) -> Member {
        let Kind::Directory(way) = &self.kind else { unreachable!("only directories are members") };
        let (folder, way) = (self.text.clone(), way.clone());
        match &self.origin {
            Origin::Claim { place, source } => Member::Claim { place: *place, source: *source, folder, way },
            Origin::Link { owner } => Member::Behind { owner: owner.clone(), folder, way },
            Origin::Base => Member::Base { way },
            Origin::Hwcaps => Member::Hwcaps,
        }
    }
}

/// "The base has a **real file** there (not a link, not a directory)".
pub(super) fn base_real_file(parts: &[Part]) -> Option<&Part> {
    parts.iter().find(|part| matches!(part.origin, Origin::Base) && part.kind == Kind::File)
}

fn hwcaps_part(name: &str, more: &BTreeMap<String, String>) -> Option<Part> {
    let below = format!("{name}/");
    let (kind, text) = if let Some(text) = more.get(name) {
        (Kind::File, text.clone())
    } else if more.keys().any(|other| other.starts_with(&below)) {
        (Kind::Directory(Vec::new()), String::new())
    } else {
        return None;
    };
    Some(Part { rank: Rank::Hwcaps, origin: Origin::Hwcaps, kind, text })
}
