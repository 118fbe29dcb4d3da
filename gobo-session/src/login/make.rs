//! From a profile's request to a view that nobody sees yet: everything that reads the tree.

use super::Login;
use crate::compile::compile;
use crate::error::Result;
use crate::export;
use crate::kernel::{About, Shown, View};
use crate::plan::Plan;
use crate::resolve::{Request, resolve};
use crate::tree::{Layout, Tree};
use crate::trusted::Trust;
use crate::try_out::{Scope, try_out};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A view, and what goes with it.
pub(super) struct Made {
    /// The view, attached nowhere.
    pub(super) view: View,
    /// Variables to set for the session.
    pub(super) environment: Vec<(String, String)>,
    /// What an administrator wants to know, as sentences.
    pub(super) notes: Vec<String>,
    /// Which view it is, for the debug log.
    pub(super) summary: String,
}

/// Resolves, compiles, tries and mounts.
pub(super) fn view(login: &Login, layout: &Layout, shown: &Shown, request: &Request) -> Result<Made> {
    let tree = Tree::open(Path::new("/"), shown.base(), layout.clone(), Trust::RootOnly)?;
    let plan = resolve(&tree, request)?;
    let layer = compile(&tree, &plan)?;
    try_out(&tree, &plan, &layer, Scope::Login)?;
    let home = login.home.display().to_string();
    let start = [("HOME".into(), home.into()), ("USER".into(), login.user.clone().into())];
    let exports = export::of_plan(&tree, &plan, &layer, start)?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let about = About { user: Some(login.user.clone()), service: Some(login.service.clone()), since };
    Ok(Made {
        view: View::prepare(&tree, &plan, &layer, &about)?,
        environment: exports.variables,
        notes: exports.notes.iter().map(crate::diagnostic::Diagnostic::one_line).collect(),
        summary: describe(&plan),
    })
}

fn describe(plan: &Plan) -> String {
    let layered = plan.to_link().map(|(_, choice)| format!("{} {}", choice.program, choice.version));
    format!("plan {}: {}", plan.id(), layered.collect::<Vec<_>>().join(", "))
}
