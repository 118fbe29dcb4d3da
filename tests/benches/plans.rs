//! How long plans take over a tree of every program and version that GoboLinux has a recipe for.
//!
//! `cargo bench -p gobo-tests --bench plans`; docs/performance.md has the numbers.

use criterion::{Criterion, criterion_group, criterion_main};
use gobo_session::arch::Arch;
use gobo_session::plan::{Plan, Source};
use gobo_session::resolve::{OnConflict, Request, resolve};
use gobo_session::tree::{Layout, Tree};
use gobo_session::trusted::Trust;
use gobo_session::version::Version;
use gobo_tests::corpus;
use std::hint::black_box;

/// The program whose closure is the largest.
const LARGEST: &str = "GST-Plugins";

fn plan(tree: &Tree, wish: &str, on_conflict: OnConflict) -> Plan {
    let request = Request::new(Arch::X86_64).with(wish.parse().expect("a name"), Source::Asked);
    resolve(tree, &Request { on_conflict, ..request }).expect("a plan")
}

fn plans(criterion: &mut Criterion) {
    let Some(file) = corpus::recipes() else { return };
    let recipes = corpus::read(&file).expect("recipes");
    let world = corpus::tree(&recipes, |a, b| Version::new(a).cmp(&Version::new(b))).expect("a tree");
    let open = || Tree::open(world.root(), None, Layout::default(), Trust::Anyone).expect("a tree");
    let tree = open();
    let mut group = criterion.benchmark_group("plans");
    group.sample_size(10);
    for (what, on_conflict) in [("", OnConflict::Record), (", with offers", OnConflict::Offer)] {
        group.sample_size(10).bench_function(format!("of all programs{what}"), |b| {
            b.iter(|| recipes.keys().for_each(|name| drop(black_box(plan(&tree, name, on_conflict)))));
        });
        group.sample_size(50).bench_function(format!("of the largest closure{what}"), |b| {
            b.iter(|| plan(&tree, black_box(LARGEST), on_conflict));
        });
    }
    group.bench_function("of the largest closure, tree not read yet", |b| {
        b.iter(|| plan(&open(), LARGEST, OnConflict::Record));
    });
    group.finish();
}

criterion_group!(benches, plans);
criterion_main!(benches);
