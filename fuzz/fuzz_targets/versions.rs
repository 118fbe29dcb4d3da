//! The order of versions is a total order, and everything that compares versions goes by it.
#![no_main]

use gobo_session::requirement::{Constraint, Op};
use gobo_session::version::{Version, fault_of_name};
use libfuzzer_sys::fuzz_target;
use std::cmp::Ordering;

fuzz_target!(|data: &[u8]| {
    // One version a line; three of them, some of which may be equal, are all that a law is about.
    let text = String::from_utf8_lossy(data);
    let lines: Vec<&str> = text.splitn(3, '\n').collect();
    let at = |index: usize| Version::new(lines[index % lines.len()]);
    let (a, b, c) = (at(0), at(1), at(2));
    for version in [&a, &b, &c] {
        check_one(version);
    }
    for (x, y) in [(&a, &b), (&b, &c), (&a, &c)] {
        check_pair(x, y);
    }
    for (x, y, z) in [(&a, &b, &c), (&a, &c, &b), (&b, &a, &c), (&b, &c, &a), (&c, &a, &b), (&c, &b, &a)] {
        check_triple(x, y, z);
    }
});

fn check_one(a: &Version) {
    assert_eq!(a.cmp(a), Ordering::Equal);
    assert_eq!(a.cmp_order(a), Ordering::Equal);
    assert!(a.same_without_revision(a));
    assert_eq!(Version::new(a.as_str()), *a);
    assert_eq!(a.to_string(), a.as_str());
    let major = a.major();
    assert_eq!(Version::new(a.as_str()).major(), major);
    // What a number is does not depend on how it is written.
    if a.as_str().contains(|c: char| c.is_ascii_digit()) {
        assert_eq!(Version::new(&major.to_string()).major(), major, "{a:?}");
    }
    let _ = fault_of_name(a.as_str());
}

fn check_pair(a: &Version, b: &Version) {
    assert_eq!(a.cmp(b), b.cmp(a).reverse(), "{a:?} {b:?}");
    assert_eq!(a.cmp_order(b), b.cmp_order(a).reverse(), "{a:?} {b:?}");
    assert_eq!(a.cmp(b) == Ordering::Equal, a == b, "{a:?} {b:?}");
    assert_eq!(a == b, a.as_str() == b.as_str());
    // Sorting refines the order of constraints.
    let order = a.cmp_order(b);
    assert!(order == Ordering::Equal || a.cmp(b) == order, "{a:?} {b:?}");
    assert_eq!(a.same_without_revision(b), b.same_without_revision(a), "{a:?} {b:?}");
    assert!(order != Ordering::Equal || a.same_without_revision(b), "{a:?} {b:?}");
    check_constraints(a, b);
}

/// Whatever a constraint admits, its opposite does not; and bounds go by the order.
fn check_constraints(a: &Version, b: &Version) {
    let admits = |op| Constraint { op, version: b.clone() }.admits(a);
    assert_ne!(admits(Op::Equal), admits(Op::NotEqual), "{a:?} {b:?}");
    assert_ne!(admits(Op::Less), admits(Op::GreaterEqual), "{a:?} {b:?}");
    assert_ne!(admits(Op::Greater), admits(Op::LessEqual), "{a:?} {b:?}");
    let order = a.cmp_order(b);
    assert_eq!(admits(Op::Less), order == Ordering::Less, "{a:?} {b:?}");
    assert_eq!(admits(Op::Greater), order == Ordering::Greater, "{a:?} {b:?}");
    assert!(order != Ordering::Equal || admits(Op::Equal), "{a:?} {b:?}");
}

fn check_triple(a: &Version, b: &Version, c: &Version) {
    if a <= b && b <= c {
        assert!(a <= c, "{a:?} {b:?} {c:?}");
    }
    let not_after = |x: &Version, y: &Version| x.cmp_order(y) != Ordering::Greater;
    if not_after(a, b) && not_after(b, c) {
        assert!(not_after(a, c), "{a:?} {b:?} {c:?}");
    }
    // What is one version is one to everybody else.
    if a.cmp_order(b) == Ordering::Equal {
        assert_eq!(a.cmp_order(c), b.cmp_order(c), "{a:?} {b:?} {c:?}");
    }
    if a.same_without_revision(b) && b.same_without_revision(c) {
        assert!(a.same_without_revision(c), "{a:?} {b:?} {c:?}");
    }
}
