//! `gobo-session versions`: what is installed of a program.

use super::{Answer, ask, json_of, told};
use anyhow::Result;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use gobo_tests::world::World;
use serde_json::json;
use std::fs;

/// A program of which there is something of every kind.
fn world() -> Result<World> {
    let world = World::new()?;
    world.program("GTK+", "3.24.9").file("lib/libgtk-3.so.0").current().linked();
    world.program("GTK+", "3.24.38").file("lib/libgtk-3.so.0").architecture("x86_64");
    world.program("GTK+", "2.24.33").file("lib/libgtk-2.so.0").linked();
    world.program("GTK+", "2.24.33-i686").file("lib/libgtk-2.so.0").architecture("i386");
    for folder in ["3.22.1-failed", "2.8-Disabled", "Settings", ".git", "2.0\u{1b}[2J"] {
        world.program("GTK+", folder);
    }
    world.program("Meta", "1.0");
    world.program("Meta", "2.0").current();
    Ok(world)
}

#[test]
fn versions_are_listed_newest_first_and_what_is_none_is_told() -> Result<()> {
    let world = world()?;
    let shown = "\
GTK+ 3.24.38       x86_64
GTK+ 3.24.9        noarch  current, linked
GTK+ 2.24.33-i686  i686
GTK+ 2.24.33       noarch  linked
no version: 2.0\\u{1b}[2J (its name holds a control character or a slash)
no version: 2.8-Disabled (it was put aside because it is disabled)
no version: 3.22.1-failed (it was put aside because it failed)
";
    assert_eq!(told(world.root(), "versions", &["GTK+"])?, shown);
    assert_eq!(told(world.root(), "versions", &["gtk+"])?, shown);
    // What has no names is linked where it is meant to be.
    assert_eq!(
        told(world.root(), "versions", &["Meta"])?,
        "Meta 2.0  noarch  current, linked\nMeta 1.0  noarch\n"
    );
    fs::remove_dir_all(world.root().join("Programs/Meta/2.0"))?;
    fs::remove_dir_all(world.root().join("Programs/Meta/1.0"))?;
    assert_eq!(
        told(world.root(), "versions", &["Meta"])?,
        "Meta has no version installed\nCurrent leads to 2.0, which is not installed\n"
    );
    Ok(())
}

#[test]
fn versions_are_json_for_programs() -> Result<()> {
    let world = world()?;
    let all = json_of(world.root(), "versions", &["GTK+"])?;
    assert_eq!((&all["program"], &all["current"]), (&json!("GTK+"), &json!("3.24.9")));
    assert_eq!(
        all["versions"][1],
        json!({ "version": "3.24.9", "arch": "noarch", "current": true, "linked": true, "in_view": null })
    );
    assert_eq!(
        all["refused"][1],
        json!({ "folder": "2.8-Disabled", "why": "it was put aside because it is disabled" })
    );
    Ok(())
}

#[test]
fn a_folder_that_root_does_not_believe_is_no_version() -> Result<()> {
    gobo_tests::requires_root!();
    let world = world()?;
    let folder = world.root().join("Programs/GTK+/3.24.38");
    std::os::unix::fs::chown(&folder, Some(1000), None)?;
    let shown = told(world.root(), "versions", &["GTK+"])?;
    let line = "\nno version: 3.24.38 (it belongs to uid 1000, not to root; chown it to root)\n";
    assert!(shown.contains(line), "{shown}");
    Ok(())
}

#[test]
fn names_are_found_as_they_are_meant() -> Result<()> {
    let world = World::new()?;
    world.program("GLib", "2.74");
    world.program("Glib", "1.2");
    assert_eq!(told(world.root(), "versions", &["Glib"])?, "Glib 1.2  noarch\n");
    let wrong = |name: &str, line: &str| -> Result<()> {
        let answer = ask(world.root(), "versions", &[name])?;
        let err = format!("gobo-session: {line}\n");
        assert_eq!(answer, Answer { code: Some(1), out: String::new(), err });
        Ok(())
    };
    wrong(
        "glib",
        "resolve: glib could be GLib or Glib; write the name with the capital letters of the one that is meant",
    )?;
    wrong("GLibc", "read: GLibc is not installed; did you mean GLib?")?;
    let programs = world.root().join("Programs");
    wrong("Xyzzy", &format!("read: Xyzzy is not installed; {} holds what is", programs.display()))
}

#[test]
fn in_a_view_it_is_told_what_the_view_shows() -> Result<()> {
    let policy = "[[rule]]\nuser = [\"ann\"]\nprofile = \"lua51\"\n";
    let lab = Lab::new(&requires_gobo_root!(), policy, &[("lua51", "programs = [\"Lua = 5.1.5\"]\n")])?;
    let host = "Lua 5.4.4  x86_64  current, linked\nLua 5.3.6  x86_64\nLua 5.1.5  x86_64";
    assert_eq!(lab.su("bob", "gobo-session versions Lua")?.success()?.text(), host);
    let session = lab.su("ann", "gobo-session versions Lua; gobo-session versions Glibc")?.success()?.text();
    assert_eq!(
        session,
        format!(
            "{host}  in this view\nGlibc 2.41       x86_64\nGlibc 2.36-i686  i686\nGlibc 2.36       x86_64  \
             current, linked, in this view"
        )
    );
    let script = "gobo-session run --with 'Lua = 5.3.6' gobo-session versions Lua --json";
    let run: serde_json::Value = serde_json::from_str(&lab.su("ann", script)?.success()?.text())?;
    let in_view: Vec<_> = run["versions"].as_array().into_iter().flatten().map(|v| &v["in_view"]).collect();
    assert_eq!(in_view, [false, true, false]);
    Ok(())
}
