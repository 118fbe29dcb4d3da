//! The tree that a command line means, and what this process sees over it.

use super::arguments::Root;
use crate::command::CommandFiles;
use crate::config::Config;
use crate::error::{Error, Result, Step};
use crate::kernel::limits::Raised;
use crate::kernel::{self, PLAN_FILE, Process, Shown};
use crate::plan::Plan;
use crate::requirement::ProgramName;
use crate::tree::{Layout, Tree};
use crate::trusted::{self, Trust};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

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
    root: PathBuf,
    /// A large plan has many folders open; when the place goes, the caller's limits are back.
    _raised: Raised,
}

impl Place {
    /// The tree that this process lives in.
    pub(super) fn here() -> Result<Self> {
        Self::open(&Root::default())
    }

    pub(super) fn open(Root { root }: &Root) -> Result<Self> {
        let raised = Raised::new();
        let config = Config::for_command(root, trust())?;
        let layout = config.layout();
        let is_here = root == Path::new("/");
        let shown = if is_here { kernel::shown(&layout)? } else { Shown::default() };
        let tree = Tree::open(root, shown.base(), layout.clone(), trust())?;
        Ok(Self { config, layout, shown, tree, is_here, root: root.clone(), _raised: raised })
    }

    /// That a program is not installed, and where to look for what is.
    pub(super) fn not_installed(&self, name: &ProgramName) -> Error {
        let error = Error::new(Step::Read, self.tree.not_installed(name));
        if self.tree.nearest(name).is_some() {
            return error;
        }
        let programs = trusted::below(&self.root, &self.layout.programs);
        error.with_cure(format!("{} holds what is", programs.display()))
    }

    /// The files that a command leads through, found in a PATH; there is none in another tree.
    pub(super) fn files_of(&self, command: &[OsString], path: Option<&OsStr>) -> CommandFiles {
        let path = path.filter(|_| self.is_here);
        command.first().map(|name| CommandFiles::find(&self.tree, name, path)).unwrap_or_default()
    }

    /// The plan of the view around, where there is one that can be read.
    pub(super) fn around(&self) -> Option<Plan> {
        let read = || Process::own().and_then(|process| process.description(PLAN_FILE)).ok();
        Plan::from_json(&self.shown.has_description.then(read).flatten()?).ok()
    }
}
