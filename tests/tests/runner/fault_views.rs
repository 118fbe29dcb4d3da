//! Faults of the original by which the view was another than asked for, with exit code 0.

use super::Machine;
use anyhow::Result;
use gobo_tests::requires_gobo_root;

#[test]
fn dependencies_of_dependencies_are_followed() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for (version, needs) in [("A/1", "B\n"), ("B/1", "C\n"), ("C/1", "D\n"), ("D/1", "A\n")] {
        machine.install(version, needs)?;
    }
    assert_eq!(machine.chosen("A\n", "a; b; c; d")?, "A/1\nB/1\nC/1\nD/1");
    Ok(())
}

#[test]
fn versions_are_compared_as_people_do() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    // The first of each is the later one; the order of their folders' names is another.
    for (number, (later, earlier)) in [
        ("1.10", "1.9"),
        ("2.0", "2.0rc1"),
        ("1.2.10", "1.2.3"),
        ("1.0.2k", "1.0.2b"),
        ("10", "9.9.9"),
        ("1.0-r2", "1.0-r1"),
        ("20240101", "20231231"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("P{number}");
        for version in [later, earlier] {
            machine.install(&format!("{name}/{version}"), "")?;
        }
        let command = name.to_lowercase();
        assert_eq!(machine.chosen(&format!("{name} >= {earlier}\n"), &command)?, format!("{name}/{later}"));
        assert_eq!(machine.chosen(&format!("{name} < {later}\n"), &command)?, format!("{name}/{earlier}"));
    }
    Ok(())
}

#[test]
fn equal_versions_are_not_decided_by_the_order_of_folders() -> Result<()> {
    let root = requires_gobo_root!();
    let mut chosen = Vec::new();
    for order in [["1.0", "1.0.0", "1"], ["1", "1.0.0", "1.0"], ["1.0.0", "1", "1.0"]] {
        let machine = Machine::new(&root)?;
        for version in order {
            machine.install(&format!("Foo/{version}"), "")?;
        }
        chosen.push(machine.chosen("Foo >= 1\n", "foo")?);
    }
    assert!(chosen.iter().all(|version| *version == chosen[0]), "{chosen:?}");
    Ok(())
}

/// What is chosen of Foo, of which 0.9, 1.0, 1.5, 1.9 and 2.0 are installed.
fn of_foo(needs: &[(&str, &str)]) -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for version in ["0.9", "1.0", "1.5", "1.9", "2.0"] {
        machine.install(&format!("Foo/{version}"), "")?;
    }
    for (need, version) in needs {
        let file = machine.file("Dependencies", &format!("{need}\n"))?;
        let output = machine.runner(["-q", "-d", &file, "foo"])?.success()?;
        assert_eq!(output.text(), format!("Foo/{version}"), "{need}");
    }
    Ok(())
}

#[test]
fn unequal_alone_is_not_equal() -> Result<()> {
    of_foo(&[("Foo != 2.0", "1.9"), ("Foo != 1.0", "2.0")])
}

#[test]
fn bounds_are_all_meant_in_whichever_order() -> Result<()> {
    of_foo(&[("Foo >= 1.5, >= 1.0", "2.0"), ("Foo >= 1.0, >= 1.5, < 2", "1.9"), ("Foo < 1.9, >= 1.0", "1.5")])
}

#[test]
fn a_missing_comma_loses_no_bound() -> Result<()> {
    of_foo(&[("Foo >= 1.0 < 1.9", "1.5"), ("Foo >= 1.0 <= 1.9", "1.9"), ("Foo => 1.0", "2.0")])
}

#[test]
fn contradictory_ranges_are_noticed() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for (version, needs) in
        [("Foo/1.0", ""), ("Foo/1.1", ""), ("A/1", "Foo < 1.1\n"), ("B/1", "Foo >= 1.1\n")]
    {
        machine.install(version, needs)?;
    }
    let file = machine.file("Dependencies", "A\nB\n")?;
    let output = machine.runner(["-d", &file, "foo"])?.success()?;
    assert_eq!(output.text(), "Foo/1.0");
    let told = "warning: `Foo >= 1.1` gives way to Foo 1.0 (B 1 needs it";
    assert!(output.errors().contains(told), "{output}");
    Ok(())
}

#[test]
fn a_version_whose_path_begins_as_another_ones_is_another() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for version in ["Foo/2.24", "Foo/2.2", "Foo/2", "Foo-Bar/1", "Fo/1"] {
        machine.install(version, "")?;
    }
    let told = machine.chosen("Foo = 2.24\nFoo-Bar\nFo\n", "foo; foo-bar; fo")?;
    assert_eq!(told, "Foo/2.24\nFoo-Bar/1\nFo/1");
    assert_eq!(machine.chosen("Foo = 2.2\n", "foo")?, "Foo/2.2");
    assert_eq!(machine.chosen("Foo-Bar\nFoo = 2\n", "foo; foo-bar")?, "Foo/2\nFoo-Bar/1");
    Ok(())
}

#[test]
fn names_with_colons_commas_backslashes_and_blanks_appear() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let names = ["a:b", "a,b", "a\\b", "a b", "lowerdir=x,upperdir=y:z", " leading", "größe", "-n"];
    for version in ["Foo/1:2,3 4\\5", "Bar/1"] {
        let name = version.split('/').next().unwrap_or_default();
        for file in names {
            machine.tool(
                version,
                &format!("{file} {name}"),
                &format!("printf '%s\\n' '{file} of {name}'"),
            )?;
            let share = format!("/Programs/{version}/share/{file}/of {name}");
            machine.chamber().write(share, format!("shared {file}"))?;
        }
    }
    let file = machine.file("odd: name, with \\ and blanks", "Foo\nBar\n")?;
    for name in names {
        for program in ["Foo", "Bar"] {
            let words = ["-d", &file, &format!("{name} {program}")];
            // A name that begins with a hyphen is no option behind two of them.
            let words = [&words[..2], &["--"], &words[2..]].concat();
            assert_eq!(machine.runner(words)?.success()?.text(), format!("{name} of {program}"));
            let script = format!("cat '/System/Index/share/{name}/of {program}'");
            assert_eq!(machine.shows(&["-d", &file], &script)?, format!("shared {name}"));
        }
    }
    Ok(())
}

#[test]
fn alternatives_are_known() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.install("Foo/1.0", "")?;
    machine.install("Bar/3.0", "")?;
    assert_eq!(machine.chosen("Nowhere | Foo\n", "foo")?, "Foo/1.0");
    assert_eq!(machine.chosen("Foo >= 2 | Bar >= 3\n", "bar")?, "Bar/3.0");
    assert_eq!(machine.chosen("Foo | Bar\n", "foo; command -v bar || true")?, "Foo/1.0");
    Ok(())
}

#[test]
fn noarch_is_taken_when_the_command_is_named() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.install("Foo/1.0", "")?;
    machine.chamber().write("/Programs/Foo/1.0/Resources/Architecture", "noarch\n")?;
    machine.install_current("Bar/1.0", "Foo\n")?;
    machine.tool("Bar/1.0", "bar", "foo")?;
    machine.chamber().write("/Programs/Bar/1.0/Resources/Architecture", "noarch\n")?;
    for bar in ["bar", "/Programs/Bar/1.0/bin/bar"] {
        assert_eq!(machine.runner([bar])?.success()?.text(), "Foo/1.0");
    }
    Ok(())
}

#[test]
fn the_commands_own_program_goes_before_what_it_needs() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.install_current("Bar/1.0", "Foo = 1.0\n")?;
    machine.install("Foo/1.0", "")?;
    for version in ["Bar/1.0", "Foo/1.0"] {
        machine.tool(version, "shared-name", &format!("echo {version}"))?;
    }
    machine.chamber().link("/Programs/Bar/1.0/bin/shared-name", "/System/Index/bin/shared-name")?;
    machine.tool("Bar/1.0", "bar", "shared-name; foo")?;
    for options in [&[][..], &["-S"], &["-p"]] {
        let output = machine.runner([options, &["/Programs/Bar/1.0/bin/bar"]].concat())?.success()?;
        assert_eq!(output.text(), "Bar/1.0\nFoo/1.0", "{options:?}");
    }
    Ok(())
}

#[test]
fn pure_is_pure() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.install_current("Bar/1.0", "")?;
    machine.install("Foo/1.0", "")?;
    let file = machine.file("Dependencies", "Foo\n")?;
    let script = "foo; command -v bar; command -v python3; echo /System/Index/share/*";
    let output = machine.runner(["--pure", "-d", &file, "sh", "-c", script])?.success()?;
    let text = output.text();
    assert!(text.starts_with("Foo/1.0\n/System/Index/share/"), "{output}");
    Ok(())
}

#[test]
fn another_major_version_is_not_hidden() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.install_current("Toolkit/3.24", "")?;
    machine.tool("Toolkit/3.24", "toolkit3-demo", "echo three")?;
    machine.chamber().link("/Programs/Toolkit/3.24/bin/toolkit3-demo", "/System/Index/bin/toolkit3-demo")?;
    machine.chamber().write("/Programs/Toolkit/3.24/lib/libtoolkit-3.so", "three")?;
    machine
        .chamber()
        .link("/Programs/Toolkit/3.24/lib/libtoolkit-3.so", "/System/Index/lib/libtoolkit-3.so")?;
    machine.install("Toolkit/2.24", "")?;
    let script = "toolkit; toolkit3-demo; cat /System/Index/lib/libtoolkit-3.so";
    assert_eq!(machine.chosen("Toolkit >= 2, < 3\n", script)?, "Toolkit/2.24\nthree\nthree");
    Ok(())
}
