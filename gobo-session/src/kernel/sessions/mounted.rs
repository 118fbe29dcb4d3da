//! Which plans there are mounts of, wherever they are and whoever made them.

use super::namespaces;
use crate::kernel::state::told_by;
use std::collections::BTreeSet;

/// The most mounts that are looked at, of one namespace and in all: about a second's work (R18).
const MOST_MOUNTS: usize = 16_384;
const MOST_IN_ALL: usize = 1_048_576;

/// The ids of the plans that mounts name, in any namespace of this machine: of sessions over another index, and of users'
/// own, where copies of a session's mounts outlive it. `None` where that cannot be told of all: one cannot be looked into, or
/// has too many mounts, or all have.
///
/// Anybody can give a mount such a name in a namespace of his own: it is a reason to leave something alone, and no other.
pub(crate) fn plans_mounted() -> Option<BTreeSet<String>> {
    let (mut plans, mut left) = (Some(BTreeSet::new()), MOST_IN_ALL);
    let are_all = namespaces::every(|namespace| {
        let Some(all) = plans.as_mut() else { return };
        match namespace.sources(MOST_MOUNTS.min(left)) {
            Some(sources) => {
                left -= sources.len();
                all.extend(sources.iter().filter_map(|source| plan_of(source)));
            }
            None => plans = None,
        }
    });
    plans.filter(|_| are_all.is_ok_and(|are_all| are_all))
}

/// The id of the plan that a source name tells.
fn plan_of(source: &[u8]) -> Option<String> {
    told_by(std::str::from_utf8(source).ok()?).map(|(_, id)| id.to_owned())
}
