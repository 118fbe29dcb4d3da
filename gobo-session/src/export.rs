//! The variables of a view: what its programs' `Resources/Environment` export, and what its profile sets.
//!
//! Files are evaluated from the weakest version to the strongest, so that what the strongest assigns stands, and what
//! it puts in front of a list is in front. The profile's own variables stand over theirs. Last comes what we set ourselves
//! where a view serves two architectures.

use crate::compile::plug_ins;
use crate::diagnostic::{Diagnostic, Severity};
use crate::environment::{Scope, evaluate, forbidden};
use crate::error::{Error, Result, Step};
use crate::kernel::Far;
use crate::layer::Layer;
use crate::plan::Plan;
use crate::tree::Tree;
use crate::trusted::{self, Kind, Trust};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// What a view does to an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exports {
    /// Variables to set, in the order in which they were first set.
    pub variables: Vec<(String, String)>,
    /// Variables to remove.
    pub removed: Vec<String>,
    /// What was not understood, or not allowed.
    pub notes: Vec<Diagnostic>,
    /// Whether it depends on nothing but the plan and its programs: not on the environment before, and not on who could
    /// write the folders of a PATH.
    pub is_fixed: bool,
    /// The variables of the environment before of which something may have come, and what they were; `None` where they were not
    /// set. Over another environment in which these are the same it all is.
    pub asked: BTreeMap<String, Option<String>>,
}

/// Works out what a plan's programs and profile, and its layer, do to the environment `start`.
///
/// Nothing is read from this process's own environment (R8), and nothing is run.
///
/// # Errors
/// Where an Environment file cannot be read.
pub fn of_plan(
    tree: &Tree,
    plan: &Plan,
    layer: &Layer,
    start: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Exports> {
    let mut scope = Scope::gobolinux();
    let mut given = BTreeMap::new();
    for (name, value) in start {
        if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
            scope.import(name, value);
            given.insert(name.to_owned(), value.to_owned());
        }
    }
    let mut exports = Exports::default();
    let layered: Vec<_> = plan.to_link().map(|(_, choice)| choice).collect();
    for choice in layered.into_iter().rev() {
        // What other programs are meant by `Current`: the strongest version of each.
        for other in plan.chosen.iter().rev() {
            scope.set_current(other.program.as_str(), &other.version);
        }
        let Some(program) = tree.program(&choice.program)? else { continue };
        let Some(version) = program.version(tree, &choice.version) else { continue };
        if let Some(text) = version.environment(tree)? {
            // A view may hold two majors of one program: each file means its own by `Current`.
            scope.set_current(choice.program.as_str(), &choice.version);
            let file = tree.version_path(&choice.program, &choice.version).join("Resources/Environment");
            exports.notes.extend(evaluate(&file.display().to_string(), &text, &mut scope));
        }
    }
    exports.variables = scope.exported().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    exports.removed = scope.removed().map(str::to_owned).collect();
    let set = exports.variables.iter().map(|(name, _)| name).chain(plan.environment.keys());
    exports.is_fixed = !scope.asked_for_imported() && set.into_iter().all(|name| name != "PATH");
    exports.variables.retain(|(name, value)| match open_element(tree, name, value) {
        Some(element) => {
            let message = format!("PATH is not set: {element} could be filled by others than root");
            exports.notes.push(Diagnostic::of_file(Severity::Warning, "Environment", message));
            false
        }
        None => true,
    });
    for (name, value) in &plan.environment {
        if let Some(element) = open_element(tree, name, value) {
            let what =
                format!("the profile sets PATH, and {element} in it could be filled by others than root");
            return Err(Error::new(Step::Configure, what).with_cure("leave it out of PATH"));
        }
    }
    exports.add_profile(&plan.environment);
    for (name, ours) in plug_ins::variables(tree.layout(), layer) {
        let was = scope.get(name).map(str::to_owned);
        exports.put_in_front(name, ours, was);
    }
    exports.asked = scope.asked().into_iter().map(|name| (name.clone(), given.remove(&name))).collect();
    Ok(exports)
}

impl Exports {
    /// Whether they are what [`of_plan`] would give over another environment, where nothing else has changed.
    #[must_use]
    #[cfg(feature = "cli")]
    pub(crate) fn hold_over(&self, tree: &Tree, start: &[(OsString, OsString)]) -> bool {
        // Who could write the folders of a PATH is looked at each time.
        let is_path = |(name, _): &(String, String)| name == "PATH" && tree.trust() == Trust::RootOnly;
        let is_same = |(name, was): (&String, &Option<String>)| {
            let given = start.iter().rfind(|(given, _)| given == name.as_str());
            given.and_then(|(_, value)| value.to_str()) == was.as_deref()
        };
        !self.variables.iter().any(is_path) && self.asked.iter().all(is_same)
    }

    /// Puts a profile's variables over all; they were filtered when the profile was read, and are again.
    fn add_profile(&mut self, variables: &BTreeMap<String, String>) {
        for (name, value) in variables.iter().filter(|(name, value)| forbidden(name, value).is_none()) {
            self.variables.retain(|(known, _)| known != name);
            self.removed.retain(|known| known != name);
            self.variables.push((name.clone(), value.clone()));
        }
    }

    /// Puts our own words in front of a list, which others may have set, or which `was` there before.
    fn put_in_front(&mut self, name: &str, ours: String, was: Option<String>) {
        let set = self.variables.iter().position(|(known, _)| known == name);
        let theirs = set.map(|at| self.variables.remove(at).1).or(was).unwrap_or_default();
        let value = match theirs.strip_prefix(&ours) {
            Some("") => ours,
            Some(rest) if rest.starts_with(':') => theirs,
            _ if theirs.is_empty() => ours,
            _ => format!("{ours}:{theirs}"),
        };
        self.variables.push((name.to_owned(), value));
    }

    /// An environment with these changes.
    #[must_use]
    pub fn applied_to(
        &self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Vec<(OsString, OsString)> {
        let is_changed = |name: &OsString| {
            self.removed.iter().any(|removed| name == removed.as_str())
                || self.variables.iter().any(|(set, _)| name == set.as_str())
        };
        let kept = environment.into_iter().filter(|(name, _)| !is_changed(name));
        let set = self.variables.iter().map(|(name, value)| (name.into(), value.into()));
        kept.chain(set).collect()
    }
}

/// The element of a PATH for a login that others than root could fill (R8).
fn open_element<'v>(tree: &Tree, name: &str, value: &'v str) -> Option<&'v str> {
    if name != "PATH" || tree.trust() == Trust::Anyone {
        return None;
    }
    // What a file server holds is looked at only where it is the tree's own, which was reached before.
    let far = Far::now();
    let layout = tree.layout();
    let is_of_tree = |path: &Path| path.starts_with(&layout.programs) || path.starts_with(&layout.index);
    value.split(':').find(|element| {
        let path = Path::new(element);
        if far.touches(path) && !is_of_tree(path) {
            return true;
        }
        let opened = trusted::open(tree.root().fd(), path, Trust::RootOnly, Kind::Directory);
        opened.is_err_and(|error| error.is_untrusted())
    })
}
