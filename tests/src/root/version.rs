//! Debian's version numbers: their order, and the upstream version that a GoboLinux folder is named after.

use std::cmp::Ordering;

/// The parts of `[EPOCH:]UPSTREAM[-REVISION]`.
fn split(version: &str) -> (u32, &str, &str) {
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, version),
    };
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

/// Compares two Debian versions as dpkg does.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (epoch_a, upstream_a, revision_a) = split(a);
    let (epoch_b, upstream_b, revision_b) = split(b);
    epoch_a
        .cmp(&epoch_b)
        .then_with(|| compare_part(upstream_a, upstream_b))
        .then_with(|| compare_part(revision_a, revision_b))
}

/// Compares upstream versions (or revisions): runs of other characters and numbers in turn, a tilde before everything,
/// even before the end.
pub fn compare_part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        while starts_with_other(a) || starts_with_other(b) {
            match weight(a).cmp(&weight(b)) {
                Ordering::Equal => (a, b) = (rest(a), rest(b)),
                unequal => return unequal,
            }
        }
        let (number_a, after_a) = leading_number(a);
        let (number_b, after_b) = leading_number(b);
        let order = number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b));
        if order.is_ne() {
            return order;
        }
        (a, b) = (after_a, after_b);
    }
    Ordering::Equal
}

fn starts_with_other(text: &[u8]) -> bool {
    text.first().is_some_and(|c| !c.is_ascii_digit())
}

fn weight(text: &[u8]) -> i32 {
    match text.first() {
        Some(b'~') => -1,
        None | Some(b'0'..=b'9') => 0,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    }
}

fn rest(text: &[u8]) -> &[u8] {
    text.get(1..).unwrap_or_default()
}

/// The number at the start without its leading zeros, and what follows.
fn leading_number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
    let zeros = text[..end].iter().take_while(|c| **c == b'0').count();
    (&text[zeros..end], &text[end..])
}

/// Words that a Debian maintainer appends to the upstream version, after one of `+ ~ . -`.
const REPACKED: [&str; 8] = ["dfsg", "ds", "repack", "really", "git", "snapshot", "nmu", "20"];

/// The upstream version that a program's folder is named after: without epoch, revision and what Debian appended.
pub fn upstream(version: &str) -> &str {
    let (_, upstream, _) = split(version);
    let end = upstream
        .match_indices(['+', '~', '.', '-'])
        .find(|(at, separator)| {
            REPACKED.iter().any(|word| match upstream[at + 1..].strip_prefix(word) {
                // A date: `6.2+20201114`, but not `2.36.20` nor `1.0-2023`.
                Some(after) if *word == "20" => {
                    *separator == "+"
                        && after.len() >= 6
                        && after.as_bytes()[..6].iter().all(u8::is_ascii_digit)
                }
                Some(after) => !after.starts_with(|c: char| c.is_ascii_alphabetic()),
                None => false,
            })
        })
        .map_or(upstream.len(), |(at, _)| at);
    &upstream[..end]
}

/// The version for a line of a Dependencies file: no pre-release tail, which GoboLinux' versions do not have.
pub fn lower_bound(version: &str) -> &str {
    let upstream = upstream(version);
    upstream.split('~').next().unwrap_or(upstream).split('+').next().unwrap_or(upstream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_dpkgs() {
        let ascending = [
            "1.0~~",
            "1.0~rc1-1",
            "1.0",
            "1.0-1",
            "1.0-1+b1",
            "1.0a",
            "1.0+dfsg",
            "1.0.1",
            "1.2",
            "1.10",
            "1:0.5",
            "2:0.1",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} and {b}");
            }
        }
        assert_eq!(compare("1.01", "1.1"), Ordering::Equal);
        assert_eq!(compare("0:1.0-0", "1.0"), Ordering::Equal);
        assert_eq!(compare("2.36-9+deb12u14", "2.36-9+deb12u9"), Ordering::Greater);
        assert_eq!(compare("9.2p1-2", "9.2-2"), Ordering::Greater);
    }

    #[test]
    fn upstream_versions() {
        for (debian, gobo) in [
            ("2.36-9+deb12u14", "2.36"),
            ("1:9.2p1-2+deb12u10", "9.2p1"),
            ("1:1.2.13.dfsg-1", "1.2.13"),
            ("5.3.28+dfsg2-1", "5.3.28"),
            ("1.3.3+ds-1", "1.3.3"),
            ("6.2+20201114-2+deb11u2", "6.2"),
            ("3.23+nmu1", "3.23"),
            ("3.1-20221030-2", "3.1-20221030"),
            ("3.0pl1-162", "3.0pl1"),
            ("7.6.q-32", "7.6.q"),
            ("1.1.1w-0+deb11u1", "1.1.1w"),
            ("2.36.20-1", "2.36.20"),
            ("2.10+really2.9-1", "2.10"),
            ("2.0.dsa-1", "2.0.dsa"),
        ] {
            assert_eq!(upstream(debian), gobo, "{debian}");
        }
        assert_eq!(lower_bound("1:3.4~"), "3.4");
        assert_eq!(lower_bound("5.1.1alpha+20120614"), "5.1.1alpha");
        assert_eq!(lower_bound("0.0~r130"), "0.0");
    }
}
