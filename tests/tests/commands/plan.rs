//! `gobo-session plan`: it shows what would be, to people and to programs, and changes nothing.

use super::{Answer, ask, copy_in_another_order, has_in_order, json_of};
use anyhow::{Result, ensure};
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use gobo_tests::world::World;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Options of `plan`, of every kind.
const PLANS: [&[&str]; 7] = [
    &["--with", "Python = 3.9.2"],
    &["--with", "Bash = 5.2.37"],
    &["--with", "Bash = 5.2.37", "--with", "Glibc = 2.36"],
    &["--arch", "i686", "--with", "Bash"],
    &["--with", "Lua"],
    &["/Programs/Lua/5.3.6/bin/lua"],
    &[],
];

fn plan(root: &Path, words: &[&str]) -> Result<Answer> {
    ask(root, "plan", words)
}

/// What a plan that can be made shows.
fn text(root: &Path, words: &[&str]) -> Result<String> {
    let answer = plan(root, words)?;
    ensure!(answer.code == Some(0), "{words:?}: {answer:#?}");
    Ok(answer.out)
}

fn json(root: &Path, words: &[&str]) -> Result<Value> {
    json_of(root, "plan", words)
}

/// Every path below a folder, with the times at which it was changed.
fn times(folder: &Path) -> Result<BTreeMap<PathBuf, (i64, i64)>> {
    let mut times = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let meta = fs::symlink_metadata(&path)?;
            times.insert(path.clone(), (meta.ctime(), meta.ctime_nsec()));
            folders.extend(meta.is_dir().then_some(path));
        }
    }
    Ok(times)
}

/// A plan without its id.
fn shown(root: &Path, words: &[&str]) -> Result<String> {
    let text = text(root, words)?;
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let (before, id) = first.split_at(first.len() - 16);
    ensure!(id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
    Ok(format!("{before}ID\n{rest}"))
}

#[test]
fn a_plan_is_a_tree_of_what_differs_and_why() -> Result<()> {
    let root = requires_gobo_root!();
    assert_eq!(
        shown(&root, &["--with", "Python = 3.9.2"])?,
        "\
x86_64, plan ID
Python 3.9.2         `Python = 3.9.2` asked for on the command line
├── LibFFI 3.3       `LibFFI = 3.3` (Dependencies:5)
├── Mpdecimal 2.5.1  `Mpdecimal` (Dependencies:9)
├── OpenSSL 1.1.1w   `OpenSSL = 1.1.1w` (Dependencies:11)
└── current: Bzip2, DB, Expat, Glibc, LibNSL, LibTIRPC, LibXCrypt, Ncurses,
             Readline, SQLite, Util-Linux, XZ-Utils, ZLib
current already: 29 of 33 versions; the layer holds 13 links, 1 whiteout
"
    );
    let bash = text(&root, &["--with", "Bash = 5.2.37"])?;
    assert!(
        has_in_order(
            &bash,
            &["Bash 5.2.37", "├── Glibc 2.41", "│   └── current: GCC", "└── current: Ncurses"]
        ),
        "{bash}"
    );
    assert_eq!(
        shown(&root, &["--with", "Lua"])?,
        "\
x86_64, plan ID
Lua 5.4.4 (current)  `Lua` asked for on the command line
└── current: Glibc, Readline
current already: 5 of 5 versions; the index needs no layer
"
    );
    let nothing = shown(&root, &[])?;
    assert_eq!(nothing, "x86_64, plan ID\nnothing is asked for: the view is the index as it is\n");
    Ok(())
}

#[test]
fn a_plan_is_for_a_command_and_its_architecture() -> Result<()> {
    let root = requires_gobo_root!();
    let by_path = text(&root, &["/Programs/Lua/5.3.6/bin/lua", "-v"])?;
    let parts = ["Lua 5.3.6", "the program of /Programs/Lua/5.3.6/bin/lua"];
    assert!(has_in_order(&by_path, &parts), "{by_path}");
    let i686 = text(&root, &["--arch", "i686", "--with", "Bash"])?;
    assert!(has_in_order(&i686, &["i686, plan ", "Bash 5.2.15-i686", "Glibc 2.36-i686"]), "{i686}");
    Ok(())
}

#[test]
fn a_conflict_names_both_sides_and_what_would_have_been() -> Result<()> {
    let root = requires_gobo_root!();
    let words = ["--with", "Bash = 5.2.37", "--with", "Glibc = 2.36"];
    assert_eq!(
        shown(&root, &words)?,
        "\
x86_64, plan ID
Bash 5.2.37           `Bash = 5.2.37` asked for on the command line
└── current: Ncurses
Glibc 2.36 (current)  `Glibc = 2.36` asked for on the command line
└── current: GCC
current already: 3 of 4 versions; the layer holds 6 links
conflict: `Glibc >= 2.38` gives way to Glibc 2.36
    required  Bash 5.2.37 needs it (Dependencies:1)
              asked for on the command line
              Glibc 2.41 would meet it
    chosen    asked for on the command line
no choice satisfies all: no installed version of Glibc meets both `Glibc = 2.36`
    (asked for on the command line) and `Glibc >= 2.38` (Bash 5.2.37 needs it
    (/Programs/Bash/5.2.37/Resources/Dependencies:1), asked for on the command
    line)
"
    );
    let conflict = &json(&root, &words)?["plan"]["conflicts"][0];
    assert_eq!((&conflict["requirement"], &conflict["version"]), (&"Glibc >= 2.38".into(), &"2.41".into()));
    Ok(())
}

#[test]
fn an_offer_can_be_copied() -> Result<()> {
    let world = World::new()?;
    world.program("Cairo", "1.18").current().linked();
    world.program("Cairo", "1.16");
    world.program("Painter", "1.0").dependencies("Cairo\nOld-Library\n").current().linked();
    world.program("Old-Library", "2.0").dependencies("Cairo < 1.17\n").current().linked();
    let shown = shown(world.root(), &["--with", "Painter"])?;
    assert_eq!(
        shown,
        "\
x86_64, plan ID
Painter 1.0 (current)  `Painter` asked for on the command line
└── current: Cairo, Old-Library
current already: 3 of 3 versions; the index needs no layer
conflict: `Cairo < 1.17` gives way to Cairo 1.18
    required  Old-Library 2.0 needs it (Dependencies:1)
              Painter 1.0 needs it (Dependencies:2)
              asked for on the command line
              Cairo 1.16 would meet it
    chosen    Painter 1.0 needs it (Dependencies:1)
              asked for on the command line
offer: with Cairo 1.16 instead of 1.18 everything fits: --with 'Cairo = 1.16'
"
    );
    Ok(())
}

#[test]
fn a_dependency_that_is_missing_is_shown_and_a_wish_that_is_missing_is_a_failure() -> Result<()> {
    let world = World::new()?;
    world.program("Readline", "8.0").dependencies("NothingLikeIt\n").current().linked();
    world.program("Lua", "5.1").dependencies("Readlien >= 6.0\nNothingLikeIt\nReadline >= 6 < 9\n");
    let answer = plan(world.root(), &["--with", "Lua"])?;
    let (_, shown) = answer.out.split_once('\n').unwrap_or_default();
    assert_eq!(
        shown,
        "\
Lua 5.1  `Lua` asked for on the command line
└── current: Readline
current already: 1 of 2 versions; the index needs no layer
missing: `Readlien >= 6.0`: Readlien is not installed; did you mean Readline?
    required  Lua 5.1 needs it (Dependencies:1)
              asked for on the command line
missing: `NothingLikeIt`: NothingLikeIt is not installed
    required  Lua 5.1 needs it (Dependencies:2)
              asked for on the command line
    required  Readline 8.0 needs it (Dependencies:1)
              Lua 5.1 needs it (Dependencies:3)
              asked for on the command line
"
    );
    // What is odd in a file is talk, and comes behind the plan.
    assert_eq!(
        answer.err,
        "\
/Programs/Lua/5.1/Resources/Dependencies:3:15: warning: a comma is missing here
 3 | Readline >= 6 < 9
                   ^
   = read as `, < 9`
"
    );
    assert_eq!(json_plan(world.root(), "Lua")?["missing"].as_array().map(Vec::len), Some(3));
    let failed = plan(world.root(), &["--with", "Luaa"])?;
    assert!(failed.code == Some(1) && failed.out.is_empty());
    assert!(failed.err.contains("Luaa is not installed; did you mean Lua?"), "{failed:?}");
    Ok(())
}

/// The plan for one program.
fn json_plan(root: &Path, program: &str) -> Result<Value> {
    Ok(json(root, &["--with", program])?["plan"].take())
}

#[test]
fn a_pure_view_holds_what_is_current_too() -> Result<()> {
    let world = World::new()?;
    world.program("Lib", "1.0").file("lib/liblib.so").current().linked();
    world.program("Tool", "1.0").file("bin/tool").dependencies("Lib\n").current().linked();
    let folder = world.root().join("etc/gobo-session/profiles.d");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("alone.toml"), "pure = true\nprograms = [\"Tool\"]\n")?;
    assert_eq!(
        shown(world.root(), &["--profile", "alone"])?,
        "\
profile alone, x86_64, pure, plan ID
Tool 1.0     `Tool` asked for by profile alone
└── Lib 1.0  `Lib` (Dependencies:1)
current already: 0 of 2 versions; the layer holds 2 links
"
    );
    Ok(())
}

#[test]
fn the_same_tree_gives_the_same_bytes_whatever_its_order_on_disk() -> Result<()> {
    let root = requires_gobo_root!();
    let copy = copy_in_another_order(&root)?;
    for words in PLANS {
        for words in [words.to_vec(), [&["--json"], words].concat(), [&["--dot"], words].concat()] {
            let first = text(&root, &words)?;
            assert_eq!(first, text(&root, &words)?);
            assert_eq!(first, text(copy.path(), &words)?);
        }
    }
    Ok(())
}

#[test]
fn a_plan_changes_nothing() -> Result<()> {
    let copy = copy_in_another_order(&requires_gobo_root!())?;
    let before = times(copy.path())?;
    for words in PLANS {
        text(copy.path(), words)?;
    }
    assert!(times(copy.path())? == before);
    Ok(())
}

#[test]
fn names_that_would_write_to_the_terminal_are_shown_escaped() -> Result<()> {
    let copy = copy_in_another_order(&requires_gobo_root!())?;
    let tool = copy.path().join("Programs/Tool/1.0\u{1b}[2J");
    fs::create_dir_all(tool.join("bin"))?;
    fs::write(tool.join("bin/tool\u{1b}[31m"), "")?;
    for words in [
        &["--with", "Tool"][..],
        &["--with", "Tool = 9"],
        &["--with", "Tool", "--json"],
        &["--with", "Tool", "--dot"],
    ] {
        let answer = plan(copy.path(), words)?;
        assert!(!(answer.out.clone() + &answer.err).contains('\u{1b}'), "{answer:#?}");
    }
    Ok(())
}

#[test]
fn in_a_session_a_plan_builds_on_the_base_and_on_what_the_session_chose() -> Result<()> {
    let policy = "[[rule]]\nuser = [\"ann\"]\nprofile = \"lua51\"\n";
    let lab = Lab::new(&requires_gobo_root!(), policy, &[("lua51", "programs = [\"Lua = 5.1.5\"]\n")])?;
    let shown = lab.su("ann", "gobo-session plan --with 'Bash = 5.1.4'")?.success()?.text();
    assert!(has_in_order(
        &shown,
        &["Bash 5.1.4", "asked for on the command line", "Lua 5.1.5", "chosen by the session"]
    ));
    let fresh = lab.su("ann", "gobo-session plan --fresh --with 'Bash = 5.1.4'")?.success()?.text();
    assert!(!fresh.contains("Lua"), "{fresh}");
    assert_eq!(lab.su("bob", "gobo-session plan --fresh --with 'Bash = 5.1.4'")?.success()?.text(), fresh);
    Ok(())
}
