//! `profile save`: what is wished for, with the versions that it gets today, as a profile of one's own.

use super::Save;
use super::shelf::{self, Shelf};
use crate::arch::Arch;
use crate::cli::exit::Exit;
use crate::cli::person::Person;
use crate::cli::request::Asked;
use crate::cli::talk::{self, count};
use crate::config::ProfileName;
use crate::error::{Error, Result, Step};
use crate::login::request_of;
use crate::plan::{Choice, Plan, Source};
use crate::requirement::ProgramName;
use crate::resolve::{UseFlag, resolve};
use crate::text::{Safe, few};
use crate::tree::{Tree, VersionFolder};
use crate::version::Version;
use serde_json::json;
use std::collections::BTreeSet;
use toml_edit::{Array, DocumentMut, Item, Table, Value, value};

pub(super) fn save(Save { name, force, wishes, form }: &Save) -> Result<Exit> {
    let person = Person::caller()?;
    let asked = Asked::new(wishes, &[])?;
    let plan = asked.plan()?;
    talk::oddities(&plan);
    if plan.chosen.is_empty() {
        let error = Error::new(
            Step::Configure,
            "there is nothing to save: nothing is wished for, and this is no view",
        );
        return Err(error.with_cure("ask for something: --profile NAME or --with 'PROGRAM = VERSION'"));
    }
    let shelf = Shelf::of(&person);
    shelf.claim(name, &asked.place.config.profiles)?;
    let file = shelf.file(name);
    if shelf::read(&file)?.is_some() && !force {
        let error = Error::new(Step::Configure, format!("{} is there already", file.display()));
        return Err(error.with_cure("take another name, or replace it: --force"));
    }
    let tree = &asked.place.tree;
    let programs = plan.chosen.iter().map(|choice| exact(tree, choice)).collect::<Result<Vec<_>>>()?;
    shelf::write(&file, &lock(name, &plan, &programs, asked.use_flags()))?;
    let again = resolve(tree, &request_of(shelf.profiles()?.load(name)?))?;
    let differs = differences(&plan, &again);
    for what in &differs {
        talk::warn(&format!(
            "{name} is not the same: it gets {what}; put that right: gobo-session profile edit {name}"
        ));
    }
    if form.json {
        let answer = json!({ "saved": name, "file": file, "programs": programs, "differs": differs });
        return Ok(talk::json(&answer));
    }
    let versions = count(plan.chosen.len(), "version");
    Ok(talk::data(&format!(
        "saved: profile {name}, {versions}\nin {}\nto have it now: exec gobo-session shell --profile {name}\n",
        Safe(&file.to_string_lossy())
    )))
}

/// A chosen version, as a profile asks for it and for no other. `= 2.24.22` alone takes its revisions too (`2.24.22-r1`).
fn exact(tree: &Tree, Choice { program, version, .. }: &Choice) -> Result<String> {
    let wanted = Version::new(version);
    let is_revision = |folder: &VersionFolder| {
        folder.version.has_revision() && folder.version.same_without_revision(&wanted)
    };
    let found = tree.program(program)?.filter(|_| !wanted.has_revision());
    let has_revisions = found.is_some_and(|program| program.versions(tree).any(is_revision));
    let bound = if has_revisions { format!(", <= {version}") } else { String::new() };
    Ok(format!("{program} = {version}{bound}"))
}

/// What a saved profile gets otherwise than the plan that it was saved from.
fn differences(plan: &Plan, again: &Plan) -> Vec<String> {
    let versions_in = |plan: &Plan, program: &ProgramName| {
        let all = plan.chosen.iter().filter(|choice| choice.program == *program);
        all.map(|choice| choice.version.clone()).collect::<BTreeSet<_>>()
    };
    let shown = |versions: BTreeSet<String>| Vec::from_iter(versions).join(" and ");
    let programs: BTreeSet<_> =
        plan.chosen.iter().chain(&again.chosen).map(|choice| &choice.program).collect();
    let of_program = |program: &ProgramName| {
        let (was, is) = (versions_in(plan, program), versions_in(again, program));
        match (was.is_empty(), is.is_empty()) {
            _ if was == is => None,
            (true, _) => Some(format!("{program} {} besides", shown(is))),
            (_, true) => Some(format!("no {program}, which was {}", shown(was))),
            _ => Some(format!("{program} {} instead of {}", shown(is), shown(was))),
        }
    };
    programs.into_iter().filter_map(of_program).collect()
}

/// The text of a profile that gets the versions of a plan: what was wished for first, then what that needs. `asked` has
/// each as it is asked for, and `flags` decided which dependencies were followed.
fn lock(name: &ProfileName, plan: &Plan, asked: &[String], flags: impl Iterator<Item = UseFlag>) -> String {
    let is_wish = |(choice, _): &(&Choice, &String)| !matches!(choice.source, Source::Dependency { .. });
    let (wished, needed): (Vec<_>, Vec<_>) = plan.chosen.iter().zip(asked).partition(is_wish);
    let mut programs = Array::new();
    for (place, (_, asked)) in wished.iter().chain(&needed).enumerate() {
        let mut item = Value::from(asked.as_str());
        let comment = if place == wished.len() { "\n    # What these need." } else { "" };
        item.decor_mut().set_prefix(format!("{comment}\n    "));
        programs.push_formatted(item);
    }
    programs.set_trailing("\n");
    programs.set_trailing_comma(true);
    let what: Vec<String> =
        wished.iter().map(|(choice, _)| format!("{} {}", choice.program, choice.version)).collect();
    let mut document = DocumentMut::new();
    document.insert("description", value(format!("{name}: {}, every version as it was", few(&what))));
    document.insert("programs", value(programs));
    let flags: Array = flags.map(|flag| flag.to_string()).collect();
    if !flags.is_empty() {
        document.insert("use-flags", value(flags));
    }
    if matches!(plan.arch, Arch::X86_64 | Arch::I686) {
        document.insert("arch", value(plan.arch.to_string()));
    }
    for (key, _) in
        [("pure", plan.pure), ("personality", plan.personality)].iter().filter(|(_, is_on)| *is_on)
    {
        document.insert(key, value(true));
    }
    if !plan.environment.is_empty() {
        let mut variables = Table::new();
        plan.environment.iter().for_each(|(name, text)| drop(variables.insert(name, value(text))));
        document.insert("environment", Item::Table(variables));
    }
    document.to_string()
}
