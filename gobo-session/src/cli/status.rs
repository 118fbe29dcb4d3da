//! `gobo-session status`: the view that this process is in.

use super::arguments::Status as Arguments;
use super::exit::Exit;
use super::place::trust;
use super::table::Table;
use super::talk;
use crate::config::Config;
use crate::error::Result;
use crate::kernel::{self, ABOUT_FILE, About, PLAN_FILE};
use crate::plan::Plan;
use crate::text::Safe;
use crate::tree::{Layout, Tree};
use serde_json::json;
use std::path::Path;

pub(super) fn status(arguments: &Arguments) -> Result<Exit> {
    let root = &arguments.root.root;
    let layout = Config::for_command(root, trust())?.layout();
    let is_here = root == Path::new("/");
    let shown = kernel::shown(&if is_here { layout.clone() } else { below(root, &layout) })?;
    let read = |name: &str| {
        (is_here && shown.has_description).then(|| kernel::read_description(name).ok()).flatten()
    };
    let plan = read(PLAN_FILE).and_then(|text| Plan::from_json(&text).ok());
    let about: Option<About> = read(ABOUT_FILE).and_then(|text| serde_json::from_slice(&text).ok());
    if arguments.form.json {
        let id = plan.as_ref().map(|plan| plan.id().to_string());
        let all = json!({
            "view": shown.is_view(), "source": shown.source, "overlays": shown.overlays,
            "about": about, "id": id, "plan": plan,
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
    let tree = Tree::open(root, shown.base(), layout, trust()).ok();
    Ok(talk::data(&describe(tree.as_ref(), &plan, about.as_ref())))
}

/// The view as a person reads it: whose it is, and what is other than on the host.
fn describe(tree: Option<&Tree>, plan: &Plan, about: Option<&About>) -> String {
    let profile =
        plan.profile.as_deref().map_or_else(|| "a command's view".into(), |p| format!("profile {p}"));
    let session = about.and_then(|about| {
        let (user, service) = (about.user.as_deref()?, about.service.as_deref()?);
        Some(format!("; session of {user} by {service}"))
    });
    let session = session.unwrap_or_default();
    let mut table = Table::default();
    table.text(&format!("in a view: {profile}{session}, plan {}", plan.id()));
    if plan.to_link().next().is_none() {
        table.text("  nothing in it differs from the host");
    }
    for (_, choice) in plan.to_link() {
        let program = tree.and_then(|tree| tree.program(&choice.program).ok()).flatten();
        let host = program.and_then(|program| program.current.clone()).unwrap_or_else(|| "none".into());
        table.row([
            format!("  {} {}", choice.program, choice.version),
            format!("the host has {host}"),
            plan.because(&choice.source).join(", "),
        ]);
    }
    table.to_string()
}

/// The same layout, with paths below another root.
fn below(root: &Path, layout: &Layout) -> Layout {
    let inside = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    Layout { programs: inside(&layout.programs), index: inside(&layout.index), ..layout.clone() }
}
