//! What is removed as old, and what is kept.

use super::{view, world};
use crate::world::World;

/// Foo 1.0 is current and linked, with names that Foo 1.1 has not; Bar is there so that directories are real.
fn with_old_names() -> World {
    let world = world();
    world
        .program("Foo", "1.0")
        .file("bin/gone")
        .file("include/gone.h")
        .file("lib/libfoo.a")
        .file("lib/libfoo.la")
        .file("lib/libfoo.so")
        .file("lib/plugin.so")
        .file("lib/libfoo.so.1")
        .file("lib/pkgconfig/foo.pc")
        .file("lib/cmake/foo/foo.cmake")
        .file("lib/plugins/p")
        .file("libexec/gone")
        .file("share/gone")
        .current();
    world.program("Bar", "1.0").file("lib/pkgconfig/bar.pc").file("lib/plugins/q").current();
    world.symlink_program("Foo", "1.0").symlink_program("Bar", "1.0");
    world.program("Foo", "1.1").file("bin/new");
    world
}

#[test]
fn old_links_are_removed_anywhere_in_bin_and_include() {
    let world = with_old_names();
    view(&world, &[("Foo", "1.1")])
        .lacks("bin/gone")
        .lacks("include/gone.h")
        .has("bin/new", "/Programs/Foo/1.1/bin/new");
}

#[test]
fn old_links_are_removed_in_lib_for_development_names_only() {
    let world = with_old_names();
    view(&world, &[("Foo", "1.1")])
        .lacks("lib/libfoo.a")
        .lacks("lib/libfoo.la")
        .lacks("lib/libfoo.so")
        .lacks("lib/pkgconfig/foo.pc")
        .lacks("lib/cmake")
        .has("lib/pkgconfig/bar.pc", "/Programs/Bar/1.0/lib/pkgconfig/bar.pc")
        .has("lib/plugin.so", "/Programs/Foo/1.0/lib/plugin.so")
        .has("lib/libfoo.so.1", "/Programs/Foo/1.0/lib/libfoo.so.1")
        .has("lib/plugins/p", "/Programs/Foo/1.0/lib/plugins/p");
}

#[test]
fn old_links_stay_in_share_and_libexec() {
    let world = with_old_names();
    view(&world, &[("Foo", "1.1")])
        .has("share/gone", "/Programs/Foo/1.0/share/gone")
        .has("libexec/gone", "/Programs/Foo/1.0/libexec/gone");
}

#[test]
fn an_old_directory_link_is_replaced_and_not_a_member() {
    let world = world();
    world.program("Foo", "1.0").file("share/x/a").file("share/x/b").current().linked();
    world.program("Foo", "1.1").file("share/x/a");
    view(&world, &[("Foo", "1.1")]).links("share/x", "/Programs/Foo/1.1/share/x").lacks("share/x/b");
}

#[test]
fn an_old_link_is_replaced_even_where_another_chosen_version_wins() {
    let world = world();
    world.program("Foo", "1.0").file("share/x/old").current().linked();
    world.program("Foo", "1.1").file("share/x");
    world.program("Bar", "1.0").file("share/x/b");
    view(&world, &[("Bar", "1.0"), ("Foo", "1.1")])
        .lacks("share/x/old")
        .links("share/x", "/Programs/Bar/1.0/share/x");
}

#[test]
fn an_old_link_in_a_real_directory_is_replaced_one_by_one() {
    let world = world();
    world.program("Foo", "1.0").file("share/x/a").file("share/x/b").current().linked();
    world.program("Bar", "1.0").file("share/x/c").current().linked();
    world.program("Foo", "1.1").file("share/x/a");
    view(&world, &[("Foo", "1.1")])
        .has("share/x/a", "/Programs/Foo/1.1/share/x/a")
        .has("share/x/b", "/Programs/Foo/1.0/share/x/b")
        .has("share/x/c", "/Programs/Bar/1.0/share/x/c");
}

#[test]
fn another_major_is_not_old() {
    let world = world();
    world.program("GTK+", "3.24.38").file("bin/gtk3-demo").file("lib/libgtk-3.so").current().linked();
    world.program("GTK+", "2.24.33").file("bin/gtk-demo");
    view(&world, &[("GTK+", "2.24.33")])
        .has("bin/gtk3-demo", "/Programs/GTK+/3.24.38/bin/gtk3-demo")
        .has("lib/libgtk-3.so", "/Programs/GTK+/3.24.38/lib/libgtk-3.so");
}

#[test]
fn another_architecture_is_not_old() {
    let world = world();
    world
        .program("Glibc", "2.36")
        .architecture("x86_64")
        .file("bin/ldd")
        .file("lib/libc.a")
        .current()
        .linked();
    world.program("Glibc", "2.36-i686").architecture("i686").file("bin/getconf");
    view(&world, &[("Glibc", "2.36-i686")])
        .has("bin/ldd", "/Programs/Glibc/2.36/bin/ldd")
        .has("lib/libc.a", "/Programs/Glibc/2.36/lib/libc.a");
}

#[test]
fn an_unknown_architecture_is_the_same_as_any() {
    let world = world();
    world.program("Foo", "1.0").file("bin/gone").current().linked();
    world.program("Foo", "1.1").architecture("i586").file("bin/new");
    view(&world, &[("Foo", "1.1")]).lacks("bin/gone");
}

#[test]
fn what_lies_inside_a_directory_that_a_link_leads_to_is_never_old() {
    let world = world();
    world.program("Foo", "1.0").file("share/foo/inner").current();
    world.other_file("opt/sub/plain");
    world.program("Odd", "1.0").link("include/sub/foo.h", "/Programs/Foo/1.0/share/foo/inner");
    world.index_link("include/sub", "/Programs/Odd/1.0/include/sub");
    world.program("Foo", "1.1").file("include/sub/new.h");
    view(&world, &[("Foo", "1.1")])
        .has("include/sub/foo.h", "/Programs/Foo/1.0/share/foo/inner")
        .has("include/sub/new.h", "/Programs/Foo/1.1/include/sub/new.h");
}

#[test]
fn an_emptied_real_directory_stays() {
    let world = world();
    world.program("Foo", "1.0").file("bin/sub/gone").current();
    world.index_link("bin/sub/gone", "/Programs/Foo/1.0/bin/sub/gone");
    world.program("Foo", "1.1").file("bin/new");
    view(&world, &[("Foo", "1.1")]).is_real_directory("bin/sub").lacks("bin/sub/gone");
}

#[test]
fn a_link_through_current_is_owned_by_the_current_version() {
    let world = world();
    world.program("Foo", "1.0").file("bin/gone").current();
    world.index_link("bin/gone", "../../../Programs/Foo/./Current/bin/gone");
    world.program("Foo", "1.1").file("bin/new");
    view(&world, &[("Foo", "1.1")]).lacks("bin/gone");
}

#[test]
fn a_link_into_a_version_that_is_gone_has_no_owner() {
    let world = world();
    world.index_link("bin/gone", "/Programs/Foo/0.9/bin/gone");
    world.program("Foo", "0.8").file("bin/new");
    view(&world, &[("Foo", "0.8")]).dangles("bin/gone");
}

#[test]
fn kept_paths_are_the_bases_alone() {
    let world = world();
    let base =
        world.program("Base", "1.0").file("lib/gconv/UTF-16.so").file("lib/libnss_files.so.2").current();
    base.file("lib/security/pam_unix.so").file("lib/sudo/sudoers.so").file("libexec/sudo/sesh").linked();
    let foo = world.program("Foo", "1.0").file("lib/gconv/UTF-16.so").file("lib/libnss_files.so.2");
    foo.file("lib/security/pam_foo.so").file("lib/sudo").file("libexec/sudo/foo");
    view(&world, &[("Foo", "1.0")])
        .links("lib/gconv", "/Programs/Base/1.0/lib/gconv")
        .links("lib/security", "/Programs/Base/1.0/lib/security")
        .links("lib/sudo", "/Programs/Base/1.0/lib/sudo")
        .links("libexec/sudo", "/Programs/Base/1.0/libexec/sudo")
        .has("lib/libnss_files.so.2", "/Programs/Base/1.0/lib/libnss_files.so.2");
}

#[test]
fn nothing_is_old_in_a_kept_path() {
    let world = world();
    world.program("Foo", "1.0").file("lib/libnss_foo.so").file("lib/security/a").current().linked();
    world.program("Foo", "1.1").file("lib/libnss_foo.so").file("lib/security/b");
    view(&world, &[("Foo", "1.1")])
        .has("lib/libnss_foo.so", "/Programs/Foo/1.0/lib/libnss_foo.so")
        .has("lib/security/a", "/Programs/Foo/1.0/lib/security/a")
        .lacks("lib/security/b");
}

#[test]
fn kept_paths_that_the_base_has_not_are_claimed() {
    let world = world();
    world.program("Foo", "1.0").file("lib/security/pam_foo.so").file("lib/libnss_foo.so.2");
    view(&world, &[("Foo", "1.0")])
        .links("lib/security", "/Programs/Foo/1.0/lib/security")
        .has("lib/libnss_foo.so.2", "/Programs/Foo/1.0/lib/libnss_foo.so.2");
}

#[test]
fn a_link_at_a_name_that_its_owner_has_not_is_not_old() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").file("bin/gone").current().linked();
    world.index_link("bin/other", "/Programs/Foo/1.0/bin/x");
    world.program("Foo", "1.1").file("bin/x");
    view(&world, &[("Foo", "1.1")]).lacks("bin/gone").has("bin/other", "/Programs/Foo/1.0/bin/x");
}
