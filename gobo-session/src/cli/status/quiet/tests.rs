//! What a view could show is noticed by a time.

use super::*;
use crate::arch::Arch;
use crate::plan::Source;
use crate::tree::Layout;
use crate::trusted::Trust;
use std::fs as files;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FOLDERS: [&str; 14] = [
    "Programs/Lua/5.1/bin",
    "Programs/Lua/5.1/lib64/pkgconfig",
    "Programs/Lua/5.1/share/doc/lua",
    "Programs/Lua/5.4/lib/pkgconfig",
    "Programs/Lua/6.0/lib/pkgconfig",
    "Programs/Pair/1.0/bin",
    "Programs/Pair/1.1/include",
    "Programs/Zed/1/bin",
    "Programs/Other/1/lib/modules",
    "Programs/Other/1/libexec/helpers",
    "System/Index/bin",
    "System/Index/lib/pkgconfig",
    "System/Index/libexec",
    "System/Index/share/deep/down",
];

fn world() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    FOLDERS.iter().for_each(|folder| files::create_dir_all(root.path().join(folder)).unwrap());
    symlink("5.4", root.path().join("Programs/Lua/Current")).unwrap();
    symlink("1.1", root.path().join("Programs/Pair/Current")).unwrap();
    for path in ["lib/modules", "libexec/helpers"] {
        let target = root.path().join("Programs/Other/1").join(path);
        symlink(target, root.path().join("System/Index").join(path)).unwrap();
    }
    root
}

fn choice(program: &str, version: &str, linked: bool) -> Choice {
    Choice {
        program: program.parse().unwrap(),
        version: version.into(),
        major: Version::new(version).major(),
        arch: Arch::Any,
        linked,
        requirement: program.parse().unwrap(),
        stands_for: None,
        source: Source::Asked,
    }
}

/// Folders of a layer, with nothing in them.
fn layer(names: &[&str]) -> FolderTree {
    FolderTree(names.iter().map(|name| (name.as_bytes().to_vec(), FolderTree::default())).collect())
}

fn is_quiet_before(root: &Path, before: i64) -> bool {
    let tree = Tree::open(root, None, Layout::default(), Trust::Anyone).unwrap();
    let chosen = vec![choice("Lua", "5.1", false), choice("Pair", "1.0", false), choice("Zed", "1", true)];
    let plan = Plan { chosen, ..Plan::empty(Arch::X86_64) };
    let mut folders = layer(&["bin", "lib", "libexec", "share"]);
    folders.0.insert(b"lib".to_vec(), layer(&["pkgconfig", "modules"]));
    folders.0.insert(b"libexec".to_vec(), layer(&["helpers"]));
    let others = ["a", "b", "c", "d", "e", "f", "g", "h"];
    folders.0.insert(b"share".to_vec(), layer(&[&others, ["doc"].as_slice()].concat()));
    is_older_than(before, &tree, &plan, &folders).unwrap()
}

#[test]
fn every_change_that_a_view_could_show_is_noticed_by_a_time() {
    let touch = |path: &'static str| move |root: &Path| files::write(root.join(path), "").unwrap();
    let folder = |path: &'static str| move |root: &Path| files::create_dir(root.join(path)).unwrap();
    type Change = Box<dyn Fn(&Path)>;
    let changes: [(&str, Change, bool); 16] = [
        ("nothing", Box::new(|_| ()), true),
        ("a version", Box::new(folder("Programs/Lua/5.5")), false),
        ("a version of what the index shows", Box::new(folder("Programs/Zed/2")), false),
        ("a part of a version", Box::new(folder("Programs/Lua/5.1/sbin")), false),
        ("a name", Box::new(touch("Programs/Lua/5.1/bin/lua")), false),
        (
            "a name in a folder that others have too",
            Box::new(touch("Programs/Lua/5.1/lib64/pkgconfig/x")),
            false,
        ),
        ("a name of another version", Box::new(touch("Programs/Lua/5.4/lib/pkgconfig/x")), false),
        ("a name of one of two versions", Box::new(touch("Programs/Pair/1.0/bin/x")), false),
        ("a name of the other", Box::new(touch("Programs/Pair/1.1/include/x")), false),
        (
            "a name of a version that takes nothing away",
            Box::new(touch("Programs/Lua/6.0/lib/pkgconfig/x")),
            true,
        ),
        ("a name in one of many folders", Box::new(touch("Programs/Lua/5.1/share/doc/x")), false),
        (
            "a name of another program, in a folder of the index that has none in it",
            Box::new(touch("Programs/Other/1/libexec/helpers/x")),
            false,
        ),
        ("a name of another program", Box::new(touch("Programs/Other/1/lib/modules/x")), false),
        ("a name of the index", Box::new(touch("System/Index/bin/x")), false),
        ("a name far down in the index", Box::new(touch("System/Index/share/deep/down/x")), false),
        (
            "a name in a folder that is linked whole",
            Box::new(touch("Programs/Lua/5.1/share/doc/lua/x")),
            true,
        ),
    ];
    let worlds = changes.map(|(what, change, stays)| (what, change, stays, world()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let before = i64::try_from(now).unwrap() + 1;
    // Times are compared in whole seconds.
    std::thread::sleep(Duration::from_millis(1100));
    for (what, change, stays, world) in &worlds {
        change(world.path());
        assert_eq!(is_quiet_before(world.path(), before), *stays, "{what}");
    }
    assert!(!is_quiet_before(worlds[0].3.path(), before - 100));
}
