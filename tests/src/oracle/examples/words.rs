//! Majors, architectures, owners.

use super::world;
use crate::oracle::tree::{Place, Tree};
use crate::oracle::words::{Architecture, architecture, major, owner};

#[test]
fn the_major_is_the_first_number() {
    for (version, wanted) in [
        ("2.24.33-i686", "2"),
        ("r1.5", "1"),
        ("1.1.1w", "1"),
        ("20240101", "20240101"),
        ("trunk", "trunk"),
        ("0.9", "0"),
    ] {
        assert_eq!(major(version), wanted, "{version}");
    }
}

#[test]
fn i386_to_i686_are_one_architecture_and_noarch_is_any() {
    let world = world();
    for (version, text) in [("1", "i386"), ("2", "i686"), ("3", "noarch"), ("4", " x86_64 \nmore")] {
        world.program("Foo", version).architecture(text);
    }
    world.program("Foo", "5");
    let of = |version| architecture(Tree::on_disk(world.root()), "Foo", version).unwrap();
    assert_eq!(of("1"), of("2"));
    assert_eq!(of("3"), Architecture::Any);
    assert_eq!(of("4"), Architecture::One("x86_64".to_owned()));
    assert_eq!(of("5"), Architecture::Any);
    assert!(!of("1").same(&of("4")) && of("1").same(&of("3")) && of("5").same(&of("4")));
}

#[test]
fn the_owner_is_read_from_the_text() {
    let world = world();
    world.program("Foo", "1.0").current();
    let of = |directory: &str, text: &str| {
        let owner = owner(Tree::on_disk(world.root()), directory, text).unwrap();
        owner.map(|owner| format!("{} {}", owner.program, owner.version))
    };
    let foo = Some("Foo 1.0".to_owned());
    assert_eq!(of("bin", "/Programs/Foo/1.0/bin/not-there"), foo);
    assert_eq!(of("bin", "../../../Programs/Foo/1.0/bin/x"), foo);
    assert_eq!(of("lib/a", "../../../../Programs/Foo/9/../1.0/x"), foo);
    assert_eq!(of("bin", "/Programs/Foo/Current/bin/x"), foo);
    assert_eq!(of("bin", "/Programs/Foo/2.0/bin/x"), None);
    assert_eq!(of("bin", "/Programs/Foo/1.0"), None);
    assert_eq!(of("bin", "x"), None);
    assert_eq!(of("bin", "/System/Index/bin/x"), None);
}

#[test]
fn paths_do_not_leave_the_tree() {
    let world = world();
    world.program("Foo", "1.0").file("bin/x").link("bin/up", "../../../../../../Programs/Foo/1.0/bin/x");
    world.program("Foo", "1.0").link("bin/loop", "loop").link("bin/out", "/../../etc");
    let tree = Tree::on_disk(world.root());
    let x = ["Programs", "Foo", "1.0", "bin", "x"].map(str::to_owned).to_vec();
    assert_eq!(tree.resolve("/Programs/Foo/1.0/bin/up").unwrap(), Place::File(x));
    assert!(matches!(tree.resolve("/Programs/Foo/1.0/bin/loop").unwrap(), Place::Nowhere(_)));
    assert_eq!(tree.resolve("/Programs/Foo/1.0/bin/out").unwrap(), Place::Nowhere("/etc".to_owned()));
}
