use super::elf::Target;
use super::forge::{Forge, I686};
use super::*;
use crate::arch::Arch;
use crate::error::Step;

mod real;
pub(super) mod world;

use world::{World, layer, library, plan};

/// A processor without x86-64-v2. It is made up: what runs these tests can do more, and only the number is another.
const MADE_UP_OLD_PROCESSOR: Level = Level(1);

const X86_64: Target = Target::X86_64;

/// What a login says of a layer, on a processor of level 3.
fn login(world: &World, links: &[(&str, &str)]) -> Result<()> {
    try_login(&world.tree(), &plan(&[]), &layer(links), Level(3))
}

fn refusal(result: Result<()>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.step, Step::Try);
    assert!(error.cure.is_some(), "{error}");
    error.to_string()
}

#[test]
fn the_base_alone_is_accepted() {
    let world = World::new();
    login(&world, &[]).unwrap();
    login(
        &world,
        &[("lib/libnew.so.1", "/Programs/LibXCrypt/4.4.33/lib/libcrypt.so.1"), ("bin/new", "/nowhere")],
    )
    .unwrap();
}

#[test]
fn r24_a_view_whose_shell_lost_its_libc_is_refused() {
    let world = World::new();
    let said = refusal(login(&world, &[("lib/libc.so.6", "")]));
    assert!(
        said.starts_with("in this view /bin/bash would not start: it needs libc.so.6, which is not there; "),
        "{said}"
    );
    let said = refusal(login(&world, &[("lib/ld-linux-x86-64.so.2", "")]));
    assert!(
        said.starts_with(
            "in this view /bin/bash would not start: /lib64/ld-linux-x86-64.so.2 is not there; "
        ),
        "{said}"
    );
}

#[test]
fn r24_a_set_user_id_program_whose_library_needs_a_newer_glibc_refuses_the_view() {
    let world = World::new();
    let newer = Forge::library(X86_64, "libcrypt.so.1").needs("libc.so.6", &["GLIBC_2.34", "GLIBC_2.38"]);
    world.install("LibXCrypt/4.4.36/lib/libcrypt.so.1", &newer, 0o644);
    let said =
        refusal(login(&world, &[("lib/libcrypt.so.1", "/Programs/LibXCrypt/4.4.36/lib/libcrypt.so.1")]));
    assert_eq!(
        said,
        "in this view /System/Index/bin/su would not start: libcrypt.so.1 needs GLIBC_2.38, which Glibc 2.36 has not \
         got; choose a newer version of Glibc, or an older one of LibXCrypt"
    );
}

#[test]
fn a_version_that_is_weak_or_of_a_library_without_versions_is_not_missed() {
    let world = World::new();
    let weak = Forge::library(X86_64, "libcrypt.so.1")
        .needs("libc.so.6", &["?GLIBC_2.38"])
        .needs("libtinfo.so.6", &["TINFO_7"]);
    world.install("LibXCrypt/4.4.36/lib/libcrypt.so.1", &weak, 0o644);
    login(&world, &[("lib/libcrypt.so.1", "/Programs/LibXCrypt/4.4.36/lib/libcrypt.so.1")]).unwrap();
}

#[test]
fn what_was_broken_in_the_base_does_not_refuse_the_view() {
    let world = World::new();
    world.write("etc/shells", b"/bin/bash\n/bin/gone\n/bin/crooked\n", 0o644);
    world.install(
        "Crooked/1/bin/crooked",
        &Forge::program(X86_64).needs("libold.so.1", &[]).needs("libcrypt.so.1", &[]),
        0o4755,
    );
    world.index("bin", "Crooked/1/bin", &["crooked"]);
    world.install(
        "Util-Linux/2.38.1/bin/su",
        &Forge::program(X86_64).needs("libc.so.6", &["GLIBC_9"]),
        0o4755,
    );
    login(&world, &[("lib/libcrypt.so.1", ""), ("bin/gone", "")]).unwrap();
}

#[test]
fn r24_a_program_that_is_gone_from_the_view_refuses_it() {
    let world = World::new();
    let said = refusal(login(&world, &[("bin/su", "")]));
    assert!(said.starts_with("in this view /System/Index/bin/su would not start: it is not there"), "{said}");
    let said = refusal(login(&world, &[("libexec/sftp-server", "")]));
    assert!(said.contains("/System/Index/libexec/sftp-server"), "{said}");
}

#[test]
fn r24_set_user_id_programs_in_folders_of_libexec_are_tried() {
    let world = World::new();
    let helper = || Forge::program(X86_64).needs("libhelp.so.1", &[]);
    world.install("LibHelp/1/lib/libhelp.so.1", &library(X86_64, "libhelp.so.1"), 0o644);
    world.index("lib", "LibHelp/1/lib", &["libhelp.so.1"]);
    world.install("Polkit/1/libexec/polkit/helper", &helper(), 0o2755);
    world.index("libexec", "Polkit/1/libexec", &["polkit"]);
    let said = refusal(login(&world, &[("lib/libhelp.so.1", "")]));
    assert!(
        said.contains("/System/Index/libexec/polkit/helper would not start: it needs libhelp.so.1"),
        "{said}"
    );

    world.link("System/Index/libexec/polkit", "/nowhere");
    login(&world, &[("lib/libhelp.so.1", "")]).unwrap();
    std::fs::remove_file(world.path("System/Index/libexec/polkit")).unwrap();
    std::fs::create_dir(world.path("System/Index/libexec/polkit")).unwrap();
    world.link("System/Index/libexec/polkit/helper", "../../../../Programs/Polkit/1/libexec/polkit/helper");
    assert!(refusal(login(&world, &[("lib/libhelp.so.1", "")])).contains("polkit/helper"));
}

#[test]
fn the_shell_that_the_view_shows_is_the_one_that_is_tried() {
    let world = World::new();
    world.install("Bash/5.1/bin/bash", &Forge::program(X86_64).needs("libtinfo.so.5", &[]), 0o755);
    let bash = ("bin/bash", "/Programs/Bash/5.1/bin/bash");
    let said = refusal(login(&world, &[bash]));
    assert!(said.contains("/bin/bash would not start: it needs libtinfo.so.5, which is not there"), "{said}");
    world.install("Ncurses/5.9/lib/libtinfo.so.5", &library(X86_64, "libtinfo.so.5"), 0o644);
    login(&world, &[bash, ("lib/libtinfo.so.5", "/Programs/Ncurses/5.9/lib/libtinfo.so.5")]).unwrap();
    world.write("Programs/Bash/5.1/bin/bash", b"#!/bin/sh5\n", 0o755);
    let said = refusal(login(&world, &[bash]));
    assert!(said.contains("/bin/bash would not start: /bin/sh5 is not there"), "{said}");
    world.write("Programs/Bash/5.1/bin/bash", b"#!/bin/bash\n", 0o755);
    assert!(refusal(login(&world, &[bash])).contains("scripts are each other's interpreters"));
    world.install("Bash/5.1/bin/bash", &Forge::program(X86_64), 0o644);
    assert!(refusal(login(&world, &[bash])).contains("it cannot be executed"));
    world.write("Programs/Bash/5.1/bin/bash", b"echo", 0o755);
    assert!(refusal(login(&world, &[bash])).contains("it is no ELF file"));
}

#[test]
fn a_set_user_id_program_that_the_layer_replaces_is_tried_even_without_new_libraries() {
    let world = World::new();
    world.install("Util-Linux/2.40/bin/su", &Forge::program(X86_64).needs("libcrypt.so.2", &[]), 0o4755);
    let said = refusal(login(&world, &[("bin/su", "/Programs/Util-Linux/2.40/bin/su")]));
    assert!(said.contains("it needs libcrypt.so.2"), "{said}");
}

#[test]
fn libraries_are_found_through_rpath_and_origin_as_the_loader_does() {
    let world = World::new();
    world.write("etc/shells", b"/bin/tool\n", 0o644);
    world.index("bin", "Tool/1/bin", &["tool"]);
    let start = |tool: Forge, mode| {
        world.install("Tool/1/bin/tool", &tool, mode);
        let tree = world.tree();
        let images = Images::default();
        Loader::new(&tree, ViewNames::base(&tree), &images, MADE_UP_OLD_PROCESSOR).start(b"/bin/tool")
    };
    let tool = || Forge::program(X86_64).needs("libtool.so.1", &[]);
    world.install(
        "Tool/1/lib/private/libtool.so.1",
        &library(X86_64, "libtool.so.1").needs("libdeep.so.1", &[]),
        0o644,
    );
    world.install("Tool/1/lib/private/libdeep.so.1", &library(X86_64, "libdeep.so.1"), 0o644);
    assert!(start(tool(), 0o755).is_err());
    start(tool().rpath("relative:/nowhere:${ORIGIN}/../lib/private"), 0o755).unwrap();
    start(tool().rpath("$ORIGIN/../lib/private"), 0o4755)
        .expect_err("its caller could choose: a hard link elsewhere");
    start(tool().rpath("/Programs/Tool/1/lib/private"), 0o4755).unwrap();
    start(tool().runpath("$ORIGIN/../lib/private"), 0o755)
        .expect_err("a RUNPATH is not for what libraries need");
    start(tool().runpath("$LIB/private"), 0o755).unwrap_err();
    start(tool().runpath("$ORIGIN/../lib/private").needs("libdeep.so.1", &[]), 0o755).unwrap();
    start(Forge::program(X86_64).needs("/Programs/Tool/1/lib/private/libdeep.so.1", &[]), 0o755).unwrap();
    start(Forge::program(X86_64).needs("ld-linux-x86-64.so.2", &[]), 0o755).unwrap();
}

#[test]
fn a_library_for_another_machine_is_passed_over() {
    let world = World::new();
    world.install("LibXCrypt/4.4.33-i686/lib/libcrypt.so.1", &library(I686, "libcrypt.so.1"), 0o644);
    let link = ("lib/libcrypt.so.1", "/Programs/LibXCrypt/4.4.33-i686/lib/libcrypt.so.1");
    let said = refusal(login(&world, &[link]));
    assert!(
        said.contains("it needs libcrypt.so.1 for x86_64, and LibXCrypt 4.4.33-i686 is for i686"),
        "{said}"
    );
    let base = "/Programs/LibXCrypt/4.4.33/lib/libcrypt.so.1";
    login(&world, &[link, ("lib/x86_64-linux-gnu/libcrypt.so.1", base)]).unwrap();
    world.write("Programs/LibXCrypt/4.4.33-i686/lib/libcrypt.so.1", b"GROUP (elsewhere)", 0o644);
    let said = refusal(login(&world, &[link, ("lib/x86_64-linux-gnu/libcrypt.so.1", base)]));
    assert!(said.contains("is not what it should be: it is no ELF file"), "{said}");
}

fn i686_view(world: &World, folder: &str) -> Layer {
    let mut links = world::i686(world);
    if !folder.is_empty() {
        for (name, target) in [("libc.so.6", "Glibc/2.36"), ("libtinfo.so.6", "Ncurses/6.4")] {
            links.push((format!("{folder}/{name}"), format!("/Programs/{target}/lib/{name}")));
        }
    }
    layer(&links.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
}

#[test]
fn an_i686_view_with_its_hwcaps_folder_is_accepted() {
    let world = World::new();
    let layer = i686_view(&world, "lib/glibc-hwcaps/x86-64-v2");
    let plan = plan(&[("Bash", "5.2.15-i686", Arch::I686)]);
    try_login(&world.tree(), &plan, &layer, Level(2)).unwrap();
    let said = refusal(try_login(&world.tree(), &plan, &layer, MADE_UP_OLD_PROCESSOR));
    assert!(said.contains("it needs libc.so.6 for x86_64, and Glibc 2.36-i686 is for i686"), "{said}");
}

#[test]
fn an_i686_view_without_its_hwcaps_folder_is_refused() {
    let world = World::new();
    let layer = i686_view(&world, "");
    let said = refusal(try_login(&world.tree(), &plan(&[]), &layer, Level(4)));
    assert!(said.contains("for x86_64, and Glibc 2.36-i686 is for i686"), "{said}");
}

#[test]
fn before_glibc_2_37_an_old_processor_has_the_folder_x86_64() {
    let world = World::new();
    let layer = i686_view(&world, "lib/x86_64");
    let i686 = ("Bash", "5.2.15-i686", Arch::I686);
    try_login(&world.tree(), &plan(std::slice::from_ref(&i686)), &layer, MADE_UP_OLD_PROCESSOR).unwrap();
    let newer = plan(&[i686, ("Glibc", "2.41", Arch::X86_64)]);
    let said = refusal(try_login(&world.tree(), &newer, &layer, MADE_UP_OLD_PROCESSOR));
    assert!(said.contains("only on a processor with x86-64-v2"), "{said}");
}

#[test]
fn r24_login_refuses_i686_on_an_old_processor_where_the_glibc_is_not_known() {
    let world = World::new();
    let layer = i686_view(&world, "lib/glibc-hwcaps/x86-64-v2");
    std::fs::remove_file(world.path("System/Index/lib/libc.so.6")).unwrap();
    let plan = plan(&[("Bash", "5.2.15-i686", Arch::I686)]);
    assert!(
        refusal(try_login(&world.tree(), &plan, &layer, MADE_UP_OLD_PROCESSOR))
            .contains("Glibc of unknown version")
    );
    try_login(&world.tree(), &plan, &layer, Level(2)).unwrap();
}

#[test]
fn r24_login_refuses_an_older_glibc() {
    let world = World::new();
    world.glibc("2.35", X86_64);
    let tree = world.tree();
    let said =
        refusal(try_out(&tree, &plan(&[("Glibc", "2.35", Arch::X86_64)]), &Layer::default(), Scope::Login));
    assert!(
        said.starts_with(
            "Glibc 2.35 is older than 2.36, which the system's programs need; choose Glibc 2.36"
        ),
        "{said}"
    );
    for allowed in [
        ("Glibc", "2.35-i686", Arch::I686),
        ("Glibc", "2.36-r1", Arch::X86_64),
        ("Bash", "2.0", Arch::X86_64),
    ] {
        try_out(&tree, &plan(&[allowed]), &Layer::default(), Scope::Login).unwrap();
    }
}

#[test]
fn r24_login_refuses_a_pure_view() {
    let world = World::new();
    let pure = Plan { pure: true, ..plan(&[]) };
    assert!(refusal(try_out(&world.tree(), &pure, &Layer::default(), Scope::Login)).contains("a pure view"));
}

#[test]
fn a_command_gets_whatever_view_it_asked_for() {
    let world = World::new();
    let pure = Plan { pure: true, ..plan(&[("Glibc", "2.35", Arch::X86_64)]) };
    try_out(&world.tree(), &pure, &layer(&[("bin/bash", ""), ("lib/libc.so.6", "")]), Scope::Command)
        .unwrap();
}

#[test]
fn without_a_list_of_shells_it_is_bin_sh() {
    let world = World::new();
    std::fs::remove_file(world.path("etc/shells")).unwrap();
    world.link("System/Index/bin/sh", "bash");
    assert!(refusal(login(&world, &[("bin/sh", "")])).contains("/bin/sh would not start: it is not there"));
}
