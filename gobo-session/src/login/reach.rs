//! One deadline for all of a login: what may never answer is tried by a child before this process depends on it.
//!
//! What lies on this machine is read directly. For the configuration, /Programs or the index on a file server a child
//! finds out first whether it answers, and a child makes the view. So a server that died costs a login its view and no
//! more than the deadline; one that dies in the blink between the child's answer and ours is as bad as for `ls`.

use super::make::Made;
use super::{Arrival, Login, Options, planner};
use crate::config::{self, Config};
use crate::error::{Result, Step};
use crate::kernel::{Far, mountinfo};
use crate::tree::{Layout, Tree};
use crate::trusted::{Root, Trust};
use rustix::fs::{self, AtFlags, CWD, StatxFlags};
use std::path::Path;
use std::time::Instant;

/// What of a login is far, and how long it may take.
pub(super) struct Reach {
    pub(super) far: Far,
    /// Whether sessions would not see what is mounted later.
    pub(super) has_private_root: bool,
    /// Whether programs or index are.
    is_far_tree: bool,
    /// When time is up.
    deadline: Instant,
    /// When time is up for what only says which view it is to be: that of a far tree must still be made then.
    pub(super) home_deadline: Instant,
}

impl Reach {
    pub(super) fn new(arrival: &Arrival, layout: &Layout, deadline: Instant) -> Self {
        let far = arrival.far().clone();
        let has_private_root = arrival.mounts().is_ok_and(mountinfo::has_private_root);
        let is_far_tree = [&layout.programs, &layout.index].iter().any(|path| far.touches(path));
        let left = deadline.saturating_duration_since(Instant::now());
        let home_deadline = if is_far_tree { deadline - left / 4 } else { deadline };
        Self { far, has_private_root, is_far_tree, deadline, home_deadline }
    }

    /// Finds out whether the tree answers.
    pub(super) fn try_tree(&self, login: &Login, layout: &Layout) -> Result<()> {
        if !self.is_far_tree {
            return Ok(());
        }
        planner::try_out(login.uid, self.deadline, Step::Read, &name_of(layout), || {
            let _ = Tree::open(Path::new("/"), None, layout.clone(), Trust::RootOnly);
            for area in &layout.areas {
                let _ = fs::statx(CWD, layout.index.join(&area.name), AtFlags::empty(), StatxFlags::MNT_ID);
            }
        })
    }

    /// Whether programs or index are far, or what lies in a folder.
    pub(super) fn is_far(&self, folder: &Path) -> bool {
        self.is_far_tree || self.far.touches(folder)
    }

    /// Until when a login waits for another that makes what it needs: most of its time it keeps for making it itself.
    pub(super) fn patience(&self) -> Instant {
        let now = Instant::now();
        now + self.deadline.saturating_duration_since(now) / 4
    }

    /// Makes a view: here, or where the tree is far in a child.
    pub(super) fn make(
        &self,
        login: &Login,
        layout: &Layout,
        make: impl Fn() -> Result<Made>,
    ) -> Result<Made> {
        match self.is_far_tree {
            true => planner::make(login.uid, self.deadline, &name_of(layout), make),
            false => make(),
        }
    }
}

/// Finds out whether the configuration can be read; where it is far, gives the switch in it, which nobody has asked before.
pub(super) fn try_config(login: &Login, options: &Options, root: &Root) -> Result<Option<String>> {
    let folder = &options.config;
    if !login.arrival.far().touches(folder) {
        return Ok(None);
    }
    let name = folder.display().to_string();
    planner::try_out(login.uid, login.arrival.first_deadline(), Step::Configure, &name, || {
        if let Ok(root) = super::open_root() {
            let _ = config::switch_in(&root, folder);
            let _ = Config::read(&root, folder);
        }
    })?;
    Ok(config::switch_in(root, folder))
}

fn name_of(layout: &Layout) -> String {
    format!("the tree ({}, {})", layout.programs.display(), layout.index.display())
}
