//! The recipe's layout in a GoboLinux root: installed to /Programs, linked into the index, turned on, used, and removed.

use super::System;
use anyhow::Result;
use gobo_tests::chamber::{Chamber, Syslog};
use gobo_tests::lab::stacks;
use gobo_tests::requires_gobo_root;
use std::time::Duration;

/// How long a session may take to do what it was asked.
const PATIENCE: Duration = Duration::from_secs(20);

const PROGRAM: &str = "/Programs/Gobo-Session/0.1.0";
const STACK: &str = "/etc/pam.d/su";

/// The places that the recipe names.
fn recipe() -> Result<System> {
    let recipe = include_str!("../../../config/gobolinux/Gobo-Session/0.1.0/Recipe");
    for option in [
        "--prefix \"$target\"",
        "--pamdir \"$target/lib/security\"",
        "--sysconfdir \"$target/Resources/Defaults/Settings\"",
    ] {
        assert!(recipe.contains(option), "{option} is not in the recipe");
    }
    System::new(
        PROGRAM,
        &format!("{PROGRAM}/lib/security"),
        &format!("{PROGRAM}/Resources/Defaults/Settings"),
    )
}

/// The names of the index that lead into the program.
fn links(chamber: &Chamber) -> Result<Vec<String>> {
    let found = chamber.sh("cd /System/Index && find . -lname '*/Gobo-Session/*' | sort")?.success()?;
    Ok(found.text().lines().map(str::to_owned).collect())
}

#[test]
fn the_recipes_layout_is_linked_turned_on_used_and_removed() -> Result<()> {
    let root = requires_gobo_root!();
    let system = recipe()?;
    system.xtask("install")?;
    assert!(
        system
            .list()?
            .keys()
            .all(|path| PROGRAM.starts_with(path.trim_end_matches('/')) || path.starts_with(PROGRAM))
    );
    let chamber = Chamber::builder(&root)
        .program(system.path(PROGRAM), "Gobo-Session", "0.1.0")
        .syslog(Syslog::Receiver)
        .build()?;
    let linked = links(&chamber)?;
    for name in ["./bin/gobo-session", "./bin/Runner", "./lib/security/pam_gobo.so"] {
        assert!(linked.iter().any(|link| link == name), "{name} is not in {linked:?}");
    }
    // As UpdateSettings does, and then what an administrator adds.
    chamber
        .sh(&format!("cp -r {PROGRAM}/Resources/Defaults/Settings/gobo-session /System/Settings/"))?
        .success()?;
    let before = chamber.read(STACK)?;
    let lua = |chamber: &Chamber| chamber.run(["su", "-", "ann", "-c", "lua -v 2>&1"]);
    assert!(lua(&chamber)?.success()?.text().contains("Lua 5.4.4"));
    let advice = stacks::advice()?.into_iter().find(|advice| advice.service == "su");
    let lines = advice.and_then(|advice| advice.lines).unwrap_or_default();
    chamber.write(STACK, stacks::with_lines(&before, &lines)?)?;
    assert!(lua(&chamber)?.success()?.text().contains("Lua 5.4.4"), "as shipped, nobody gets a view");
    chamber.write("/etc/gobo-session/profiles.d/course.toml", "programs = [\"Lua = 5.1.5\"]\n")?;
    chamber.write("/etc/gobo-session/session.toml", "[[rule]]\nuser = [\"ann\"]\nprofile = \"course\"\n")?;
    assert!(lua(&chamber)?.success()?.text().contains("Lua 5.1.5"));
    let ann = chamber.user("ann")?;
    let file = format!("{PROGRAM}/Resources/Dependencies");
    chamber.write(&file, "Lua = 5.3.6\n")?;
    let by_runner =
        chamber.command(["Runner", "-d", &file, "sh", "-c", "lua -v 2>&1"]).user(&ann).run()?.success()?;
    assert!(by_runner.text().contains("Lua 5.3.6"), "{by_runner}");
    hooks(&chamber)?;
    // Removed: its lines, its links, its tree, its settings.
    chamber.write(STACK, &before)?;
    chamber.sh("cd /System/Index && find . -lname '*/Gobo-Session/*' -delete")?.success()?;
    chamber.remove("/Programs/Gobo-Session")?;
    chamber.remove("/System/Settings/gobo-session")?;
    assert_eq!(links(&chamber)?, Vec::<String>::new());
    assert!(lua(&chamber)?.success()?.text().contains("Lua 5.4.4"));
    Ok(())
}

/// What package tools call: before something is removed that a session uses, and after the index has changed.
fn hooks(chamber: &Chamber) -> Result<()> {
    let hooks = "/Programs/Gobo-Session/Current/share/gobo-session/hooks";
    let before = |version: &str| chamber.run([&format!("{hooks}/before-removal"), "Lua", version]);
    let script = "echo begun; read line; fresh";
    let mut session = chamber.command(["su", "-", "ann", "-c", script]).input("").spawn()?;
    assert_eq!(session.line(PATIENCE)?, "begun");
    let used = before("5.1.5")?;
    assert_eq!(used.status.code(), Some(1), "{used}");
    assert!(used.errors().contains("Lua 5.1.5 is in use") && used.text().contains("ann"), "{used}");
    assert_eq!(before("5.3.6")?.status.code(), Some(0));
    // A program that is linked under a session that has a view is there for it after the hook.
    chamber.write("/Programs/Fresh/1.0/bin/fresh", "#!/bin/sh\necho fresh\n")?;
    chamber.set_mode("/Programs/Fresh/1.0/bin/fresh", 0o755)?;
    chamber.link("1.0", "/Programs/Fresh/Current")?;
    chamber.link("/Programs/Fresh/1.0/bin/fresh", "/System/Index/bin/fresh")?;
    let after = chamber.run([&format!("{hooks}/after-install")])?.success()?;
    assert_eq!((after.text(), after.errors()), (String::new(), String::new()));
    session.send("\n");
    assert_eq!(session.line(PATIENCE)?, "fresh");
    Ok(())
}
