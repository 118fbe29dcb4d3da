//! Both architectures: each finds plug-ins that are opened by path.

use std::collections::BTreeMap;

use anyhow::Result;

use super::hwcaps::taken_from;
use super::parts::{Member, Part, base_real_file};
use super::rules::Rules;
use super::words::{Kind, Way, look};

/// The names in `lib/by-platform`, with their texts; none where nothing is to be found there.
pub(super) fn links(
    rules: &Rules<'_>,
    members: &[Member],
    parts_in_lib: &BTreeMap<String, Vec<Part>>,
) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    if let Some(brought) = converters(rules, members)? {
        found.insert("x86_64/gconv".to_owned(), "/System/Index/lib/gconv".to_owned());
        found.insert("i686/gconv".to_owned(), brought);
    }
    for folder in ["gtk-2.0", "gtk-3.0"] {
        let mut lost = BTreeMap::new();
        if let Some(parts) = parts_in_lib.get(folder) {
            lost_below(rules, &format!("lib/{folder}"), parts, &mut lost)?;
        }
        if !lost.is_empty() {
            found.insert(format!("i686/{folder}"), format!("/System/Index/lib/{folder}"));
        }
        found.extend(lost);
    }
    if !found.is_empty() {
        for word in ["haswell", "xeon_phi", "$PLATFORM"] {
            found.insert(word.to_owned(), "/System/Index/lib/by-platform/x86_64".to_owned());
        }
        for word in ["i586", "i486", "i386"] {
            found.insert(word.to_owned(), "/System/Index/lib/by-platform/i686".to_owned());
        }
    }
    Ok(found.into_iter().map(|(name, text)| (format!("lib/by-platform/{name}"), text)).collect())
}

/// "Where the base has a folder `lib/gconv` and a chosen i686 version to be linked brings one": that of the first such
/// version.
fn converters(rules: &Rules<'_>, members: &[Member]) -> Result<Option<String>> {
    let is_folder =
        |way: &Way| anyhow::Ok(matches!(look(rules.tree, way, "gconv")?, Some(Kind::Directory(_))));
    let mut brought = None;
    let mut base_has_it = false;
    for member in members {
        match member {
            Member::Claim { place, folder, way, .. }
                if brought.is_none()
                    && rules.choice.versions[*place].architecture.is("i686")
                    && is_folder(way)? =>
            {
                brought = Some(format!("{folder}/gconv"));
            }
            Member::Base { way } => base_has_it = is_folder(way)?,
            _ => {}
        }
    }
    Ok(brought.filter(|_| base_has_it))
}

/// "Where in `lib/gtk-2.0` or `lib/gtk-3.0`, at any depth, an i686 version takes a name as it takes one directly in `lib`":
/// `x86_64/` and the name, and what it was taken from. Only real directories of the view are entered.
fn lost_below(
    rules: &Rules<'_>,
    name: &str,
    parts: &[Part],
    lost: &mut BTreeMap<String, String>,
) -> Result<()> {
    let Some(first) = parts.first().filter(|_| base_real_file(parts).is_none()) else { return Ok(()) };
    if first.kind == Kind::File {
        let (_, last) = name.rsplit_once('/').expect("a name in a folder");
        if let Some(next) = taken_from(rules, last, parts) {
            let below = name.strip_prefix("lib/").expect("a name in lib");
            lost.insert(format!("x86_64/{below}"), next.text.clone());
        }
        return Ok(());
    }
    let members: Vec<Member> =
        parts.iter().filter(|part| part.kind != Kind::File).map(Part::to_member).collect();
    if members.len() > 1 {
        for (child, parts) in rules.parts_directly_in(name, &members)? {
            lost_below(rules, &format!("{name}/{child}"), &parts, lost)?;
        }
    }
    Ok(())
}
