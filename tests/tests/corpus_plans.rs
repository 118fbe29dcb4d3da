//! Every program and version that GoboLinux has a recipe for: its plan is made, and what does not fit is told.

use anyhow::{Context as _, Result};
use gobo_session::arch::Arch;
use gobo_session::plan::{Conflict, Plan, Source};
use gobo_session::resolve::{OnConflict, Request, resolve};
use gobo_session::tree::{Layout, Tree};
use gobo_session::trusted::Trust;
use gobo_session::version::Version;
use gobo_tests::corpus::{self, Recipes};
use gobo_tests::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ten conflicts, worked out from the recipes by hand: what is asked for, the requirement that gives way and where it
/// is written, the version that stands instead and where that is required.
const BY_HAND: [(&str, &str, &str, &str, &str); 10] = [
    ("Pango", "Cairo = 1.18.2", "HarfBuzz/10.0.1:1", "Cairo 1.18.4", "Pango/1.56.3:1"),
    ("LLVM", "BinUtils = 2.33.1", "Glibc/2.30:1", "BinUtils 2.45", "GCC/14.3.0:1"),
    ("IceWM", "Cairo >= 1.18.4", "Pango/1.56.3:1", "Cairo 1.18.2", "HarfBuzz/10.0.1:1"),
    ("Golang", "Golang = 1.4-bootstrap-20171003", "Golang/1.17.1:1", "Golang 1.17.1", "asked"),
    (
        "Optparse-Go",
        "Golang = 1.4-bootstrap-20171003",
        "Golang/1.17.1:1",
        "Golang 1.17.1",
        "Optparse-Go/hg:1",
    ),
    ("Gnome-Scan", "Gegl >= 0.2.0, < 0.3.0", "Gimp/2.10.34:9", "Gegl 0.4.62", "Gnome-Scan/0.7.1:2"),
    ("KDevelop", "Lua >= 5.3.0, < 5.4.0", "Graphviz/2.40.1:7", "Lua 5.4.7", "KDE-Libs/3.5.10:24"),
    ("MatplotLib", "SIP >= 4.8.0, < 4.15.1", "PyQt/3.18.1:6", "SIP 4.19.8", "PyQt/5.10.1:6"),
    ("NCSA-Mosaic", "LibPNG >= 1.6.37", "FreeType/2.13.3:2", "LibPNG 1.4.4", "NCSA-Mosaic/git:3"),
    ("Qalculate-GTK", "CLN >= 1.1.13, < 1.2", "LibQalculate/0.9.7:1", "CLN 1.3.2", "Qalculate-GTK/0.9.7:3"),
];

/// Every recipe, the latest version of each program being the current one. It is made once for all tests, of which one
/// has it at a time: a tree that is read whole takes as many descriptors as a process may have.
type Corpus = MutexGuard<'static, Option<(Recipes, World)>>;

fn corpus() -> Result<Corpus> {
    static CORPUS: Mutex<Option<(Recipes, World)>> = Mutex::new(None);
    let mut corpus = CORPUS.lock().unwrap_or_else(PoisonError::into_inner);
    if let (None, Some(file)) = (corpus.as_ref(), corpus::recipes()) {
        let recipes = corpus::read(&file)?;
        let world = corpus::tree(&recipes, |a, b| Version::new(a).cmp(&Version::new(b)))?;
        *corpus = Some((recipes, world));
    }
    Ok(corpus)
}

fn open(world: &World) -> Result<Tree> {
    Ok(Tree::open(world.root(), None, Layout::default(), Trust::Anyone)?)
}

fn plan(tree: &Tree, wish: &str, on_conflict: OnConflict) -> Result<Plan> {
    let request = Request::new(Arch::X86_64).with(wish.parse()?, Source::Asked);
    resolve(tree, &Request { on_conflict, ..request }).with_context(|| wish.to_owned())
}

/// Where a source is written: `NAME/VERSION:LINE`.
fn place(source: &Source) -> String {
    let Source::Dependency { file, line, .. } = source else { return "asked".to_owned() };
    let version = file.trim_start_matches("/Programs/").trim_end_matches("/Resources/Dependencies");
    format!("{version}:{line}")
}

/// A conflict, as the table above has it.
fn told(plan: &Plan, conflict: &Conflict) -> (String, String, String, String) {
    let winner = &plan.chosen[conflict.winner];
    let version = format!("{} {}", winner.program, winner.version);
    (conflict.requirement.to_string(), place(&conflict.source), version, place(&winner.source))
}

#[test]
fn every_version_of_every_program_has_a_plan() -> Result<()> {
    let corpus = corpus()?;
    let Some((recipes, world)) = corpus.as_ref() else { return Ok(()) };
    let tree = open(world)?;
    let (mut plans, mut missing, mut largest) = (0, 0, (0, String::new()));
    let mut conflicts: BTreeMap<_, u32> = BTreeMap::new();
    for (name, versions) in recipes {
        for version in versions.keys() {
            let wish = format!("{name} = {version}");
            let plan = plan(&tree, &wish, OnConflict::Record)?;
            plans += 1;
            missing += usize::from(!plan.missing.is_empty());
            for conflict in &plan.conflicts {
                *conflicts.entry(told(&plan, conflict)).or_default() += 1;
            }
            largest = largest.max((plan.chosen.len(), wish));
        }
    }
    println!("{plans} plans, {missing} with something missing; the largest holds {largest:?}");
    println!("{} distinct conflicts; those in more than 100 plans:", conflicts.len());
    for ((lost, by, winner, of), count) in conflicts.iter().filter(|(_, count)| **count > 100) {
        println!("{count:6}  `{lost}` of {by} gives way to {winner} of {of}");
    }
    assert_eq!(plans, 13_960);
    Ok(())
}

#[test]
fn where_latest_versions_contradict_there_is_an_offer_or_a_reason() -> Result<()> {
    let corpus = corpus()?;
    let Some((recipes, world)) = corpus.as_ref() else { return Ok(()) };
    let tree = open(world)?;
    let (mut conflicts, mut offers, mut given_up) = (0, 0, 0);
    for name in recipes.keys() {
        let plan = plan(&tree, name, OnConflict::Offer)?;
        assert_eq!(plan.conflicts.is_empty(), plan.offer.is_none() && plan.impasse.is_empty(), "{name}");
        conflicts += usize::from(!plan.conflicts.is_empty());
        offers += usize::from(plan.offer.is_some());
        given_up += usize::from(plan.impasse.iter().any(|why| why.contains("was found among")));
    }
    println!("{} plans, {conflicts} with conflicts, {offers} offers, {given_up} given up", recipes.len());
    assert_eq!((recipes.len(), given_up), (3782, 0));
    Ok(())
}

#[test]
fn ten_conflicts_are_those_that_a_person_finds() -> Result<()> {
    let corpus = corpus()?;
    let Some((_, world)) = corpus.as_ref() else { return Ok(()) };
    let tree = open(world)?;
    for (wish, lost, by, winner, of) in BY_HAND {
        let plan = plan(&tree, wish, OnConflict::Record)?;
        let found: Vec<_> = plan.conflicts.iter().map(|conflict| told(&plan, conflict)).collect();
        let expected = [lost, by, winner, of].map(str::to_owned);
        assert!(found.contains(&expected.into()), "{wish}: {found:#?}");
    }
    Ok(())
}

#[test]
fn only_folders_that_a_requirement_reaches_are_read() -> Result<()> {
    let corpus = corpus()?;
    let Some((recipes, world)) = corpus.as_ref() else { return Ok(()) };
    let tree = open(world)?;
    let plan = plan(&tree, "GST-Plugins", OnConflict::Record)?;
    // Its reader keeps every folder of a version open that it has looked into.
    let programs = world.root().join("Programs");
    let mut read = BTreeSet::new();
    let mut folders = 0;
    for descriptor in fs::read_dir("/proc/self/fd")?.flatten() {
        let Ok(path) = fs::read_link(descriptor.path()) else { continue };
        let Ok(below) = path.strip_prefix(&programs) else { continue };
        if let Some(program) = below.components().next() {
            folders += 1;
            read.insert(program.as_os_str().to_string_lossy().to_lowercase());
        }
    }
    let mut reached = BTreeSet::new();
    for choice in &plan.chosen {
        reached.insert(choice.program.as_str().to_lowercase());
        for line in &recipes[choice.program.as_str()][&choice.version] {
            let names = line.split('|').filter_map(|part| part.split_whitespace().next());
            reached.extend(names.map(str::to_lowercase));
        }
    }
    println!(
        "{} versions chosen: {folders} folders of {} programs read, of 13960 of {}",
        plan.chosen.len(),
        read.len(),
        recipes.len()
    );
    assert!(read.is_subset(&reached), "{:?}", read.difference(&reached).collect::<Vec<_>>());
    assert!(folders < read.len() + 2 * plan.chosen.len(), "most versions are not looked into");
    Ok(())
}
