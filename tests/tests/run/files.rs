//! `--dependencies`: files of requirements, as a build tool hands them over.

use super::{Machine, everything};
use anyhow::Result;
use gobo_tests::requires_gobo_root;
use std::path::Path;

/// A machine on which ann has some files in her home.
fn machine(root: &Path, files: &[(&str, &str)]) -> Result<Machine> {
    let machine = Machine::new(root)?;
    for (name, text) in files {
        machine.chamber().write(format!("{}/{name}", machine.ann.home), text)?;
    }
    Ok(machine)
}

#[test]
fn the_versions_of_a_file_are_seen_and_the_first_file_weighs_most() -> Result<()> {
    let files = [("first", "Lua = 5.1.5\n"), ("second", "Lua = 5.3.6\nBash = 5.1.4\n")];
    let machine = machine(&requires_gobo_root!(), &files)?;
    let script = "lua -v 2>&1; bash --version | head -n 1";
    let output = machine.run(["-d", "first", "--dependencies", "second", "sh", "-c", script])?.success()?;
    assert!(output.text().contains("Lua 5.1.5") && output.text().contains("version 5.1.4"), "{output}");
    let told = "`Lua = 5.3.6` gives way to Lua 5.1.5 (asked for by second:1)";
    assert!(output.errors().contains(told), "{output}");
    let output = machine.run(["-d", "first", "--with", "Lua = 5.3.6", "lua", "-v"])?.success()?;
    assert!(everything(&output).contains("Lua 5.3.6"), "--with weighs more: {output}");
    Ok(())
}

#[test]
fn what_is_not_installed_is_a_warning_and_what_is_not_understood_is_shown() -> Result<()> {
    let files = [("Dependencies", "Lua = 5.1.5\nNo-Such-Program >= 2\nBash >= = 2\n")];
    let machine = machine(&requires_gobo_root!(), &files)?;
    let output = machine.run(["-d", "Dependencies", "lua", "-v"])?.success()?;
    assert!(everything(&output).contains("Lua 5.1.5"), "{output}");
    let errors = output.errors();
    assert!(errors.contains("No-Such-Program is not installed (asked for by Dependencies:2)"), "{errors}");
    assert!(errors.contains("Dependencies:3:"), "{errors}");
    Ok(())
}

#[test]
fn a_file_that_is_not_there_is_a_mistake() -> Result<()> {
    let machine = machine(&requires_gobo_root!(), &[])?;
    let output = machine.run(["-d", "Depedencies", "lua", "-v"])?;
    assert_eq!(output.status.code(), Some(125), "{output}");
    assert!(output.errors().contains("Depedencies: it cannot be read: No such file"), "{output}");
    Ok(())
}
