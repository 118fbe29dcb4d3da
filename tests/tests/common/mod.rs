//! Views mounted over a tree at any root, by the engine itself, and compared with the oracle.

use anyhow::{Context as _, Result};
use gobo_session::arch::Arch;
use gobo_session::compile::compile;
use gobo_session::kernel::{About, Access, Shown, View, attach};
use gobo_session::plan::{Choice, Plan, Source};
use gobo_session::tree::{Layout, Tree};
use gobo_session::trusted::Trust;
use gobo_tests::oracle::{self, Chosen};
use nix::sched::{CloneFlags, unshare};
use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_change, unmount};
use rustix::process::{chroot, fchdir};
use std::path::Path;

/// A plan for chosen versions, without asking how they came to be chosen.
pub(crate) fn plan_for(tree: &Tree, chosen: &[Chosen], pure: bool) -> Result<Plan> {
    let mut choices = Vec::new();
    for item in chosen {
        let name = item.program.parse()?;
        let program = tree.program(&name)?.with_context(|| format!("{name} is not there"))?;
        let version =
            program.version(tree, &item.version).with_context(|| format!("{} is not there", item.version))?;
        let is_current = program.current.as_deref() == Some(item.version.as_str());
        choices.push(Choice {
            major: version.major.clone(),
            arch: version.arch(tree)?.clone(),
            linked: is_current && tree.is_linked(version)?,
            requirement: name.clone().into(),
            program: name,
            version: item.version.clone(),
            stands_for: None,
            source: Source::Asked,
        });
    }
    Ok(Plan { pure, chosen: choices, ..Plan::empty(Arch::X86_64) })
}

/// Gives the calling thread a mount namespace and a root of its own.
pub(crate) fn own_namespace() -> Result<()> {
    unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS)?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    Ok(())
}

/// Mounts the view of a plan over the index of the tree at `root`, does something in it with `/` being that root, and
/// takes it away again. The thread must be in a namespace of its own.
pub(crate) fn in_view<T>(
    root: &Path,
    plan: impl FnOnce(&Tree) -> Result<Plan>,
    look: impl FnOnce(&Plan) -> Result<T>,
) -> Result<T> {
    let outside = std::fs::File::open("/")?;
    chroot(root)?;
    std::env::set_current_dir("/")?;
    let looked = mounted(plan).and_then(|(plan, areas)| {
        let looked = look(&plan);
        for area in areas {
            unmount(format!("/System/Index/{area}"), UnmountFlags::DETACH)?;
        }
        looked
    });
    fchdir(&outside)?;
    chroot(".")?;
    looked
}

fn mounted(plan: impl FnOnce(&Tree) -> Result<Plan>) -> Result<(Plan, Vec<String>)> {
    let layout = Layout::default();
    let tree = Tree::open(Path::new("/"), None, layout.clone(), Trust::Anyone)?;
    let plan = plan(&tree)?;
    let layer = compile(&tree, &plan)?;
    let about = About::default();
    let view = View::prepare(&tree, &plan, &layer, &about, Access::Read)?;
    attach::over_inherited(&view, &layout, &Shown::default())?;
    let areas = view.areas().map(str::to_owned).collect();
    Ok((plan, areas))
}

/// How the view of chosen versions differs from what the oracle says.
pub(crate) fn differences(root: &Path, chosen: &[Chosen], pure: bool) -> Result<Vec<String>> {
    let expected = oracle::expected(root, chosen, pure)?;
    let observe = |_: &Plan| oracle::observed(Path::new("/"), Path::new("/System/Index"));
    let observed = in_view(root, |tree| plan_for(tree, chosen, pure), observe)?;
    Ok(oracle::differences(&expected, &observed))
}
