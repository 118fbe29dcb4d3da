//! Nothing is left of a chamber, however it ended. Alone in this file: it looks at the whole machine.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gobo_tests::chamber::{Builder, Chamber, Signal, State, machine_state};
use gobo_tests::requires_gobo_root;
use rustix::process::{Pid, kill_process};

/// In the environment of the process that is killed.
const VICTIM: &str = "GOBO_TESTS_CHAMBER_VICTIM";

fn builder(root: &Path, program: &Path) -> Builder {
    Chamber::builder(root).program(program, "Probe", "1.0")
}

fn wait_until_as(before: &State, what: &str) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let differences = State::differences(before, &machine_state()?);
        if differences.is_empty() {
            return Ok(());
        }
        if Instant::now() > until {
            bail!("{what} left:\n{}", differences.join("\n"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn nothing_is_left_of_a_chamber() -> Result<()> {
    let root = requires_gobo_root!();
    if std::env::var_os(VICTIM).is_some() {
        return Ok(());
    }
    let program = tempfile::Builder::new().prefix("probe").tempdir()?;
    let descriptors = || std::fs::read_dir("/proc/self/fd").map(Iterator::count);
    let (before, open) = (machine_state()?, descriptors()?);

    let chamber = builder(&root, program.path()).build()?;
    let ssh = chamber.start_sshd(&["ann"])?;
    let session = ssh.command("ann", "sleep 100").spawn()?;
    chamber.sh("setsid sleep 100 & mount -t tmpfs left /Mount")?.success()?;
    assert!(State::differences(&before, &machine_state()?).len() >= 2);
    drop(session);
    drop(ssh);
    drop(chamber);
    assert_eq!(State::differences(&before, &machine_state()?), [""; 0], "left by a chamber that was dropped");

    assert_eq!(descriptors()?, open);

    // The test process is killed.
    let mut victim = Command::new(std::env::current_exe()?)
        .args(["a_chamber_that_waits_to_be_killed", "--exact", "--nocapture", "--test-threads=1"])
        .env(VICTIM, program.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(victim.stdout.take().context("no output")?).lines();
    let ready = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("chamber is ready")));
    ready.context("the victim made no chamber")??;
    assert!(State::differences(&before, &machine_state()?).len() >= 2);
    victim.kill()?;
    victim.wait()?;
    wait_until_as(&before, "a test process that was killed")?;

    // The keeper is killed, and so process 1 with it.
    let chamber = builder(&root, program.path()).build()?;
    let keeper = children()?.pop().context("no keeper")?;
    kill_process(Pid::from_raw(keeper).context("no pid")?, Signal::KILL)?;
    let until = Instant::now() + Duration::from_secs(5);
    while chamber.sh("true").is_ok() {
        assert!(Instant::now() < until, "the chamber lives without its keeper");
    }
    drop(chamber);
    wait_until_as(&before, "a keeper that was killed")
}

/// The children of this process, of whatever thread.
fn children() -> Result<Vec<i32>> {
    let mut children = Vec::new();
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("children"))?;
        children.extend(text.split_whitespace().map(str::parse::<i32>).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(children)
}

/// The process that is killed by the test above; by itself it does nothing.
#[test]
fn a_chamber_that_waits_to_be_killed() -> Result<()> {
    let Some(program) = std::env::var_os(VICTIM) else { return Ok(()) };
    let root = requires_gobo_root!();
    let chamber = builder(&root, Path::new(&program)).build()?;
    let _sleep = chamber.spawn(["sleep", "100"])?;
    println!("\nchamber is ready");
    std::thread::sleep(Duration::from_secs(60));
    Ok(())
}
