//! The chosen versions: which of them are linked already, what each has at a name, and what it makes old.

use anyhow::{Context, Result};

use super::Chosen;
use super::index::{Entry, Index};
use super::tree::{Place, Tree};
use super::words::{Kind, Version, Way, look, owner, sources};

/// The chosen versions in their order, each with what the rules ask of it.
pub(super) struct Choice {
    /// The versions, the strongest first.
    pub(super) versions: Vec<Version>,
    /// For each of them: whether it is linked. The others are to be linked.
    pub(super) linked: Vec<bool>,
}

impl Choice {
    /// Reads the chosen versions. "In a pure view the base index is empty and every chosen version is to be linked": the
    /// caller gives an empty base then.
    pub(super) fn read(tree: Tree<'_>, base: &Index, chosen: &[Chosen], pure: bool) -> Result<Choice> {
        let mut choice = Choice { versions: Vec::new(), linked: Vec::new() };
        for Chosen { program, version } in chosen {
            let version = Version::read(tree, program, version)?
                .with_context(|| format!("{program} {version} is chosen and not there"))?;
            choice.linked.push(!pure && is_linked(tree, base, &version)?);
            choice.versions.push(version);
        }
        Ok(choice)
    }

    /// The place in the order of a chosen version that is linked.
    pub(super) fn place_of_linked(&self, version: &Version) -> Option<usize> {
        let place = self.versions.iter().position(|chosen| chosen.is(version))?;
        self.linked[place].then_some(place)
    }

    /// The chosen versions that are to be linked, with their places in the order.
    pub(super) fn to_be_linked(&self) -> impl Iterator<Item = (usize, &Version)> {
        self.versions.iter().enumerate().filter(|(place, _)| !self.linked[*place])
    }

    /// "A base link owned by program P, version V' is *old* when V' has that name in one of its sources, a chosen version V
    /// of P is *to be linked*, V is another version than V', and both have the same major and the same architecture."
    /// These are all such V, by their places.
    ///
    /// "A linked version keeps exactly the links it has in the base": it is not old, whatever else is chosen.
    pub(super) fn makes_old(&self, owner: &Version) -> Vec<usize> {
        if self.place_of_linked(owner).is_some() {
            return Vec::new();
        }
        self.to_be_linked()
            .filter(|(_, chosen)| chosen.program == owner.program && chosen.version != owner.version)
            .filter(|(_, chosen)| chosen.major == owner.major)
            .filter(|(_, chosen)| chosen.architecture.same(&owner.architecture))
            .map(|(place, _)| place)
            .collect()
    }
}

/// "A chosen version is **linked** when `/Programs/NAME/Current` leads to it, and either the base index has, somewhere
/// below D for some D, a link owned by it at a name that the version has there (real directories of the base are entered;
/// links are not), or it has no names at all."
pub(super) fn is_linked(tree: Tree<'_>, base: &Index, version: &Version) -> Result<bool> {
    if !is_current(tree, version)? {
        return Ok(false);
    }
    if has_no_names(tree, version)? {
        return Ok(true);
    }
    for (name, entry) in base.iter() {
        let (Entry::Link(text), Some((directory, _))) = (entry, name.rsplit_once('/')) else { continue };
        let owner = owner(tree, directory, text)?;
        if owner.is_some_and(|owner| owner.is(version)) && has(tree, version, name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_current(tree: Tree<'_>, version: &Version) -> Result<bool> {
    let current = tree.resolve(&format!("/Programs/{}/Current", version.program))?;
    let own = tree.resolve(&version.folder())?;
    Ok(matches!(current, Place::Directory(_)) && current == own)
}

fn has_no_names(tree: Tree<'_>, version: &Version) -> Result<bool> {
    for directory in super::index::DIRECTORIES {
        for source in sources(directory) {
            let Some(way) = source_way(tree, version, source)? else { continue };
            for name in tree.list(way.last().expect("a way has an end"))? {
                if look(tree, &way, &name)?.is_some() {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Whether one of the version's sources has a name such as `share/themes/Default`.
pub(super) fn has(tree: Tree<'_>, version: &Version, name: &str) -> Result<bool> {
    let (directory, rest) = name.split_once('/').expect("a name is below a directory");
    for source in sources(directory) {
        let Some(mut way) = source_way(tree, version, source)? else { continue };
        let mut parts = rest.split('/').peekable();
        while let Some(part) = parts.next() {
            match look(tree, &way, part)? {
                None => break,
                Some(_) if parts.peek().is_none() => return Ok(true),
                Some(Kind::File) => break,
                Some(Kind::Directory(deeper)) => way = deeper,
            }
        }
    }
    Ok(false)
}

/// The way from a version's folder to one of its sources, if that is there and a directory.
pub(super) fn source_way(tree: Tree<'_>, version: &Version, source: &str) -> Result<Option<Way>> {
    let Place::Directory(folder) = tree.resolve(&version.folder())? else { return Ok(None) };
    let mut way = vec![folder];
    for part in source.split('/') {
        match look(tree, &way, part)? {
            Some(Kind::Directory(deeper)) => way = deeper,
            _ => return Ok(None),
        }
    }
    Ok(Some(way))
}
