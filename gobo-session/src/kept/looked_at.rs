//! What a login looks at to see whether a kept view is as it would be made now.

use super::seen::{Place, Things};
use super::{RESOURCES, Way};
use crate::kernel::layers;
use crate::layer::Layer;
use crate::resolve::COMPATIBILITY_LIST;
use crate::try_out::SHELLS;
use std::collections::BTreeSet;

/// Files outside programs and index that are read on the way.
const FILES: [&str; 2] = [SHELLS, COMPATIBILITY_LIST];

/// What the plan, the layer, the variables and the try-out come from, as far as a login looks at it.
///
/// Of programs that were asked for: the folder, in which versions come and go and are made current, and those of versions
/// that were linked, or were not to be trusted. Of the index: every folder that was asked for its names, so all of what the
/// package tools change when they install or switch a program. All of this is looked at by each login.
///
/// Now and then a login looks at what only changes by hand, too: what linked versions say of themselves, and the folders that
/// they have for the index, so that it is seen when others were given the right to write there (R4). What is deeper in
/// versions, what other versions say of themselves, and the content of programs and libraries, is not looked at again.
pub(super) fn of(way: &Way<'_>) -> Things {
    let of_programs = |path: String| (Place::Programs, path.into_bytes());
    let mut always = BTreeSet::new();
    let files = FILES.into_iter().chain(way.files.iter().map(String::as_str));
    always.extend(files.map(|file| (Place::Root, file.as_bytes().to_vec())));
    let areas = way.tree.layout().areas.iter().map(|area| area.name.clone().into_bytes());
    always.extend(way.tree.index().asked().into_iter().chain(areas).map(|path| (Place::Index, path)));
    always.insert(of_programs(".".to_owned()));
    for (name, program) in way.tree.asked().into_iter().filter_map(|(name, program)| Some((name, program?))) {
        let refused = program.named().iter().filter(|version| version.was_refused());
        always.extend(refused.map(|version| of_programs(format!("{name}/{}", version.version.as_str()))));
        always.insert(of_programs(name.to_string()));
    }
    let linked =
        || way.road.plan.to_link().map(|(_, choice)| format!("{}/{}", choice.program, choice.version));
    always.extend(linked().map(of_programs));
    let sources = || way.tree.layout().areas.iter().flat_map(|area| &area.sources);
    let within = linked().flat_map(|folder| {
        let parts = sources().map(|source| format!("{folder}/{source}"));
        let files = RESOURCES.iter().map(|file| format!("{folder}/Resources/{file}"));
        parts.chain(files).chain([format!("{folder}/Resources")]).collect::<Vec<_>>()
    });
    Things { always, seldom: within.map(of_programs).collect() }
}

/// What is looked at of a layer that is kept: what lies deep in it only now and then.
pub(super) fn of_kept(layer: &Layer) -> Things {
    let parts = layers::parts(layer).map(|path| (Place::Kept, path));
    let (seldom, always) = parts.partition(|(_, path)| is_deep(path));
    Things { always, seldom }
}

/// Whether a path of a plan's folder lies below one of the parts of the index.
fn is_deep(path: &[u8]) -> bool {
    path.iter().filter(|byte| **byte == b'/').count() > 1
}
