//! `gobo-session plan`: what a view would hold, and why.

use super::arguments::Plan as Arguments;
use super::exit::Exit;
use super::request::Asked;
use super::table::Table;
use super::talk;
use crate::compile::compile;
use crate::error::Result;
use crate::layer::Size;
use crate::plan::{Choice, Plan, Source};
use serde_json::json;

pub(super) fn plan(arguments: &Arguments) -> Result<Exit> {
    let asked = Asked::new(&arguments.wishes, &arguments.command)?;
    let plan = asked.plan()?;
    let layer = compile(&asked.tree, &plan)?;
    if arguments.json {
        let Size { links, folders, whiteouts } = layer.size();
        let layer =
            json!({ "links": links, "folders": folders, "whiteouts": whiteouts, "notes": layer.notes });
        return Ok(talk::data(&format!(
            "{}\n",
            json!({ "id": plan.id().to_string(), "plan": plan, "layer": layer })
        )));
    }
    talk::diagnostics(&plan.notes);
    layer.notes.iter().for_each(|note| talk::warn(note));
    Ok(talk::data(&describe(&plan, layer.size())))
}

/// The plan as a person reads it: a tree of what differs from the base, with reasons; conflicts and gaps at the end.
fn describe(plan: &Plan, size: Size) -> String {
    let profile = plan.profile.as_deref().map(|name| format!("profile {name}, ")).unwrap_or_default();
    let mut table = Table::default();
    table.text(&format!("{profile}{}, plan {}", plan.arch, plan.id()));
    if plan.chosen.is_empty() {
        table.text("nothing is asked for: the view is the index as it is");
        return table.to_string();
    }
    for place in (0..plan.chosen.len()).filter(|place| parent(&plan.chosen[*place]).is_none()) {
        add_choice(plan, place, "", "", &mut table);
    }
    let current = plan.chosen.iter().filter(|choice| choice.linked).count();
    table.text(&format!(
        "current already: {current} of {}; {}",
        count(plan.chosen.len(), "version"),
        layer(size)
    ));
    for conflict in &plan.conflicts {
        let winner = &plan.chosen[conflict.winner];
        let (program, version) = (&winner.program, &winner.version);
        let because = plan.because(&conflict.source).join(", ");
        table.text(&format!("conflict: `{}` gives way to {program} {version}", conflict.requirement));
        table.text(&format!("    required  {because}; {program} {} would meet it", conflict.version));
        table.text(&format!("    chosen    {}", plan.because(&winner.source).join(", ")));
    }
    for missing in &plan.missing {
        table.text(&format!("missing: `{}`: {}", missing.requirement, missing.why));
        table.text(&format!("    required  {}", plan.because(&missing.source).join(", ")));
    }
    plan.impasse.iter().for_each(|why| table.text(&format!("no choice satisfies all: {why}")));
    plan.offer.iter().for_each(|offer| table.text(&format!("offer: {}", offer.sentence)));
    table.to_string()
}

/// The layer in words.
fn layer(size: Size) -> String {
    if (size.links, size.folders, size.whiteouts) == (0, 0, 0) {
        return "the index needs no layer".into();
    }
    let parts = [(size.links, "link"), (size.folders, "folder"), (size.whiteouts, "whiteout")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(number, noun));
    format!("the layer holds {}", parts.collect::<Vec<_>>().join(", "))
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn parent(choice: &Choice) -> Option<usize> {
    match choice.source {
        Source::Dependency { of, .. } => Some(of),
        _ => None,
    }
}

/// One version and below it those that it brought; what is current is folded unless something below is not.
fn add_choice(plan: &Plan, place: usize, first: &str, rest: &str, table: &mut Table<3>) {
    let choice = &plan.chosen[place];
    let reason = match &choice.source {
        Source::Dependency { line, .. } => format!("needed as `{}`, line {line}", choice.requirement),
        Source::Command(path) => format!("the program of {path}"),
        source => format!("`{}` {source}", choice.requirement),
    };
    let state = if choice.linked { "current" } else { "layered" };
    table.row([format!("{first}{} {}", choice.program, choice.version), state.into(), reason]);
    let children: Vec<usize> =
        (0..plan.chosen.len()).filter(|child| parent(&plan.chosen[*child]) == Some(place)).collect();
    let (shown, folded): (Vec<usize>, Vec<usize>) =
        children.into_iter().partition(|child| differs(plan, *child));
    let lines = shown.len() + usize::from(!folded.is_empty());
    for (number, child) in shown.iter().enumerate() {
        let is_last = number + 1 == lines;
        let (branch, trunk) = if is_last { ("└── ", "    ") } else { ("├── ", "│   ") };
        add_choice(plan, *child, &format!("{rest}{branch}"), &format!("{rest}{trunk}"), table);
    }
    let names: Vec<&str> = folded.iter().map(|child| plan.chosen[*child].program.as_str()).collect();
    for (number, line) in wrapped("current: ", &names).iter().enumerate() {
        table.text(&format!("{rest}{}{line}", if number == 0 { "└── " } else { "    " }));
    }
}

/// Names in lines that fit on a terminal; the later ones begin below the first name.
fn wrapped(head: &str, names: &[&str]) -> Vec<String> {
    const WIDTH: usize = 88;
    let mut lines: Vec<String> = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let word = if number + 1 == names.len() { (*name).to_owned() } else { format!("{name},") };
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < WIDTH => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(_) => lines.push(format!("{:1$}{word}", "", head.len())),
            None => lines.push(format!("{head}{word}")),
        }
    }
    lines
}

/// Whether a version, or one that it brought, is not current.
fn differs(plan: &Plan, place: usize) -> bool {
    !plan.chosen[place].linked
        || (place + 1..plan.chosen.len())
            .any(|child| parent(&plan.chosen[child]) == Some(place) && differs(plan, child))
}
