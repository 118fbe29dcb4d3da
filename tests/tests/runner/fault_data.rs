//! Faults of the original by which something was changed that is not the view's.

use super::{Machine, PATIENCE, runner};
use anyhow::Result;
use gobo_tests::requires_gobo_root;

#[test]
fn hiding_other_versions_takes_nothing_from_the_index() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.install_current("Foo/1.0", "")?;
    machine.tool("Foo/1.0", "foo-old", "echo old")?;
    machine.chamber().link("/Programs/Foo/1.0/bin/foo-old", "/System/Index/bin/foo-old")?;
    machine.install("Foo/1.1", "")?;
    let file = machine.file("Dependencies", "Foo = 1.1\n")?;
    let index = || Ok::<_, anyhow::Error>(machine.chamber().sh("ls -lR /System/Index | cksum")?.text());
    let before = index()?;
    for output in [
        machine.runner(["-d", &file, "sh", "-c", "foo; command -v foo-old"])?,
        machine.as_root(["-d", &file, "sh", "-c", "foo; command -v foo-old"])?,
        // Nothing is mounted here at all.
        machine.forbidden(&format!("Runner -f -q -d {file} sh -c 'foo; command -v foo-old'"))?,
    ] {
        let expected = if output.status.success() { "Foo/1.0\n/System/Index/bin/foo-old" } else { "Foo/1.1" };
        assert_eq!(output.text(), expected, "{output}");
        assert_eq!(index()?, before);
    }
    Ok(())
}

#[test]
fn a_link_to_a_folder_made_in_the_view_costs_the_folder_nothing() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.shows(&[], "mkdir ~/precious && echo x > ~/precious/file")?;
    machine.chamber().write("/Data/precious/file", "x")?;
    let script = "ln -s $1 /System/Index/share/to-folder && ln -s $1 /System/Index/bin/to-folder && cat /System/Index/share/to-folder/file";
    for output in [
        machine.runner(["sh", "-c", script, "sh", "/Users/ann/precious"])?,
        machine.as_root(["sh", "-c", script, "sh", "/Data/precious"])?,
    ] {
        assert_eq!(output.success()?.text(), "x");
    }
    for file in ["/Users/ann/precious/file", "/Data/precious/file"] {
        assert!(machine.chamber().exists(file), "{file}");
    }
    Ok(())
}

#[test]
fn no_mount_reaches_the_host_where_its_root_is_shared() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let before = machine.chamber().mounts_of(1)?;
    assert!(before.iter().any(|mount| mount.is_shared()), "a chamber's root is shared");
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    let words = runner(["-d", &file, "sh", "-c", "lua -v 2>&1; read line"]);
    for command in [machine.command(&words), machine.chamber().command(&words)] {
        let mut process = command.input("").spawn()?;
        assert!(process.line(PATIENCE)?.starts_with("Lua 5.1.5"));
        assert_eq!(machine.chamber().mounts_of(1)?, before);
        assert_ne!(machine.chamber().mounts_of(process.pid())?.len(), before.len());
    }
    Ok(())
}
