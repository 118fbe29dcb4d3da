//! `gobo-session status`: the view that a process is in, and what has changed since it was made.

mod drift;
mod quiet;
mod script;
mod stale;

use super::arguments::{Form, Root};
use super::exit::Exit;
use super::place::trust;
use super::reasons;
use super::table::Table;
use super::talk;
use crate::config::Config;
use crate::error::{Error, Result, Step};
use crate::kernel::{ABOUT_FILE, About, PLAN_FILE, Process, Shown};
use crate::plan::Plan;
use crate::text::{Safe, few};
use crate::tree::{Layout, Tree};
use crate::trusted;
use clap::Args;
use serde_json::json;
use std::path::Path;

/// What `status` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The process, one of yours; for root any [default: this one].
    #[arg(value_name = "PID", conflicts_with = "root")]
    pid: Option<u32>,
    #[command(flatten)]
    root: Root,
    #[command(flatten)]
    form: Form,
    /// Print commands that make the same view again, of the very same versions.
    #[arg(long, conflicts_with = "json")]
    script: bool,
}

pub(super) fn status(arguments: &Arguments) -> Result<Exit> {
    let process = arguments.pid.map_or_else(Process::own, Process::of)?;
    let is_elsewhere = arguments.root.root != Path::new("/");
    let root = if is_elsewhere { &arguments.root.root } else { process.root() };
    let layout = Config::of_tree(root, trust())?.layout();
    // The mounts over another tree are this process's own.
    let shown = process.shown(&if is_elsewhere { below(root, &layout) } else { layout.clone() });
    let read = |name: &str| {
        (!is_elsewhere && shown.has_description).then(|| process.description(name).ok()).flatten()
    };
    let plan = read(PLAN_FILE).and_then(|text| Plan::from_json(&text).ok());
    let about: Option<About> = read(ABOUT_FILE).and_then(|text| serde_json::from_slice(&text).ok());
    let tree = plan.as_ref().and_then(|_| Tree::open(root, shown.base(), layout, trust()).ok());
    if arguments.script {
        let plan = plan.ok_or_else(|| nothing_to_make(shown.is_view()))?;
        return Ok(talk::data(&script::of(&plan)));
    }
    let changes = plan.as_ref().zip(tree.as_ref()).and_then(|(plan, tree)| {
        let found = Changes::since(about.as_ref().map(|about| about.since), tree, plan, &shown, &process);
        found.map_err(|error| talk::warn(&format!("what has changed is not known: {error}"))).ok()
    });
    if arguments.form.json {
        let id = plan.as_ref().map(|plan| id_of(plan, &shown));
        let all = json!({
            "view": shown.is_view(), "source": shown.source, "overlays": shown.overlays,
            "about": about, "id": id, "plan": plan,
            "drift": changes.as_ref().map(|changes| &changes.drift),
            "stale": changes.as_ref().and_then(|changes| changes.stale.as_ref()),
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
    let id = id_of(&plan, &shown);
    Ok(talk::data(&describe(tree.as_ref(), (&plan, &id), about.as_ref(), &changes.unwrap_or_default())))
}

/// The id of a view's plan. The mounts have it as a name: it is made anew only where there are none.
fn id_of(plan: &Plan, shown: &Shown) -> String {
    shown.plan_id().map_or_else(|| plan.id().to_string(), str::to_owned)
}

/// What has changed since a view was made.
#[derive(Default)]
struct Changes {
    /// What is no longer as its plan says.
    drift: Vec<String>,
    /// The names that it still shows as they were; `None` where it is not known when it was made.
    stale: Option<Vec<String>>,
}

impl Changes {
    fn since(since: Option<u64>, tree: &Tree, plan: &Plan, shown: &Shown, process: &Process) -> Result<Self> {
        if let Some(since) = since
            && quiet::is_quiet(since, tree, plan, process)?
        {
            return Ok(Self { drift: Vec::new(), stale: Some(Vec::new()) });
        }
        let layer = process.layer()?;
        let stale = since.map(|since| stale::since(since, tree, shown, process, &layer)).transpose()?;
        Ok(Self { drift: drift::since(tree, plan, &layer)?, stale })
    }
}

/// The view as a person reads it: whose it is, what is other than on the host, and what is no longer so.
fn describe(
    tree: Option<&Tree>,
    (plan, id): (&Plan, &str),
    about: Option<&About>,
    changes: &Changes,
) -> String {
    let profile =
        plan.profile.as_deref().map_or_else(|| "a command's view".into(), |p| format!("profile {p}"));
    let session = about.and_then(|about| {
        let (user, service) = (about.user.as_deref()?, about.service.as_deref()?);
        Some(format!("; session of {user} by {service}"))
    });
    let (session, age) = (
        session.unwrap_or_default(),
        about.map(|about| format!(", {} old", talk::age(about.since))).unwrap_or_default(),
    );
    let mut table = Table::default();
    table.text(&format!("in a view: {profile}{session}{age}"));
    table.text(&format!("  plan {}", Safe(id)));
    if plan.to_link().next().is_none() {
        table.text("  nothing in it differs from the host");
    }
    for (_, choice) in plan.to_link() {
        let host = tree.and_then(|tree| tree.current(&choice.program)).unwrap_or_else(|| "none".into());
        table.row([
            format!("  {} {}", choice.program, choice.version),
            format!("the host has {host}"),
            // The nearest alone: `plan` and `why` tell the others.
            reasons::chain(plan, &choice.source).swap_remove(0),
        ]);
    }
    let drift = changes.drift.iter().map(|what| format!("changed since: {what}"));
    let stale = changes.stale.as_deref().filter(|names| !names.is_empty());
    let stale =
        stale.map(|names| format!("stale: {}; `gobo-session refresh` shows what is there now", few(names)));
    drift.chain(stale).for_each(|what| table.sentence("", "    ", &what));
    table.to_string()
}

fn nothing_to_make(is_view: bool) -> Error {
    let what = if is_view { "this view does not say what it holds" } else { "there is no view" };
    Error::new(Step::Read, what).with_cure("`gobo-session list` shows the sessions that have one")
}

/// The same layout, with paths below another root.
fn below(root: &Path, layout: &Layout) -> Layout {
    Layout {
        programs: trusted::below(root, &layout.programs),
        index: trusted::below(root, &layout.index),
        ..layout.clone()
    }
}
