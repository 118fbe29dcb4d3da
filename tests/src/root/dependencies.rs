//! Resources/Dependencies, out of what the packages depend on.
//!
//! `libc6 (>= 2.34)` becomes `Glibc >= 2.34`. Debian keeps the ABI in the package's name (libffi7, libffi8): where the
//! base's version of a program does not have the package that is asked for, no other version will do, and the line
//! names it: `LibFFI = 3.3`.

use super::closure::{Chosen, Program};
use super::data::Arch;
use super::{relation, version};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Who provides what, over all programs.
pub struct Providers<'a> {
    /// The program of a package (or of what it provides), the base's first.
    programs: HashMap<(String, Arch), (&'a Program, &'a Chosen)>,
    /// The packages that the base's version of a program has, by the program's name.
    base: HashMap<(&'a str, Arch), HashSet<String>>,
}

/// What a program needs of another one.
enum Need<'a> {
    Exactly(&'a str),
    AtLeast(String),
    Any,
}

impl<'a> Providers<'a> {
    /// Collects what the programs' packages offer.
    pub fn new(programs: &'a [Program]) -> Self {
        let mut providers = Self { programs: HashMap::new(), base: HashMap::new() };
        for program in programs {
            for chosen in &program.packages {
                for (name, _) in chosen.package.offers() {
                    if chosen.base {
                        providers.base.entry((&program.name, program.arch)).or_default().insert(name.clone());
                    }
                    providers.programs.entry((name, program.arch)).or_insert((program, chosen));
                }
            }
        }
        providers
    }

    /// The lines of a program's Dependencies file.
    pub fn lines(&self, program: &Program) -> String {
        let mut needs: BTreeMap<(String, &str), Need<'a>> = BTreeMap::new();
        for alternatives in
            program.packages.iter().flat_map(|c| relation::parse_alternatives(&c.package.depends))
        {
            let found = alternatives.iter().find_map(|relation| {
                let (provider, chosen) = self.programs.get(&(relation.name.clone(), program.arch))?;
                Some((relation, *provider, *chosen))
            });
            let Some((relation, provider, chosen)) =
                found.filter(|(_, provider, _)| provider.name != program.name)
            else {
                continue;
            };
            let need = needs.entry((provider.name.to_lowercase(), &provider.name)).or_insert(Need::Any);
            if self.only_there(&relation.name, provider, chosen) {
                *need = Need::Exactly(&provider.version);
                continue;
            }
            use relation::Operator::{Equal, Later, LaterOrEqual};
            let bound = match &relation.constraint {
                Some((Equal | LaterOrEqual | Later, wanted)) => version::lower_bound(wanted),
                _ => continue,
            };
            match need {
                Need::Any => *need = Need::AtLeast(bound.to_owned()),
                Need::AtLeast(known) if version::compare_part(bound, known).is_gt() => {
                    *need = Need::AtLeast(bound.to_owned())
                }
                _ => {}
            }
        }
        let line = |((_, name), need): (&(String, &str), &Need<'_>)| match need {
            Need::Exactly(version) => format!("{name} = {version}\n"),
            Need::AtLeast(version) => format!("{name} >= {version}\n"),
            Need::Any => format!("{name}\n"),
        };
        needs.iter().map(line).collect()
    }

    /// Whether the base has the provider's program in a version that does not offer this package.
    fn only_there(&self, wanted: &str, provider: &Program, chosen: &Chosen) -> bool {
        self.base.get(&(provider.name.as_str(), provider.arch)).is_some_and(|base| {
            !base.contains(wanted) && !chosen.package.offers().any(|(name, _)| base.contains(&name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::closure::tests::{stanza, two_suites};
    use super::*;

    #[test]
    fn lines() {
        let base = [
            stanza("python3.11 3.11.2-6", "libc6 (>= 2.34), libffi8 (>= 3.4), libtinfo6 | other, tzdata", ""),
            stanza("libc6 2.36-9 glibc", "", ""),
            stanza("libffi8 3.4.4-1 libffi", "libc6 (>= 2.4)", ""),
            stanza("libtinfo6 6.4-4 ncurses", "", ""),
            stanza("libreadline8 8.2-1 readline", "", ""),
        ];
        let newer = [
            stanza(
                "python3.9 3.9.2-1",
                "libc6 (>= 2.29), libffi7 (>= 3.3~20180313), libreadline8 (>= 7.0~beta)",
                "",
            ),
            stanza("helper 1-1 python3.9", "libc6 (>= 2.7), python3.9 (= 3.9.2-1)", ""),
            stanza("libffi7 3.3-6 libffi", "libc6 (>= 2.14)", ""),
        ];
        let programs =
            two_suites(("python3.11 libreadline8", &base.concat()), ("python3.9 helper", &newer.concat()));
        let providers = Providers::new(&programs);
        let lines = |name: &str, version: &str| {
            providers
                .lines(programs.iter().find(|p| p.name == name && p.version.starts_with(version)).unwrap())
        };
        assert_eq!(lines("Python", "3.11"), "Glibc >= 2.34\nLibFFI >= 3.4\nNcurses\n");
        assert_eq!(lines("Python", "3.9"), "Glibc >= 2.29\nLibFFI = 3.3\nReadline >= 7.0\n");
        assert_eq!(lines("Glibc", "2"), "");
    }
}
