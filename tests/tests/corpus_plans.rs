//! Every program that GoboLinux has a recipe for: its plan is made, quickly, and what does not fit is told.

use anyhow::{Context as _, Result};
use gobo_session::arch::Arch;
use gobo_session::plan::{Plan, Source};
use gobo_session::resolve::{Request, resolve};
use gobo_session::tree::{Layout, Tree};
use gobo_session::trusted::Trust;
use gobo_session::version::Version;
use gobo_tests::corpus::{self, Recipes};
use gobo_tests::world::World;
use std::time::{Duration, Instant};

/// Every recipe, the latest version of each program being the current one.
fn world() -> Result<Option<(Recipes, World)>> {
    let Some(file) = corpus::recipes() else { return Ok(None) };
    let recipes = corpus::read(&file)?;
    let latest = |versions: &[&str]| {
        let newest = versions.iter().map(|text| Version::new(text)).max();
        newest.map(|version| version.as_str().to_owned()).unwrap_or_default()
    };
    let world = corpus::tree(&recipes, latest)?;
    Ok(Some((recipes, world)))
}

fn plan(tree: &Tree, wish: &str) -> Result<Plan> {
    let request = Request::new(Arch::X86_64).with(wish.parse()?, Source::Asked);
    resolve(tree, &request).with_context(|| wish.to_owned())
}

#[test]
fn every_program_has_a_plan() -> Result<()> {
    let Some((recipes, world)) = world()? else { return Ok(()) };
    let tree = Tree::open(world.root(), None, Layout::default(), Trust::Anyone)?;
    for name in recipes.keys() {
        plan(&tree, name)?;
    }
    let (mut conflicts, mut offers, mut missing, mut given_up) = (0, 0, 0, 0);
    let (mut slowest, mut largest) = ((Duration::ZERO, ""), (0, "", Duration::ZERO));
    let begin = Instant::now();
    for name in recipes.keys() {
        let own = Instant::now();
        let plan = plan(&tree, name)?;
        slowest = slowest.max((own.elapsed(), name));
        largest = largest.max((plan.chosen.len(), name, own.elapsed()));
        conflicts += usize::from(!plan.conflicts.is_empty());
        offers += usize::from(plan.offer.is_some());
        missing += usize::from(!plan.missing.is_empty());
        given_up += usize::from(plan.impasse.iter().any(|why| why.contains("was found among")));
        assert_eq!(plan.conflicts.is_empty(), plan.offer.is_none() && plan.impasse.is_empty(), "{name}");
    }
    let elapsed = begin.elapsed();
    println!(
        "{} plans in {elapsed:?}: {conflicts} with conflicts ({offers} offers, {given_up} given up), {missing} with \
         something missing; slowest {slowest:?}, largest {largest:?}",
        recipes.len()
    );
    assert_eq!(recipes.len(), 3782);
    Ok(())
}
