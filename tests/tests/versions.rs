//! The laws of the order of versions, over every version that GoboLinux has a recipe for and over a million random pairs.

use anyhow::Result;
use fastrand::Rng;
use gobo_session::version::Version;
use gobo_tests::corpus;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// How many random pairs are compared.
const PAIRS: usize = 1_000_000;

/// What random versions are made of: what real ones have, and what no sane one has.
const PIECES: [&str; 40] = [
    "0",
    "1",
    "2",
    "9",
    "10",
    "007",
    "99999999999999999999",
    ".",
    ".",
    ".",
    "-",
    "_",
    "+",
    "~",
    "a",
    "b",
    "B",
    "rc",
    "RC",
    "beta",
    "alpha",
    "pre",
    "dev",
    "git",
    "svn",
    "-GIT",
    "_bin",
    "-r1",
    "-r2p1",
    "-r",
    "p",
    "v",
    "-i686",
    "-x86_64",
    "bootstrap",
    " ",
    "é",
    "\u{202e}",
    "\0",
    "/",
];

/// The versions that recipes have or ask for, each written once.
fn corpus_versions() -> Result<Option<Vec<Version>>> {
    let Some(file) = corpus::recipes() else { return Ok(None) };
    let recipes = corpus::read(&file)?;
    let mut texts = BTreeSet::new();
    for (version, lines) in recipes.values().flatten() {
        texts.insert(version.as_str());
        let words = lines.iter().flat_map(|line| line.split(|c: char| c.is_whitespace() || c == ','));
        texts.extend(words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit())));
    }
    Ok(Some(texts.into_iter().map(Version::new).collect()))
}

#[test]
fn all_versions_of_the_corpus_stand_in_one_order() -> Result<()> {
    let Some(mut versions) = corpus_versions()? else { return Ok(()) };
    versions.sort();
    // Every pair agrees with the sorted order: that is totality, antisymmetry and transitivity in one.
    for (place, lower) in versions.iter().enumerate() {
        assert_eq!(lower.cmp(lower), Ordering::Equal);
        for upper in &versions[place + 1..] {
            assert_eq!(lower.cmp(upper), Ordering::Less, "{lower} {upper}");
            assert_eq!(upper.cmp(lower), Ordering::Greater, "{lower} {upper}");
            assert_ne!(lower.cmp_order(upper), Ordering::Greater, "{lower} {upper}");
        }
    }
    println!("{} distinct versions, every pair in order", versions.len());
    assert!(versions.len() > 4187);
    Ok(())
}

#[test]
fn a_million_random_pairs_obey_the_laws() {
    let mut rng = Rng::with_seed(1);
    let mut text = String::new();
    let mut random = || {
        text.clear();
        (0..rng.usize(..8)).for_each(|_| text.push_str(PIECES[rng.usize(..PIECES.len())]));
        Version::new(&text)
    };
    let mut equal = 0;
    let (mut a, mut b) = (random(), random());
    for _ in 0..PAIRS {
        let c = random();
        assert_eq!(b.cmp_order(&c), c.cmp_order(&b).reverse(), "{b:?} {c:?}");
        assert_eq!(b.cmp(&c), c.cmp(&b).reverse(), "{b:?} {c:?}");
        assert_eq!(b == c, b.as_str() == c.as_str(), "{b:?} {c:?}");
        assert_eq!(b == c, b.cmp(&c) == Ordering::Equal, "{b:?} {c:?}");
        if b.cmp_order(&c) != Ordering::Equal {
            assert_eq!(b.cmp(&c), b.cmp_order(&c), "sorting goes by the order: {b:?} {c:?}");
        }
        let mut three = [&a, &b, &c];
        three.sort_by(|x, y| x.cmp_order(y));
        assert_ne!(three[0].cmp_order(three[2]), Ordering::Greater, "{three:?}");
        if a.cmp_order(&b) == Ordering::Equal {
            assert_eq!(a.cmp_order(&c), b.cmp_order(&c), "{a:?} {b:?} {c:?}");
            equal += 1;
        }
        (a, b) = (b, c);
    }
    println!("{PAIRS} pairs, {equal} of them of equal rank");
}
