//! `gobo-session status`: the view that this process is in.

use super::arguments::Status as Arguments;
use super::exit::Exit;
use super::request::trust;
use crate::config::Config;
use crate::error::Result;
use crate::kernel::{self, ABOUT_FILE, About, PLAN_FILE, Shown};
use crate::plan::Plan;
use crate::text::Safe;
use crate::tree::{Layout, Tree};
use serde_json::json;
use std::path::Path;

pub(super) fn status(arguments: &Arguments) -> Result<Exit> {
    let layout = Config::for_command(&arguments.root, trust())?.layout();
    let is_here = arguments.root == Path::new("/");
    let shown = kernel::shown(&if is_here { layout.clone() } else { below(&arguments.root, &layout) })?;
    let read = |name: &str| (is_here && shown.has_description).then(|| kernel::read_description(name).ok()).flatten();
    let plan = read(PLAN_FILE).and_then(|text| Plan::from_json(&text).ok());
    let about: Option<About> = read(ABOUT_FILE).and_then(|text| serde_json::from_slice(&text).ok());
    if arguments.json {
        let id = plan.as_ref().map(|plan| plan.id().to_string());
        println!(
            "{}",
            json!({
                "view": shown.is_view(), "source": shown.source, "overlays": shown.overlays,
                "about": about, "id": id, "plan": plan,
            })
        );
        return Ok(Exit::Done);
    }
    if shown.is_view() {
        describe(&arguments.root, &layout, &shown, plan.as_ref(), about.as_ref());
    } else {
        println!("not in a view: programs see the index as it is");
    }
    Ok(Exit::Done)
}

fn describe(root: &Path, layout: &Layout, shown: &Shown, plan: Option<&Plan>, about: Option<&About>) {
    let Some(plan) = plan else {
        let source = shown.source.as_deref().unwrap_or("unknown");
        println!("in a view ({}), which does not say what it holds", Safe(source));
        return;
    };
    let profile = plan.profile.as_deref().map_or_else(|| "a command's view".into(), |p| format!("profile {p}"));
    let session = about.and_then(|about| {
        let (user, service) = (about.user.as_deref()?, about.service.as_deref()?);
        Some(format!("; session of {user} by {service}"))
    });
    println!("in a view: {}{}, plan {}", Safe(&profile), Safe(&session.unwrap_or_default()), plan.id());
    let tree = Tree::open(root, shown.base(), layout.clone(), trust()).ok();
    for (_, choice) in plan.to_link() {
        let program = tree.as_ref().and_then(|tree| tree.program(&choice.program).ok()).flatten();
        let host = program.and_then(|program| program.current.clone()).unwrap_or_else(|| "-".into());
        let name = format!("{} {}", choice.program, choice.version);
        println!("  {name:<32} the host has {:<14} {}", Safe(&host), Safe(&plan.because(&choice.source).join(", ")));
    }
}

/// The same layout, with paths below another root.
fn below(root: &Path, layout: &Layout) -> Layout {
    let inside = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    Layout { programs: inside(&layout.programs), index: inside(&layout.index), ..layout.clone() }
}
