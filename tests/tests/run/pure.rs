//! `--pure`: the chosen programs alone.

use super::{LUA, Machine, everything};
use anyhow::Result;
use gobo_tests::requires_gobo_root;

#[test]
fn a_pure_view_holds_what_is_chosen_and_what_that_needs() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let output = machine.run(["--pure", LUA[0], LUA[1], "lua", "-v"])?.success()?;
    assert!(everything(&output).contains("Lua 5.1.5"), "{output}");
    // The shell is the command's own program; nothing else of the index is there.
    let script = "lua -v 2>&1; for name in /System/Index/bin/*; do echo ${name##*/}; done";
    let shown = machine.run(["--pure", LUA[0], LUA[1], "sh", "-c", script])?.success()?.text();
    let names: Vec<&str> = shown.lines().skip(1).collect();
    assert!(shown.starts_with("Lua 5.1.5") && names.contains(&"bash"), "{shown}");
    assert!(!names.contains(&"python3") && !names.contains(&"grep"), "{shown}");
    Ok(())
}

#[test]
fn a_command_that_would_not_start_is_refused_and_what_it_lacks_is_named() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let bytes = machine.chamber().read_bytes("/System/Index/bin/id")?;
    let own = machine.own_program("own-id", bytes, 0o755)?;
    let output = machine.run(["--pure", LUA[0], LUA[1], &own, "-u"])?;
    assert_eq!(output.status.code(), Some(126), "{output}");
    let told = format!("in this view {own} would not start: it needs ");
    assert!(output.errors().contains(&told) && output.errors().contains("add --with "), "{output}");
    // Nothing at all is there: not even the interpreter.
    let output = machine.run(["--pure", &own, "-u"])?;
    assert_eq!(output.status.code(), Some(126), "{output}");
    assert!(output.errors().contains("the index has it of Glibc 2.36: add --with Glibc"), "{output}");
    let output = machine.run(["--pure", LUA[0], LUA[1], "python3", "-V"])?.success()?;
    assert!(output.text().contains("Python 3.11.2"), "a program that is named is there: {output}");
    let output = machine.run(["--pure", LUA[0], LUA[1], "sh", "-c", "python3 -V"])?;
    assert_eq!(output.status.code(), Some(127), "{output}");
    Ok(())
}
