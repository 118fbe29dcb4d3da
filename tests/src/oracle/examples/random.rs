//! What must hold in every random world.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Instant;

use super::world;
use crate::oracle::chosen::Choice;
use crate::oracle::index::{Entry, Index};
use crate::oracle::tree::Tree;
use crate::oracle::{Outcome, differences, expected, expected_index, observed};
use crate::world::{RandomWorld, Selection, World};

fn random_world(seed: u64) -> (World, World, Selection) {
    let holder = world();
    let (world, selection) = RandomWorld::generate(seed, &holder.root().join("random")).unwrap();
    (holder, world, selection)
}

#[test]
fn with_nothing_chosen_the_view_is_the_base() {
    for seed in 0..300 {
        let (_holder, world, _) = random_world(seed);
        let wanted = expected(world.root(), &[], false).unwrap();
        let base = observed(world.root(), &world.root().join("System/Index")).unwrap();
        assert_eq!(wanted, base, "seed {seed}");
        assert_eq!(differences(&wanted, &base), Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn an_expected_index_written_to_disk_is_observed_as_expected() {
    for seed in 0..100 {
        let (holder, world, selection) = random_world(seed);
        let index = expected_index(world.root(), &selection.chosen, selection.pure).unwrap();
        let folder = holder.root().join("written");
        write(&index, &folder);
        let wanted = expected(world.root(), &selection.chosen, selection.pure).unwrap();
        let mut found = observed(world.root(), &folder).unwrap();
        assert_eq!(wanted, found, "seed {seed}");
        if let Some((name, _)) = found.pop_last() {
            let lines = differences(&wanted, &found);
            assert!(lines[0].starts_with(&name), "seed {seed}: {lines:?}");
        }
    }
}

fn write(index: &Index, folder: &Path) {
    for (name, entry) in index.iter() {
        let path = folder.join(name);
        match entry {
            Entry::Directory => fs::create_dir_all(path).unwrap(),
            Entry::Link(text) => symlink(text, path).unwrap(),
            Entry::File | Entry::Special => fs::write(path, "").unwrap(),
        }
    }
}

#[test]
fn a_seed_makes_one_world() {
    for seed in 0..10 {
        let (_one, world, selection) = random_world(seed);
        let (_other, again, same_selection) = random_world(seed);
        let index = |world: &World| observed(world.root(), &world.root().join("System/Index")).unwrap();
        assert_eq!(index(&world), index(&again));
        assert_eq!(selection, same_selection);
    }
}

/// Random worlds are worth little if they never come to a rule.
#[test]
fn random_worlds_come_to_every_rule() {
    let mut counts = [0; 10];
    for seed in 0..200 {
        let (_holder, world, Selection { chosen, pure }) = random_world(seed);
        let base = Index::read(&world.root().join("System/Index")).unwrap();
        let index = expected_index(world.root(), &chosen, pure).unwrap();
        let names = expected(world.root(), &chosen, pure).unwrap();
        let is_link = |entry: Option<&Entry>| matches!(entry, Some(Entry::Link(_)));
        let came_to = [
            pure,
            index.get("lib/glibc-hwcaps/x86-64-v2") == Some(&Entry::Directory),
            index.get("lib/x86_64") == Some(&Entry::Directory),
            // A name of the base is gone.
            !pure && base.iter().any(|(name, entry)| *entry != Entry::Directory && !names.contains_key(name)),
            // A base link was expanded.
            base.iter()
                .any(|(name, entry)| is_link(Some(entry)) && index.get(name) == Some(&Entry::Directory)),
            // A real directory of the base was hidden.
            base.iter().any(|(name, entry)| *entry == Entry::Directory && is_link(index.get(name))),
            // A real file stayed.
            index.iter().any(|(_, entry)| *entry == Entry::File),
            Choice::read(Tree::on_disk(world.root()), &base, &chosen, pure).unwrap().linked.contains(&true),
            names.values().any(|outcome| *outcome == Outcome::Again),
            names.values().any(|outcome| matches!(outcome, Outcome::Nowhere(_))),
        ];
        for (count, came) in counts.iter_mut().zip(came_to) {
            *count += usize::from(came);
        }
    }
    assert!(counts.iter().all(|count| *count >= 10), "{counts:?}");
}

/// Prints how long a random world takes.
#[test]
#[ignore = "measures, and asserts nothing: cargo test ... -- --ignored --nocapture"]
fn measure() {
    let (mut made, mut said, mut most, mut entries, mut names) = (0, 0, 0, 0, 0);
    for seed in 0..500 {
        let holder = world();
        let start = Instant::now();
        let (world, Selection { chosen, pure }) =
            RandomWorld::generate(seed, &holder.root().join("random")).unwrap();
        made += start.elapsed().as_micros();
        let start = Instant::now();
        names += expected(world.root(), &chosen, pure).unwrap().len();
        said += start.elapsed().as_micros();
        most = most.max(start.elapsed().as_micros());
        entries += entries_below(&world.root().join("Programs"));
    }
    eprintln!("a world of {} entries: {} us to make", entries / 500, made / 500);
    eprintln!("its view of {} names: {} us to say, at most {most}", names / 500, said / 500);
}

/// How many files, links and directories there are in a folder.
fn entries_below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| 1 + if entry.file_type().unwrap().is_dir() { entries_below(&entry.path()) } else { 0 })
        .sum()
}
