//! `profile show`: what a profile asks for, and what that comes to here.

use super::Show;
use super::list::{may_select, may_select_own};
use crate::cli::exit::Exit;
use crate::cli::person::Person;
use crate::cli::place::Place;
use crate::cli::table::Table;
use crate::cli::talk;
use crate::config::{Author, Profile};
use crate::error::Result;
use crate::login::request_of;
use crate::plan::Plan;
use crate::resolve::{Prefer, resolve};
use serde_json::{Value, json};

pub(super) fn show(Show { name, whose }: &Show) -> Result<Exit> {
    let (person, place) = whose.open()?;
    let profile = place.config.profiles.load(name)?;
    let plan = resolve(&place.tree, &request_of(profile.clone()));
    let selectable = selectable(&person, &place, &profile);
    if whose.form.json {
        let odd = plan.as_ref().err().map(ToString::to_string);
        let all = json!({
            "profile": data(&profile), "selectable": selectable, "plan": plan.ok(), "odd": odd,
        });
        return Ok(talk::json(&all));
    }
    let shown = talk::data(&describe(&profile, selectable, plan.as_ref().ok()));
    talk::diagnostics(&profile.notes);
    match plan {
        Ok(plan) => talk::oddities(&plan),
        Err(error) => return Ok(talk::failed(&error)),
    }
    Ok(shown)
}

fn selectable(person: &Person, place: &Place, profile: &Profile) -> bool {
    match place.config.profiles.author(&profile.name) {
        Ok(Some(Author::User)) => may_select_own(person, place, &profile.name),
        _ => may_select(person, place, "login", &profile.name),
    }
}

/// The profile as data.
fn data(profile: &Profile) -> Value {
    let programs = profile
        .programs
        .iter()
        .map(|asked| json!({ "requirement": asked.requirement, "file": asked.file, "line": asked.line }));
    let flags = profile.use_flags.iter().map(ToString::to_string);
    json!({
        "name": profile.name, "author": author(profile), "description": profile.description,
        "files": profile.files, "programs": programs.collect::<Vec<_>>(),
        "arch": profile.arch, "prefer": prefer(profile), "pure": profile.pure, "strict": profile.strict,
        "solve": profile.solve, "use_flags": flags.collect::<Vec<_>>(), "personality": profile.personality,
        "environment": profile.environment, "notes": profile.notes,
    })
}

fn author(profile: &Profile) -> &'static str {
    match profile.author {
        Author::Administrator => "administrator",
        Author::User => "user",
    }
}

fn prefer(profile: &Profile) -> &'static str {
    match profile.prefer {
        Prefer::Current => "current",
        Prefer::Newest => "newest",
    }
}

/// The profile as a person reads it: what differs from what a profile is without options, then what it gets.
fn describe(profile: &Profile, selectable: bool, plan: Option<&Plan>) -> String {
    let mut table = Table::default();
    let mut row = |key: &str, value: String| table.row([key.to_owned(), value]);
    row("profile", profile.name.to_string());
    if !profile.description.is_empty() {
        row("for", profile.description.clone());
    }
    let whose = if profile.author == Author::User { "a user's own" } else { "the administrator's" };
    let may = if selectable { "a login may have it" } else { "for run and shell; a login may not have it" };
    row("whose", format!("{whose}; {may}"));
    profile.files.iter().enumerate().for_each(|(number, file)| {
        row(if number == 0 { "file" } else { "includes" }, file.clone());
    });
    for (number, asked) in profile.programs.iter().enumerate() {
        row(if number == 0 { "programs" } else { "" }, asked.requirement.to_string());
    }
    let flags: Vec<String> = profile.use_flags.iter().map(ToString::to_string).collect();
    let options = [
        ("arch", profile.arch.as_ref().map(ToString::to_string)),
        ("prefer", (profile.prefer == Prefer::Newest).then(|| "newest".to_owned())),
        ("use-flags", (!flags.is_empty()).then(|| flags.join(" "))),
        ("options", options(profile)),
    ];
    for (key, value) in options {
        value.into_iter().for_each(|value| row(key, value));
    }
    for (number, (name, value)) in profile.environment.iter().enumerate() {
        row(if number == 0 { "environment" } else { "" }, format!("{name}={value}"));
    }
    let Some(plan) = plan else { return table.to_string() };
    let layered: Vec<String> =
        plan.to_link().map(|(_, choice)| format!("{} {}", choice.program, choice.version)).collect();
    if layered.is_empty() {
        row("gets", "what the index shows already".to_owned());
    }
    for (number, version) in layered.into_iter().enumerate() {
        row(if number == 0 { "gets" } else { "" }, version);
    }
    table.to_string()
}

/// The options that are on.
fn options(profile: &Profile) -> Option<String> {
    let all = [
        (profile.pure, "pure"),
        (profile.strict, "strict"),
        (profile.solve, "solve"),
        (profile.personality, "personality"),
    ];
    let on: Vec<&str> = all.iter().filter(|(is_on, _)| *is_on).map(|(_, word)| *word).collect();
    (!on.is_empty()).then(|| on.join(", "))
}
