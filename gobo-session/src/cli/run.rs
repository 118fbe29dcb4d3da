//! `gobo-session run`: one command in a view of its own.
//!
//! There is no supervisor: this process moves into namespaces of its own, attaches the view and becomes the command,
//! so that signals, the exit code, job control and descriptors are the command's own.

use super::arguments::Run;
use super::exit::Exit;
use super::place::{Place, trust};
use super::request::Asked;
use super::talk;
use crate::command::{NotStarted, become_command};
use crate::compile::compile;
use crate::error::{Error, Result, Step};
use crate::export::{self, Exports};
use crate::kernel::{About, View, attach, namespace};
use crate::layer::Layer;
use crate::plan::Plan;
use crate::tree::Tree;
use std::ffi::OsString;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) fn run(arguments: &Run) -> Exit {
    match prepare(arguments) {
        Ok(environment) => match become_command(&arguments.command, &environment) {
            NotStarted::NotFound(error) => {
                talk::error(&error.to_string());
                Exit::NotFound
            }
            NotStarted::CannotRun(error) => {
                talk::error(&error.to_string());
                Exit::CannotRun
            }
        },
        Err(error) => {
            talk::failed(&error);
            Exit::NoView
        }
    }
}

/// Brings this process into the view; what comes back is the command's environment.
fn prepare(arguments: &Run) -> Result<Vec<(OsString, OsString)>> {
    let asked = Asked::new(&arguments.wishes, &arguments.command)?;
    let plan = asked.plan()?;
    talk::oddities(&plan);
    let layer = compile(&asked.place.tree, &plan)?;
    let start = std::env::vars_os();
    let exports = if arguments.no_env {
        Exports::default()
    } else {
        export::of_plan(&asked.place.tree, &plan, &layer, start)?
    };
    talk::diagnostics(&exports.notes);
    enter(&arguments.wishes.root.root, &asked.place, &plan, &layer)?;
    Ok(exports.applied_to(std::env::vars_os()))
}

/// Moves into namespaces of our own and attaches the view, where there is anything to see in it.
fn enter(root: &Path, place: &Place, plan: &Plan, layer: &Layer) -> Result<()> {
    let Place { layout, shown, is_here, .. } = place;
    if layer.areas.is_empty() && !shown.is_view() && *is_here && !plan.personality {
        return Ok(());
    }
    if !shown.overlays.is_empty() && !shown.has_index {
        return Err(Error::new(
            Step::Attach,
            "this is a view already, and the index below it cannot be reached",
        )
        .with_cure(
            "ask the administrator to make the folders /run/gobo-session/index and /run/gobo-session/view",
        ));
    }
    if nix::unistd::geteuid().is_root() {
        namespace::enter_mount_namespace()?;
    } else {
        namespace::enter_user_namespace()?;
        rustix::thread::set_no_new_privs(true)
            .map_err(|errno| Error::call(Step::Attach, "prctl(PR_SET_NO_NEW_PRIVS)", errno))?;
    }
    if !is_here {
        namespace::enter_root(root)?;
    }
    // Mounts cannot be made from descriptors of another namespace: the tree is opened again.
    let tree = Tree::open(Path::new("/"), shown.base(), layout.clone(), trust())?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let view = View::prepare(&tree, plan, layer, &About { user: None, service: None, since })?;
    attach::over_inherited(&view, layout, shown)
}
