//! Chosen versions that are linked already, and pure views.

use super::{pure_view, view, world};

#[test]
fn a_linked_version_keeps_exactly_its_links() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").file("bin/y").current().linked();
    world.index_remove("bin/y");
    view(&world, &[("Foo", "1.0")]).has("bin/x", "/Programs/Foo/1.0/bin/x").lacks("bin/y");
}

#[test]
fn a_disabled_program_is_to_be_linked() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").current();
    view(&world, &[("Foo", "1.0")]).has("bin/x", "/Programs/Foo/1.0/bin/x");
}

#[test]
fn a_version_in_the_index_that_is_not_current_is_to_be_linked() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").file("bin/y").linked();
    world.index_remove("bin/y");
    view(&world, &[("Foo", "1.0")]).has("bin/y", "/Programs/Foo/1.0/bin/y");
}

#[test]
fn links_at_names_that_the_version_has_not_do_not_make_it_linked() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").current();
    world.index_link("bin/other", "/Programs/Foo/1.0/bin/x");
    view(&world, &[("Foo", "1.0")])
        .has("bin/x", "/Programs/Foo/1.0/bin/x")
        .has("bin/other", "/Programs/Foo/1.0/bin/x");
}

#[test]
fn a_link_deep_in_a_real_directory_makes_a_version_linked() {
    let world = world();
    world.program("Foo", "1.0").file("share/x/y/a").file("bin/x").current();
    world.index_link("share/x/y/a", "/Programs/Foo/1.0/share/x/y/a");
    view(&world, &[("Foo", "1.0")]).lacks("bin/x");
}

#[test]
fn a_current_version_without_names_is_linked_and_makes_nothing_old() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").linked();
    world.program("Foo", "1.1").dir("bin").fifo("share/pipe").current();
    view(&world, &[("Foo", "1.1")]).has("bin/x", "/Programs/Foo/1.0/bin/x");
}

#[test]
fn a_version_without_names_that_is_not_current_is_to_be_linked() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").current().linked();
    world.program("Foo", "1.1").dir("bin");
    view(&world, &[("Foo", "1.1")]).lacks("bin/x");
}

#[test]
fn the_links_of_a_linked_version_stand_at_its_place() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").current().linked();
    world.program("Bar", "1.0").file("bin/x");
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0")]).has("bin/x", "/Programs/Foo/1.0/bin/x");
    view(&world, &[("Bar", "1.0"), ("Foo", "1.0")]).has("bin/x", "/Programs/Bar/1.0/bin/x");
}

#[test]
fn the_entries_of_an_expanded_link_keep_the_place_of_its_linked_owner() {
    let world = world();
    world.program("Foo", "1.0").file("share/x/a").file("share/x/b").current().linked();
    world.program("Bar", "1.0").file("share/x/a").file("share/x/c");
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0")])
        .has("share/x/a", "/Programs/Foo/1.0/share/x/a")
        .has("share/x/c", "/Programs/Bar/1.0/share/x/c");
    view(&world, &[("Bar", "1.0"), ("Foo", "1.0")])
        .has("share/x/a", "/Programs/Bar/1.0/share/x/a")
        .has("share/x/b", "/Programs/Foo/1.0/share/x/b");
}

#[test]
fn a_linked_directory_first_hides_a_claimed_file() {
    let world = world();
    world.program("Foo", "1.0").file("share/x/a").current().linked();
    world.program("Bar", "1.0").file("share/x");
    view(&world, &[("Foo", "1.0"), ("Bar", "1.0")]).links("share/x", "/Programs/Foo/1.0/share/x");
}

#[test]
fn a_pure_view_holds_the_chosen_versions_alone() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").file("bin/y").current().linked();
    world.index_remove("bin/y").index_file("bin/real").index_link("lib/security", "/opt/security");
    world.program("Bar", "1.0").file("bin/z").current().linked();
    world.program("Baz", "1.0").file("lib/security/a");
    pure_view(&world, &[("Foo", "1.0"), ("Baz", "1.0")])
        .has("bin/x", "/Programs/Foo/1.0/bin/x")
        .has("bin/y", "/Programs/Foo/1.0/bin/y")
        .has("lib/security/a", "/Programs/Baz/1.0/lib/security/a")
        .lacks("bin/z")
        .lacks("bin/real");
}
