//! Which names a view has: the rules of that section, name after name, from the top of each directory.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::chosen::{Choice, source_way};
use super::hwcaps;
use super::index::{DIRECTORIES, Entry, Index};
use super::tree::Tree;
use super::words::{Kind, Version, Way, absolute, look, owner, sources};

/// Everything that the rules read.
pub(super) struct Rules<'a> {
    pub(super) tree: Tree<'a>,
    pub(super) base: &'a Index,
    pub(super) choice: &'a Choice,
}

/// One directory of several that make up a directory of the view.
#[derive(Clone)]
enum Member {
    /// A directory of the chosen version at this place in the order, from its source of this rank.
    Claim { place: usize, source: usize, folder: String, way: Way },
    /// A real directory of the base, at the same name.
    Base { way: Way },
    /// The directory that a base link leads to, "a base whose entries are links with that link's owner".
    Behind { owner: Option<Version>, folder: String, way: Way },
    /// A directory that is there only for what [`hwcaps`] puts into it.
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
    /// From [`hwcaps`].
    Hwcaps,
}

/// The order: of two the smaller one comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Chosen { place: usize, source: usize },
    Base,
    Hwcaps,
}

/// The whole index of a view.
pub(super) fn view(rules: &Rules<'_>) -> Result<Index> {
    let mut view = Index::default();
    for directory in DIRECTORIES {
        let mut members = Vec::new();
        for (place, version) in rules.choice.to_be_linked() {
            for (rank, source) in sources(directory).into_iter().enumerate() {
                let Some(way) = source_way(rules.tree, version, source)? else { continue };
                let folder = format!("{}/{source}", version.folder());
                members.push(Member::Claim { place, source: rank, folder, way });
            }
        }
        if rules.base.get(directory) == Some(&Entry::Directory) {
            let index = vec!["System".to_owned(), "Index".to_owned()];
            let mut inside = index.clone();
            inside.push(directory.to_owned());
            members.push(Member::Base { way: vec![index, inside] });
        }
        if members.is_empty() {
            continue;
        }
        rules.directory(&mut view, directory, &members, &BTreeMap::new())?;
        if directory == "lib" {
            let more = hwcaps::links(rules, &rules.parts_directly_in(directory, &members)?)?;
            let mut again = Index::default();
            rules.directory(&mut again, directory, &members, &more)?;
            view.replace_directory(directory, again);
        }
    }
    Ok(view)
}

impl Rules<'_> {
    /// "The name is a real directory, and the same is asked for every name inside any member, members keeping their
    /// order." `more` are links of [`hwcaps`] by their full names.
    fn directory(
        &self,
        view: &mut Index,
        directory: &str,
        members: &[Member],
        more: &BTreeMap<String, String>,
    ) -> Result<()> {
        view.put(directory, Entry::Directory);
        for name in self.names_inside(directory, members, more)? {
            let parts = self.parts(directory, members, &name, more)?;
            self.decide(view, &format!("{directory}/{name}"), parts, more)?;
        }
        Ok(())
    }

    fn names_inside(
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
    fn parts(
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

    /// "The **base**: what the base index has at that name, unless it is removed as *old*."
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
            && self.old_is_removed(&full, owner, claims)
        {
            return Ok(None);
        }
        let rank = self.rank_of_link(owner.as_ref());
        let text = absolute(&format!("/System/Index/{directory}"), text);
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

    /// "An old link is removed where V itself claims that name (it is replaced); anywhere in `bin` and `include`; in `lib`,
    /// for development names only". In what is kept "nothing is old".
    fn old_is_removed(&self, name: &str, owner: &Version, claims: &[Part]) -> bool {
        let makes_old = self.choice.makes_old(owner);
        if makes_old.is_empty() || self.kept(name) {
            return false;
        }
        let claimed =
            claims.iter().any(|part| matches!(part.origin, Origin::Claim { place, .. } if makes_old.contains(&place)));
        let directory = name.split('/').next();
        claimed || directory == Some("bin") || directory == Some("include") || is_for_development(name)
    }

    /// "Where the base has `lib/security`, `lib/gconv`, `lib/sudo` or `libexec/sudo`, or a name directly in `lib` that
    /// begins with `libnss_`, no claim takes part at that name or below it, and nothing there is old."
    fn kept(&self, name: &str) -> bool {
        let top: Vec<&str> = name.splitn(3, '/').take(2).collect();
        let [directory, first] = top.as_slice() else { return false };
        let is_kept_path = match *directory {
            "lib" => ["security", "gconv", "sudo"].contains(first) || first.starts_with("libnss_"),
            "libexec" => *first == "sudo",
            _ => false,
        };
        is_kept_path && self.base.get(&format!("{directory}/{first}")).is_some()
    }

    /// The section's last list: what the view has at a name where these take part.
    fn decide(
        &self,
        view: &mut Index,
        name: &str,
        parts: Vec<Part>,
        more: &BTreeMap<String, String>,
    ) -> Result<()> {
        // Nobody: the view has no such name.
        let Some(first) = parts.first() else { return Ok(()) };
        // The base has a real file there: it stays, alone.
        if let Some(real) = base_real_file(&parts) {
            debug_assert!(real.kind == Kind::File);
            view.put(name, self.base.get(name).expect("the base has it").clone());
            return Ok(());
        }
        // The first is a file: the name is that file; all others are hidden, directories too.
        if first.kind == Kind::File {
            view.put(name, Entry::Link(self.text_at(name, first)));
            return Ok(());
        }
        // The first is a directory: all directories among them are its members, files among them are hidden.
        let directories: Vec<&Part> = parts.iter().filter(|part| part.kind != Kind::File).collect();
        // One member: the view's name leads to that directory.
        if let [only] = directories.as_slice()
            && !matches!(only.origin, Origin::Base | Origin::Hwcaps)
        {
            view.put(name, Entry::Link(self.text_at(name, only)));
            return Ok(());
        }
        // Several: the name is a real directory. (So is a real directory of the base, for what is in it.)
        let members: Vec<Member> = directories.into_iter().map(Part::to_member).collect();
        self.directory(view, name, &members, more)
    }

    /// What the view's link says: a base link that stays where it is keeps its own words.
    fn text_at(&self, name: &str, part: &Part) -> String {
        match (&part.origin, self.base.get(name)) {
            (Origin::Link { .. }, Some(Entry::Link(text))) => text.clone(),
            _ => part.text.clone(),
        }
    }

    /// What takes part at each of the names directly in a directory.
    fn parts_directly_in(&self, directory: &str, members: &[Member]) -> Result<BTreeMap<String, Vec<Part>>> {
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
    fn to_member(&self) -> Member {
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

/// "A name directly in `lib` that ends in `.a` or `.la`, or begins with `lib` and ends in `.so`; `lib/pkgconfig`,
/// `lib/cmake` and every name below them."
fn is_for_development(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("lib/") else { return false };
    match rest.split_once('/') {
        Some((first, _)) => first == "pkgconfig" || first == "cmake",
        None => {
            rest == "pkgconfig"
                || rest == "cmake"
                || rest.ends_with(".a")
                || rest.ends_with(".la")
                || (rest.starts_with("lib") && rest.ends_with(".so"))
        }
    }
}
