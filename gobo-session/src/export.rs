//! The variables of a view: what its programs' `Resources/Environment` export, and what its profile sets.
//!
//! Files are evaluated from the weakest version to the strongest, so that what the strongest assigns stands, and what
//! it puts in front of a list is in front. The profile's own variables stand over theirs. Last comes what we set ourselves
//! where a view serves two architectures.

use crate::compile::plug_ins;
use crate::diagnostic::{Diagnostic, Severity};
use crate::environment::{Scope, evaluate, forbidden};
use crate::error::Result;
use crate::layer::Layer;
use crate::plan::Plan;
use crate::tree::Tree;
use crate::trusted::{self, Kind, Trust};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// What a view does to an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exports {
    /// Variables to set, in the order in which they were first set.
    pub variables: Vec<(String, String)>,
    /// Variables to remove.
    pub removed: Vec<String>,
    /// What was not understood, or not allowed.
    pub notes: Vec<Diagnostic>,
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
    for (name, value) in start {
        if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
            scope.import(name, value);
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
        let Some(version) = program.version(&choice.version) else { continue };
        if let Some(text) = version.environment(tree)? {
            // A view may hold two majors of one program: each file means its own by `Current`.
            scope.set_current(choice.program.as_str(), &choice.version);
            let file = tree.version_path(&choice.program, &choice.version).join("Resources/Environment");
            exports.notes.extend(evaluate(&file.display().to_string(), &text, &mut scope));
        }
    }
    exports.variables = scope.exported().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    exports.removed = scope.removed().map(str::to_owned).collect();
    exports.variables.retain(|(name, value)| !has_open_path(tree, name, value, &mut exports.notes));
    exports.add_profile(&plan.environment);
    exports.variables.extend(plug_ins::variables(tree.layout(), layer));
    Ok(exports)
}

impl Exports {
    /// Puts a profile's variables over all; they were filtered when the profile was read, and are again.
    fn add_profile(&mut self, variables: &BTreeMap<String, String>) {
        for (name, value) in variables.iter().filter(|(name, value)| forbidden(name, value).is_none()) {
            self.variables.retain(|(known, _)| known != name);
            self.removed.retain(|known| known != name);
            self.variables.push((name.clone(), value.clone()));
        }
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

/// Whether a PATH for a login has an element that others than root could fill (R8).
fn has_open_path(tree: &Tree, name: &str, value: &str, notes: &mut Vec<Diagnostic>) -> bool {
    if name != "PATH" || tree.trust() == Trust::Anyone {
        return false;
    }
    let open = value.split(':').find(|element| {
        let opened = trusted::open(tree.root(), Path::new(element), Trust::RootOnly, Kind::Directory);
        opened.is_err_and(|error| error.is_untrusted())
    });
    if let Some(element) = open {
        let message = format!("PATH is not set: {element} could be filled by others than root");
        notes.push(Diagnostic::of_file(Severity::Warning, "Environment", message));
    }
    open.is_some()
}
