//! `gobo-session plan`: what a view would hold, and why.

use super::arguments::Plan as Arguments;
use super::exit::Exit;
use super::request::Asked;
use super::talk;
use crate::compile::compile;
use crate::error::Result;
use crate::layer::Size;
use crate::plan::{Choice, Plan, Source};
use crate::text::Safe;
use serde_json::json;
use std::fmt::Write as _;

pub(super) fn plan(arguments: &Arguments) -> Result<Exit> {
    let asked = Asked::new(&arguments.wishes, &arguments.command)?;
    let plan = asked.plan()?;
    let layer = compile(&asked.tree, &plan)?;
    if arguments.json {
        let Size { links, folders, whiteouts } = layer.size();
        let layer = json!({ "links": links, "folders": folders, "whiteouts": whiteouts, "notes": layer.notes });
        println!("{}", json!({ "id": plan.id().to_string(), "plan": plan, "layer": layer }));
        return Ok(Exit::Done);
    }
    talk::diagnostics(&plan.notes);
    layer.notes.iter().for_each(|note| talk::warn(note));
    print!("{}", describe(&plan, layer.size()));
    Ok(Exit::Done)
}

/// The plan as a person reads it: a tree of what differs from the base, with reasons; conflicts and gaps at the end.
fn describe(plan: &Plan, size: Size) -> String {
    let mut text = String::new();
    let profile = plan.profile.as_deref().map(|name| format!("profile {name}, ")).unwrap_or_default();
    let _ = writeln!(text, "{profile}{}, plan {}", plan.arch, plan.id());
    let roots = (0..plan.chosen.len()).filter(|place| parent(&plan.chosen[*place]).is_none());
    for place in roots {
        describe_choice(plan, place, "", "", &mut text);
    }
    if plan.chosen.is_empty() {
        text.push_str("nothing is asked for: the view is the index as it is\n");
    }
    let current = plan.chosen.iter().filter(|choice| choice.linked).count();
    let _ = writeln!(
        text,
        "{} of {} versions are current already; the layer holds {} links, {} folders, {} whiteouts",
        current,
        plan.chosen.len(),
        size.links,
        size.folders,
        size.whiteouts
    );
    for conflict in &plan.conflicts {
        let winner = &plan.chosen[conflict.winner];
        let _ = writeln!(
            text,
            "conflict: `{}` ({}) gives way to {} {} ({})",
            conflict.requirement,
            plan.because(&conflict.source).join(", "),
            winner.program,
            winner.version,
            plan.because(&winner.source).join(", "),
        );
    }
    for missing in &plan.missing {
        let because = plan.because(&missing.source).join(", ");
        let _ = writeln!(text, "missing: `{}` ({because}): {}", missing.requirement, Safe(&missing.why));
    }
    text
}

fn parent(choice: &Choice) -> Option<usize> {
    match choice.source {
        Source::Dependency { of, .. } => Some(of),
        _ => None,
    }
}

/// One version and below it those that it brought; what is current is folded unless something below is not.
fn describe_choice(plan: &Plan, place: usize, first: &str, rest: &str, text: &mut String) {
    let choice = &plan.chosen[place];
    let state = if choice.linked { "current" } else { "layered" };
    let reason = match &choice.source {
        Source::Dependency { line, .. } => format!("needed as `{}`, line {line}", choice.requirement),
        source => format!("`{}` {source}", choice.requirement),
    };
    let name = format!("{first}{} {}", choice.program, choice.version);
    let _ = writeln!(text, "{name:<36} {state}  {}", Safe(&reason));
    let children: Vec<usize> =
        (0..plan.chosen.len()).filter(|child| parent(&plan.chosen[*child]) == Some(place)).collect();
    let (shown, folded): (Vec<usize>, Vec<usize>) = children.into_iter().partition(|child| differs(plan, *child));
    let lines = shown.len() + usize::from(!folded.is_empty());
    for (number, child) in shown.iter().enumerate() {
        let is_last = number + 1 == lines;
        let (branch, trunk) = if is_last { ("└── ", "    ") } else { ("├── ", "│   ") };
        describe_choice(plan, *child, &format!("{rest}{branch}"), &format!("{rest}{trunk}"), text);
    }
    if !folded.is_empty() {
        let names: Vec<&str> = folded.iter().map(|child| plan.chosen[*child].program.as_str()).collect();
        let _ = writeln!(text, "{rest}└── current: {}", names.join(", "));
    }
}

/// Whether a version, or one that it brought, is not current.
fn differs(plan: &Plan, place: usize) -> bool {
    !plan.chosen[place].linked
        || (place + 1..plan.chosen.len())
            .any(|child| parent(&plan.chosen[child]) == Some(place) && differs(plan, child))
}
