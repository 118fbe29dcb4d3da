//! Choices over small trees.

use super::*;
use crate::arch::Arch;
use crate::plan::Source;
use crate::tree::Layout;
use crate::trusted::Trust;
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

/// A tree of versions: `NAME VERSION` with a star where it is current, and the lines of its Dependencies.
fn world(versions: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for area in crate::tree::AREAS {
        fs::create_dir_all(folder.path().join("System/Index").join(area)).unwrap();
    }
    for (named, dependencies) in versions {
        let (program, version) = named.split_once(' ').unwrap();
        let bare = version.trim_end_matches('*');
        let path = folder.path().join("Programs").join(program);
        put(&path.join(bare).join("Resources/Dependencies"), dependencies);
        if bare != version {
            symlink(bare, path.join("Current")).unwrap();
        }
    }
    folder
}

fn put(path: &std::path::Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn request(wishes: &[&str]) -> Request {
    let offering = Request { on_conflict: OnConflict::Offer, ..Request::new(Arch::X86_64) };
    wishes.iter().fold(offering, |all, wish| all.with(wish.parse().unwrap(), Source::Asked))
}

fn plan(folder: &TempDir, request: &Request) -> Plan {
    let tree = Tree::open(folder.path(), None, Layout::default(), Trust::Anyone).unwrap();
    resolve(&tree, request).unwrap()
}

fn chosen(plan: &Plan) -> Vec<String> {
    plan.chosen.iter().map(|choice| format!("{} {}", choice.program, choice.version)).collect()
}

fn glibc() -> TempDir {
    world(&[
        ("Python 3.9.2*", "Glibc >= 2.29"),
        ("Bash 5.2.37*", "Glibc >= 2.38"),
        ("Glibc 2.36*", ""),
        ("Glibc 2.41", ""),
    ])
}

#[test]
fn a_conflict_is_recorded_and_the_choice_that_fits_is_offered() {
    let plan = plan(&glibc(), &request(&["Python = 3.9.2", "Bash = 5.2.37"]));
    assert_eq!(chosen(&plan), ["Python 3.9.2", "Bash 5.2.37", "Glibc 2.36"]);
    assert_eq!(plan.conflicts.len(), 1);
    let offer = plan.offer.expect("an offer");
    assert_eq!(offer.sentence, "with Glibc 2.41 instead of 2.36 everything fits: --with 'Glibc = 2.41'");
    assert_eq!(offer.changes.len(), 1);
    assert!(!offer.taken);
}

#[test]
fn solve_takes_the_offer_and_changes_nothing_else() {
    let solved = Request { on_conflict: OnConflict::Solve, ..request(&["Python = 3.9.2", "Bash = 5.2.37"]) };
    let plan = plan(&glibc(), &solved);
    assert_eq!(chosen(&plan), ["Python 3.9.2", "Bash 5.2.37", "Glibc 2.41"]);
    assert!(plan.conflicts.is_empty() && plan.offer.is_some_and(|offer| offer.taken));
}

#[test]
fn what_is_offered_is_no_part_of_the_id() {
    let plan = plan(&glibc(), &request(&["Python", "Bash"]));
    let bare = Plan { offer: None, ..plan.clone() };
    assert!(plan.offer.is_some());
    assert_eq!(plan.id(), bare.id());
    assert_eq!(Plan::from_json(plan.to_json().as_bytes()), Ok(plan));
}

#[test]
fn where_no_choice_fits_the_two_that_contradict_are_named() {
    let folder = world(&[("A 1*", "C < 1.5"), ("B 1*", "C >= 1.5"), ("C 1.4*", ""), ("C 1.6", "")]);
    let plan = plan(&folder, &request(&["A", "B"]));
    assert_eq!(plan.offer, None);
    assert_eq!(
        plan.impasse,
        [
            "no installed version of C meets both `C < 1.5` (A 1 needs it (/Programs/A/1/Resources/Dependencies:1), \
          asked for on the command line) and `C >= 1.5` (B 1 needs it (/Programs/B/1/Resources/Dependencies:1), \
          asked for on the command line)"
        ]
    );
}

#[test]
fn the_search_changes_what_needs_it_where_that_is_the_only_way() {
    let folder =
        world(&[("A 1.1*", "C < 1.5"), ("A 1.0", "C"), ("B 1*", "C >= 1.5"), ("C 1.4*", ""), ("C 1.6", "")]);
    let plan = plan(&folder, &request(&["A", "B"]));
    let sentence = plan.offer.expect("an offer").sentence;
    assert!(sentence.starts_with("with A 1.0 instead of 1.1"), "{sentence}");
}

#[test]
fn flags_count_where_the_dependent_says_what_it_was_built_with() {
    let folder = world(&[("A 1*", "B [x]\nC [!x]\nD [y,z]"), ("B 1*", ""), ("C 1*", ""), ("D 1*", "")]);
    assert_eq!(chosen(&plan(&folder, &request(&["A"]))), ["A 1", "B 1", "C 1", "D 1"]);
    let mut set = request(&["A"]);
    set.add_use_flags(["-x", "z", "-y"].map(|flag| flag.parse().unwrap()));
    assert_eq!(chosen(&plan(&folder, &set)), ["A 1", "C 1", "D 1"]);
    put(&folder.path().join("Programs/A/1/Resources/UseFlags"), "x -y\n");
    assert_eq!(chosen(&plan(&folder, &set)), ["A 1", "B 1"], "what a program was built with goes before");
    assert_eq!(chosen(&plan(&folder, &request(&["A"]))), ["A 1", "B 1"]);
}

#[test]
fn a_substitute_is_judged_by_its_own_versions_and_named() {
    let folder = world(&[("A 1*", "JPEG >= 6b"), ("LibJPEG-Turbo 2.1*", "Lost")]);
    let list = folder.path().join("System/Settings/Scripts/CompatibilityList");
    put(&list, "JPEG: MozJPEG LibJPEG-Turbo\n");
    let with = plan(&folder, &request(&["A"]));
    assert_eq!(chosen(&with), ["A 1", "LibJPEG-Turbo 2.1"]);
    assert!(
        with.because(&with.missing[0].source)[0].starts_with("LibJPEG-Turbo 2.1 in place of JPEG needs it")
    );
    put(&folder.path().join("Programs/JPEG/8/Resources/Dependencies"), "");
    assert_eq!(chosen(&plan(&folder, &request(&["A"]))), ["A 1", "JPEG 8"]);
}

#[test]
fn an_alternative_that_is_chosen_already_meets_a_requirement() {
    let folder = world(&[("A 1*", "B | C"), ("B 1*", ""), ("C 1*", "")]);
    assert_eq!(chosen(&plan(&folder, &request(&["A", "C"]))), ["A 1", "C 1"]);
}
