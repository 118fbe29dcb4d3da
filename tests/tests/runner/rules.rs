//! How it finds what a command needs.

use super::Machine;
use anyhow::Result;
use gobo_tests::requires_gobo_root;
use std::path::Path;

/// A machine with Foo 1.0, 1.5 (current) and 2.0.
fn machine(root: &Path) -> Result<Machine> {
    let machine = Machine::new(root)?;
    machine.install("Foo/1.0", "")?;
    machine.install_current("Foo/1.5", "")?;
    machine.install("Foo/2.0", "")?;
    Ok(machine)
}

/// What a command prints that nothing is wrong with.
fn prints(machine: &Machine, words: &[&str]) -> Result<String> {
    let output = machine.runner(words)?.success()?;
    assert_eq!(output.errors(), "", "{words:?}");
    Ok(output.text())
}

#[test]
fn the_commands_own_program_says_what_is_needed() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    for (version, needs) in [("Bar/1.0", "Foo = 1.0\n"), ("Bar/1.1", "Foo = 2.0\n")] {
        machine.install(version, needs)?;
        machine.tool(version, "bar", "foo")?;
    }
    machine.chamber().link("1.0", "/Programs/Bar/Current")?;
    machine.chamber().link("/Programs/Bar/1.0/bin/bar", "/System/Index/bin/bar")?;
    // By its name, by a path through the index, and by links that lead there.
    machine.chamber().link("/bin/bar", "/Users/ann/link")?;
    for bar in ["bar", "/bin/bar", "/System/Index/bin/bar", "./link", "/Users/ann/link"] {
        assert_eq!(prints(&machine, &[bar])?, "Foo/1.0", "{bar}");
    }
    assert_eq!(prints(&machine, &["/Programs/Bar/1.1/bin/bar"])?, "Foo/2.0");
    Ok(())
}

#[test]
fn a_script_outside_programs_needs_what_its_interpreter_does() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    machine.install_current("Bar/1.0", "Foo = 1.0\n")?;
    machine.tool("Bar/1.0", "bar", "foo")?;
    for first in ["#!/bin/bar", "#!/Programs/Bar/1.0/bin/bar -x", "#! /usr/bin/env bar"] {
        machine.executable("/Users/ann/script", format!("{first}\n"))?;
        if !first.contains("env") || machine.chamber().exists("/usr/bin/env") {
            assert_eq!(prints(&machine, &["./script"])?, "Foo/1.0", "{first}");
        }
    }
    Ok(())
}

#[test]
fn build_information_is_read_where_dependencies_say_nothing() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    machine.install_current("Bar/1.0", "")?;
    machine.tool("Bar/1.0", "bar", "foo")?;
    let resources = "/Programs/Bar/1.0/Resources";
    machine.chamber().write(format!("{resources}/BuildInformation"), "Foo 2.0\n")?;
    for nothing in [Some(""), Some("\n"), None] {
        match nothing {
            Some(text) => machine.chamber().write(format!("{resources}/Dependencies"), text)?,
            None => machine.chamber().remove(format!("{resources}/Dependencies"))?,
        }
        assert_eq!(prints(&machine, &["bar"])?, "Foo/2.0", "{nothing:?}");
    }
    machine.chamber().write(format!("{resources}/Dependencies"), "Foo = 1.0\n")?;
    assert_eq!(prints(&machine, &["bar"])?, "Foo/1.0");
    Ok(())
}

#[test]
fn files_weigh_more_than_the_program_and_that_more_than_the_index() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    machine.install_current("Bar/1.0", "Foo = 1.0\n")?;
    machine.tool("Bar/1.0", "bar", "foo")?;
    let file = machine.file("Dependencies", "Foo = 2.0\n")?;
    assert_eq!(machine.shows(&[], "foo")?, "Foo/1.5");
    assert_eq!(prints(&machine, &["bar"])?, "Foo/1.0");
    let output = machine.runner(["-q", "-d", &file, "bar"])?.success()?;
    assert_eq!(output.text(), "Foo/2.0");
    Ok(())
}

#[test]
fn a_version_without_operator_is_a_lower_bound() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    for (needs, version) in [("Foo 1.0", "Foo/1.5"), ("Foo 1.5", "Foo/1.5"), ("Foo 1.6", "Foo/2.0")] {
        assert_eq!(machine.chosen(&format!("{needs}\n"), "foo")?, version, "{needs}");
    }
    Ok(())
}

#[test]
fn a_foreign_architecture_takes_its_own_noarch_and_what_says_nothing() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for (name, arch) in [("Own", "i686"), ("Old", "i486"), ("Any", "noarch"), ("Other", "x86_64")] {
        machine.install(&format!("{name}/1.0"), "")?;
        machine.chamber().write(format!("/Programs/{name}/1.0/Resources/Architecture"), arch)?;
    }
    machine.install("Silent/1.0", "")?;
    let file = machine.file("Dependencies", "Own\nOld\nAny\nSilent\nOther\n")?;
    let script = "own; old; any; silent; command -v other";
    let output = machine.runner(["-a", "i686", "-d", &file, "sh", "-c", script])?;
    assert_eq!(output.text(), "Own/1.0\nOld/1.0\nAny/1.0\nSilent/1.0");
    assert!(output.errors().contains("Other is installed as 1.0 (x86_64); i686 is wanted"), "{output}");
    Ok(())
}

#[test]
fn what_is_missing_is_a_warning_and_never_the_end() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    machine.install_current("Bar/1.0", "Nowhere >= 1\nFoo = 2.0\n")?;
    machine.tool("Bar/1.0", "bar", "foo; exit 4")?;
    let file = machine.file("Dependencies", "Foo = 9\nNobody\n")?;
    let output = machine.runner(["-d", &file, "bar"])?;
    assert_eq!((output.status.code(), output.text()), (Some(4), "Foo/2.0".to_owned()), "{output}");
    for told in ["Nowhere is not installed", "Nobody is not installed", "Foo is installed as 2.0, 1.5, 1.0"] {
        assert!(output.errors().contains(told), "{told}: {output}");
    }
    Ok(())
}

#[test]
fn programs_of_the_compatibility_list_stand_in() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    machine
        .chamber()
        .write("/System/Settings/Scripts/CompatibilityList", "Nowhere: Nobody Foo\nBar: Foo\n")?;
    for needs in ["Nowhere >= 7\n", "Nowhere\n", "Bar 9.9\n"] {
        assert_eq!(machine.chosen(needs, "foo")?, "Foo/1.5", "{needs}");
    }
    Ok(())
}
