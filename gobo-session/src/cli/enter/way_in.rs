//! The way in: namespaces of this process's own, and the view attached there.

use super::Stopped;
use crate::cli::place::{Place, trust};
use crate::error::{Error, Result, Step};
use crate::kernel::{About, Access, Shown, State, View, attach as mounts, namespace};
use crate::layer::Layer;
use crate::plan::PlanText;
use crate::tree::Tree;
use nix::unistd::geteuid;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Moves into namespaces of our own and attaches the view.
pub(super) fn enter(
    root: &Path,
    place: &Place,
    plan: &PlanText,
    layer: &Layer,
    access: Access,
) -> Result<(), Stopped> {
    find_base(&place.shown)?;
    enter_namespaces().map_err(Stopped::Entering)?;
    attach(root, place, plan, layer, access).map_err(Stopped::Mounting)
}

/// Makes sure that there is an index to lay a view over.
pub(in crate::cli) fn find_base(shown: &Shown) -> Result<()> {
    if shown.overlays.is_empty() || shown.has_index {
        return Ok(());
    }
    let error = Error::new(Step::Attach, "this is a view already, and the index below it cannot be reached");
    Err(error.with_cure(
        "ask the administrator to make the folders /run/gobo-session/index and /run/gobo-session/view",
    ))
}

/// Root gets a mount namespace, anybody else a user namespace around it.
fn enter_namespaces() -> Result<()> {
    if geteuid().is_root() {
        // Views inside this one are built over the index that is bound there; without it they cannot be made.
        let _ = State::make();
        return namespace::enter_own();
    }
    namespace::enter_user_namespace()?;
    rustix::thread::set_no_new_privs(true)
        .map_err(|errno| Error::call(Step::Attach, "prctl(PR_SET_NO_NEW_PRIVS)", errno))
}

/// Makes the view in the namespace that this process has of its own, and attaches it there.
fn attach(root: &Path, place: &Place, plan: &PlanText, layer: &Layer, access: Access) -> Result<()> {
    let Place { layout, shown, is_here, .. } = place;
    if !is_here {
        namespace::enter_root(root)?;
    }
    // Mounts cannot be made from descriptors of another namespace: the tree is opened again.
    let tree = Tree::open(Path::new("/"), shown.base(), layout.clone(), trust())?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let about = About { since, ..About::default() };
    let view = View::of_text(&tree, plan, layer, &about, access)?;
    mounts::over_inherited(&view, layout, shown)
}
