//! 64-bit libraries whose names 32-bit ones took.

use super::{view, world};
use crate::world::World;

const HWCAPS: &str = "lib/glibc-hwcaps/x86-64-v2";

/// A 64-bit base with Glibc of this version, and Foo of both architectures.
fn with_both(glibc: &str) -> World {
    let world = world();
    world.program("Glibc", glibc).architecture("x86_64").file("lib/libc.so.6").current().linked();
    world
        .program("Foo", "1.0")
        .architecture("x86_64")
        .file("lib/libfoo.so.1")
        .file("lib/foo.o")
        .current()
        .linked();
    world
        .program("Foo", "1.0-i686")
        .architecture("i586")
        .file("lib/libfoo.so.1")
        .file("lib/foo.o")
        .file("lib/libonly.so");
    world
}

#[test]
fn a_taken_library_is_reachable_in_hwcaps() {
    let world = with_both("2.41");
    view(&world, &[("Foo", "1.0-i686")])
        .has("lib/libfoo.so.1", "/Programs/Foo/1.0-i686/lib/libfoo.so.1")
        .has(&format!("{HWCAPS}/libfoo.so.1"), "/Programs/Foo/1.0/lib/libfoo.so.1")
        .lacks(&format!("{HWCAPS}/foo.o"))
        .lacks(&format!("{HWCAPS}/libonly.so"))
        .lacks("lib/x86_64");
}

#[test]
fn an_old_loader_gets_lib_x86_64_too() {
    let world = with_both("2.36");
    view(&world, &[("Foo", "1.0-i686")])
        .has("lib/x86_64/libfoo.so.1", "/Programs/Foo/1.0/lib/libfoo.so.1")
        .has(&format!("{HWCAPS}/libfoo.so.1"), "/Programs/Foo/1.0/lib/libfoo.so.1");
}

#[test]
fn an_unknown_loader_gets_lib_x86_64_too() {
    let world = with_both("2.41");
    world.index_remove("lib/libc.so.6");
    view(&world, &[("Foo", "1.0-i686")]).has("lib/x86_64/libfoo.so.1", "/Programs/Foo/1.0/lib/libfoo.so.1");
}

#[test]
fn a_chosen_64_bit_glibc_counts_before_the_bases() {
    let world = with_both("2.36");
    world.program("Glibc", "2.41").architecture("x86_64").file("lib/libc.so.6");
    world.program("Glibc", "2.36-i686").architecture("i686").file("lib/libc.so.6");
    view(&world, &[("Foo", "1.0-i686"), ("Glibc", "2.36-i686"), ("Glibc", "2.41")])
        .has(&format!("{HWCAPS}/libc.so.6"), "/Programs/Glibc/2.41/lib/libc.so.6")
        .lacks("lib/x86_64");
}

#[test]
fn a_64_bit_version_named_first_keeps_the_name() {
    let world = with_both("2.41");
    world.program("Foo", "1.1").architecture("x86_64").file("lib/libfoo.so.1");
    view(&world, &[("Foo", "1.1"), ("Foo", "1.0-i686")])
        .has("lib/libfoo.so.1", "/Programs/Foo/1.1/lib/libfoo.so.1")
        .lacks("lib/glibc-hwcaps");
}

#[test]
fn files_of_other_i686_versions_are_passed_over() {
    let world = with_both("2.41");
    world.program("Bar", "1.0").architecture("i386").file("lib/libfoo.so.1");
    view(&world, &[("Bar", "1.0"), ("Foo", "1.0-i686")])
        .has("lib/libfoo.so.1", "/Programs/Bar/1.0/lib/libfoo.so.1")
        .has(&format!("{HWCAPS}/libfoo.so.1"), "/Programs/Foo/1.0/lib/libfoo.so.1");
}

#[test]
fn a_library_of_any_architecture_and_of_nobody_counts_as_64_bit() {
    let world = with_both("2.41");
    world.other_file("opt/libonly.so").index_link("lib/libonly.so", "../../../opt/libonly.so");
    view(&world, &[("Foo", "1.0-i686")]).has(&format!("{HWCAPS}/libonly.so"), "/opt/libonly.so");
}

#[test]
fn what_is_in_hwcaps_already_goes_before() {
    let world = with_both("2.41");
    world
        .program("Tuned", "1.0")
        .file(&format!("{HWCAPS}/libfoo.so.1"))
        .file(&format!("{HWCAPS}/libother.so"));
    world.program("Tuned", "1.0").current().linked();
    view(&world, &[("Foo", "1.0-i686")])
        .has(&format!("{HWCAPS}/libfoo.so.1"), &format!("/Programs/Tuned/1.0/{HWCAPS}/libfoo.so.1"))
        .has(&format!("{HWCAPS}/libother.so"), &format!("/Programs/Tuned/1.0/{HWCAPS}/libother.so"));
}

#[test]
fn only_names_directly_in_lib_are_given_back() {
    let world = with_both("2.41");
    world.program("Foo", "1.0").file("lib/plug/p.so").linked();
    world.program("Foo", "1.0-i686").file("lib/plug/p.so");
    view(&world, &[("Foo", "1.0-i686")])
        .has("lib/plug/p.so", "/Programs/Foo/1.0-i686/lib/plug/p.so")
        .lacks(&format!("{HWCAPS}/p.so"));
}

#[test]
fn an_i686_version_of_the_base_takes_nothing() {
    let world = world();
    world.program("Foo", "1.0-i686").architecture("i686").file("lib/libfoo.so.1").current().linked();
    world.program("Bar", "1.0").architecture("x86_64").file("lib/libfoo.so.1");
    view(&world, &[("Foo", "1.0-i686"), ("Bar", "1.0")])
        .has("lib/libfoo.so.1", "/Programs/Foo/1.0-i686/lib/libfoo.so.1")
        .lacks("lib/glibc-hwcaps");
}

#[test]
fn each_architecture_has_its_own_converters() {
    let world = with_both("2.36");
    world.program("Glibc", "2.36").file("lib/gconv/UTF-16.so");
    world.index_link("lib/gconv", "/Programs/Glibc/2.36/lib/gconv");
    world
        .program("Glibc", "2.36-i686")
        .architecture("i686")
        .file("lib/libc.so.6")
        .file("lib/gconv/UTF-16.so");
    let (of_64_bit, of_32_bit) =
        ("/Programs/Glibc/2.36/lib/gconv/UTF-16.so", "/Programs/Glibc/2.36-i686/lib/gconv/UTF-16.so");
    let both = view(&world, &[("Glibc", "2.36-i686")]);
    both.has("lib/gconv/UTF-16.so", of_64_bit);
    for word in ["x86_64", "haswell", "xeon_phi", "$PLATFORM"] {
        both.has(&format!("lib/by-platform/{word}/gconv/UTF-16.so"), of_64_bit);
    }
    for word in ["i686", "i586", "i486", "i386"] {
        both.has(&format!("lib/by-platform/{word}/gconv/UTF-16.so"), of_32_bit);
    }
    view(&world, &[("Foo", "1.0-i686")]).lacks("lib/by-platform");
}

#[test]
fn a_module_that_64_bit_programs_lost_is_theirs_by_platform() {
    let world = with_both("2.41");
    let (lost, kept) = ("lib/gtk-2.0/2.10.0/engines/libmist.so", "lib/gtk-2.0/2.10.0/engines/libown.so");
    world.program("Engines", "2.20").architecture("x86_64").file(lost).file(kept).current().linked();
    world.program("Engines", "2.20-i686").architecture("i686").file(lost);
    let engines = "gtk-2.0/2.10.0/engines";
    let both = view(&world, &[("Engines", "2.20-i686")]);
    let (of_64_bit, of_32_bit) =
        (format!("/Programs/Engines/2.20/{lost}"), format!("/Programs/Engines/2.20-i686/{lost}"));
    both.has(lost, &of_32_bit)
        .has(kept, &format!("/Programs/Engines/2.20/{kept}"))
        .lacks("lib/by-platform/i686/gconv");
    for (word, file) in [("x86_64", &of_64_bit), ("$PLATFORM", &of_64_bit), ("i686", &of_32_bit)] {
        both.has(&format!("lib/by-platform/{word}/{engines}/libmist.so"), file);
    }
    both.lacks(&format!("lib/by-platform/x86_64/{engines}/libown.so"));
}
