//! The packages of one suite and architecture.
//!
//! A Packages file has 50 MB and takes a second to decompress and read. What the builder needs of it is kept as a
//! *catalogue*: two tables, sorted by their first column, which are searched in place and never parsed as a whole.

use super::relation::{self, Relation};
use super::version;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is known about one binary package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// The binary package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `amd64`, `i386` or `all`.
    pub architecture: String,
    /// The source package it is built from.
    pub source: String,
    /// The version of the source package.
    pub source_version: String,
    /// Where the mirror has it.
    pub filename: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Pre-Depends and Depends.
    pub depends: String,
    /// Provides.
    pub provides: String,
    /// The first line of its description.
    pub summary: String,
    /// Its home page.
    pub homepage: String,
}

/// Sections of the archive that no root takes anything from; a third of a catalogue.
const LEFT_OUT: [&str; 6] = ["debug", "doc", "golang", "haskell", "localization", "rust"];

/// The number of columns of [`Package::to_row`].
const COLUMNS: usize = 12;

impl Package {
    /// Reads one stanza of a Packages file; nothing if it is not a package, or none for us.
    fn from_stanza(stanza: &str) -> Option<Self> {
        let mut package = Self::default();
        let mut pre_depends = "";
        for line in stanza.lines() {
            let Some((field, value)) = line.split_once(": ") else { continue };
            let slot = match field {
                "Package" => &mut package.name,
                "Version" => &mut package.version,
                "Architecture" => &mut package.architecture,
                "Source" => &mut package.source,
                "Filename" => &mut package.filename,
                "SHA256" => &mut package.sha256,
                "Depends" => &mut package.depends,
                "Provides" => &mut package.provides,
                "Description" => &mut package.summary,
                "Homepage" => &mut package.homepage,
                "Size" => {
                    package.size = value.parse().ok()?;
                    continue;
                }
                "Section" if LEFT_OUT.contains(&value) => return None,
                "Pre-Depends" => {
                    pre_depends = value;
                    continue;
                }
                _ => continue,
            };
            *slot = value.replace('\t', " ");
        }
        if !pre_depends.is_empty() {
            let separator = if package.depends.is_empty() { "" } else { ", " };
            package.depends = format!("{pre_depends}{separator}{}", package.depends);
        }
        // `Source: NAME (VERSION)` says what differs from the binary package; a rebuild (+b1) has the source's version.
        let (source, source_version) = match package.source.split_once(" (") {
            Some((source, version)) => (source.to_owned(), version.trim_end_matches(')').to_owned()),
            None if package.source.is_empty() => (package.name.clone(), without_rebuild(&package.version)),
            None => (package.source.clone(), without_rebuild(&package.version)),
        };
        (package.source, package.source_version) = (source, source_version);
        let complete = ![&package.name, &package.version, &package.filename, &package.sha256]
            .iter()
            .any(|f| f.is_empty());
        complete.then_some(package)
    }

    fn to_row(&self) -> String {
        let size = self.size.to_string();
        let columns: [&str; COLUMNS] = [
            &self.name,
            &self.version,
            &self.architecture,
            &self.source,
            &self.source_version,
            &self.filename,
            &size,
            &self.sha256,
            &self.depends,
            &self.provides,
            &self.summary,
            &self.homepage,
        ];
        columns.join("\t")
    }

    fn from_row(row: &str) -> Option<Self> {
        let columns: Vec<&str> = row.split('\t').collect();
        let columns: [&str; COLUMNS] = columns.try_into().ok()?;
        let [
            name,
            version,
            architecture,
            source,
            source_version,
            filename,
            size,
            sha256,
            depends,
            provides,
            summary,
            homepage,
        ] = columns.map(str::to_owned);
        let size = size.parse().ok()?;
        Some(Self {
            name,
            version,
            architecture,
            source,
            source_version,
            filename,
            size,
            sha256,
            depends,
            provides,
            summary,
            homepage,
        })
    }

    /// The names under which this package can be asked for, each with the version it offers.
    pub fn offers(&self) -> impl Iterator<Item = (String, Option<String>)> {
        let provided = relation::parse_list(&self.provides)
            .map(|offer| (offer.name, offer.constraint.map(|(_, version)| version)));
        std::iter::once((self.name.clone(), Some(self.version.clone()))).chain(provided)
    }
}

fn without_rebuild(version: &str) -> String {
    match version.rsplit_once("+b") {
        Some((source, number)) if !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()) => {
            source.to_owned()
        }
        _ => version.to_owned(),
    }
}

/// The packages of one suite and architecture.
pub struct Catalogue {
    packages: Table,
    providers: Table,
}

/// The first line of a catalogue; another one means another version of the format.
const HEADER: &str = "gobo root catalogue 1";

impl Catalogue {
    /// Makes the text of a catalogue out of the text of Packages files: the newest version of each package.
    pub fn extract(packages: &str) -> String {
        let mut newest: BTreeMap<String, Package> = BTreeMap::new();
        for package in packages.split("\n\n").filter_map(Package::from_stanza) {
            match newest.get(&package.name) {
                Some(known) if version::compare(&known.version, &package.version).is_ge() => {}
                _ => drop(newest.insert(package.name.clone(), package)),
            }
        }
        let mut provided: Vec<String> = newest
            .values()
            .flat_map(|package| {
                let offers = relation::parse_list(&package.provides);
                offers.map(move |offer| {
                    let version = offer.constraint.map(|(_, version)| version).unwrap_or_default();
                    format!("{}\t{}\t{version}", offer.name, package.name)
                })
            })
            .collect();
        provided.sort();
        let mut text = format!("{HEADER}\n");
        for package in newest.values() {
            let _ = writeln!(text, "{}", package.to_row());
        }
        text.push('\n');
        provided.iter().for_each(|row| text.extend([row, "\n"]));
        text
    }

    /// Reads a catalogue's text.
    pub fn parse(text: &str) -> Result<Self> {
        let body = text.strip_prefix(HEADER).and_then(|text| text.strip_prefix('\n'));
        let (packages, providers) =
            body.and_then(|body| body.split_once("\n\n")).context("not a catalogue of this version")?;
        let catalogue = Self { packages: Table::new(packages), providers: Table::new(providers) };
        ensure!(!catalogue.packages.rows.is_empty(), "the catalogue is empty");
        Ok(catalogue)
    }

    /// The package of this name.
    pub fn get(&self, name: &str) -> Option<Package> {
        self.packages.rows_of(name).find_map(Package::from_row)
    }

    /// A package that satisfies the relation: the one of that name, else the first that provides it.
    pub fn find(&self, relation: &Relation, excluded: impl Fn(&str) -> bool) -> Option<Package> {
        if let Some(package) =
            self.get(&relation.name).filter(|package| relation.accepts(Some(&package.version)))
        {
            return Some(package);
        }
        self.providers.rows_of(&relation.name).find_map(|row| {
            let mut columns = row.split('\t').skip(1);
            let provider = columns.next()?;
            let version = columns.next().filter(|version| !version.is_empty());
            (relation.accepts(version) && !excluded(provider)).then(|| self.get(provider))?
        })
    }
}

/// Tab-separated rows in the order of their first column.
struct Table {
    text: String,
    rows: Vec<usize>,
}

impl Table {
    fn new(text: &str) -> Self {
        let mut rows = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            rows.push(start);
            start += line.len();
        }
        Self { text: text.to_owned(), rows }
    }

    fn rows_of<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let row = |start: usize| self.text[start..].split('\n').next().unwrap_or_default();
        let key_of = |row: &'a str| row.split('\t').next().unwrap_or_default();
        let first = self.rows.partition_point(|start| key_of(row(*start)) < key);
        self.rows[first..].iter().map(move |start| row(*start)).take_while(move |row| key_of(row) == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGES: &str = "Package: bash\nVersion: 5.2.15-2+b13\nSource: bash (5.2.15-2)\nArchitecture: amd64\nPre-Depends: libc6 (>= 2.36), libtinfo6 (>= 6)\nDepends: base-files (>= 2.1.12)\nFilename: pool/b/bash.deb\nSize: 1490652\nSHA256: aa\nDescription: GNU Bourne Again SHell\n more\n\nPackage: libreadline8t64\nVersion: 8.2-6\nSource: readline\nArchitecture: amd64\nProvides: libreadline8 (= 8.2-6)\nFilename: pool/r.deb\nSize: 1\nSHA256: bb\n\nPackage: bash\nVersion: 5.2.9-1\nArchitecture: amd64\nFilename: pool/old.deb\nSize: 1\nSHA256: cc\n\nPackage: cron\nVersion: 3.0pl1-162+b3\nArchitecture: amd64\nFilename: c.deb\nSize: 7\nSHA256: dd\n";

    fn wanted(text: &str) -> Relation {
        relation::parse_list(text).next().unwrap()
    }

    #[test]
    fn catalogue() {
        let catalogue = Catalogue::parse(&Catalogue::extract(PACKAGES)).unwrap();
        let bash = catalogue.get("bash").unwrap();
        assert_eq!((bash.version.as_str(), bash.source_version.as_str()), ("5.2.15-2+b13", "5.2.15-2"));
        assert_eq!(bash.depends, "libc6 (>= 2.36), libtinfo6 (>= 6), base-files (>= 2.1.12)");
        assert_eq!((bash.size, bash.summary.as_str()), (1_490_652, "GNU Bourne Again SHell"));
        assert_eq!(catalogue.get("cron").unwrap().source_version, "3.0pl1-162");
        assert!(catalogue.get("bas").is_none() && catalogue.get("zsh").is_none());
    }

    #[test]
    fn providers() {
        let catalogue = Catalogue::parse(&Catalogue::extract(PACKAGES)).unwrap();
        let found = catalogue.find(&wanted("libreadline8 (>= 8.1)"), |_| false);
        assert_eq!(found.unwrap().name, "libreadline8t64");
        assert!(catalogue.find(&wanted("libreadline8 (>= 9)"), |_| false).is_none());
        assert!(catalogue.find(&wanted("libreadline8"), |name| name == "libreadline8t64").is_none());
    }

    #[test]
    fn foreign_text_is_refused() {
        assert!(Catalogue::parse("").is_err());
        assert!(Catalogue::parse("gobo root catalogue 0\nx\n\n").is_err());
    }
}
