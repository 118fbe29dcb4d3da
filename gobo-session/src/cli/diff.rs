//! `gobo-session diff`: what programs see otherwise in one view than in another.

mod side;

pub(super) use side::Word;

use super::arguments::{Form, Root};
use super::exit::Exit;
use super::place::Place;
use super::reasons;
use super::table::Table;
use super::talk;
use crate::arch::Arch;
use crate::error::Result;
use crate::plan::{Choice, Plan};
use crate::requirement::ProgramName;
use crate::tree::Tree;
use crate::version::Major;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use side::Side;
use std::collections::BTreeSet;

/// What `diff` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The view to start from.
    #[arg(value_name = "VIEW")]
    from: Word,
    /// The other one.
    #[arg(value_name = "OTHER")]
    to: Word,
    #[command(flatten)]
    root: Root,
    #[command(flatten)]
    form: Form,
}

/// What differs: a program of one major version and architecture, an option, or a variable.
#[derive(Debug, Default, Serialize)]
struct Difference {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    major: Option<Major>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<Arch>,
    from: Option<String>,
    to: Option<String>,
    /// What brought the program, nearest first: in the second view, or where that has the index's, in the first.
    because: Vec<String>,
    /// Whether the one and the other is the index's own.
    #[serde(skip)]
    of_index: [bool; 2],
}

pub(super) fn diff(arguments: &Arguments) -> Result<Exit> {
    let place = Place::open(&arguments.root)?;
    let (from, to) = (Side::of(&arguments.from, &place)?, Side::of(&arguments.to, &place)?);
    let programs = programs(&place.tree, &from.plan, &to.plan)?;
    let options = options(&from.plan, &to.plan);
    let variables = variables(&from.plan, &to.plan);
    if arguments.form.json {
        let side = |side: &Side| json!({ "name": side.name, "id": side.plan.id().to_string() });
        return Ok(talk::json(&json!({
            "from": side(&from), "to": side(&to),
            "programs": programs, "options": options, "variables": variables,
        })));
    }
    let mut table = Table::default();
    for (word, side) in [("from", &from), ("to", &to)] {
        table.text(&format!("{word:<4}  {}, plan {}", side.name, side.plan.id()));
    }
    if programs.is_empty() && options.is_empty() && variables.is_empty() {
        table.text("programs see the same in both");
    }
    for difference in programs.iter().chain(&options).chain(&variables) {
        let told = |version: &Option<String>, of_index| match version {
            Some(version) if of_index => format!("{version} (index)"),
            Some(version) => version.clone(),
            None => "-".to_owned(),
        };
        table.row([
            difference.name.clone(),
            told(&difference.from, difference.of_index[0]),
            format!("-> {}", told(&difference.to, difference.of_index[1])),
            // The nearest alone: `plan` and `why` tell the others.
            difference.because.first().cloned().unwrap_or_default(),
        ]);
    }
    Ok(talk::data(&table.to_string()))
}

/// A program of one major version and architecture: what there is one version of in a view.
type Slot<'a> = (&'a ProgramName, &'a Major, &'a Arch);

fn slot(choice: &Choice) -> Slot<'_> {
    (&choice.program, &choice.major, &choice.arch)
}

/// The programs of which one view shows another version than the other.
fn programs(tree: &Tree, from: &Plan, to: &Plan) -> Result<Vec<Difference>> {
    let layered = |plan: &'_ Plan, at: Slot<'_>| {
        plan.to_link().map(|(_, choice)| choice).find(|choice| slot(choice) == at).cloned()
    };
    let slots: BTreeSet<Slot<'_>> = from.to_link().chain(to.to_link()).map(|(_, c)| slot(c)).collect();
    let mut differences = Vec::new();
    for at in slots {
        let (before, after) = (layered(from, at), layered(to, at));
        let shown = |plan: &Plan, choice: &Option<Choice>| match choice {
            Some(choice) => Ok(Some(choice.version.clone())),
            None if plan.pure => Ok(None),
            None => of_index(tree, at),
        };
        let (old, new) = (shown(from, &before)?, shown(to, &after)?);
        if old == new {
            continue;
        }
        let because = match (&before, &after) {
            (_, Some(choice)) => reasons::chain(to, &choice.source),
            (Some(choice), None) => reasons::chain(from, &choice.source),
            (None, None) => Vec::new(),
        };
        let (name, major, arch) = at;
        differences.push(Difference {
            name: name.to_string(),
            major: Some(major.clone()),
            arch: Some(arch.clone()),
            from: old,
            to: new,
            because,
            of_index: [before.is_none(), after.is_none()],
        });
    }
    Ok(differences)
}

/// The version that the index shows of a program.
fn of_index(tree: &Tree, (name, major, arch): Slot<'_>) -> Result<Option<String>> {
    let Some(program) = tree.program(name)? else { return Ok(None) };
    let Some(current) = program.current(tree) else { return Ok(None) };
    let fits = current.version.major() == *major && current.arch(tree)?.fits(arch);
    Ok((fits && tree.is_linked(current)?).then(|| current.version.to_string()))
}

fn options(from: &Plan, to: &Plan) -> Vec<Difference> {
    let of = |plan: &Plan| [plan.arch.to_string(), plan.pure.to_string(), plan.personality.to_string()];
    let both = of(from).into_iter().zip(of(to));
    let named = ["arch", "pure", "personality"].into_iter().zip(both);
    named.filter_map(|(name, (from, to))| plain(name, Some(from), Some(to))).collect()
}

fn variables(from: &Plan, to: &Plan) -> Vec<Difference> {
    let names: BTreeSet<&String> = from.environment.keys().chain(to.environment.keys()).collect();
    let value = |plan: &Plan, name: &str| plan.environment.get(name).cloned();
    names.into_iter().filter_map(|name| plain(name, value(from, name), value(to, name))).collect()
}

/// A difference that nothing brought.
fn plain(name: &str, from: Option<String>, to: Option<String>) -> Option<Difference> {
    let difference = Difference { name: name.to_owned(), from, to, ..Difference::default() };
    (difference.from != difference.to).then_some(difference)
}
