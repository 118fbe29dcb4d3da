//! Views of small trees, mounted for real, against the oracle that shares no code with the compiler.

mod common;

use anyhow::{Context as _, Result, ensure};
use common::{differences, own_namespace};
use gobo_tests::oracle::Chosen;
use gobo_tests::requires_root;
use gobo_tests::world::{RandomWorld, Selection, World};
use rustix::mount::{MountFlags, mount};
use std::path::Path;

/// How many random trees are tried.
const WORLDS: u64 = 2000;

/// How many threads share them.
const THREADS: u64 = 2;

/// Gives the calling thread a namespace of its own, with an empty tmpfs at `scratch`.
fn with_tmpfs(scratch: &Path) -> Result<()> {
    own_namespace()?;
    mount("worlds", scratch, "tmpfs", MountFlags::empty(), None)?;
    Ok(())
}

#[test]
fn views_of_random_trees_hold_what_the_rules_say() {
    requires_root!();
    let threads: Vec<_> = (0..THREADS)
        .map(|first| {
            std::thread::spawn(move || -> Result<Vec<String>> {
                let scratch = tempfile::tempdir()?;
                with_tmpfs(scratch.path())?;
                let mut wrong = Vec::new();
                for seed in (first..WORLDS).step_by(usize::try_from(THREADS)?) {
                    let folder = scratch.path().join(seed.to_string());
                    let (world, Selection { chosen, pure }) = RandomWorld::generate(seed, &folder)?;
                    let found =
                        differences(world.root(), &chosen, pure).with_context(|| format!("seed {seed}"));
                    match found {
                        Ok(lines) if lines.is_empty() => {}
                        Ok(lines) => wrong.push(format!("seed {seed}:\n  {}", lines.join("\n  "))),
                        Err(error) => wrong.push(format!("seed {seed}: {error:#}")),
                    }
                    std::fs::remove_dir_all(&folder)?;
                }
                Ok(wrong)
            })
        })
        .collect();
    let wrong: Vec<String> = threads.into_iter().flat_map(|t| t.join().unwrap().unwrap()).collect();
    let shown = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {WORLDS} views are wrong:\n{shown}", wrong.len());
}

/// A view of one hand-made world, checked against the oracle, in a thread of its own.
fn check_alone(build: impl FnOnce(&World) + Send + 'static, chosen: Vec<Chosen>) -> Result<()> {
    let check = move || -> Result<()> {
        let scratch = tempfile::tempdir()?;
        with_tmpfs(scratch.path())?;
        let world = World::in_folder(&scratch.path().join("world"))?;
        build(&world);
        let lines = differences(world.root(), &chosen, false)?;
        ensure!(lines.is_empty(), "{}", lines.join("\n"));
        Ok(())
    };
    std::thread::spawn(check).join().map_err(|_| anyhow::anyhow!("the thread panicked"))?
}

#[test]
fn a_pinned_gtk_2_leaves_gtk_3_alone() {
    requires_root!();
    let build = |world: &World| {
        world
            .program("GTK+", "2.24.22")
            .file("lib/libgtk-x11-2.0.so.0")
            .file("share/themes/Default/gtk-2.0/gtkrc");
        world
            .program("GTK+", "3.24.38")
            .file("lib/libgtk-3.so.0")
            .file("share/themes/Default/gtk-3.0/gtk.css")
            .current();
        world.symlink_program("GTK+", "3.24.38");
    };
    check_alone(build, vec![Chosen::new("GTK+", "2.24.22")]).unwrap();
}

#[test]
fn a_version_may_have_far_fewer_programs() {
    requires_root!();
    let build = |world: &World| {
        let many = world.program("Util-Linux", "2.38.1").current();
        (0..500).fold(many, |program, number| program.file(&format!("bin/tool-{number}")));
        world.symlink_program("Util-Linux", "2.38.1");
        world.program("Util-Linux", "2.41").file("bin/tool-7").file("lib/libmount.so.1");
    };
    check_alone(build, vec![Chosen::new("Util-Linux", "2.41")]).unwrap();
}
