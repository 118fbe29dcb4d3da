//! What has changed on the host since a view was made: the view goes on as it is, and its plan says what it was.

use crate::compile::compile;
use crate::error::Result;
use crate::layer::Layer;
use crate::plan::{Choice, Plan};
use crate::text::few;
use crate::tree::Tree;

/// What is no longer as a plan says, as sentences.
///
/// # Errors
/// Where the tree or the view's layer cannot be read.
pub(super) fn since(tree: &Tree, plan: &Plan, layer: &Layer) -> Result<Vec<String>> {
    let mut changes = Vec::new();
    let mut is_complete = true;
    for choice in &plan.chosen {
        let Choice { program: name, version, .. } = choice;
        let program = tree.program(name)?;
        let Some((program, folder)) = program.as_ref().and_then(|p| Some((p, p.version(tree, version)?)))
        else {
            changes.push(format!("{name} {version} is no longer installed"));
            is_complete = false;
            continue;
        };
        let is_current = program.current.as_deref() == Some(version);
        match (choice.linked, is_current && tree.is_linked(folder)?) {
            (true, false) if is_current => changes.push(format!("{name} {version} is no longer linked")),
            (true, false) => {
                let now = program.current.as_deref().unwrap_or("none");
                changes.push(format!("{name} {version} is no longer current, but {now}"));
            }
            (false, true) => changes.push(format!("{name} {version} is current by now")),
            (true, true) | (false, false) => {}
        }
    }
    if is_complete {
        let names = compile(tree, plan)?.differences(layer);
        if !names.is_empty() {
            changes.push(format!("the layer would be another at {}", few(&names)));
        }
    }
    Ok(changes)
}
