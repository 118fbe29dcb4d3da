//! The tree that a command line means, and what this process sees over it.

use super::arguments::Root;
use crate::config::Config;
use crate::error::Result;
use crate::kernel::limits::Raised;
use crate::kernel::{self, PLAN_FILE, Process, Shown};
use crate::plan::Plan;
use crate::tree::{Layout, Tree};
use crate::trusted::Trust;
use std::path::Path;

/// Whom a command believes: root only what is root's, anybody else what he likes, since he can harm himself only.
pub(super) fn trust() -> Trust {
    if nix::unistd::geteuid().is_root() { Trust::RootOnly } else { Trust::Anyone }
}

/// A tree with its configuration.
pub(super) struct Place {
    pub(super) config: Config,
    pub(super) layout: Layout,
    /// The view of this process; none where the tree is another than its own.
    pub(super) shown: Shown,
    pub(super) tree: Tree,
    /// Whether the tree is the one that this process lives in.
    pub(super) is_here: bool,
    /// A large plan has many folders open; when the place goes, the caller's limits are back.
    _raised: Raised,
}

impl Place {
    pub(super) fn open(Root { root }: &Root) -> Result<Self> {
        let raised = Raised::new();
        let config = Config::for_command(root, trust())?;
        let layout = config.layout();
        let is_here = root == Path::new("/");
        let shown = if is_here { kernel::shown(&layout)? } else { Shown::default() };
        let tree = Tree::open(root, shown.base(), layout.clone(), trust())?;
        Ok(Self { config, layout, shown, tree, is_here, _raised: raised })
    }

    /// The plan of the view around, where there is one that can be read.
    pub(super) fn around(&self) -> Option<Plan> {
        let read = || Process::own().and_then(|process| process.description(PLAN_FILE)).ok();
        Plan::from_json(&self.shown.has_description.then(read).flatten()?).ok()
    }
}
