//! Every system call of open_session made to fail in turn: the login works, and its view is whole or not there.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::client::Report;
use gobo_tests::lab::{Lab, view_of};
use gobo_tests::requires_gobo_root;
use std::collections::BTreeMap;

const POLICY: &str = "[default]\nprofile = \"lua51\"\nallow = [\"lua51\"]\n";
const PROFILE: (&str, &str) = ("lua51", "programs = [\"Lua = 5.1.5\"]\npersonality = true\n");

/// Where strace writes, in the chamber.
const TRACE: &str = "/tmp/trace";

/// Calls whose failure says nothing about us: without memory no program goes on, what is closed is closed, and what
/// libc asks for locks and signals does not fail.
const NEVER_FAIL: [&str; 9] =
    ["brk", "mmap", "munmap", "mprotect", "mremap", "close", "futex", "rt_sigprocmask", "rt_sigaction"];

/// Of calls that are made very often, the first and the last so many are made to fail.
const EACH_END: usize = 4;

/// Calls of the set-up itself, which fail each time that they are made.
const SET_UP: [&str; 14] = [
    "unshare",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "move_mount",
    "open_tree",
    "mount",
    "mkdirat",
    "symlinkat",
    "personality",
    "clone3",
    "pipe2",
    "getcwd",
];

fn strace(lab: &Lab, option: &str) -> Result<Report> {
    lab.client("ann")
        .script("lua -v 2>&1 | cut -d' ' -f2; id -un")
        .under(&["strace", "-qq", "-o", TRACE, option])
        .run()
}

/// The system calls between opening and opened, each with its number since the program began.
fn calls_of_open(trace: &str) -> Result<BTreeMap<String, Vec<usize>>> {
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut calls = BTreeMap::<String, Vec<usize>>::new();
    let mut is_open = false;
    for line in trace.lines() {
        let Some((name, rest)) = line.split_once('(') else { continue };
        let number = counts.entry(name).or_default();
        *number += 1;
        if rest.contains("\"/pam-client/open\"") {
            is_open = true;
        } else if rest.contains("NETLINK_AUDIT") || rest.contains("\"/pam-client/opened\"") {
            // When its modules have done their work, libpam tells the audit daemon.
            is_open = false;
        } else if is_open && !NEVER_FAIL.contains(&name) {
            calls.entry(name.to_owned()).or_default().push(*number);
        }
    }
    ensure!(!calls.is_empty() && !is_open, "a trace without marks");
    Ok(calls)
}

/// Which of a call's numbers are tried.
fn tried(name: &str, numbers: &[usize]) -> Vec<usize> {
    if SET_UP.contains(&name) || numbers.len() <= 2 * EACH_END {
        return numbers.to_vec();
    }
    [&numbers[..EACH_END], &numbers[numbers.len() - EACH_END..]].concat()
}

/// The calls before and after the one that was made to fail.
fn around_fault(trace: &str) -> String {
    let lines: Vec<&str> = trace.lines().collect();
    let at = lines.iter().position(|line| line.ends_with("(INJECTED)")).unwrap_or_default();
    lines[at.saturating_sub(6)..lines.len().min(at + 10)].join("\n")
}

/// Makes sure that a login with one failed call is a login, in a whole view or in none.
fn assert_whole_or_nothing(report: &Report, what: &str) -> Result<()> {
    let view = report.inside.view()?;
    let has_view = !view.is_empty();
    let (lua, machine) = if has_view { ("5.1.5", "00000008") } else { ("5.4.4", "00000000") };
    ensure!(report.open == 0 && report.close == 0, "{what}: {} {}", report.open, report.close);
    ensure!(report.stdout == format!("{lua}\nann\n"), "{what}: {report:#?}");
    ensure!(!has_view || view == view_of("lua51", &["bin"]), "{what}: {view:#?}");
    ensure!(report.inside.personality == machine, "{what}: {}", report.inside.personality);
    let moved = report.before.namespace != report.inside.namespace;
    ensure!(moved == has_view, "{what}: in another namespace without a view");
    ensure!(report.inside.cwd == report.before.cwd && report.inside.root == report.before.root, "{what}");
    let leaked = |d: &&String| !report.before.descriptors.contains(d) && !d.starts_with("mnt:") && *d != "/";
    let leaks: Vec<_> = report.inside.descriptors.iter().filter(leaked).collect();
    ensure!(leaks.is_empty(), "{what}: {leaks:?}");
    ensure!(report.after.children.is_empty(), "{what}: a child is left");
    ensure!(report.before == report.after, "{what}: {:#?}\n{:#?}", report.before, report.after);
    Ok(())
}

#[test]
fn a_login_survives_the_failure_of_any_system_call() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &[PROFILE])?;
    // The module alone: how others of the stack take a failure is theirs to say.
    lab.chamber.write(
        "/etc/pam.d/pamtester",
        "session optional pam_gobo.so close\nsession required pam_gobo.so open\n",
    )?;
    lab.select("ann", "lua51")?;
    strace(&lab, "-etrace=all")?;
    let whole = strace(&lab, "-etrace=all")?;
    assert_eq!(whole.inside.view()?, view_of("lua51", &["bin"]));
    let calls = calls_of_open(&lab.chamber.read(TRACE)?)?;
    let mut without_view = 0;
    let mut count = 0;
    for (name, numbers) in &calls {
        for number in tried(name, numbers) {
            let what = format!("{name} number {number} fails");
            let report =
                strace(&lab, &format!("-einject={name}:error=EIO:when={number}")).context(what.clone())?;
            let trace = lab.chamber.read(TRACE)?;
            ensure!(trace.contains("(INJECTED)"), "{what}: but nothing was made to fail");
            assert_whole_or_nothing(&report, &what).with_context(|| around_fault(&trace))?;
            without_view += usize::from(report.inside.namespace == report.before.namespace);
            count += 1;
        }
    }
    println!("{count} calls of {} kinds failed; {without_view} logins went without their view", calls.len());
    assert!(count > 50 && without_view > 20);
    Ok(())
}
