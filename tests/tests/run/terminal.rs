//! A command on a terminal: it has it for its own, job control and all.

use super::{LUA, Machine, PATIENCE, gobo_session_run};
use anyhow::Result;
use gobo_tests::chamber::Process;
use gobo_tests::requires_gobo_root;
use std::ffi::OsString;

const INTERRUPT: &str = "\x03";
const SUSPEND: &str = "\x1a";

/// Runs until it is interrupted, and says when it begins and when it goes on.
const JOB: &str = "#!/bin/bash\ntrap 'echo resumed' CONT\necho begun\nwhile sleep 0.05; do :; done\n";

/// A shell on a terminal that prompts with `ready>`.
fn shell(machine: &Machine, words: &[OsString]) -> Result<Process> {
    machine.own_program("job", JOB, 0o755)?;
    let mut shell = machine.command(words).env("PS1", "ready> ").pty()?;
    shell.expect("ready> ", PATIENCE)?;
    Ok(shell)
}

/// What a line typed in a shell writes, until it is ready again.
fn type_line(shell: &mut Process, line: &str) -> Result<String> {
    shell.send(format!("{line}\n"));
    shell.expect("\n", PATIENCE)?;
    shell.expect("ready> ", PATIENCE)
}

/// Starts a job, stops it, lets it go on, and interrupts it.
fn control(shell: &mut Process, job: &str) -> Result<()> {
    shell.send(format!("{job}\n"));
    shell.expect("begun\r\n", PATIENCE)?;
    shell.send(SUSPEND);
    let stopped = shell.expect("ready> ", PATIENCE)?;
    assert!(stopped.contains("Stopped"), "{stopped}");
    shell.send("fg\n");
    shell.expect("resumed\r\n", PATIENCE)?;
    shell.send(INTERRUPT);
    shell.expect("ready> ", PATIENCE)?;
    let code = type_line(shell, "echo code $?")?;
    assert!(code.contains("code 130"), "{code}");
    Ok(())
}

fn strings(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[test]
fn a_shell_in_a_view_has_job_control() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let bash = gobo_session_run([LUA[0], LUA[1], "bash", "--norc", "--noediting", "-i"]);
    let mut shell = shell(&machine, &bash)?;
    let terminal = type_line(&mut shell, "tty; test -t 0 -a -t 1 -a -t 2 && echo all")?;
    assert!(terminal.contains("/pts/") && terminal.contains("all"), "{terminal}");
    assert!(type_line(&mut shell, "lua -v")?.contains("Lua 5.1.5"));
    control(&mut shell, "~/job")?;
    shell.send("exit 7\n");
    assert_eq!(shell.wait(PATIENCE)?.code(), Some(7));
    Ok(())
}

#[test]
fn a_command_in_a_view_is_a_job_like_any_other() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let mut shell = shell(&machine, &strings(&["bash", "--norc", "--noediting", "-i"]))?;
    control(&mut shell, "gobo-session run --with 'Lua = 5.1.5' ~/job")?;
    shell.send("gobo-session run --with 'Lua = 5.1.5' cat\nechoed\n\x04");
    shell.expect("echoed\r\nechoed\r\n", PATIENCE)?;
    shell.expect("ready> ", PATIENCE)?;
    Ok(())
}
