//! `gobo-session plan`: what a view would hold, and why.

mod dot;
mod text;

use super::arguments::Plan as Arguments;
use super::exit::Exit;
use super::request::Asked;
use super::talk;
use crate::compile::compile;
use crate::error::Result;
use crate::layer::Size;
use serde_json::json;

pub(super) fn plan(arguments: &Arguments) -> Result<Exit> {
    let asked = Asked::new(&arguments.question.wishes, &arguments.question.command)?;
    let plan = asked.plan()?;
    if arguments.dot {
        return Ok(talk::data(&dot::graph(&plan)));
    }
    let layer = compile(&asked.place.tree, &plan)?;
    if arguments.form.json {
        let Size { links, folders, whiteouts } = layer.size();
        let layer =
            json!({ "links": links, "folders": folders, "whiteouts": whiteouts, "notes": layer.notes });
        return Ok(talk::json(&json!({ "id": plan.id().to_string(), "plan": plan, "layer": layer })));
    }
    let shown = talk::data(&text::describe(&plan, layer.size()));
    talk::diagnostics(&plan.notes);
    layer.notes.iter().for_each(|note| talk::warn(note));
    Ok(shown)
}
