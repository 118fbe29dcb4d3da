//! Trying views of a whole GoboLinux root, where there is one.

use super::*;
use crate::compile::compile;
use crate::tree::Layout;
use crate::trusted::Trust;
use std::path::PathBuf;
use std::time::Instant;

/// A real root; `None`, told or not allowed, where there is none.
fn root() -> Option<PathBuf> {
    let built = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/goboroot/root-small"));
    let root = std::env::var_os("GOBO_ROOT").map_or_else(built, PathBuf::from);
    if root.join("Programs").is_dir() {
        return Some(root);
    }
    let must_run = std::env::var_os("GOBO_TESTS_MUST_RUN").is_some_and(|value| value == "1");
    assert!(!must_run, "no GoboLinux root: set GOBO_ROOT");
    println!("skipped: no GoboLinux root, set GOBO_ROOT");
    None
}

/// The versions of a program that the root has, with what they are for.
fn versions(tree: &Tree, program: &str) -> Vec<(String, Arch)> {
    let Some(program) = tree.program(&program.parse().unwrap()).unwrap() else { return Vec::new() };
    let of = |v: &crate::tree::VersionFolder| (v.version.to_string(), v.arch(tree).unwrap().clone());
    program.versions(tree).map(of).collect()
}

#[test]
fn every_shell_and_set_user_id_program_of_a_real_root_starts_in_its_base() {
    let Some(root) = root() else { return };
    let tree = Tree::open(&root, None, Layout::default(), Trust::Anyone).unwrap();
    let (images, names) = (Images::default(), ViewNames::base(&tree));
    let mut all = programs::shells(&tree).unwrap();
    all.extend(programs::sftp_servers(&tree, &names));
    all.extend(programs::set_id(&tree, &names).unwrap());
    assert!(
        all.iter().any(|path| path.ends_with(b"/su"))
            && all.iter().any(|path| path.ends_with(b"/sftp-server"))
    );
    let loader = Loader::new(&tree, names, &images, Level::here());
    for program in all {
        if let Err(broken) = loader.start(&program) {
            panic!("{}", broken.refusal(&tree, &program));
        }
    }
}

#[test]
fn the_i686_versions_of_a_real_root_make_a_view_to_work_in() {
    let Some(root) = root() else { return };
    let tree = Tree::open(&root, None, Layout::default(), Trust::Anyone).unwrap();
    let mut chosen = Vec::new();
    for entry in std::fs::read_dir(root.join("Programs")).unwrap() {
        let program: &'static str = entry.unwrap().file_name().into_string().unwrap().leak();
        for (version, arch) in versions(&tree, program) {
            if arch == Arch::I686 {
                chosen.push((program, &*version.leak(), arch));
            }
        }
    }
    let plan = plan(&chosen);
    let mut layer = compile(&tree, &plan).unwrap();
    try_login(&tree, &plan, &layer, Level(2)).unwrap();
    let started = Instant::now();
    try_login(&tree, &plan, &layer, Level(2)).unwrap();
    println!("{} versions, {:?}: {:?}", chosen.len(), layer.size(), started.elapsed());
    layer.areas.get_mut("lib").unwrap().remove(b"glibc-hwcaps".as_slice());
    layer.areas.get_mut("lib").unwrap().remove(b"x86_64".as_slice());
    assert!(refusal(try_login(&tree, &plan, &layer, Level(2))).contains("for x86_64"));
}

#[test]
#[ignore = "a measurement: run it alone, in an optimised build"]
fn the_time_that_a_large_base_takes() {
    const TARGET: Target = Target::X86_64;
    let world = World::new();
    for number in 0..40 {
        let name = format!("liblarge{number}.so.1");
        let mut file = library(TARGET, &name);
        if number > 0 {
            file = file.needs(&format!("liblarge{}.so.1", number / 2), &[]);
        }
        world.install(&format!("Large{number}/1/lib/{name}"), &file, 0o644);
        world.index("lib", &format!("Large{number}/1/lib"), &[&name]);
    }
    for number in 0..800 {
        let (program, name) = (format!("P{}/1/bin", number / 5), format!("program{number}"));
        let needs = |file: Forge, n: usize| file.needs(&format!("liblarge{}.so.1", (number + n) % 40), &[]);
        let file = (0..8).fold(Forge::program(TARGET).needs("libc.so.6", &["GLIBC_2.34"]), needs);
        world.install(&format!("{program}/{name}"), &file, if number % 40 == 0 { 0o4755 } else { 0o755 });
        world.index("bin", &program, &[&name]);
    }
    let tree = world.tree();
    let layer =
        layer(&[("lib/liblarge1.so.1", "/Programs/Large1/1/lib/liblarge1.so.1"), ("bin/x", "/nowhere")]);
    let small = world::layer(&[("bin/x", "/nowhere")]);
    for (what, layer) in [("with libraries", &layer), ("without", &small)] {
        let mut times: Vec<_> = (0..50)
            .map(|_| {
                let started = Instant::now();
                try_login(&tree, &plan(&[]), layer, Level(3)).unwrap();
                started.elapsed()
            })
            .collect();
        times.sort_unstable();
        println!("{what}: least {:?}, median {:?}", times[0], times[times.len() / 2]);
    }
}
