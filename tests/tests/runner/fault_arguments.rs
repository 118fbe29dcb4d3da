//! Faults of the original in handing over arguments and signals, as soon as a dependency has an Environment file.

use super::{Machine, PATIENCE, runner};
use anyhow::Result;
use gobo_tests::chamber::{Process, Signal};
use gobo_tests::requires_gobo_root;
use gobo_tests::shapes::{MADE_BY_A_SHELL, printed, shapes};
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;

/// A machine and a file that asks for Lua 5.1.5, which has an Environment file.
fn machine(root: &std::path::Path) -> Result<(Machine, String)> {
    let machine = Machine::new(root)?;
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    Ok((machine, file))
}

#[test]
fn every_shape_of_an_argument_arrives_unchanged() -> Result<()> {
    let (machine, file) = machine(&requires_gobo_root!())?;
    let shapes = shapes();
    assert!(shapes.len() >= 25);
    let print: Vec<OsString> = ["-d", &file, "printf", "%s\\0"].iter().map(OsString::from).collect();
    let output = machine.runner([print.clone(), shapes.clone()].concat())?.success()?;
    assert_eq!(output.stdout, printed(&shapes));
    for shape in shapes {
        let words = [shape, "behind".into()];
        let output = machine.runner([&print, &words[..]].concat())?.success()?;
        assert_eq!(output.stdout, printed(&words), "{words:?}");
    }
    assert!(!machine.chamber().exists(MADE_BY_A_SHELL));
    Ok(())
}

#[test]
fn two_hyphens_end_the_options() -> Result<()> {
    let (machine, file) = machine(&requires_gobo_root!())?;
    for words in [&["--", "lua", "-v"][..], &["-d", &file, "--", "lua", "-v"], &["lua", "--", "/dev/null"]] {
        machine.runner(words)?.success()?;
    }
    let output = machine.runner(["-d", &file, "--", "sh", "-c", "lua -v 2>&1", "--", "-x"])?.success()?;
    assert!(output.text().starts_with("Lua 5.1.5"), "{output}");
    Ok(())
}

#[test]
fn death_by_a_signal_stays_that() -> Result<()> {
    let (machine, file) = machine(&requires_gobo_root!())?;
    for (name, number) in [("HUP", 1), ("INT", 2), ("KILL", 9), ("PIPE", 13), ("TERM", 15)] {
        let output = machine.runner(["-d", &file, "bash", "-c", &format!("kill -{name} $$")])?;
        assert_eq!(output.status.signal(), Some(number), "{name}: {output}");
    }
    Ok(())
}

/// A command that says that it has begun.
fn begun(machine: &Machine, file: &str, script: &str) -> Result<Process> {
    let script = format!("echo begun; {script}");
    let mut process = machine.command(runner(["-d", file, "bash", "-c", &script])).input("").spawn()?;
    assert_eq!(process.line(PATIENCE)?, "begun");
    Ok(process)
}

#[test]
fn signals_reach_the_command_and_leave_nothing() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    let files = || ["/tmp", "/Users/ann"].map(|place| machine.chamber().list(place).unwrap_or_default());
    let (before, files_before) = (machine.chamber().host_state()?, files());
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::KILL, 9)] {
        let mut process = begun(&machine, &file, "read line")?;
        process.signal(signal)?;
        assert_eq!(process.wait(PATIENCE)?.signal(), Some(number));
        machine.chamber().wait_for_state(&before, PATIENCE)?;
        assert_eq!(files(), files_before);
    }
    Ok(())
}

#[test]
fn an_interrupt_that_the_command_survives_leaves_its_view() -> Result<()> {
    let (machine, file) = machine(&requires_gobo_root!())?;
    // Built-in commands alone: Bash can lose an interrupt that comes while it waits for a child (one of some thousand).
    let script = "trap 'seen=1' INT; echo ready; while [ -z \"$seen\" ]; do :; done; lua -v 2>&1; exit 6";
    let mut process = begun(&machine, &file, script)?;
    assert_eq!(process.line(PATIENCE)?, "ready");
    process.signal(Signal::INT)?;
    assert!(process.line(PATIENCE)?.starts_with("Lua 5.1.5"));
    assert_eq!(process.wait(PATIENCE)?.code(), Some(6));
    Ok(())
}
