//! `gobo-session status`: the view that a process is in, and what has changed since it was made.

mod drift;

use super::arguments::Status as Arguments;
use super::exit::Exit;
use super::place::trust;
use super::reasons;
use super::table::Table;
use super::talk::{self, count};
use crate::config::Config;
use crate::error::Result;
use crate::kernel::{ABOUT_FILE, About, PLAN_FILE, Process};
use crate::plan::Plan;
use crate::text::Safe;
use crate::tree::{Layout, Tree};
use serde_json::json;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) fn status(arguments: &Arguments) -> Result<Exit> {
    let process = arguments.pid.map_or_else(Process::own, Process::of)?;
    let is_elsewhere = arguments.root.root != Path::new("/");
    let root = if is_elsewhere { &arguments.root.root } else { process.root() };
    let layout = Config::for_command(root, trust())?.layout();
    // The mounts over another tree are this process's own.
    let shown = process.shown(&if is_elsewhere { below(root, &layout) } else { layout.clone() });
    let read = |name: &str| {
        (!is_elsewhere && shown.has_description).then(|| process.description(name).ok()).flatten()
    };
    let plan = read(PLAN_FILE).and_then(|text| Plan::from_json(&text).ok());
    let about: Option<About> = read(ABOUT_FILE).and_then(|text| serde_json::from_slice(&text).ok());
    let tree = plan.as_ref().and_then(|_| Tree::open(root, shown.base(), layout, trust()).ok());
    let drift = plan.as_ref().zip(tree.as_ref()).and_then(|(plan, tree)| {
        let found = drift::since(tree, plan, &process);
        found.map_err(|error| talk::warn(&format!("what has changed is not known: {error}"))).ok()
    });
    if arguments.form.json {
        let id = plan.as_ref().map(|plan| plan.id().to_string());
        let all = json!({
            "view": shown.is_view(), "source": shown.source, "overlays": shown.overlays,
            "about": about, "id": id, "plan": plan, "drift": drift,
        });
        return Ok(talk::json(&all));
    }
    if !shown.is_view() {
        return Ok(talk::data("not in a view: programs see the index as it is\n"));
    }
    let Some(plan) = plan else {
        let source = shown.source.as_deref().unwrap_or("unknown");
        return Ok(talk::data(&format!("in a view ({}), which does not say what it holds\n", Safe(source))));
    };
    Ok(talk::data(&describe(tree.as_ref(), &plan, about.as_ref(), &drift.unwrap_or_default())))
}

/// The view as a person reads it: whose it is, what is other than on the host, and what is no longer so.
fn describe(tree: Option<&Tree>, plan: &Plan, about: Option<&About>, drift: &[String]) -> String {
    let profile =
        plan.profile.as_deref().map_or_else(|| "a command's view".into(), |p| format!("profile {p}"));
    let session = about.and_then(|about| {
        let (user, service) = (about.user.as_deref()?, about.service.as_deref()?);
        Some(format!("; session of {user} by {service}"))
    });
    let (session, age) = (session.unwrap_or_default(), about.and_then(age).unwrap_or_default());
    let mut table = Table::default();
    table.text(&format!("in a view: {profile}{session}, plan {}{age}", plan.id()));
    if plan.to_link().next().is_none() {
        table.text("  nothing in it differs from the host");
    }
    for (_, choice) in plan.to_link() {
        let program = tree.and_then(|tree| tree.program(&choice.program).ok()).flatten();
        let host = program.and_then(|program| program.current.clone()).unwrap_or_else(|| "none".into());
        table.row([
            format!("  {} {}", choice.program, choice.version),
            format!("the host has {host}"),
            reasons::chain(plan, &choice.source).join(", "),
        ]);
    }
    drift.iter().for_each(|what| table.text(&format!("changed since: {what}")));
    table.to_string()
}

/// How old a view is, in its largest unit.
fn age(about: &About) -> Option<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let seconds = usize::try_from(now.checked_sub(about.since)?).ok()?;
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "second"));
    Some(format!(", {} old", count(seconds / size, unit)))
}

/// The same layout, with paths below another root.
fn below(root: &Path, layout: &Layout) -> Layout {
    let inside = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    Layout { programs: inside(&layout.programs), index: inside(&layout.index), ..layout.clone() }
}
