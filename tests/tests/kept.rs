//! Views of the administrator's profiles are made once, and had at once by all later logins while nothing changes.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::Process;
use gobo_tests::lab::{Lab, changes, view_of};
use gobo_tests::requires_gobo_root;
use std::path::Path;
use std::time::{Duration, Instant};

const POLICY: &str = "[default]\nprofile = \"lua51\"\nallow = [\"lua51\"]\n";
const LUA51: &str = "programs = [\"Lua = 5.1.5\"]\n";
const PATIENCE: Duration = Duration::from_secs(20);

const LAYERS: &str = "/run/gobo-session/layers";
const PLANS: &str = "/run/gobo-session/plans";

/// What a login did to have its view, by the steps that it logs.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// It found it.
    Found,
    /// It made it.
    Whole,
}

fn lab(root: &Path) -> Result<Lab> {
    let lab = Lab::with(root, POLICY, &[("lua51", LUA51)], |builder| builder.writable_programs())?;
    lab.module_alone("pamtester")?;
    lab.open_line("pamtester", "required pam_gobo.so open debug")?;
    Ok(lab)
}

/// The way of a login that has its whole view.
fn log_in(lab: &Lab) -> Result<Way> {
    let mark = lab.chamber.log_mark()?;
    let report = lab.client("ann").script("lua -v 2>&1").run()?;
    ensure!(report.open == 0 && report.inside.view()? == view_of("lua51", &["bin"]), "{report:#?}");
    ensure!(report.stdout.starts_with("Lua 5.1.5"), "{report:#?}");
    way(&lab.times(mark)?.concat())
}

fn way(times: &str) -> Result<Way> {
    match (times.contains("find "), times.contains("resolve ")) {
        (true, false) => Ok(Way::Found),
        (false, true) => Ok(Way::Whole),
        _ => anyhow::bail!("no way: {times}"),
    }
}

/// Logs in until the view is kept: what was changed just now may be changed once more, and nothing is kept of it.
fn log_in_until_found(lab: &Lab) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while log_in(lab)? != Way::Found {
        ensure!(Instant::now() < until, "it is never kept");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[test]
fn the_second_login_finds_what_the_first_made() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    assert_eq!(log_in(&lab)?, Way::Whole);
    log_in_until_found(&lab)?;
    // What a session says of itself does not depend on who made it.
    let said = lab.su("bob", "gobo-session status; ls /run/gobo-session/view")?.success()?.text();
    assert!(said.starts_with("in a view: profile lua51; session of bob by su-l, "), "{said}");
    assert!(said.contains("Lua 5.1.5  the host has 5.4.4") && said.ends_with("about.json"), "{said}");
    // A login from within a session finds it too.
    let nested =
        lab.chamber.command(["su", "ann", "-c", "exec su bob -c 'lua -v; cat /proc/self/mountinfo'"]);
    let mark = lab.chamber.log_mark()?;
    let _ = nested.run()?;
    assert!(lab.times(mark)?.iter().all(|times| way(times).is_ok_and(|way| way == Way::Found)));
    Ok(())
}

#[test]
fn whatever_a_view_was_made_from_the_next_login_sees_that_it_changed() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let version = "/Programs/Lua/5.1.5";
    let own = [
        "mkdir -p /Programs/Other/1.0",
        "ln -s /Programs/Lua/5.3.6/bin/lua /System/Index/libexec/other",
        "echo /bin/dash >> /etc/shells",
    ];
    for change in changes::of_what_lua51_is_made_from().iter().map(String::as_str).chain(own) {
        log_in_until_found(&lab)?;
        lab.chamber.sh(change)?.success()?;
        assert_eq!(log_in(&lab).context(change.to_owned())?, Way::Whole, "{change}");
    }
    log_in_until_found(&lab)?;
    lab.profile("lua51", "programs = [\"Lua = 5.3.6\"]\n")?;
    assert!(lab.su("ann", "lua -v 2>&1")?.success()?.text().starts_with("Lua 5.3.6"));
    lab.profile("lua51", LUA51)?;
    log_in_until_found(&lab)?;
    // Who could write a program is judged again too (R4).
    lab.chamber.chown(version, lab.chamber.user("ann")?.uid, 0)?;
    assert!(lab.su("ann", "lua -v 2>&1")?.success()?.text().starts_with("Lua 5.4.4"));
    Ok(())
}

#[test]
fn what_changed_within_a_version_is_seen_within_a_minute() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let minute = format!("touch -d '61 seconds ago' {PLANS}/lua51-*");
    for change in changes::within_lua51() {
        log_in_until_found(&lab)?;
        lab.chamber.sh(&change)?.success()?;
        assert_eq!(log_in(&lab)?, Way::Found, "{change}");
        lab.chamber.sh(&minute)?.success()?;
        assert_eq!(log_in(&lab)?, Way::Whole, "{change}");
    }
    // A thorough look counts for a minute, and so does one whose time is to come for none.
    log_in_until_found(&lab)?;
    lab.chamber.sh(&minute)?.success()?;
    assert_eq!(log_in(&lab)?, Way::Found);
    lab.chamber.sh(&changes::within_lua51()[0])?.success()?;
    assert_eq!(log_in(&lab)?, Way::Found);
    lab.chamber.sh(&format!("touch -d 'next hour' {PLANS}/lua51-*"))?.success()?;
    assert_eq!(log_in(&lab)?, Way::Whole);
    // Who could write a program is judged again too (R4).
    log_in_until_found(&lab)?;
    lab.chamber.sh(&format!("chmod 777 /Programs/Lua/5.1.5/bin; {minute}"))?.success()?;
    assert!(lab.su("ann", "lua -v 2>&1")?.success()?.text().starts_with("Lua 5.4.4"));
    Ok(())
}

#[test]
fn logins_that_come_at_once_go_the_way_once() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    log_in_until_found(&lab)?;
    for _ in 0..5 {
        lab.chamber.sh(&format!("rm -rf {LAYERS} {PLANS}"))?.success()?;
        let mark = lab.chamber.log_mark()?;
        std::thread::scope(|scope| {
            let logins: Vec<_> =
                (0..8).map(|_| scope.spawn(|| lab.client("ann").script("lua -v").run())).collect();
            logins.into_iter().try_for_each(|login| login.join().expect("no panic").map(drop))
        })?;
        let ways: Vec<Way> = lab.times(mark)?.iter().map(|times| way(times)).collect::<Result<_>>()?;
        assert_eq!((ways.len(), ways.iter().filter(|way| **way == Way::Whole).count()), (8, 1));
    }
    Ok(())
}

/// A session that goes on, and the number of the file system that it has over the index's `bin`.
fn overlay_of(lab: &Lab, user: &str) -> Result<(Process, String)> {
    let script = "lua -v 2>&1 | grep -q 5.1.5 && [ -x /bin/ls ] && stat -c %d /System/Index/bin; read end";
    let mut session = lab.chamber.command(["su", user, "-c", script]).input("").spawn()?;
    let number = session.line(PATIENCE)?;
    ensure!(!number.is_empty(), "a session in which something is missing");
    Ok((session, number))
}

/// Whether a session that comes now has the overlays of one that is there.
fn shares_with(lab: &Lab, there: &(Process, String)) -> Result<bool> {
    Ok(overlay_of(lab, "bob")?.1 == there.1)
}

#[test]
fn sessions_of_a_profile_share_its_overlays_and_nothing_is_left_of_them() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    log_in_until_found(&lab)?;
    let mounts = lab.chamber.mounts_of(1)?;
    let mut first = overlay_of(&lab, "ann")?;
    let second = overlay_of(&lab, "ann")?;
    assert_eq!(first.1, second.1);
    assert_eq!(lab.chamber.mounts_of(1)?, mounts, "nothing of it is on the host");
    // The overlays go with the last session that has them, and who made them need not be that one.
    let pid = first.0.pid();
    lab.chamber.sh(&format!("kill -9 {pid}"))?.success()?;
    first.0.wait(PATIENCE)?;
    let own = overlay_of(&lab, "bob")?;
    assert_ne!(own.1, second.1);
    assert!(shares_with(&lab, &own)?);
    // A view that would be another by now shares nothing.
    lab.chamber.sh("ln -s /Programs/Lua/5.3.6/bin/lua /System/Index/bin/other")?.success()?;
    assert!(!shares_with(&lab, &own)?);
    Ok(())
}

/// What lies around: every name and every mount.
fn around(lab: &Lab) -> Result<(String, String)> {
    let names = "find /Mount/tree /Data/Variable/run/gobo-session /System/Index /Programs -printf '%p %y %m %u %n\\n' | sort";
    let names = lab.chamber.sh(names)?.success()?.text();
    Ok((names, lab.chamber.sh("cat /proc/1/mountinfo")?.success()?.text()))
}

#[test]
fn what_lies_around_is_as_it_was_wherever_sessions_come_from_and_go_to() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let make = "mkdir -p /Mount/tree/empty/empty /Mount/tree/on/empty && mount -t tmpfs around /Mount/tree/on && \
                mkdir -p /Mount/tree/on/empty/empty /Mount/other && mount --rbind / /Mount/other";
    lab.chamber.sh(make)?.success()?;
    log_in_until_found(&lab)?;
    let holder = overlay_of(&lab, "ann")?;
    // That the view is not one user's alone is written down.
    lab.client("bob").run()?;
    let before = around(&lab)?;
    for prefix in [
        &["chroot", "/Mount/other"][..],
        &["unshare", "--mount"],
        &["unshare", "--mount", "--root", "/Mount/other"],
        &["unshare", "--mount", "--propagation", "unchanged", "chroot", "/Mount/other"],
        &["nsenter", "--target", &holder.0.pid().to_string(), "--mount"],
    ] {
        let report = lab.client("bob").under(prefix).script("lua -v 2>&1").run()?;
        ensure!(report.open == 0 && report.stdout.starts_with("Lua 5"), "{prefix:?}: {report:#?}");
        assert_eq!(report.before, report.after, "{prefix:?}");
        assert_eq!(around(&lab)?, before, "{prefix:?}");
    }
    for command in ["refresh", "reload", "refresh"] {
        lab.chamber.run(["gobo-session", command])?.success()?;
    }
    assert!(shares_with(&lab, &overlay_of(&lab, "ann")?)?);
    drop(holder);
    assert_eq!(around(&lab)?.1, before.1);
    Ok(())
}

#[test]
fn whatever_is_said_of_overlays_that_is_not_so_a_login_has_its_own() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    log_in_until_found(&lab)?;
    let there = overlay_of(&lab, "ann")?;
    assert!(shares_with(&lab, &there)?);
    lab.chamber.sh("cd /run/gobo-session && mkdir said && cp shared/lua51-* said/")?.success()?;
    for damage in [
        "rm shared/*",
        "echo nonsense > shared/lua51-*",
        "truncate -s -1 shared/lua51-*",
        "truncate -s 1M shared/lua51-*",
        "sed -i 's/\"process\":[0-9]*/\"process\":1/' shared/lua51-*",
        "sed -i 's/\"process\":[0-9]*/\"process\":4000000/' shared/lua51-*",
        "sed -i 's/\"namespace\":[0-9]*/\"namespace\":1/' shared/lua51-*",
        "sed -i 's/\"bin\",[0-9]*/\"bin\",1/' shared/lua51-*",
        "sed -i 's/\"bin\",/\"lib\",/' shared/lua51-*",
        "sed -i 's/\\[\"bin\",[0-9]*\\]//' shared/lua51-*",
        "sed -i 's/\"view\":\"./\"view\":\"x/' shared/lua51-*",
        "chown ann shared/lua51-*",
        "chmod o+w shared/lua51-*",
        "mkfifo pipe && mv pipe shared/lua51-*",
        "ln -sf ../said/$(ls said) shared/",
        "chown ann shared",
        "chmod 777 shared",
        "rm -r shared && touch shared",
        "mv shared elsewhere && ln -s elsewhere shared && chown -h ann shared && chmod 777 elsewhere",
    ] {
        let again = "cd /run/gobo-session && rm -rf shared elsewhere && mkdir shared && cp said/* shared/";
        lab.chamber.sh(again)?.success()?;
        assert!(shares_with(&lab, &there).context(damage)?, "before {damage}");
        lab.chamber.sh(&format!("set -e; cd /run/gobo-session; {damage}"))?.success().context(damage)?;
        assert!(!shares_with(&lab, &there).context(damage)?, "{damage}");
        assert_eq!(log_in(&lab).context(damage)?, Way::Found, "{damage}");
    }
    Ok(())
}

#[test]
fn what_is_damaged_is_made_anew() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    for damage in [
        "rm -rf layers plans",
        "rm -rf layers",
        "rm -rf layers/*/layer/bin",
        "rm layers/*/plan.json",
        "echo '{}' > layers/*/plan.json",
        "truncate -s 100 plans/lua51-*",
        "truncate -s -1 plans/lua51-*",
        "sed -i 's/format [0-9]*/format 0/' plans/lua51-*",
        "echo nonsense > plans/lua51-*",
        "ln -sfn /Programs/Lua/5.3.6/bin/lua layers/*/layer/bin/lua",
        "cd layers/*/layer/bin; rm lua; mkdir lua; touch lua/file",
        "cd layers/*/layer/bin; rm luac5.4; touch luac5.4",
        "cd layers/*/layer/bin; touch more",
        "cd layers/*; mkdir aside; touch aside/x; ln -sfn x layer/bin/lua",
        "chown ann plans/lua51-*",
        "chmod g+w plans/lua51-*",
        "mkdir x && mv plans/lua51-* x && ln -s ../x/$(ls x) plans/ && rm -rf x",
        "rm plans/lua51-* && touch plans/.$(ls layers)",
    ] {
        log_in_until_found(&lab)?;
        let known = format!("cat {PLANS}/lua51-* | head -1 | sed 's/\"shared\":[^,]*//'");
        let text = lab.chamber.sh(&known)?.text();
        lab.chamber.sh(&format!("set -e; cd /run/gobo-session; {damage}"))?.success().context(damage)?;
        assert_eq!(log_in(&lab).context(damage)?, Way::Whole, "{damage}");
        log_in_until_found(&lab).context(damage)?;
        assert_eq!(lab.chamber.sh(&known)?.text(), text, "{damage}");
        let names = lab.chamber.sh(&format!("cd {LAYERS}/*; ls . layer/bin; readlink layer/bin/lua"))?.text();
        let bin = "layer\nplan.json\nwhiteout\n\nlayer/bin:\nlua\nlua5.1\nlua5.4\nluac\nluac5.1\nluac5.4\n";
        assert_eq!(names, format!(".:\n{bin}/Programs/Lua/5.1.5/bin/lua"), "{damage}");
    }
    Ok(())
}

/// A login that read what is being changed has a layer of its own: others look at the kept one, which may be newer.
#[test]
fn what_is_being_changed_is_not_put_where_others_look() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    log_in_until_found(&lab)?;
    let mut other = lab.chamber.spawn(["su", "-", "bob", "-c", "echo there; read go"])?;
    other.expect("there", PATIENCE)?;
    let layer = format!("cd {LAYERS}/*/layer && find . -printf '%p %l %C@\n' | sort");
    let before = lab.chamber.sh(&layer)?.text();
    // As while a package is unpacked: what the login reads differs, and goes on to.
    let busy = "touch /Programs/Lua/5.1.5/bin/more /Programs/Lua/5.1.5 /Programs/Lua; echo busy; \
                while :; do touch /Programs/Lua/5.1.5/bin /Programs/Lua/5.1.5 /Programs/Lua; done";
    let mut busy = lab.chamber.spawn(["sh", "-c", busy])?;
    busy.expect("busy", PATIENCE)?;
    assert_eq!(log_in(&lab)?, Way::Whole);
    assert_eq!(lab.chamber.sh(&layer)?.text(), before);
    drop(busy);
    log_in_until_found(&lab)?;
    assert!(lab.chamber.sh(&layer)?.text().contains("bin/more"));
    Ok(())
}

/// Two trees may lead a profile to the same versions, and never to the same layer.
#[test]
fn what_is_kept_for_another_tree_is_another() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    log_in_until_found(&lab)?;
    let layers = lab.chamber.list(LAYERS)?;
    let layer = format!("cd {LAYERS}/{} && find . -printf '%p %l %C@\n' | sort", layers[0]);
    let before = lab.chamber.sh(&layer)?.text();
    lab.policy(&format!("{POLICY}[tree.directories]\nbin = [\"bin\"]\nlib = [\"lib\"]\n"))?;
    log_in_until_found(&lab)?;
    assert_eq!(lab.chamber.list(LAYERS)?.len(), 2, "{layers:?}");
    assert_eq!(lab.chamber.sh(&layer)?.text(), before);
    Ok(())
}

/// Who calls su may stop or kill it at any moment: it takes no turn that others wait for, and writes nothing that they use.
#[test]
fn what_a_user_may_stop_keeps_nothing() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    log_in_until_found(&lab)?;
    lab.chamber.sh(&format!("rm -rf {PLANS}/* {LAYERS}/*"))?.success()?;
    let permit = "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n";
    lab.chamber.write("/etc/pam.d/su", format!("{permit}session required pam_gobo.so open debug\n"))?;
    let ann = lab.chamber.user("ann")?;
    for _ in 0..3 {
        let said = lab.chamber.command(["su", "bob", "-c", "lua -v 2>&1"]).user(&ann).run()?;
        assert!(said.success()?.text().starts_with("Lua 5.1.5"));
        assert!(lab.chamber.list(PLANS)?.is_empty() && lab.chamber.list(LAYERS)?.is_empty());
    }
    log_in_until_found(&lab)?;
    let mark = lab.chamber.log_mark()?;
    lab.chamber.command(["su", "bob", "-c", "true"]).user(&ann).run()?.success()?;
    assert_eq!(way(&lab.times(mark)?.concat())?, Way::Found, "what root kept is there for all");
    Ok(())
}

#[test]
fn r17_what_others_could_write_is_passed_by_and_said() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    for (tamper, cure) in [
        ("chown ann layers", "chown root layers"),
        ("chmod 777 plans", "chmod 755 plans"),
        ("chown ann layers/*", "chown root layers/*"),
        ("chmod o+w layers/*/layer/bin", "chmod o-w layers/*/layer/bin"),
        ("mv plans real && touch plans", "rm plans && mv real plans"),
    ] {
        log_in_until_found(&lab)?;
        lab.chamber.sh(&format!("set -e; cd /run/gobo-session; {tamper}"))?.success()?;
        let mark = lab.chamber.log_mark()?;
        assert_eq!(log_in(&lab).context(tamper)?, Way::Whole, "{tamper}");
        let said = lab.said(mark)?;
        let is_said =
            |line: &String| line.starts_with("warning: ") && line.contains("not kept for later logins");
        assert!(said.iter().any(is_said), "{tamper}: {said:#?}");
        lab.chamber.sh(&format!("set -e; cd /run/gobo-session; {cure}"))?.success()?;
    }
    Ok(())
}

#[test]
fn whoever_holds_the_lock_holds_nobody_up() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    log_in_until_found(&lab)?;
    // The locks for ways and for the folder of layers.
    let script = "import fcntl, sys\nf = open('/run/gobo-session/locks', 'r+')\n\
                  fcntl.lockf(f, fcntl.LOCK_EX, 2 << 32, 3 << 32)\nprint('held', flush=True)\nsys.stdin.read()";
    let mut holder = lab.chamber.command(["python3", "-c", script]).input("").spawn()?;
    holder.expect("held", PATIENCE)?;
    assert_eq!(log_in(&lab)?, Way::Found, "who finds what he needs waits for nobody");
    lab.chamber.sh(&format!("rm -rf {PLANS}/*"))?.success()?;
    assert_eq!(log_in(&lab)?, Way::Whole);
    assert!(lab.chamber.list(PLANS)?.is_empty());
    lab.chamber.sh(&format!("kill -9 {}", holder.pid()))?.success()?;
    holder.wait(PATIENCE)?;
    assert_eq!((log_in(&lab)?, log_in(&lab)?), (Way::Whole, Way::Found));
    Ok(())
}

#[test]
fn r3_what_a_user_wrote_is_never_kept() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.policy("user-profiles = \"trusted\"\n[default]\nallow = [\"lua51\"]\n")?;
    lab.select("ann", "mine")?;
    let folder = "/Users/ann/.config/gobo-session/profiles.d";
    lab.chamber.write(format!("{folder}/mine.toml"), "include = [\"lua51\"]\n")?;
    let ann = lab.chamber.user("ann")?;
    [folder.to_owned(), format!("{folder}/mine.toml")]
        .iter()
        .try_for_each(|path| lab.chamber.chown(path, ann.uid, ann.gid))?;
    for _ in 0..3 {
        assert!(lab.su("ann", "lua -v 2>&1")?.success()?.text().starts_with("Lua 5.1.5"));
        std::thread::sleep(Duration::from_millis(100));
    }
    for folder in [LAYERS, PLANS] {
        assert!(!lab.chamber.exists(folder) || lab.chamber.list(folder)?.is_empty());
    }
    Ok(())
}

#[test]
fn variables_that_depend_on_the_user_are_his() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.chamber
        .sh("echo 'export LUA_HOME=\"$HOME/.lua\"' >> /Programs/Lua/5.1.5/Resources/Environment")?
        .success()?;
    log_in_until_found(&lab)?;
    for user in ["ann", "bob"] {
        let said = lab.su(user, "echo $LUA_HOME $LUA_PATH")?.success()?.text();
        assert_eq!(said, format!("/Users/{user}/.lua /Programs/Lua/5.1.5/share/lua/5.1/?.lua;;"));
    }
    Ok(())
}
