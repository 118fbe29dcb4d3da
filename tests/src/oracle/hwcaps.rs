//! Both architectures: 64-bit libraries whose names were taken by 32-bit ones stay reachable for the 64-bit loader.

use std::collections::BTreeMap;

use anyhow::Result;

use super::index::Entry;
use super::parts::{Member, Origin, Part, base_real_file};
use super::plug_ins;
use super::rules::Rules;
use super::words::{Architecture, Kind, owner};

/// "Where a file that is claimed by an i686 version takes a name directly in `lib` that holds `.so`, and the next file
/// in the order that does not come from an i686 version exists, that one is reachable at
/// `lib/glibc-hwcaps/x86-64-v2/NAME`": these links, by their full names, with their texts. "A claim or a base entry at
/// that very name goes before it": so they are the last to take part there.
pub(super) fn links(
    rules: &Rules<'_>,
    members: &[Member],
    parts_in_lib: &BTreeMap<String, Vec<Part>>,
) -> Result<BTreeMap<String, String>> {
    let mut links = BTreeMap::new();
    let old_loader = glibc_needs_more(rules)?;
    for (name, parts) in parts_in_lib {
        let Some(next) = taken_from(rules, name, parts) else { continue };
        links.insert(format!("lib/glibc-hwcaps/x86-64-v2/{name}"), next.text.clone());
        if old_loader {
            links.insert(format!("lib/x86_64/{name}"), next.text.clone());
        }
    }
    links.extend(plug_ins::links(rules, members, parts_in_lib)?);
    Ok(links)
}

/// The file that an i686 version took the name from, if it did.
pub(super) fn taken_from<'p>(rules: &Rules<'_>, name: &str, parts: &'p [Part]) -> Option<&'p Part> {
    let (first, others) = parts.split_first()?;
    let is_claim = matches!(first.origin, Origin::Claim { .. });
    let is_taken = is_claim && first.kind == Kind::File && base_real_file(parts).is_none();
    if !name.contains(".so") || !is_taken || !comes_from_i686(rules, first) {
        return None;
    }
    others.iter().find(|part| part.kind == Kind::File && !comes_from_i686(rules, part))
}

fn comes_from_i686(rules: &Rules<'_>, part: &Part) -> bool {
    match &part.origin {
        Origin::Claim { place, .. } => rules.choice.versions[*place].architecture.is("i686"),
        Origin::Link { owner: Some(owner) } => owner.architecture.is("i686"),
        Origin::Link { owner: None } | Origin::Base | Origin::Hwcaps => false,
    }
}

/// "Where the 64-bit Glibc (the chosen x86_64 version of `Glibc`, else the owner of the base's `lib/libc.so.6`) is older
/// than 2.37 or not known, the same link stands in `lib/x86_64/NAME`."
fn glibc_needs_more(rules: &Rules<'_>) -> Result<bool> {
    let chosen = rules.choice.versions.iter().find(|version| {
        version.program == "Glibc" && version.architecture == Architecture::One("x86_64".to_owned())
    });
    let version = match (chosen, rules.base.get("lib/libc.so.6")) {
        (Some(chosen), _) => Some(chosen.version.clone()),
        (None, Some(Entry::Link(text))) => owner(rules.tree, "lib", text)?.map(|owner| owner.version),
        (None, _) => None,
    };
    Ok(match version.as_deref().map(numbers) {
        None => true,
        Some(numbers) if numbers.is_empty() => true,
        Some(numbers) => numbers < vec![2, 37],
    })
}

/// The numbers that a version begins with: `2.36-i686` has 2 and 36.
fn numbers(version: &str) -> Vec<u64> {
    let beginning = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or("");
    beginning.split('.').map_while(|number| number.parse().ok()).collect()
}
