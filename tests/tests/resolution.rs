//! Plans of random trees against rules written down a second time, as plainly as can be, and against trying everything.

use anyhow::Result;
use fastrand::Rng;
use gobo_session::arch::Arch;
use gobo_session::plan::{Plan, Source};
use gobo_session::resolve::{OnConflict, Request, resolve};
use gobo_session::tree::{Layout, Tree};
use gobo_session::trusted::Trust;
use gobo_tests::world::World;
use std::collections::{BTreeMap, BTreeSet};

const TREES: u64 = 5000;
const PROGRAMS: [&str; 4] = ["A", "B", "C", "D"];
const VERSIONS: [(u32, u32); 5] = [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)];

type Version = (u32, u32);

/// `C >= 1.1`; without an operator any version.
#[derive(Clone, Debug)]
struct Bound(&'static str, Option<(&'static str, Version)>);

/// Alternatives.
#[derive(Clone, Debug)]
struct Line(Vec<Bound>);

/// A tree, as the rules see it.
struct Model {
    versions: BTreeMap<(&'static str, Version), Installed>,
    current: BTreeMap<&'static str, Version>,
}

struct Installed {
    lines: Vec<Line>,
    architecture: Option<&'static str>,
}

fn text((major, minor): Version) -> String {
    format!("{major}.{minor}")
}

/// What stands in one place of a choice: a version of a program, or none.
type Slot = Option<(&'static str, Version)>;

impl Bound {
    fn admits(&self, program: &str, version: Version) -> bool {
        program == self.0
            && self.1.is_none_or(|(op, bound)| match op {
                ">=" => version >= bound,
                "<" => version < bound,
                "=" => version == bound,
                _ => version != bound,
            })
    }
}

impl Line {
    fn text(&self) -> String {
        let bound = |bound: &Bound| match bound.1 {
            Some((op, version)) => format!("{} {op} {}", bound.0, text(version)),
            None => bound.0.to_owned(),
        };
        self.0.iter().map(bound).collect::<Vec<_>>().join(" | ")
    }

    fn is_met(&self, chosen: &[(&str, Version)]) -> bool {
        chosen.iter().any(|(program, version)| self.0.iter().any(|bound| bound.admits(program, *version)))
    }

    fn random(rng: &mut Rng) -> Self {
        let bound = |rng: &mut Rng| {
            let program = if rng.u8(..40) == 0 { "Lost" } else { PROGRAMS[rng.usize(..PROGRAMS.len())] };
            let version = VERSIONS[rng.usize(..VERSIONS.len())];
            let op = [">=", "<", "=", "!="][rng.usize(..4)];
            Bound(program, (rng.u8(..4) > 0).then_some((op, version)))
        };
        let first = bound(rng);
        let second = (rng.u8(..5) == 0).then(|| bound(rng));
        Self([Some(first), second].into_iter().flatten().collect())
    }
}

impl Model {
    fn random(rng: &mut Rng) -> Self {
        let mut model = Self { versions: BTreeMap::new(), current: BTreeMap::new() };
        for program in PROGRAMS {
            for version in VERSIONS.into_iter().filter(|_| rng.u8(..10) < 7).collect::<Vec<_>>() {
                let lines = (0..rng.usize(..4)).map(|_| Line::random(rng)).collect();
                let architecture = [None, None, Some("x86_64"), Some("i686")][rng.usize(..4)];
                model.versions.insert((program, version), Installed { lines, architecture });
                if rng.bool() {
                    model.current.insert(program, version);
                }
            }
        }
        model
    }

    /// The tree on disk, made in the order that the seed says.
    fn on_disk(&self, seed: u64) -> Result<World> {
        let world = World::new()?;
        let mut all: Vec<_> = self.versions.iter().collect();
        Rng::with_seed(seed).shuffle(&mut all);
        for ((program, version), installed) in all {
            let lines: String = installed.lines.iter().map(|line| line.text() + "\n").collect();
            let mut told = world.program(program, &text(*version)).dependencies(&lines);
            if let Some(architecture) = installed.architecture {
                told = told.architecture(architecture);
            }
            if self.current.get(program) == Some(version) {
                told.current();
            }
        }
        Ok(world)
    }

    /// The versions that fit the architecture.
    fn usable(&self) -> impl Iterator<Item = (&'static str, Version)> {
        self.versions.iter().filter(|(_, i)| i.architecture != Some("i686")).map(|(version, _)| *version)
    }

    /// What the nearest choice would take for a requirement that nothing chosen meets: one version of each program that
    /// it names, the first to be taken first.
    fn firsts(&self, line: &Line) -> Vec<(&'static str, Version)> {
        let mut firsts: Vec<(&'static str, Version)> = Vec::new();
        for bound in &line.0 {
            let would_do: Vec<_> = self.usable().filter(|(p, v)| bound.admits(p, *v)).collect();
            let current = would_do.iter().find(|(p, v)| self.current.get(p) == Some(v));
            firsts.extend(current.or(would_do.last()).filter(|(p, _)| firsts.iter().all(|(q, _)| p != q)));
        }
        firsts
    }

    /// Whether some choice satisfies all; what is `missing` anyway does not count.
    fn can_satisfy(&self, wishes: &[Line], missing: &BTreeSet<String>) -> bool {
        let mut slots: BTreeMap<(&str, u32), Vec<Slot>> = BTreeMap::new();
        for (program, version) in self.usable() {
            slots.entry((program, version.0)).or_insert_with(|| vec![None]).push(Some((program, version)));
        }
        let slots: Vec<_> = slots.into_values().collect();
        let total: usize = slots.iter().map(Vec::len).product();
        (0..total).any(|mut number| {
            let mut chosen = Vec::new();
            for slot in &slots {
                chosen.extend(slot[number % slot.len()]);
                number /= slot.len();
            }
            let of_chosen = chosen.iter().flat_map(|version| &self.versions[version].lines);
            wishes.iter().chain(of_chosen).all(|line| line.is_met(&chosen) || missing.contains(&line.text()))
        })
    }
}

fn version(written: &str) -> Version {
    let (major, minor) = written.split_once('.').expect("two numbers");
    (major.parse().expect("a number"), minor.parse().expect("a number"))
}

fn chosen(plan: &Plan) -> Vec<(&str, Version)> {
    plan.chosen.iter().map(|choice| (choice.program.as_str(), version(&choice.version))).collect()
}

fn missing(plan: &Plan) -> BTreeSet<String> {
    plan.missing.iter().map(|missing| missing.requirement.to_string()).collect()
}

fn plan(world: &World, wishes: &[String], on_conflict: OnConflict) -> Option<Plan> {
    let tree = Tree::open(world.root(), None, Layout::default(), Trust::Anyone).expect("a tree");
    let mut request = Request { on_conflict, ..Request::new(Arch::X86_64) };
    for wish in wishes {
        request = request.with(wish.parse().expect("a requirement"), Source::Asked);
    }
    resolve(&tree, &request).ok()
}

/// How far from what was asked for.
fn depth(plan: &Plan, source: &Source) -> usize {
    plan.because(source).len()
}

/// The rules of the nearest choice.
fn obeys_the_rules(model: &Model, wishes: &[Line], plan: &Plan) {
    let versions = chosen(plan);
    let slots: BTreeSet<_> = versions.iter().map(|(program, version)| (program, version.0)).collect();
    assert_eq!(slots.len(), versions.len(), "two versions of one program and major: {versions:?}");
    let unmet = |of: Option<usize>, line: &Line| {
        let is_it = |source: &Source, requirement: String| match source {
            Source::Dependency { of: by, .. } => Some(*by) == of && requirement == line.text(),
            _ => of.is_none() && requirement == line.text(),
        };
        plan.conflicts.iter().any(|c| is_it(&c.source, c.requirement.to_string()))
            || plan.missing.iter().any(|m| is_it(&m.source, m.requirement.to_string()))
    };
    for line in wishes {
        assert!(line.is_met(&versions) || unmet(None, line), "{line:?} was forgotten");
    }
    for (place, (program, version)) in versions.iter().enumerate() {
        let program = PROGRAMS.into_iter().find(|p| p == program).expect("a program of the tree");
        for line in &model.versions[&(program, *version)].lines {
            assert!(line.is_met(&versions) || unmet(Some(place), line), "{line:?} was forgotten");
        }
    }
    let all: Vec<&Line> = wishes.iter().chain(model.versions.values().flat_map(|i| &i.lines)).collect();
    for (choice, version) in plan.chosen.iter().zip(&versions) {
        let line = all.iter().find(|line| line.text() == choice.requirement.to_string()).expect("a line");
        let firsts = model.firsts(line);
        let taken = firsts.iter().position(|first| first == version).expect("none of those that come first");
        let has_rival = |(p, v): &(&str, Version)| versions.iter().any(|(q, w)| p == q && v.0 == w.0);
        assert!(firsts[..taken].iter().all(has_rival), "{line:?}: an earlier alternative was free");
    }
    for conflict in &plan.conflicts {
        let winner = &plan.chosen[conflict.winner];
        assert!(depth(plan, &winner.source) <= depth(plan, &conflict.source), "the farther one won");
    }
}

fn index(program: &str) -> usize {
    PROGRAMS.iter().position(|p| *p == program).expect("a program of the tree")
}

#[test]
fn plans_of_random_trees_obey_the_rules_and_offer_a_choice_exactly_where_there_is_one() -> Result<()> {
    let (mut conflicts, mut offers) = (0, 0);
    for seed in 0..TREES {
        let mut rng = Rng::with_seed(seed);
        let model = Model::random(&mut rng);
        let wishes: Vec<Line> = (0..rng.usize(1..4)).map(|_| Line::random(&mut rng)).collect();
        let written: Vec<String> = wishes.iter().map(Line::text).collect();
        let world = model.on_disk(1)?;
        let Some(nearest) = plan(&world, &written, OnConflict::Offer) else {
            assert!(wishes.iter().any(|line| model.firsts(line).is_empty()), "seed {seed}: no plan");
            continue;
        };
        obeys_the_rules(&model, &wishes, &nearest);
        let again = plan(&model.on_disk(2)?, &written, OnConflict::Offer).expect("the same plan");
        assert_eq!(nearest.to_json(), again.to_json(), "seed {seed}");
        if nearest.conflicts.is_empty() {
            assert!(nearest.offer.is_none() && nearest.impasse.is_empty(), "seed {seed}");
            continue;
        }
        conflicts += 1;
        let missed = missing(&nearest);
        assert_eq!(nearest.offer.is_some(), model.can_satisfy(&wishes, &missed), "seed {seed}: {written:?}");
        assert_ne!(nearest.offer.is_some(), !nearest.impasse.is_empty(), "seed {seed}");
        let Some(offer) = nearest.offer else { continue };
        offers += 1;
        let solved = plan(&world, &written, OnConflict::Solve).expect("the offer");
        let versions = chosen(&solved);
        let lines = versions.iter().flat_map(|(p, v)| &model.versions[&(PROGRAMS[index(p)], *v)].lines);
        let unmet = wishes.iter().chain(lines).find(|l| !l.is_met(&versions) && !missed.contains(&l.text()));
        assert!(unmet.is_none() && solved.conflicts.is_empty(), "seed {seed}: {unmet:?}");
        assert!(!offer.with.is_empty(), "seed {seed}: {}", offer.sentence);
        let mut with = written;
        let place = if offer.first { 0 } else { with.len() };
        with.splice(place..place, offer.with.iter().map(ToString::to_string));
        let asked = plan(&world, &with, OnConflict::Record).expect("what the sentence says");
        assert!(asked.conflicts.is_empty() && missing(&asked).is_subset(&missed), "seed {seed}: {with:?}");
    }
    println!("{conflicts} of {TREES} trees have a conflict, {offers} of these an offer");
    assert!(conflicts > 500 && offers > 100, "{conflicts} conflicts, {offers} offers");
    Ok(())
}
