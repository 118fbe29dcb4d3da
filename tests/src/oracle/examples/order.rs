//! Who wins a name.

use super::{view, world};

#[test]
fn the_first_named_wins() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x");
    world.program("Bar", "1.0").file("bin/x");
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0")]).has("bin/x", "/Programs/Foo/1.0/bin/x");
    view(&world, &[("Bar", "1.0"), ("Foo", "1.0")]).has("bin/x", "/Programs/Bar/1.0/bin/x");
}

#[test]
fn chosen_wins_over_the_base_of_another_program() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x");
    world.program("Bar", "1.0").file("bin/x").file("bin/y").current().linked();
    view(&world, &[("Foo", "1.0")])
        .has("bin/x", "/Programs/Foo/1.0/bin/x")
        .has("bin/y", "/Programs/Bar/1.0/bin/y");
}

#[test]
fn sbin_wins_over_bin() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").file("sbin/x").file("bin/y");
    view(&world, &[("Foo", "1.0")])
        .has("bin/x", "/Programs/Foo/1.0/sbin/x")
        .has("bin/y", "/Programs/Foo/1.0/bin/y");
}

#[test]
fn wrappers_win_over_sbin_and_bin() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").file("sbin/x").file("Resources/Wrappers/x");
    view(&world, &[("Foo", "1.0")]).has("bin/x", "/Programs/Foo/1.0/Resources/Wrappers/x");
}

#[test]
fn a_wrapper_of_a_later_version_loses_to_bin_of_an_earlier_one() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x");
    world.program("Bar", "1.0").file("Resources/Wrappers/x");
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0")]).has("bin/x", "/Programs/Foo/1.0/bin/x");
}

#[test]
fn lib64_wins_over_lib() {
    let world = world();
    world.program("Foo", "1.0").file("lib/x").file("lib64/x").file("lib64/y");
    view(&world, &[("Foo", "1.0")])
        .has("lib/x", "/Programs/Foo/1.0/lib64/x")
        .has("lib/y", "/Programs/Foo/1.0/lib64/y");
}

#[test]
fn a_file_first_hides_directories() {
    let world = world();
    world.program("Foo", "1.0").file("share/x");
    world.program("Bar", "1.0").file("share/x/a");
    world.program("Baz", "1.0").file("share/x/b").current().linked();
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0")])
        .has("share/x", "/Programs/Foo/1.0/share/x")
        .lacks("share/x/a")
        .lacks("share/x/b");
}

#[test]
fn a_directory_first_hides_files() {
    let world = world();
    world.program("Foo", "1.0").file("share/x");
    world.program("Bar", "1.0").file("share/x/a");
    view(&world, &[("Bar", "1.0"), ("Foo", "1.0")])
        .links("share/x", "/Programs/Bar/1.0/share/x")
        .has("share/x/a", "/Programs/Bar/1.0/share/x/a");
}

#[test]
fn a_file_between_directories_is_hidden_and_both_are_members() {
    let world = world();
    world.program("Foo", "1.0").file("share/x/a");
    world.program("Bar", "1.0").file("share/x");
    world.program("Baz", "1.0").file("share/x/b");
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0"), ("Baz", "1.0")])
        .is_real_directory("share/x")
        .has("share/x/a", "/Programs/Foo/1.0/share/x/a")
        .has("share/x/b", "/Programs/Baz/1.0/share/x/b");
}

#[test]
fn a_real_file_of_the_base_stays_alone() {
    let world = world();
    world.index_file("share/cache").index_file("share/themes");
    world.program("Foo", "1.0").file("share/cache").file("share/themes/a");
    view(&world, &[("Foo", "1.0")])
        .has("share/cache", "/System/Index/share/cache")
        .has("share/themes", "/System/Index/share/themes")
        .lacks("share/themes/a");
}

#[test]
fn a_real_file_does_not_stay_below_a_name_that_a_file_takes() {
    let world = world();
    world.index_file("share/x/cache");
    world.program("Foo", "1.0").file("share/x");
    view(&world, &[("Foo", "1.0")]).has("share/x", "/Programs/Foo/1.0/share/x").lacks("share/x/cache");
}

#[test]
fn a_broken_link_of_a_chosen_version_is_a_file_and_wins() {
    let world = world();
    world.program("Foo", "1.0").link("bin/x", "gone");
    world.program("Bar", "1.0").file("bin/x").current().linked();
    view(&world, &[("Foo", "1.0")]).dangles("bin/x");
}

#[test]
fn an_unowned_base_link_stands_last() {
    let world = world();
    world.other_file("opt/tool").index_link("bin/x", "/opt/tool").index_link("bin/y", "/opt/tool");
    world.program("Foo", "1.0").file("bin/x");
    view(&world, &[("Foo", "1.0")]).has("bin/x", "/Programs/Foo/1.0/bin/x").has("bin/y", "/opt/tool");
}

#[test]
fn nothing_chosen_changes_nothing() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").file("lib/plug/a").current().linked();
    world.program("Foo", "1.1").file("bin/y");
    view(&world, &[])
        .links("bin/x", "/Programs/Foo/1.0/bin/x")
        .has("lib/plug/a", "/Programs/Foo/1.0/lib/plug/a");
}
