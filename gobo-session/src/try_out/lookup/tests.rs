use super::*;
use crate::try_out::tests::world::{World, layer};

fn path_of(names: &ViewNames<'_>, path: &str) -> Option<String> {
    names.resolve(path.as_bytes()).map(|found| {
        let path = match &found {
            Found::Folder(folder) => folder.path().to_vec(),
            Found::File(file) => file.path.clone(),
        };
        String::from_utf8(path).unwrap()
    })
}

#[test]
fn links_are_followed_inside_the_tree() {
    let world = World::new();
    world.link("System/Index/lib/up", "../../../../../etc/shells");
    world.link("System/Index/lib/round", "./round/round");
    let tree = world.tree();
    let names = ViewNames::base(&tree);
    let bash = Some("/Programs/Bash/5.2.15/bin/bash".to_owned());
    for path in ["/bin/bash", "/bin//bash", "/bin/./bash", "/lib64/../bin/bash", "/../bin/bash", "bin/bash"] {
        assert_eq!(path_of(&names, path), bash, "{path}");
    }
    assert_eq!(path_of(&names, "/lib/up").as_deref(), Some("/etc/shells"));
    assert_eq!(path_of(&names, "/lib64/").as_deref(), Some("/System/Index/lib"));
    assert_eq!(path_of(&names, "/").as_deref(), Some(""));
    for nothing in
        ["/lib/round", "/bin/bash/", "/bin/bash/x", "/bin/gone", "/bin/gone/..", &"/a".repeat(3000)]
    {
        assert_eq!(path_of(&names, nothing), None, "{nothing}");
    }
}

#[test]
fn a_chain_of_links_that_is_too_long_says_nothing_about_the_names_in_it() {
    let world = World::empty();
    world.write("etc/end", b"", 0o644);
    world.link("etc/l0", "end");
    for number in 1..60 {
        world.link(&format!("etc/l{number}"), &format!("l{}", number - 1));
    }
    let tree = world.tree();
    let names = ViewNames::base(&tree);
    assert_eq!(path_of(&names, "/etc/l59"), None);
    assert_eq!(path_of(&names, "/etc/l30").as_deref(), Some("/etc/end"));
}

#[test]
fn the_layer_goes_before_the_base_as_in_an_overlay() {
    let world = World::empty();
    for path in [
        "Programs/A/1/lib/new",
        "System/Index/lib/merged/kept",
        "System/Index/lib/merged/gone",
        "System/Index/lib/gone/x",
    ] {
        world.write(path, b"", 0o644);
    }
    world.write("Programs/A/1/lib/folder/inside", b"", 0o644);
    world.link("System/Index/lib/linked", "/Programs/A/1/lib/folder");
    let layer = layer(&[
        ("lib/new", "/Programs/A/1/lib/new"),
        ("lib/merged/new", "../../../../Programs/A/1/lib/new"),
        ("lib/merged/gone", ""),
        ("lib/gone", ""),
        ("lib/linked/new", "/Programs/A/1/lib/new"),
        ("lib/deep/er/new", "../../new"),
    ]);
    let tree = world.tree();
    let names = ViewNames::view(&tree, &layer, false);
    let new = Some("/Programs/A/1/lib/new".to_owned());
    for path in
        ["/lib/new", "/lib/merged/new", "/lib/linked/new", "/lib64/deep/er/new", "/lib/deep/er/../../new"]
    {
        assert_eq!(path_of(&names, path), new, "{path}");
    }
    assert_eq!(path_of(&names, "/lib/merged/kept").as_deref(), Some("/System/Index/lib/merged/kept"));
    for nothing in ["/lib/merged/gone", "/lib/gone/x", "/lib/gone", "/lib/linked/inside", "/lib/deep/none"] {
        assert_eq!(path_of(&names, nothing), None, "{nothing}");
    }
    assert_eq!(
        path_of(&ViewNames::base(&tree), "/lib/linked/inside").as_deref(),
        Some("/Programs/A/1/lib/folder/inside")
    );
    let pure = ViewNames::view(&tree, &layer, true);
    assert_eq!(path_of(&pure, "/lib/new"), new);
    assert_eq!(path_of(&pure, "/lib/merged/kept"), None);
}

#[test]
fn below_the_index_the_untouched_one_is_read_wherever_it_is() {
    let world = World::new();
    std::fs::create_dir(world.path("untouched")).unwrap();
    std::fs::rename(world.path("System/Index/bin"), world.path("untouched/bin")).unwrap();
    world.write("System/Index/bin/bash", b"of the session's view", 0o755);
    let layout = crate::tree::Layout::default();
    let base = std::path::Path::new("/untouched");
    let tree = Tree::open(&world.path(""), Some(base), layout, crate::trusted::Trust::Anyone).unwrap();
    let names = ViewNames::base(&tree);
    assert_eq!(path_of(&names, "/bin/bash").as_deref(), Some("/Programs/Bash/5.2.15/bin/bash"));
    assert_eq!(
        path_of(&names, "/System/Index/../Index/bin/su").as_deref(),
        Some("/Programs/Util-Linux/2.38.1/bin/su")
    );
}

#[test]
fn r4_r11_folders_that_others_can_write_are_not_entered() {
    use std::os::unix::fs::PermissionsExt as _;
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root has folders of root");
        return;
    }
    let world = World::new();
    let open = |world: &World| {
        Tree::open(&world.path(""), None, crate::tree::Layout::default(), crate::trusted::Trust::RootOnly)
    };
    let folder = world.path("Programs/Bash/5.2.15");
    let tree = open(&world).unwrap();
    assert!(path_of(&ViewNames::base(&tree), "/bin/bash").is_some());
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(path_of(&ViewNames::base(&tree), "/bin/bash"), None);
}

#[test]
fn r18_few_folders_are_open_at_a_time() {
    let world = World::empty();
    for number in 0..3 * MAX_OPEN {
        world.write(&format!("many/{number}/file"), b"", 0o644);
    }
    let tree = world.tree();
    let names = ViewNames::base(&tree);
    for round in 0..2 {
        for number in 0..3 * MAX_OPEN {
            assert!(path_of(&names, &format!("/many/{number}/file")).is_some(), "{round}");
            let known = names.known.borrow();
            let open = known.values().flatten().filter(|found| found.folder().is_some()).count();
            assert!(open <= MAX_OPEN + 3, "{open}");
        }
    }
}

#[test]
fn only_the_file_that_was_found_is_opened() {
    let world = World::new();
    let tree = world.tree();
    let names = ViewNames::base(&tree);
    let file = names.resolve(b"/bin/bash").unwrap().file().unwrap().clone();
    assert!(names.open(&file).is_ok());
    std::fs::rename(
        world.path("Programs/Util-Linux/2.38.1/bin/su"),
        world.path("Programs/Bash/5.2.15/bin/bash"),
    )
    .unwrap();
    assert_eq!(names.open(&file).unwrap_err(), Errno::STALE);
    let root = names.resolve(b"/etc/shells").unwrap().file().unwrap().clone();
    let special = File { mode: 0o010_644, ..(*root).clone() };
    assert_eq!(names.open(&special).unwrap_err(), Errno::INVAL);
}
