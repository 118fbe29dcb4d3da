//! Layers that nobody has any more are removed, and no other.

use super::{PATIENCE, Shell, lab, root};
use anyhow::Result;
use gobo_tests::chamber::Process;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;

const LAYERS: &str = "/run/gobo-session/layers";

/// Has the layers that were found unused be so for a while, and refreshes; those that are left, in order.
fn left_in_the_end(lab: &Lab) -> Result<Vec<String>> {
    root(lab, &["refresh"])?.success()?;
    // There may be no mark.
    lab.chamber.sh(&format!("touch -c -d '5 minutes ago' {LAYERS}/*/unused"))?;
    root(lab, &["refresh"])?.success()?;
    lab.chamber.list(LAYERS)
}

/// Which of them are marked as unused.
fn marked(lab: &Lab) -> Result<String> {
    Ok(lab.chamber.sh(&format!("ls {LAYERS}/*/unused"))?.text())
}

/// A user without a view, who mounts something in a namespace of his own 2 to the power of `doublings` times.
fn mounts_much(lab: &Lab, user: &str, doublings: usize) -> Result<Process> {
    let script = format!(
        "mount -t tmpfs many /tmp && cd /tmp && mkdir {{1..{doublings}}} && \
         for n in {{1..{doublings}}}; do mount --rbind /tmp /tmp/$n; done && echo here && exec sleep 1000"
    );
    let mut process = lab
        .chamber
        .command(["unshare", "-Urm", "bash", "-c", &script])
        .user(&lab.chamber.user(user)?)
        .spawn()?;
    process.expect("here\n", PATIENCE)?;
    Ok(process)
}

#[test]
fn layers_that_nobody_has_are_removed_in_the_end() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    let shell = Shell::session(&lab, "ann")?;
    lab.profile("lua51", "programs = [\"Lua = 5.3.6\"]\n")?;
    root(&lab, &["reload"])?.success()?;
    assert_eq!(lab.chamber.list(LAYERS)?.len(), 2);
    root(&lab, &["refresh"])?.success()?;
    assert_eq!(lab.chamber.list(LAYERS)?.len(), 2, "a login may be about to use it");
    lab.chamber.sh(&format!("touch -d '5 minutes ago' {LAYERS}/*/unused"))?.success()?;
    root(&lab, &["refresh"])?.success()?;
    let left = lab.chamber.list(LAYERS)?;
    assert_eq!(left.len(), 1);
    let table = lab.chamber.read(format!("/proc/{}/mountinfo", shell.0.pid()))?;
    assert!(table.contains(&format!("gobo-session:lua51:{}", left[0])));
    Ok(())
}

#[test]
fn a_layer_stays_while_a_namespace_of_a_users_own_shows_it() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    let kept = lab.chamber.list(LAYERS)?;
    let script = "echo $(unshare -Urm bash -c 'setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $!')";
    let mut shell = Shell::session(&lab, "ann")?;
    let pid = shell.says(script)?;
    drop(shell);
    // The session is gone, and with it all mounts but the copies in her namespace.
    let none = "until gobo-session list | grep -q 'no session'; do sleep 0.1; done";
    lab.chamber.sh(&format!("kill -0 {pid} && {none}"))?.success()?;
    let shows = || lab.chamber.sh(&format!("readlink /proc/{pid}/root/System/Index/bin/lua"));
    assert_eq!(left_in_the_end(&lab)?, kept);
    assert_eq!(shows()?.text(), "/Programs/Lua/5.1.5/bin/lua");
    assert_eq!(marked(&lab)?, "", "it is in use");
    lab.chamber.sh(&format!("kill -9 {pid}; while [ -e /proc/{pid} ]; do sleep 0.1; done"))?.success()?;
    assert!(left_in_the_end(&lab)?.is_empty());
    Ok(())
}

#[test]
fn a_layer_stays_while_a_session_has_it_over_another_index() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    let kept = lab.chamber.list(LAYERS)?;
    let mut shell = Shell::session(&lab, "ann")?;
    let copy = "cp -a /System/Index /System/Other && printf '[tree]\\nindex = \"/System/Other\"\\n' >> \
                /etc/gobo-session/session.toml";
    lab.chamber.sh(copy)?.success()?;
    let none = root(&lab, &["list"])?.success()?;
    assert_eq!(none.text(), "no session with a view");
    assert_eq!(left_in_the_end(&lab)?, kept);
    assert_eq!(shell.says("readlink /System/Index/bin/lua")?, "/Programs/Lua/5.1.5/bin/lua");
    Ok(())
}

#[test]
fn no_layer_is_removed_where_more_is_mounted_than_can_be_looked_at() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    let kept = lab.chamber.list(LAYERS)?;
    let many = mounts_much(&lab, "bob", 15)?;
    lab.profile("lua51", "programs = [\"Lua = 5.3.6\"]\n")?;
    lab.log_in_until_kept("ann")?;
    assert!(left_in_the_end(&lab)?.contains(&kept[0]));
    drop(many);
    lab.chamber.sh("while pgrep -u bob >/dev/null; do sleep 0.1; done")?.success()?;
    assert!(!left_in_the_end(&lab)?.contains(&kept[0]));
    Ok(())
}

#[test]
fn mounts_of_other_users_cost_little() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let _ann = Shell::session(&lab, "ann")?;
    let calls = || {
        let list = "strace -fqqo /tmp/trace gobo-session list >/dev/null && wc -l < /tmp/trace";
        anyhow::Ok(lab.chamber.sh(list)?.success()?.text().parse::<usize>()?)
    };
    let before = calls()?;
    let _bob = mounts_much(&lab, "bob", 12)?;
    let after = calls()?;
    assert!(after < before + 1000, "{before} system calls, and {after} with 4096 mounts of another user");
    Ok(())
}
