//! Views of small trees, mounted for real, against the oracle that shares no code with the compiler.

use anyhow::{Context as _, Result, ensure};
use gobo_session::compile::compile;
use gobo_session::kernel::{About, Shown, View, attach};
use gobo_session::plan::{Choice, FORMAT, Plan, Source};
use gobo_session::tree::{Layout, Tree};
use gobo_session::trusted::Trust;
use gobo_tests::oracle::{self, Chosen};
use gobo_tests::requires_root;
use gobo_tests::world::{RandomWorld, Selection, World};
use nix::sched::{CloneFlags, unshare};
use rustix::mount::{MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};
use rustix::process::{chroot, fchdir};
use std::path::Path;

/// How many random trees are tried.
const WORLDS: u64 = 2000;

/// How many of them a thread takes.
const THREADS: u64 = 2;

/// A plan for chosen versions, without asking how they came to be chosen.
fn plan_for(tree: &Tree, chosen: &[Chosen], pure: bool) -> Result<Plan> {
    let mut choices = Vec::new();
    for item in chosen {
        let name = item.program.parse()?;
        let program = tree.program(&name)?.with_context(|| format!("{name} is not there"))?;
        let version = program.version(&item.version).with_context(|| format!("{} is not there", item.version))?;
        let is_current = program.current.as_deref() == Some(item.version.as_str());
        choices.push(Choice {
            major: version.version.major(),
            arch: version.arch(tree)?.clone(),
            linked: is_current && tree.is_linked(&name, version)?,
            requirement: name.clone().into(),
            program: name,
            version: item.version.clone(),
            source: Source::Asked,
        });
    }
    Ok(Plan {
        format: FORMAT,
        profile: None,
        arch: gobo_session::arch::Arch::X86_64,
        pure,
        personality: false,
        wishes: Vec::new(),
        chosen: choices,
        conflicts: Vec::new(),
        missing: Vec::new(),
        notes: Vec::new(),
        environment: Default::default(),
    })
}

/// Mounts the view of a plan over the index of the tree at `/`.
fn mount_view(chosen: &[Chosen], pure: bool) -> Result<Vec<String>> {
    let layout = Layout::default();
    let tree = Tree::open(Path::new("/"), None, layout.clone(), Trust::Anyone)?;
    let plan = plan_for(&tree, chosen, pure)?;
    let layer = compile(&tree, &plan)?;
    let view = View::prepare(&tree, &plan, &layer, &About { user: None, service: None, since: 0 })?;
    attach::over_inherited(&view, &layout, &Shown::default())?;
    Ok(view.areas().map(str::to_owned).collect())
}

/// Compares one world's view with what the oracle says; the process must be in a namespace of its own.
fn check(world: &World, chosen: &[Chosen], pure: bool) -> Result<Vec<String>> {
    let expected = oracle::expected(world.root(), chosen, pure)?;
    let outside = std::fs::File::open("/")?;
    chroot(world.root())?;
    std::env::set_current_dir("/")?;
    let result = mount_view(chosen, pure).and_then(|areas| {
        let observed = oracle::observed(Path::new("/"), Path::new("/System/Index"));
        for area in areas {
            unmount(format!("/System/Index/{area}"), UnmountFlags::DETACH)?;
        }
        observed
    });
    fchdir(&outside)?;
    chroot(".")?;
    Ok(oracle::differences(&expected, &result?))
}

/// Gives the calling thread a mount namespace and a root of its own, with a tmpfs at `scratch`.
fn own_namespace(scratch: &Path) -> Result<()> {
    unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS)?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    mount("worlds", scratch, "tmpfs", rustix::mount::MountFlags::empty(), None)?;
    Ok(())
}

#[test]
fn views_of_random_trees_hold_what_the_rules_say() {
    requires_root!();
    let threads: Vec<_> = (0..THREADS)
        .map(|first| {
            std::thread::spawn(move || -> Result<Vec<String>> {
                let scratch = tempfile::tempdir()?;
                own_namespace(scratch.path())?;
                let mut wrong = Vec::new();
                for seed in (first..WORLDS).step_by(usize::try_from(THREADS)?) {
                    let folder = scratch.path().join(seed.to_string());
                    let (world, Selection { chosen, pure }) = RandomWorld::generate(seed, &folder)?;
                    let found = check(&world, &chosen, pure).with_context(|| format!("seed {seed}"));
                    match found {
                        Ok(differences) if differences.is_empty() => {}
                        Ok(differences) => wrong.push(format!("seed {seed}:\n  {}", differences.join("\n  "))),
                        Err(error) => wrong.push(format!("seed {seed}: {error:#}")),
                    }
                    std::fs::remove_dir_all(&folder)?;
                }
                Ok(wrong)
            })
        })
        .collect();
    let wrong: Vec<String> = threads.into_iter().flat_map(|t| t.join().unwrap().unwrap()).collect();
    let shown = wrong.iter().filter(|w| !w.contains("not `:`")).take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {WORLDS} views are wrong:\n{shown}", wrong.len());
}

/// A view of one hand-made world, checked against the oracle, in a thread of its own.
fn check_alone(build: impl FnOnce(&World) + Send + 'static, chosen: Vec<Chosen>) -> Result<()> {
    let check = move || -> Result<()> {
        let scratch = tempfile::tempdir()?;
        own_namespace(scratch.path())?;
        let world = World::in_folder(&scratch.path().join("world"))?;
        build(&world);
        let differences = check(&world, &chosen, false)?;
        ensure!(differences.is_empty(), "{}", differences.join("\n"));
        Ok(())
    };
    std::thread::spawn(check).join().map_err(|_| anyhow::anyhow!("the thread panicked"))?
}

#[test]
fn a_pinned_gtk_2_leaves_gtk_3_alone() {
    requires_root!();
    let build = |world: &World| {
        world.program("GTK+", "2.24.22").file("lib/libgtk-x11-2.0.so.0").file("share/themes/Default/gtk-2.0/gtkrc");
        world
            .program("GTK+", "3.24.38")
            .file("lib/libgtk-3.so.0")
            .file("share/themes/Default/gtk-3.0/gtk.css")
            .current();
        world.symlink_program("GTK+", "3.24.38");
    };
    check_alone(build, vec![Chosen::new("GTK+", "2.24.22")]).unwrap();
}
