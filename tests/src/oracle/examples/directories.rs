//! Directories: linked whole, or made of several members.

use super::{Outcome, view, world};

#[test]
fn a_directory_that_nobody_else_has_is_one_link() {
    let world = world();
    world.program("Foo", "1.0").file("share/foo/a");
    view(&world, &[("Foo", "1.0")]).links("share/foo", "/Programs/Foo/1.0/share/foo");
}

#[test]
fn a_directory_of_two_is_real_and_holds_the_links_of_both() {
    let world = world();
    world.program("Foo", "1.0").file("share/x/a").file("share/x/c");
    world.program("Bar", "1.0").file("share/x/b").file("share/x/c");
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0")])
        .is_real_directory("share/x")
        .links("share/x/a", "/Programs/Foo/1.0/share/x/a")
        .links("share/x/b", "/Programs/Bar/1.0/share/x/b")
        .links("share/x/c", "/Programs/Foo/1.0/share/x/c");
}

#[test]
fn a_real_directory_of_the_base_goes_on_inside() {
    let world = world();
    world.index_file("share/x/cache").index_link("share/x/ext", "/opt/tool");
    world.program("Foo", "1.0").file("share/x/a");
    view(&world, &[("Foo", "1.0")])
        .has("share/x/cache", "/System/Index/share/x/cache")
        .links("share/x/ext", "/opt/tool")
        .has("share/x/a", "/Programs/Foo/1.0/share/x/a");
}

#[test]
fn a_base_link_to_a_directory_is_expanded_when_a_chosen_program_brings_the_same() {
    let world = world();
    world.program("Bar", "1.0").file("share/x/a").file("share/x/b").current().linked();
    world.program("Foo", "1.0").file("share/x/a");
    view(&world, &[("Foo", "1.0")])
        .is_real_directory("share/x")
        .has("share/x/a", "/Programs/Foo/1.0/share/x/a")
        .links("share/x/b", "/Programs/Bar/1.0/share/x/b");
}

#[test]
fn an_expanded_relative_base_link_leads_one_step_deeper() {
    let world = world();
    world.program("Bar", "1.0").file("share/x/deep/b").current();
    world.symlink_program_relative("Bar", "1.0");
    world.program("Foo", "1.0").file("share/x/deep/a");
    view(&world, &[("Foo", "1.0")])
        .is_real_directory("share/x/deep")
        .has("share/x/deep/b", "/Programs/Bar/1.0/share/x/deep/b");
}

#[test]
fn two_majors_of_one_program_share_a_directory() {
    let world = world();
    world.program("GTK+", "3.24.38").file("share/themes/Default/gtk-3.0").current().linked();
    world.program("GTK+", "2.24.33").file("share/themes/Default/gtk-2.0");
    view(&world, &[("GTK+", "2.24.33")])
        .is_real_directory("share/themes/Default")
        .has("share/themes/Default/gtk-2.0", "/Programs/GTK+/2.24.33/share/themes/Default/gtk-2.0")
        .has("share/themes/Default/gtk-3.0", "/Programs/GTK+/3.24.38/share/themes/Default/gtk-3.0");
}

#[test]
fn an_unowned_link_to_a_directory_is_expanded_too() {
    let world = world();
    world.other_file("opt/themes/a").index_link("share/themes", "../../../opt/themes");
    world.program("Foo", "1.0").file("share/themes/b");
    view(&world, &[("Foo", "1.0")])
        .has("share/themes/a", "/opt/themes/a")
        .has("share/themes/b", "/Programs/Foo/1.0/share/themes/b");
}

#[test]
fn bin_and_sbin_of_one_version_are_two_members() {
    let world = world();
    world.program("Foo", "1.0").file("bin/sub/a").file("sbin/sub/b").file("sbin/sub/a");
    view(&world, &[("Foo", "1.0")])
        .is_real_directory("bin/sub")
        .has("bin/sub/a", "/Programs/Foo/1.0/sbin/sub/a")
        .has("bin/sub/b", "/Programs/Foo/1.0/sbin/sub/b");
}

#[test]
fn a_link_to_a_directory_counts_as_one() {
    let world = world();
    world.program("Foo", "1.0").file("share/real/a").link("share/x", "real");
    world.program("Bar", "1.0").file("share/x/b");
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0")])
        .is_real_directory("share/x")
        .links("share/x/a", "/Programs/Foo/1.0/share/x/a")
        .has("share/x/a", "/Programs/Foo/1.0/share/real/a");
}

#[test]
fn a_link_to_a_directory_of_another_program_counts_as_one() {
    let world = world();
    world.program("Bar", "1.0").file("share/bar/b").current();
    world.program("Foo", "1.0").link("share/x", "/Programs/Bar/Current/share/bar");
    world.program("Baz", "1.0").file("share/x/c");
    view(&world, &[("Foo", "1.0"), ("Baz", "1.0")]).has("share/x/b", "/Programs/Bar/1.0/share/bar/b");
}

#[test]
fn a_link_to_a_directory_above_it_is_a_file() {
    let world = world();
    world.program("Foo", "1.0").file("share/x/a").link("share/x/up", "..").link("share/x/self", ".");
    world.program("Bar", "1.0").file("share/x/up/b").file("share/x/self/b");
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0")])
        .links("share/x/up", "/Programs/Foo/1.0/share/x/up")
        .lacks("share/x/up/b")
        .lacks("share/x/self/b");
    view(&world, &[("Bar", "1.0"), ("Foo", "1.0")])
        .links("share/x/up", "/Programs/Bar/1.0/share/x/up")
        .has("share/x/up/b", "/Programs/Bar/1.0/share/x/up/b");
}

#[test]
fn a_base_link_to_its_own_directory_is_a_file_and_stays() {
    let world = world();
    world.index_link("lib/x86_64-linux-gnu", ".");
    world.program("Foo", "1.0").file("lib/a");
    let view = view(&world, &[("Foo", "1.0")]);
    view.links("lib/x86_64-linux-gnu", ".");
    assert_eq!(view.names.get("lib/x86_64-linux-gnu"), Some(&Outcome::Again));
    view.lacks("lib/x86_64-linux-gnu/a");
}

#[test]
fn a_base_link_to_its_own_directory_is_hidden_by_a_chosen_directory() {
    let world = world();
    world.index_link("lib/x86_64-linux-gnu", ".").index_link("lib/b", "/opt/b");
    world.program("Foo", "1.0").file("lib/x86_64-linux-gnu/a");
    view(&world, &[("Foo", "1.0")])
        .links("lib/x86_64-linux-gnu", "/Programs/Foo/1.0/lib/x86_64-linux-gnu")
        .lacks("lib/x86_64-linux-gnu/b");
}

#[test]
fn a_link_back_into_the_index_leads_to_what_the_view_has() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").file("lib/plug/a").current().linked();
    world.program("Foo", "1.1").file("bin/x").file("lib/plug/a");
    world.index_link("bin/alias", "x").index_link("bin/other", "/System/Index/lib/plug/a");
    world.program("Bar", "1.0").link("bin/third", "/System/Index/bin/x");
    view(&world, &[("Foo", "1.1"), ("Bar", "1.0")])
        .has("bin/alias", "/Programs/Foo/1.1/bin/x")
        .has("bin/other", "/Programs/Foo/1.1/lib/plug/a")
        .has("bin/third", "/Programs/Foo/1.1/bin/x");
}

#[test]
fn fifos_in_program_folders_do_not_exist() {
    let world = world();
    world.program("Foo", "1.0").fifo("bin/x").fifo("share/x/pipe").file("share/x/a");
    world.program("Bar", "1.0").file("bin/x").file("share/x/b");
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0")])
        .has("bin/x", "/Programs/Bar/1.0/bin/x")
        .has("share/x/a", "/Programs/Foo/1.0/share/x/a")
        .lacks("share/x/pipe");
}

#[test]
fn an_absolute_link_is_meant_inside_the_tree() {
    let world = world();
    world.program("Foo", "1.0").link("bin/x", "/etc/passwd");
    view(&world, &[("Foo", "1.0")]).dangles("bin/x");
}

#[test]
fn a_base_link_to_the_place_of_a_claim_is_no_second_member() {
    let world = world();
    world.program("Foo", "1.0").file("share/x/a");
    world.symlink_program_relative("Foo", "1.0");
    view(&world, &[("Foo", "1.0")]).links("share/x", "/Programs/Foo/1.0/share/x");
}
