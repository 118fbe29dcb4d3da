//! Faults of the original by which it worked in small only.

use super::Machine;
use anyhow::Result;
use gobo_tests::requires_gobo_root;
use std::fmt::Write as _;

/// Installs many programs, `P0` to the last, each with a command of its name that tells it; what asks for all of them.
fn install_many(machine: &Machine, count: usize, arch: &str) -> Result<String> {
    let script = format!(
        "for number in $(seq 0 {}); do folder=/Programs/P$number/1.0; mkdir -p $folder/bin $folder/Resources; \
         echo {arch} > $folder/Resources/Architecture; \
         printf '#!/bin/sh\\necho P%s\\n' $number > $folder/bin/p$number; chmod 755 $folder/bin/p$number; done",
        count - 1
    );
    machine.chamber().sh(&script)?.success()?;
    let mut all = String::new();
    for number in 0..count {
        writeln!(all, "P{number} >= 1.0")?;
    }
    Ok(all)
}

#[test]
fn three_hundred_dependencies_are_all_there() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let all = install_many(&machine, 300, "noarch")?;
    let every = "for number in $(seq 0 299); do p$number || echo P$number is missing; done";
    let names: Vec<String> = (0..300).map(|number| format!("P{number}")).collect();
    assert_eq!(machine.chosen(&all, every)?.lines().collect::<Vec<_>>(), names);
    // The same where one program says so.
    machine.install_current("Bar/1.0", &all)?;
    machine.tool("Bar/1.0", "bar", every)?;
    assert_eq!(machine.runner(["bar"])?.success()?.text().lines().collect::<Vec<_>>(), names);
    Ok(())
}

#[test]
fn ten_nest_in_each_other_and_keep_what_is_around() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let all = install_many(&machine, 10, "noarch")?;
    let mut line = Vec::new();
    for (number, need) in all.lines().enumerate() {
        let file = machine.file(&format!("Dependencies{number}"), need)?;
        line.extend(["Runner".to_owned(), "-d".to_owned(), file]);
    }
    line.extend(["sh", "-c", "for number in 0 1 2 3 4 5 6 7 8 9; do p$number; done"].map(str::to_owned));
    let names: Vec<String> = (0..10).map(|number| format!("P{number}")).collect();
    for output in [machine.command(&line).run()?, machine.chamber().run(&line)?] {
        let output = output.success()?;
        assert_eq!((output.text(), output.errors()), (names.join("\n"), String::new()));
    }
    Ok(())
}

#[test]
fn root_nests_where_nobody_has_made_the_folders_of_the_state() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    assert!(!machine.chamber().exists("/run/gobo-session"));
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    let output = machine.as_root(["Runner", "-d", &file, "Runner", "echo", "three"])?;
    assert_eq!(output.success()?.text(), "three");
    Ok(())
}

#[test]
fn many_32_bit_programs_keep_none_from_running() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let all = install_many(&machine, 150, "i686")?;
    let file = machine.file("Dependencies", &all)?;
    let script = "echo $MACHTYPE; p0; p149";
    let bash = "/Programs/Bash/5.2.15-i686/bin/bash";
    let output = machine.runner(["-d", &file, bash, "-c", script])?.success()?;
    assert_eq!(output.text(), "i686-pc-linux-gnu\nP0\nP149", "{output}");
    Ok(())
}
