//! What the order of versions promises.

use super::*;
use crate::version::corpus;
use proptest::prelude::*;

fn v(text: &str) -> Version {
    Version::new(text)
}

fn order(a: &str, b: &str) -> Ordering {
    v(a).cmp_order(&v(b))
}

#[test]
fn every_pair_of_the_corpus_is_in_the_right_order() {
    let Some(pairs) = corpus::read("version-pairs.tsv") else { return };
    let pairs = String::from_utf8(pairs).unwrap();
    let mut right = 0;
    for line in pairs.lines() {
        let mut fields = line.split('\t');
        let (Some(a), Some(relation), Some(b)) = (fields.next(), fields.next(), fields.next()) else {
            panic!("not a pair: {line:?}")
        };
        let wanted = match relation {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            _ => panic!("not a relation: {line:?}"),
        };
        assert_eq!(order(a, b), wanted, "{line}");
        assert_eq!(order(b, a), wanted.reverse(), "{line}, the other way round");
        right += 1;
    }
    println!("{right} pairs right");
    assert!(right >= 55);
}

#[test]
fn releases_in_order() {
    let ascending = [
        "017-GIT",
        "20081111-GIT",
        "git",
        "git_bin",
        "Nov2002",
        "0.9",
        "1~rc1",
        "1.0-dev",
        "1.0a1",
        "1.0b2",
        "1.0pre7",
        "1.0rc1",
        "1.0rc10",
        "1.0",
        "1.0-r1",
        "1.0-r1p1",
        "1.0-r2",
        "1.0-r10",
        "1.0a",
        "1.0_bin",
        "1.0.1",
        "1.9",
        "1.10",
        "2",
        "99999999999999999999",
        "100000000000000000000",
    ];
    for pair in ascending.windows(2) {
        assert_eq!(order(pair[0], pair[1]), Ordering::Less, "{pair:?}");
    }
}

#[test]
fn one_release_written_in_several_ways() {
    for (a, b) in [
        ("2", "2.0.0"),
        ("2.22.01", "2.22.1"),
        ("v1.2", "1.2"),
        ("1_2", "1.2"),
        ("0", "0.0"),
        ("1.0", "1.0-r0"),
    ] {
        assert_eq!(order(a, b), Ordering::Equal, "{a} {b}");
        assert_ne!(v(a), v(b));
        assert_ne!(v(a).cmp(&v(b)), Ordering::Equal, "sorting keeps them apart");
    }
}

#[test]
fn the_architecture_of_a_folder_does_not_change_its_version() {
    for arch in ["i386", "i486", "i586", "i686", "x86_64"] {
        for version in ["2.24.33", "2.24.33-r2", "git", "1.0rc1"] {
            assert_eq!(order(&format!("{version}-{arch}"), version), Ordering::Equal, "{version}-{arch}");
        }
    }
    assert_eq!(order("2.24.33-i686-r3", "2.24.33-r3"), Ordering::Equal);
    assert!(v("2.24.33-r3-i686").has_revision());
    assert!(!v("2.24.33-i686").has_revision());
    assert_eq!(v("2.24.33-r3-i686").as_str(), "2.24.33-r3-i686");
}

#[test]
fn major_is_the_first_number_or_the_whole() {
    for (version, major) in [
        ("2.24.33", "2"),
        ("016.01", "16"),
        ("0.9", "0"),
        ("000", "0"),
        ("A.01.05", "1"),
        ("Nov2002", "2002"),
        ("git", "git"),
        ("git-r2", "git"),
        ("git-i686", "git"),
        ("2.24.33-i686", "2"),
        ("00018446744073709551616.1", "18446744073709551616"),
        ("", ""),
    ] {
        assert_eq!(v(version).major().to_string(), major, "{version}");
    }
    assert!(v("9.1").major() < v("10.0").major());
    assert_eq!(v("3").major(), v("03.1").major());
}

#[test]
fn names_that_are_not_versions() {
    let long = "1".repeat(256);
    let others = [
        "Current",
        "Settings",
        "Variable",
        ".git",
        "..",
        ".",
        "1.0-failed",
        "1.0-Disabled",
        "",
        "1/2",
        "1\n",
        "1\u{7f}",
        &long,
    ];
    for name in others {
        assert!(fault_of_name(name).is_some(), "{name:?}");
    }
    for name in ["1.0", "git", "2.24.33-r2-i686", "Größe", "current", &long[1..]] {
        assert!(fault_of_name(name).is_none(), "{name:?}");
    }
}

#[test]
fn serde_keeps_the_text() {
    let json = serde_json::to_string(&(v("1.0-r2"), v("1.0").major(), v("git").major())).unwrap();
    assert_eq!(json, r#"["1.0-r2","1","git"]"#);
    let back: (Version, Major, Major) = serde_json::from_str(&json).unwrap();
    assert_eq!(back, (v("1.0-r2"), v("1.2").major(), v("git").major()));
}

/// Texts that look like versions more often than not.
fn any_version() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "(v?[0-9]{1,3}([._-]?([0-9]{1,2}|rc|beta|a|b|pre|~|git|dev|bin|p)){0,4}(-r[0-9]{1,2}(p[0-9])?)?(-i686)?)",
        1 => any::<String>(),
    ]
}

proptest! {
    #[test]
    fn the_order_is_total_and_consistent(a in any_version(), b in any_version(), c in any_version()) {
        let (a, b, c) = (v(&a), v(&b), v(&c));
        prop_assert_eq!(a.cmp_order(&b), b.cmp_order(&a).reverse());
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        let mut sorted = [&a, &b, &c];
        sorted.sort();
        prop_assert!(sorted[0].cmp_order(sorted[2]) != Ordering::Greater, "{:?}", sorted);
        if a.cmp_order(&b) == Ordering::Equal {
            prop_assert_eq!(a.cmp_order(&c), b.cmp_order(&c));
        }
        if a.same_without_revision(&b) && !a.has_revision() && !b.has_revision() {
            prop_assert_eq!(a.cmp_order(&b), Ordering::Equal);
        }
    }

    #[test]
    fn a_major_survives_serde(a in any_version()) {
        let major = v(&a).major();
        let json = serde_json::to_string(&major).unwrap();
        prop_assert_eq!(serde_json::from_str::<Major>(&json).unwrap(), major);
    }
}
