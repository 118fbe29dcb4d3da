//! Which names a view has: the rules of that section, name after name, from the top of each directory.

use std::collections::BTreeMap;

use anyhow::Result;

use super::chosen::{Choice, has, source_way};
use super::hwcaps;
use super::index::{DIRECTORIES, Entry, Index};
use super::parts::{Member, Origin, Part, base_real_file};
use super::tree::Tree;
use super::words::{Kind, Version, sources};

/// Everything that the rules read.
pub(super) struct Rules<'a> {
    pub(super) tree: Tree<'a>,
    pub(super) base: &'a Index,
    pub(super) choice: &'a Choice,
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
        let more = match directory {
            "lib" => hwcaps::links(rules, &members, &rules.parts_directly_in(directory, &members)?)?,
            _ => BTreeMap::new(),
        };
        rules.directory(&mut view, directory, &members, &more)?;
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

    /// "An old link is removed where V itself claims that name (it is replaced); anywhere in `bin` and `include`; in `lib`,
    /// for development names only". In what is kept "nothing is old".
    pub(super) fn old_is_removed(&self, name: &str, owner: &Version, claims: &[Part]) -> Result<bool> {
        let makes_old = self.choice.makes_old(owner);
        if makes_old.is_empty() || self.kept(name) || !has(self.tree, owner, name)? {
            return Ok(false);
        }
        let claimed = claims
            .iter()
            .any(|part| matches!(part.origin, Origin::Claim { place, .. } if makes_old.contains(&place)));
        let directory = name.split('/').next();
        Ok(claimed || directory == Some("bin") || directory == Some("include") || is_for_development(name))
    }

    /// "Where the base has `lib/security`, `lib/gconv`, `lib/sudo` or `libexec/sudo`, or a name directly in `lib` that
    /// begins with `libnss_`, no claim takes part at that name or below it, and nothing there is old."
    pub(super) fn kept(&self, name: &str) -> bool {
        let top: Vec<&str> = name.splitn(3, '/').take(2).collect();
        let [directory, first] = top.as_slice() else { return false };
        let is_kept_path = match *directory {
            "lib" => ["security", "gconv", "sudo"].contains(first) || first.starts_with("libnss_"),
            "libexec" => *first == "sudo",
            _ => false,
        };
        is_kept_path && self.base.get(&format!("{directory}/{first}")).is_some()
    }
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
