//! What never answers: homes, trees, configurations and name services. A login has one deadline for all of them.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::{Process, TIMEOUT};
use gobo_tests::lab::client::Report;
use gobo_tests::lab::{Lab, built, view_of};
use gobo_tests::requires_gobo_root;
use std::path::Path;
use std::process::Command;

/// The deadline of these logins, and what a login may take beyond it on a busy machine; what it does take is printed.
const DEADLINE: u64 = 400;
const ROOM: u64 = 1500;

const PROFILES: [(&str, &str); 3] = [
    ("lua51", "programs = [\"Lua = 5.1.5\"]\n"),
    ("lua53", "programs = [\"Lua = 5.3.6\"]\n"),
    ("hello", "programs = [\"Hello\"]\n"),
];

/// Where a file server is told to be silent.
const SILENT: &str = "/tmp/silent";

fn lab(root: &Path, policy: &str) -> Result<Lab> {
    let policy = format!("deadline-ms = {DEADLINE}\n{policy}");
    let lab = Lab::with(root, &policy, &PROFILES, |builder| builder)?;
    lab.module_alone("pamtester")?;
    lab.chamber.write("/usr/bin/fuse-server", std::fs::read(built("fuse-server")?)?)?;
    lab.chamber.set_mode("/usr/bin/fuse-server", 0o755)?;
    Ok(lab)
}

/// Shows a folder of the chamber at another place of it through a file server.
fn serve(lab: &Lab, folder: &str, point: &str) -> Result<Process> {
    lab.chamber.mkdir(point)?;
    let mut server = lab.chamber.spawn(["fuse-server", folder, point, SILENT])?;
    server.expect("mounted", TIMEOUT)?;
    Ok(server)
}

/// Logs in some times; that no login takes much longer than the deadline is made sure, and what they took is printed.
fn logins(lab: &Lab, what: &str, user: &str) -> Result<Vec<Report>> {
    let mut reports: Vec<Report> = (0..5).map(|_| lab.client(user).run()).collect::<Result<_>>()?;
    let mut took: Vec<u64> = reports.iter().map(|report| report.took).collect();
    took.sort_unstable();
    println!("{what}: {} ms in the middle of {took:?}, the deadline is {DEADLINE} ms", took[took.len() / 2]);
    for report in &mut reports {
        // The child that is left behind.
        report.after.children.clear();
        ensure!(report.took < DEADLINE + ROOM, "{what}: {took:?}");
        ensure!(report.close == 0 && report.before == report.after, "{what}: {report:#?}");
    }
    Ok(reports)
}

/// Those processes of the chamber that were left behind.
fn stuck(lab: &Lab) -> Result<usize> {
    Ok(lab.chamber.sh("pgrep -x pam-client | wc -l")?.text().parse()?)
}

#[test]
fn r9_a_home_that_never_answers_is_left_in_time() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), "[default]\nprofile = \"lua51\"\nallow = [\"lua53\"]\n")?;
    lab.select("ann", "lua53")?;
    lab.chamber.sh("mv /Users/ann /Users/real")?.success()?;
    let _server = serve(&lab, "/Users/real", "/Users/ann")?;
    ensure!(lab.client("ann").run()?.inside.view()? == view_of("lua53", &["bin"]), "a server that answers");
    lab.chamber.write(SILENT, "")?;
    let mark = lab.chamber.log_mark()?;
    for report in logins(&lab, "a dead home", "ann")? {
        assert_eq!((report.open, report.inside.view()?), (0, view_of("lua51", &["bin"])), "{report:#?}");
    }
    let file = "/Users/ann/.config/gobo-session/session.toml";
    let of_ann = |why: &str| format!("warning: user ann, profile lua51: {file} is ignored: {why}");
    let later = of_ann("an earlier reader of it has not come back");
    let said = lab.said(mark)?;
    assert_eq!(said[0], of_ann("reading it takes too long; is its file server up?"));
    assert_eq!(said[1..], vec![later; 4]);
    assert_eq!(
        stuck(&lab)?,
        1,
        "at most one reader of a user is left behind, and logouts do not wait for it"
    );
    assert!(logins(&lab, "another user", "bob")?.iter().all(|report| report.took < DEADLINE));
    Ok(())
}

#[test]
fn a_tree_on_a_file_server_is_shown_and_one_that_never_answers_is_left_in_time() -> Result<()> {
    let policy = "[default]\nprofile = \"hello\"\n[tree]\nprograms = \"/Mount/server\"\n";
    let lab = lab(&requires_gobo_root!(), policy)?;
    let hello = "/Mount/tree/Hello/1.0/bin/hello";
    lab.chamber.write(hello, "#!/bin/sh\necho hello from afar\n")?;
    lab.chamber.set_mode(hello, 0o755)?;
    lab.chamber.link("1.0", "/Mount/tree/Hello/Current")?;
    let _server = serve(&lab, "/Mount/tree", "/Mount/server")?;
    let report = lab.client("ann").script("hello").run()?;
    assert_eq!((report.open, report.stdout.as_str()), (0, "hello from afar\n"), "{report:#?}");
    assert_eq!(report.inside.view()?, view_of("hello", &["bin"]));
    assert_eq!(report.before, report.after);
    lab.profile("hello", "programs = [\"Hullo\"]\n")?;
    let mark = lab.chamber.log_mark()?;
    assert_eq!(lab.client("ann").run()?.open, 0);
    let said = lab.said(mark)?;
    assert!(said[0].contains("resolve: nothing meets `Hullo`") && said.len() == 1, "as from here: {said:#?}");

    lab.chamber.write(SILENT, "")?;
    let mark = lab.chamber.log_mark()?;
    for report in logins(&lab, "a dead tree", "ann")? {
        assert_eq!((report.open, report.inside.view()?), (0, Vec::new()), "{report:#?}");
    }
    let line = |why: &str| {
        format!(
            "err: no view: user ann, profile -, read: the tree (/Mount/server, /System/Index) {why}; is its file server up?"
        )
    };
    let said = lab.said(mark)?;
    assert_eq!(said[0], line("does not answer in time"));
    assert_eq!(said[1..], vec![line("is still being read for an earlier login of this user"); 4]);
    assert_eq!(stuck(&lab)?, 1);
    lab.open_line("pamtester", "required pam_gobo.so open on-failure=deny")?;
    assert_eq!(lab.client("bob").run()?.open, 14, "where the administrator says so");
    assert_eq!(lab.client("root").run()?.open, 0, "root always gets in");
    Ok(())
}

#[test]
fn a_configuration_that_never_answers_is_left_in_time() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), "[default]\nprofile = \"lua51\"\n")?;
    lab.chamber.sh("mv /System/Settings/gobo-session /System/Settings/real")?.success()?;
    let _server = serve(&lab, "/System/Settings/real", "/System/Settings/gobo-session")?;
    assert_eq!(lab.client("ann").run()?.inside.view()?, view_of("lua51", &["bin"]));
    lab.chamber.write(SILENT, "")?;
    let mark = lab.chamber.log_mark()?;
    let report = lab.client("ann").run()?;
    // What the deadline is stands in what cannot be read: it is the usual one.
    assert!(report.open == 0 && report.took < 2000 + ROOM, "{report:#?}");
    let line = "no view: user ann, profile -, configure: /etc/gobo-session does not answer in time; is its file server up?";
    assert_eq!(lab.said(mark)?, [format!("err: {line}")]);
    assert_eq!(lab.client("root").run()?.open, 0);
    lab.open_line("pamtester", "required pam_gobo.so open on-failure=deny")?;
    assert_eq!(lab.client("bob").run()?.open, 14, "where the administrator says so");
    turned_off_nobody_is_held_up(&lab)
}

/// A switch lets everybody in at once and without a word, whatever does not answer, and whatever the module's line says then.
fn turned_off_nobody_is_held_up(lab: &Lab) -> Result<()> {
    lab.chamber.write("/run/gobo-session/disabled", "")?;
    let mark = lab.chamber.log_mark()?;
    for user in ["ann", "bob"] {
        let report = lab.client(user).run()?;
        assert!(report.open == 0 && report.told.is_empty() && report.took < ROOM, "{report:#?}");
        ensure!(report.inside.view()?.is_empty());
    }
    assert_eq!(lab.said(mark)?, [""; 0]);
    Ok(())
}

/// A name service that never answers while there is a file.
const SERVICE: &str = r#"
#include <nss.h>
#include <pwd.h>
#include <grp.h>
#include <errno.h>
#include <unistd.h>
static enum nss_status answer(int *error) {
    while (access("/tmp/silent", F_OK) == 0) pause();
    *error = ENOENT;
    return NSS_STATUS_NOTFOUND;
}
enum nss_status _nss_deaf_getpwnam_r(const char *n, struct passwd *p, char *b, size_t s, int *e) { return answer(e); }
enum nss_status _nss_deaf_getgrgid_r(gid_t g, struct group *p, char *b, size_t s, int *e) { return answer(e); }
enum nss_status _nss_deaf_initgroups_dyn(const char *u, gid_t g, long *n, long *s, gid_t **l, long m, int *e) { return answer(e); }
"#;

/// Builds the service and names it behind files for groups, before them for users.
fn add_service(lab: &Lab) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (source, library) = (folder.path().join("deaf.c"), folder.path().join("libnss_deaf.so.2"));
    std::fs::write(&source, SERVICE)?;
    let built = Command::new("cc").args(["-shared", "-fPIC", "-w", "-o"]).args([&library, &source]).status();
    ensure!(built.context("cc")?.success(), "the service does not build");
    lab.chamber.write("/System/Index/lib/libnss_deaf.so.2", std::fs::read(&library)?)?;
    lab.chamber.write("/etc/nsswitch.conf", "passwd: deaf files\ngroup: files deaf\n")
}

#[test]
fn r9_name_services_that_never_answer_are_left_in_time() -> Result<()> {
    let policy = "[default]\nprofile = \"lua51\"\n[[rule]]\ngroup = \"cs101\"\nprofile = \"lua53\"\n";
    let lab = lab(&requires_gobo_root!(), policy)?;
    add_service(&lab)?;
    ensure!(lab.client("ann").run()?.inside.view()? == view_of("lua53", &["bin"]), "a service that answers");
    lab.open_line("pamtester", "required pam_gobo.so open on-failure=deny")?;
    lab.chamber.write("/etc/nsswitch.conf", "passwd: files\ngroup: files deaf\n")?;
    lab.chamber.write(SILENT, "")?;
    for report in logins(&lab, "deaf groups", "ann")? {
        assert_eq!((report.open, report.inside.view()?), (0, Vec::new()), "never denied: {report:#?}");
    }
    lab.open_line("pamtester", "required pam_gobo.so open")?;
    lab.chamber.write("/etc/nsswitch.conf", "passwd: deaf files\ngroup: files\n")?;
    let mark = lab.chamber.log_mark()?;
    let report = lab.client("bob").with(|wish| wish.silent = true).run()?;
    assert!(report.open == 0 && report.took < 2000 + ROOM, "{report:#?}");
    assert_eq!(lab.said(mark)?, ["err: no view: look up user bob: the name services do not answer in time"]);
    lab.open_line("pamtester", "required pam_gobo.so open on-failure=deny")?;
    assert_eq!(lab.client("bob").with(|wish| wish.silent = true).run()?.open, 14, "denied");
    turned_off_nobody_is_held_up(&lab)
}

#[test]
fn r9_no_child_is_lost_to_what_other_threads_hold() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), "[default]\nprofile = \"lua51\"\nallow = [\"lua53\"]\n")?;
    lab.policy("[default]\nprofile = \"lua51\"\nallow = [\"lua53\"]\n")?;
    lab.select("ann", "lua53")?;
    // One arena for all threads, whose lock is nearly always held by one of them.
    let busy = |wish: &mut gobo_tests::lab::client::Wish| {
        (wish.threads, wish.busy, wish.times) = (3, true, 100);
    };
    let mark = lab.chamber.log_mark()?;
    let report = lab.client("ann").under(&["env", "MALLOC_ARENA_MAX=1"]).with(busy).run()?;
    assert_eq!(report.inside.view()?, view_of("lua53", &["bin"]));
    assert_eq!(lab.said(mark)?, [""; 0], "every reader answered");
    Ok(())
}
