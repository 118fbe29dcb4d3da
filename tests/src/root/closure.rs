//! Which packages a root has: what the units ask for, with what it depends on, grouped into programs.
//!
//! The closure is our own and not apt's. It leaves Debian's machinery out; and a unit stops where the base satisfies a
//! dependency, so that a Bash of a newer suite brings exactly the C library it needs and nothing else.

use super::data::{Arch, Data, Names, Origin, Unit};
use super::host::Progress;
use super::packages::{Catalogue, Package};
use super::relation::{self, Relation};
use super::version;
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A package that was chosen, and why.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The package.
    pub package: Package,
    /// The suite and architecture that it comes from; its own architecture may be `all`.
    pub origin: Origin,
    /// Whether its unit belongs to the base.
    pub base: bool,
    /// Whether its unit is linked into the index.
    pub link: bool,
}

/// One version of a program: a folder below /Programs.
#[derive(Debug)]
pub struct Program {
    /// `Glibc`
    pub name: String,
    /// `2.36`, `2.36-i686`, `2.24.33-r2`
    pub version: String,
    /// The architecture of its unit.
    pub arch: Arch,
    /// The packages it is made of.
    pub packages: Vec<Chosen>,
}

impl Program {
    /// Whether the index has its links.
    pub fn linked(&self) -> bool {
        self.packages.iter().any(|chosen| chosen.link)
    }

    /// The URL-less identity of its content: the digests of its packages, sorted.
    pub fn digests(&self) -> Vec<&str> {
        let mut digests: Vec<&str> =
            self.packages.iter().map(|chosen| chosen.package.sha256.as_str()).collect();
        digests.sort_unstable();
        digests
    }
}

impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// What packages offer: names, with versions.
#[derive(Default)]
struct Pool(HashMap<String, Vec<Option<String>>>);

impl Pool {
    fn add(&mut self, package: &Package) {
        for (name, version) in package.offers() {
            self.0.entry(name).or_default().push(version);
        }
    }

    fn satisfies(&self, relation: &Relation) -> bool {
        self.0
            .get(&relation.name)
            .is_some_and(|offers| offers.iter().any(|version| relation.accepts(version.as_deref())))
    }
}

/// The programs of the units, in the order in which they were found.
pub fn resolve(
    data: &Data,
    catalogues: &BTreeMap<&Origin, Catalogue>,
    progress: &Progress,
) -> Result<Vec<Program>> {
    let mut bases: BTreeMap<Arch, Pool> = BTreeMap::new();
    let mut chosen: Vec<Chosen> = Vec::new();
    let mut seen = HashSet::new();
    for unit in &data.units {
        let catalogue =
            catalogues.get(&unit.origin).with_context(|| format!("no packages for unit {}", unit.id))?;
        let base = bases.entry(unit.origin.arch).or_default();
        let packages = close(unit, catalogue, base, &data.names, progress)?;
        for package in packages {
            if unit.base {
                base.add(&package);
            }
            if seen.insert((package.name.clone(), package.version.clone(), unit.origin.arch)) {
                chosen.push(Chosen {
                    package,
                    origin: unit.origin.clone(),
                    base: unit.base,
                    link: unit.link,
                });
            }
        }
    }
    group(chosen, &data.names)
}

/// The packages of one unit.
fn close(
    unit: &Unit,
    catalogue: &Catalogue,
    base: &Pool,
    names: &Names,
    progress: &Progress,
) -> Result<Vec<Package>> {
    let excluded = |name: &str| names.exclude.contains(name) || unit.exclude.contains(name);
    let mut pool = Pool::default();
    let mut packages: Vec<Package> = Vec::new();
    for root in &unit.roots {
        let package = catalogue
            .get(root)
            .with_context(|| format!("{} has no package {root} (unit {})", unit.origin, unit.id))?;
        pool.add(&package);
        packages.push(package);
    }
    let mut next = 0;
    while let Some(package) = packages.get(next) {
        next += 1;
        let mut found = Vec::new();
        for alternatives in relation::parse_alternatives(&package.depends) {
            let settled = |relation: &Relation| {
                excluded(&relation.name) || pool.satisfies(relation) || base.satisfies(relation)
            };
            if alternatives.iter().any(settled) {
                continue;
            }
            match alternatives.iter().find_map(|relation| catalogue.find(relation, excluded)) {
                Some(dependency) => {
                    pool.add(&dependency);
                    found.push(dependency);
                }
                None => progress.line(format_args!(
                    "{}: nothing satisfies {:?} of {}",
                    unit.id, alternatives, package.name
                )),
            }
        }
        packages.extend(found);
    }
    Ok(packages)
}

/// Puts packages of one source and version into one program, and gives it its GoboLinux name and version.
fn group(chosen: Vec<Chosen>, names: &Names) -> Result<Vec<Program>> {
    let named: Vec<(String, String)> = chosen
        .iter()
        .map(|chosen| {
            let package = &chosen.package;
            (names.program(&package.source), names.version(&package.source, &package.source_version))
        })
        .collect();
    // The same upstream version built in two suites: the second one is a revision.
    let mut suites: HashMap<(&String, &String, Arch), Vec<&String>> = HashMap::new();
    let mut revisions = Vec::new();
    for ((name, version), chosen) in named.iter().zip(&chosen) {
        let known = suites.entry((name, version, chosen.origin.arch)).or_default();
        let at = known.iter().position(|suite| **suite == chosen.origin.suite).unwrap_or_else(|| {
            known.push(&chosen.origin.suite);
            known.len() - 1
        });
        revisions.push(at + 1);
    }
    let mut programs: Vec<Program> = Vec::new();
    let mut places: HashMap<(String, String), usize> = HashMap::new();
    for (((name, upstream), revision), chosen) in named.iter().zip(revisions).zip(chosen.iter()) {
        let arch = chosen.origin.arch;
        let revision = if revision > 1 { format!("-r{revision}") } else { String::new() };
        let machine = if arch == Arch::Amd64 { "" } else { "-i686" };
        let version = format!("{upstream}{revision}{machine}");
        let at = *places.entry((name.clone(), version.clone())).or_insert_with(|| {
            programs.push(Program { name: name.clone(), version, arch, packages: Vec::new() });
            programs.len() - 1
        });
        programs[at].packages.push(chosen.clone());
    }
    Ok(programs)
}

/// The linked version of each program.
pub fn linked(programs: &[Program]) -> Result<BTreeMap<&str, &Program>> {
    let mut linked: BTreeMap<&str, &Program> = BTreeMap::new();
    for program in programs.iter().filter(|program| program.linked()) {
        if let Some(other) = linked.insert(&program.name, program) {
            bail!("{other} and {program} cannot both be linked: check `link` in units.toml");
        }
    }
    Ok(linked)
}

/// The version that `Current` leads to, for each program: the linked one, else the highest.
pub fn current(programs: &[Program]) -> Result<BTreeMap<&str, &Program>> {
    let mut current: BTreeMap<&str, &Program> = BTreeMap::new();
    for program in programs {
        let better = current.get(program.name.as_str()).is_none_or(|other| {
            (program.arch == Arch::Amd64, other.arch == Arch::Amd64) != (false, true)
                && version::compare_part(&program.version, &other.version).is_gt()
        });
        if better {
            current.insert(&program.name, program);
        }
    }
    current.extend(linked(programs)?);
    Ok(current)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Variant;
    use super::*;

    /// A stanza of a Packages file: `NAME VERSION [SOURCE]`, Depends and Provides.
    pub(in super::super) fn stanza(head: &str, depends: &str, provides: &str) -> String {
        let mut words = head.split_whitespace();
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        let source = words.next().unwrap_or(name);
        format!(
            "Package: {name}\nVersion: {version}\nSource: {source}\nArchitecture: amd64\nDepends: {depends}\nProvides: {provides}\nFilename: {name}.deb\nSize: 1\nSHA256: {name}{version}\n\n"
        )
    }

    /// The programs of a bookworm base and of a newer suite's unit, each given by its roots and Packages.
    pub(in super::super) fn two_suites(base: (&str, &str), newer: (&str, &str)) -> Vec<Program> {
        let mut data = Data::read(Variant::Small).unwrap();
        let roots = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let origin = |suite: &str| Origin { suite: suite.into(), arch: Arch::Amd64 };
        let unit = |suite: &str, base: bool, names: &str| Unit {
            id: suite.into(),
            origin: origin(suite),
            base,
            link: base,
            variants: vec![Variant::Small],
            roots: roots(names),
            exclude: Default::default(),
        };
        data.units = vec![unit("bookworm", true, base.0), unit("trixie", false, newer.0)];
        let catalogue = |text: &str| Catalogue::parse(&Catalogue::extract(text)).unwrap();
        let (old, new) = (origin("bookworm"), origin("trixie"));
        let catalogues = BTreeMap::from([(&old, catalogue(base.1)), (&new, catalogue(newer.1))]);
        resolve(&data, &catalogues, &Progress::silent()).unwrap()
    }

    fn names(programs: &[Program]) -> Vec<String> {
        programs.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_unit_stops_at_the_base() {
        let base = [
            stanza("bash 5.2.15-2", "libc6 (>= 2.36), libtinfo6 (>= 6), debconf", ""),
            stanza("libc6 2.36-9 glibc", "", ""),
            stanza("libtinfo6 6.4-4 ncurses", "libc6", ""),
            stanza("debconf 1.5", "", ""),
        ];
        let newer = [
            stanza("bash 5.2.37-2", "libc6 (>= 2.38), libtinfo6 (>= 6)", ""),
            stanza("libc6 2.41-12 glibc", "", ""),
            stanza("libtinfo6 6.5-2 ncurses", "", ""),
        ];
        let programs = two_suites(("bash", &base.concat()), ("bash", &newer.concat()));
        assert_eq!(
            names(&programs),
            ["Bash 5.2.15", "Glibc 2.36", "Ncurses 6.4", "Bash 5.2.37", "Glibc 2.41"]
        );
        assert_eq!(linked(&programs).unwrap()["Bash"].version, "5.2.15");
        assert_eq!(current(&programs).unwrap()["Glibc"].version, "2.36");
    }

    #[test]
    fn the_same_version_of_another_suite_is_a_revision() {
        let base = [stanza("libgtk2.0-0 2.24.33-2 gtk+2.0", "", "")];
        let newer = [stanza("libgtk2.0-0t64 2.24.33-7 gtk+2.0", "", "libgtk2.0-0 (= 2.24.33-7)")];
        let programs = two_suites(("libgtk2.0-0", &base.concat()), ("libgtk2.0-0t64", &newer.concat()));
        assert_eq!(names(&programs), ["GTK+ 2.24.33", "GTK+ 2.24.33-r2"]);
    }
}
