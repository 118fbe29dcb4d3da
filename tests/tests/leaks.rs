//! Nothing is left of sessions: not of a thousand in a row, not of fifty at once, not of those that were killed.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::{Process, Signal, State, machine_state};
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

const POLICY: &str = "[default]\nprofile = \"lua51\"\nallow = [\"lua51\"]\n";
const PROFILES: [(&str, &str); 1] = [("lua51", "programs = [\"Lua = 5.1.5\"]\n")];

/// One at a time: each test looks at the whole machine.
static ALONE: Mutex<()> = Mutex::new(());

/// A lab in which some sessions have come and gone, with what exists then: the folders of state stay for good, and what is
/// kept for later logins.
fn lab(root: &Path) -> Result<(Lab, State)> {
    let lab = Lab::new(root, POLICY, &PROFILES)?;
    for service in ["pamtester", "su", "sshd"] {
        lab.open_line(service, "optional pam_gobo.so open")?;
    }
    lab.select("ann", "lua51")?;
    lab.log_in_until_kept("ann")?;
    let before = lab.chamber.host_state()?;
    Ok((lab, before))
}

/// How many mount namespaces the chamber's processes are in.
fn namespaces(lab: &Lab) -> Result<usize> {
    let script = "for p in /proc/[0-9]*; do readlink $p/ns/mnt; done | sort -u | wc -l";
    Ok(lab.chamber.sh(script)?.text().parse()?)
}

/// Waits until the machine itself is as it was before there was a lab.
fn wait_until_as(machine: &State) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        let differences = State::differences(machine, &machine_state()?);
        if differences.is_empty() {
            return Ok(());
        }
        ensure!(Instant::now() < until, "left on the machine:\n{}", differences.join("\n"));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn of_a_thousand_sessions_in_a_row_nothing_is_left() -> Result<()> {
    let root = requires_gobo_root!();
    let _alone = ALONE.lock();
    let machine = machine_state()?;
    let (lab, before) = lab(&root)?;
    let mark = lab.chamber.log_mark()?;
    let report = lab.client("ann").with(|wish| wish.times = 1000).script("lua -v 2>&1").run()?;
    assert!(report.stdout.starts_with("Lua 5.1.5"));
    assert_eq!(report.before, report.after, "descriptors, namespace, children");
    assert_eq!(lab.said(mark)?, [""; 0]);
    lab.chamber.wait_for_state(&before, PATIENCE)?;
    assert_eq!(namespaces(&lab)?, 1);
    drop(lab);
    wait_until_as(&machine)
}

#[test]
fn of_fifty_sessions_at_once_nothing_is_left() -> Result<()> {
    let root = requires_gobo_root!();
    let _alone = ALONE.lock();
    let machine = machine_state()?;
    let (lab, before) = lab(&root)?;
    let mark = lab.chamber.log_mark()?;
    let start = |_| lab.chamber.command(["su", "ann", "-c", "lua -v 2>&1; read end"]).input("").spawn();
    let mut sessions: Vec<Process> = (0..50).map(start).collect::<Result<_>>()?;
    for session in &mut sessions {
        session.expect("Lua 5.1.5", 3 * PATIENCE)?;
    }
    assert_eq!(namespaces(&lab)?, 51);
    for session in &mut sessions {
        session.send("\n");
        session.wait(PATIENCE)?;
    }
    assert_eq!(lab.said(mark)?, [""; 0]);
    lab.chamber.wait_for_state(&before, PATIENCE)?;
    drop(sessions);
    drop(lab);
    wait_until_as(&machine)
}

/// The process of the chamber that has a name, and is not one of `but`.
fn process_named(lab: &Lab, name: &str, but: u32) -> Result<u32> {
    let script = format!("pgrep -x {name} | grep -vx {but} | head -1");
    lab.chamber.sh(&script)?.text().parse().with_context(|| format!("no process {name}"))
}

/// Kills what opened a session; what lives on by itself keeps its view, and with it everything goes.
fn assert_view_lives_as_long_as_its_last_process(lab: &Lab, before: &State, killed: u32) -> Result<()> {
    lab.chamber.sh(&format!("kill -9 {killed}"))?.success()?;
    let orphan = process_named(lab, "sleep", 0)?;
    let table = lab.chamber.read(format!("/proc/{orphan}/mountinfo"))?;
    assert!(!lab.view_in(&table)?.is_empty(), "{table}");
    assert!(!lab.chamber.mounts_of(1)?.iter().any(|mount| mount.source.starts_with("gobo-session:")));
    lab.chamber.sh(&format!("kill -9 {orphan}"))?.success()?;
    lab.chamber.wait_for_state(before, PATIENCE)?;
    assert_eq!(namespaces(lab)?, 1);
    Ok(())
}

#[test]
fn r10_su_is_killed_and_what_it_started_lives_on_in_its_view() -> Result<()> {
    let root = requires_gobo_root!();
    let _alone = ALONE.lock();
    let (lab, before) = lab(&root)?;
    let mut su = lab.chamber.spawn([
        "su",
        "ann",
        "-c",
        "setsid sleep 100 < /dev/null > /dev/null 2>&1 & echo on; wait",
    ])?;
    su.expect("on", PATIENCE)?;
    std::thread::sleep(Duration::from_millis(50));
    let pid = su.pid();
    assert_view_lives_as_long_as_its_last_process(&lab, &before, pid)?;
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&su.wait(PATIENCE)?),
        Some(Signal::KILL.as_raw())
    );
    Ok(())
}

#[test]
fn r10_the_monitor_of_sshd_is_killed_and_what_it_started_lives_on_in_its_view() -> Result<()> {
    let root = requires_gobo_root!();
    let _alone = ALONE.lock();
    let (lab, _) = lab(&root)?;
    let ssh = lab.chamber.start_sshd(&["ann"])?;
    let before = lab.chamber.host_state()?;
    let mut session =
        ssh.command("ann", "setsid sleep 100 < /dev/null > /dev/null 2>&1 & echo on; wait").spawn()?;
    session.expect("on", PATIENCE)?;
    std::thread::sleep(Duration::from_millis(50));
    let monitor = process_named(&lab, "sshd", ssh.daemon().pid())?;
    assert_view_lives_as_long_as_its_last_process(&lab, &before, monitor)?;
    session.wait(PATIENCE)?;
    Ok(())
}
