//! Every system call of open_session made to fail in turn: the login works, and its view is whole or not there.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::client::{Report, Wish};
use gobo_tests::lab::{Lab, view_of};
use gobo_tests::requires_gobo_root;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

const POLICY: &str = "exempt = [\"dora\"]\n[default]\nprofile = \"lua51\"\nallow = [\"lua51\"]\n\
                      [[rule]]\nuser = \"bob\"\nprofile = \"lua53\"\n";
const PROFILES: [(&str, &str); 2] = [
    ("lua51", "programs = [\"Lua = 5.1.5\"]\npersonality = true\n"),
    ("lua53", "programs = [\"Lua = 5.3.6\"]\n"),
];

/// What is run in the session: a program of the view has to start, and the user has to be himself.
const SCRIPT: &str = "lua -v > /dev/null 2>&1 && id -un";

const PAM_SUCCESS: i32 = 0;
const PAM_SESSION_ERR: i32 = 14;

/// Where strace writes, in the chamber.
const TRACE: &str = "/tmp/trace";

/// Calls whose failure says nothing about us: without memory no program goes on, what is closed is closed, who is not
/// waited for stays, and what libc asks for locks and signals does not fail.
const NEVER_FAIL: [&str; 11] = [
    "brk",
    "mmap",
    "munmap",
    "mprotect",
    "mremap",
    "close",
    "waitid",
    "wait4",
    "futex",
    "rt_sigprocmask",
    "rt_sigaction",
];

/// Of calls that are made very often, the first and the last so many are made to fail.
const EACH_END: usize = 4;

/// What a call may fail with. strace makes any call fail with any of them, also where the kernel would not.
const ERRORS: [&str; 12] = [
    "EIO", "EPERM", "EACCES", "ENOMEM", "ENOSPC", "EMFILE", "ENOSYS", "EINTR", "EAGAIN", "EINVAL", "ENOENT",
    "EBUSY",
];

/// How many of them each call is tried with, taking turns: one, and three for those of the set-up. `GOBO_FAULTS=all`
/// tries all with all.
const TURNS: [usize; 2] = [1, 3];

/// How many logins are tried at the same time.
const AT_ONCE: usize = 2;

/// Where it is said which session has overlays that others may clone; where it is no folder nobody says so.
const SHARED: &str = "/run/gobo-session/shared";

/// The service on whose line the administrator wrote that a login without its view is denied.
const DENIES: &str = "denies";

/// Calls of the set-up itself, which fail each time that they are made.
const SET_UP: [&str; 18] = [
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
    "setns",
    "umount2",
    "chdir",
    "fchdir",
];

/// A client that is traced, and the two views that it can have: the one that it comes from and the one meant for it.
struct Traced<'l> {
    lab: &'l Lab,
    user: &'l str,
    prefix: Vec<&'l str>,
    views: [Vec<String>; 2],
}

impl Traced<'_> {
    fn run(&self, option: &str) -> Result<Report> {
        self.run_with(TRACE, "pamtester", option)
    }

    fn run_with(&self, trace: &str, service: &str, option: &str) -> Result<Report> {
        let strace = ["strace", "-qq", "-o", trace, option];
        let prefix: Vec<&str> = self.prefix.iter().copied().chain(strace).collect();
        let service = |wish: &mut Wish| wish.service = service.to_owned();
        self.lab.client(self.user).with(service).script(SCRIPT).under(&prefix).run()
    }

    /// Makes each call of open_session fail in turn; gives how many failed, and how many logins went without their view.
    fn fail_in_turn(&self, is_tried: impl Fn(&str) -> bool) -> Result<(usize, usize)> {
        self.run("-etrace=all")?;
        let good = self.run("-etrace=all")?;
        ensure!(good.inside.view()? == self.views[1], "{good:#?}");
        let calls = calls_of_open(&self.lab.chamber.read(TRACE)?)?;
        let faults = faults(calls.iter().filter(|(name, _)| is_tried(name)));
        let (next, without) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |worker: usize| -> Result<()> {
            while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                let is_without =
                    self.fail(worker, fault).with_context(|| format!("{fault:?} for {}", self.user))?;
                without.fetch_add(usize::from(is_without), Ordering::Relaxed);
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|worker| scope.spawn(move || work(worker))).collect();
            workers.into_iter().try_for_each(|worker| worker.join().expect("a worker that panics"))
        })?;
        Ok((faults.len(), without.into_inner()))
    }

    /// Makes one call fail, for a service that lets in whom it must deny the view, or for one that denies him; gives
    /// whether the login went without its view.
    fn fail(&self, worker: usize, fault: &Fault) -> Result<bool> {
        let Fault { name, number, error, denies } = fault;
        let trace = format!("{TRACE}-{worker}");
        let service = if *denies { DENIES } else { "pamtester" };
        let report =
            self.run_with(&trace, service, &format!("-einject={name}:error={error}:when={number}"))?;
        let trace = self.lab.chamber.read(&trace)?;
        ensure!(trace.contains("(INJECTED)"), "nothing was made to fail");
        self.assert_whole_or_nothing(&report).with_context(|| around_fault(&trace))?;
        let without = report.inside.view()? != self.views[1];
        // A file that is said not to be there is as good as none: where it is the policy, nobody was to get a view.
        let may_be_let_in = !denies || !without || *error == "ENOENT" || self.user == "root";
        ensure!(report.open == 0 || *denies, "denied\n{}", around_fault(&trace));
        ensure!(report.open != 0 || may_be_let_in, "let in without a view\n{}", around_fault(&trace));
        Ok(without)
    }

    /// Makes sure that a login with one failed call is a login, in the whole view that is meant for it, in none, or
    /// where it came from.
    fn assert_whole_or_nothing(&self, report: &Report) -> Result<()> {
        let view = report.inside.view()?;
        let moved = report.before.namespace != report.inside.namespace;
        let is_code = [PAM_SUCCESS, PAM_SESSION_ERR].contains(&report.open);
        // libpam itself says PAM_PERM_DENIED where a session is closed that was never opened.
        let is_closed = report.close == PAM_SUCCESS || report.open == PAM_SESSION_ERR;
        ensure!(is_code && is_closed, "{} {}", report.open, report.close);
        ensure!(report.stdout.ends_with(&format!("{}\n", self.user)), "{report:#?}");
        ensure!(view.is_empty() || self.views.contains(&view), "{view:#?}");
        ensure!(moved || view == self.views[0], "not moved, and yet: {view:#?}");
        ensure!(!moved || view != self.views[0] || view == self.views[1], "moved for nothing");
        let is_32_bit = view.iter().any(|line| line.contains(":lua51:"));
        ensure!((report.inside.personality == "00000008") == is_32_bit, "{}", report.inside.personality);
        ensure!(
            report.inside.cwd == report.before.cwd && report.inside.root == report.before.root,
            "cwd or root"
        );
        let leaked =
            |d: &&String| !report.before.descriptors.contains(d) && !d.starts_with("mnt:") && *d != "/";
        let leaks: Vec<_> = report.inside.descriptors.iter().filter(leaked).collect();
        ensure!(leaks.is_empty(), "{leaks:?}");
        ensure!(report.before == report.after, "{:#?}\n{:#?}", report.before, report.after);
        Ok(())
    }
}

#[test]
fn a_kernel_that_wants_the_layer_attached_first_shows_the_view_all_the_same() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    keep_nothing(&lab)?;
    let views = [Vec::new(), view_of("lua51", &["bin"])];
    let traced = Traced { lab: &lab, user: "ann", prefix: Vec::new(), views };
    traced.run("-etrace=fsconfig")?;
    let trace = lab.chamber.read(TRACE)?;
    let creates = trace.lines().filter(|line| line.starts_with("fsconfig(")).enumerate();
    let creates: Vec<usize> = creates.filter(|(_, l)| l.contains("CMD_CREATE")).map(|(n, _)| n + 1).collect();
    ensure!(creates.len() == 2, "a tmpfs and an overlay are made, not: {trace}");
    // What Linux before 6.15 says of a lower folder in a detached mount.
    let report = traced.run(&format!("-einject=fsconfig:error=EINVAL:when={}", creates[1]))?;
    ensure!(lab.chamber.read(TRACE)?.contains("(INJECTED)"), "nothing was made to fail");
    ensure!(report.inside.view()? == traced.views[1], "{report:#?}");
    traced.assert_whole_or_nothing(&report)
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

/// A call that is made to fail.
#[derive(Debug)]
struct Fault {
    name: String,
    number: usize,
    error: &'static str,
    denies: bool,
}

/// Which calls fail with what.
fn faults<'c>(calls: impl Iterator<Item = (&'c String, &'c Vec<usize>)>) -> Vec<Fault> {
    let all = std::env::var("GOBO_FAULTS").is_ok_and(|value| value == "all");
    let mut errors = ERRORS.iter().cycle();
    let mut faults = Vec::new();
    for (name, numbers) in calls {
        let turns = if all { ERRORS.len() } else { TURNS[usize::from(SET_UP.contains(&name.as_str()))] };
        for number in tried(name, numbers) {
            for error in errors.by_ref().take(turns) {
                let denies = faults.len() % 3 == 2;
                faults.push(Fault { name: name.clone(), number, error, denies });
            }
        }
    }
    faults
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

fn lab(root: &std::path::Path) -> Result<Lab> {
    let lab = Lab::new(root, POLICY, &PROFILES)?;
    // The module alone: how others of the stack take a failure is theirs to say.
    lab.module_alone("pamtester")?;
    lab.module_alone(DENIES)?;
    lab.open_line(DENIES, "required pam_gobo.so open on-failure=deny")?;
    lab.select("ann", "lua51")?;
    // Which of the logins at once would have the overlays of which, and so makes which calls, is not known.
    lab.chamber.write(SHARED, "")?;
    Ok(lab)
}

/// Has every login go the whole way: there is no folder to keep anything in.
fn keep_nothing(lab: &Lab) -> Result<()> {
    lab.chamber.write("/run/gobo-session/plans", "")
}

#[test]
fn a_login_that_finds_its_view_survives_the_failure_of_any_system_call() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    let views = [Vec::new(), view_of("lua51", &["bin"])];
    let (failed, without) =
        Traced { lab: &lab, user: "ann", prefix: Vec::new(), views }.fail_in_turn(|_| true)?;
    println!("{failed} calls failed; {without} logins went without their view");
    assert!(failed > 60 && without > 20);
    Ok(())
}

#[test]
fn a_login_that_shares_overlays_has_its_view_whatever_fails_on_the_way_to_them() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.chamber.remove(SHARED)?;
    lab.log_in_until_kept("ann")?;
    let mut session = lab.chamber.command(["su", "ann", "-c", "echo there; read end"]).input("").spawn()?;
    session.line(gobo_tests::chamber::TIMEOUT)?;
    // A login that makes its own overlays says that it has some, and is gone then.
    let said = "cd /run/gobo-session && mkdir kept && cp shared/lua51-* kept/";
    lab.chamber.sh(said)?.success()?;
    let again = r#"cp /run/gobo-session/kept/* /run/gobo-session/shared/ && exec "$@""#;
    let views = [Vec::new(), view_of("lua51", &["bin"])];
    let traced = Traced { lab: &lab, user: "ann", prefix: vec!["sh", "-c", again, "sh"], views };
    traced.run("-etrace=all")?;
    let calls = calls_of_open(&lab.chamber.read(TRACE)?)?;
    assert!(calls.contains_key("clone") && !calls["fsopen"].is_empty(), "{calls:?}");
    for (name, numbers) in calls.iter().filter(|(name, _)| ["clone", "open_tree"].contains(&name.as_str())) {
        for number in numbers {
            let fault = Fault { name: name.clone(), number: *number, error: "ENOMEM", denies: false };
            traced.fail(0, &fault).with_context(|| format!("{fault:?}"))?;
        }
    }
    Ok(())
}

#[test]
fn a_login_survives_the_failure_of_any_system_call() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    keep_nothing(&lab)?;
    let views = [Vec::new(), view_of("lua51", &["bin"])];
    let (failed, without) =
        Traced { lab: &lab, user: "ann", prefix: Vec::new(), views }.fail_in_turn(|_| true)?;
    println!("{failed} calls failed; {without} logins went without their view");
    assert!(failed > 100 && without > 30);
    Ok(())
}

#[test]
fn a_login_from_within_a_session_survives_the_failure_of_each_step() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("bob")?;
    let mut session = lab.chamber.command(["su", "ann", "-c", "echo $$; read end"]).input("").spawn()?;
    let pid = session.line(gobo_tests::chamber::TIMEOUT)?;
    let steps = |name: &str| SET_UP.contains(&name);
    for (user, view) in [("bob", view_of("lua53", &["bin"])), ("dora", Vec::new()), ("root", Vec::new())] {
        let enter = vec!["nsenter", "--mount", "--target", &pid, "setarch", "linux32"];
        let views = [view_of("lua51", &["bin"]), view];
        let (failed, without) = Traced { lab: &lab, user, prefix: enter, views }.fail_in_turn(steps)?;
        println!("{user}: {failed} calls failed; {without} logins did not get there");
        assert!(failed > 3 && without > 1);
    }
    Ok(())
}
