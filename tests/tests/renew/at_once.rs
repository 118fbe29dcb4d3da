//! What else happens while views are refreshed: other refreshes, and faults of the state folder.

use super::{LUA51, Shell, change_the_host, lab, root, told};
use anyhow::Result;
use gobo_tests::lab::selection_of;
use gobo_tests::requires_gobo_root;
use serde_json::json;

#[test]
fn the_kept_layer_is_refreshed_whoever_is_older_than_those_that_have_it() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    // The oldest session has a layer of its own, of the same plan: nothing could be kept.
    lab.chamber.sh("mkdir -p /run/gobo-session/layers; chown ann /run/gobo-session/layers")?.success()?;
    let mut own = Shell::session(&lab, "ann")?;
    assert_eq!(own.says("ls /run/gobo-session/view")?, "about.json empty layer plan.json whiteout");
    lab.chamber.sh("chown root /run/gobo-session/layers; sleep 1.1")?.success()?;
    lab.log_in_until_kept("ann")?;
    let mut shells = [own, Shell::session(&lab, "ann")?, Shell::session(&lab, "ann")?];
    assert_eq!(shells[1].says("ls /run/gobo-session/view")?, "about.json");
    change_the_host(&lab, &mut shells, || {
        let done = root(&lab, &["refresh", "--json"])?;
        assert_eq!(told(&done)?, vec![json!(["ann", 1, null]); 3]);
        Ok(done)
    })
}

#[test]
fn a_layer_is_compiled_of_what_is_there_when_it_is_its_turn() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    let mut shell = Shell::session(&lab, "ann")?;
    // It waits for the lock of the layers, in a sleep, when the host changes.
    let script = "import fcntl, subprocess, sys
locks = open('/run/gobo-session/locks', 'r+')
fcntl.lockf(locks, fcntl.LOCK_EX, 1, 4 << 32)
refresh = subprocess.Popen(['gobo-session', 'refresh'], stdout=subprocess.DEVNULL)
while refresh.poll() is None and not open(f'/proc/{refresh.pid}/syscall').read().startswith('230 '):
    pass
open('/Programs/Lua/5.1.5/bin/extra', 'w').close()
fcntl.lockf(locks, fcntl.LOCK_UN, 1, 4 << 32)
sys.exit(refresh.wait())";
    lab.chamber.run(["python3", "-c", script])?.success()?;
    assert_eq!(shell.says("readlink /bin/extra")?, "/Programs/Lua/5.1.5/bin/extra");
    Ok(())
}

#[test]
fn two_refreshes_at_once_both_succeed() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    let _shell = Shell::session(&lab, "ann")?;
    // One takes a rest behind each name that it removes, and others come meanwhile.
    let slow = "strace -qqo/dev/null -einject=unlinkat:delay_exit=20000 gobo-session refresh";
    let script = format!(
        "for turn in 1 2 3; do rm -f /tmp/done; {{ {slow} || echo slow; touch /tmp/done; }} & \
         until [ -e /tmp/done ]; do gobo-session refresh || echo quick; done; wait; done 2>&1 | sort | uniq -c"
    );
    let said = lab.chamber.sh(&script)?.success()?.text();
    assert!(!said.contains("slow") && !said.contains("quick") && said.contains("fresh"), "{said}");
    assert_eq!(lab.chamber.sh("ls -A /run/gobo-session | grep -c refreshed")?.text(), "1");
    Ok(())
}

#[test]
fn what_was_renewed_is_told_also_where_kept_views_cannot_be_forgotten() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.select("bob", "mine")?;
    let mine = selection_of("bob").replace("session.toml", "profiles.d");
    lab.chamber.write(format!("{mine}/mine.toml"), LUA51)?;
    lab.chamber.sh(&format!("chown -R bob {mine}"))?.success()?;
    let _bob = Shell::session(&lab, "bob")?;
    lab.chamber
        .sh("cd /run/gobo-session && mkdir -p plans && chown ann plans && rm -f refreshed")?
        .success()?;
    let failed = root(&lab, &["refresh", "--json"])?;
    assert_eq!(told(&failed)?, [json!(["bob", 0, null])]);
    assert!(
        failed.status.code() == Some(1) && failed.errors().contains("/run/gobo-session/plans"),
        "{failed}"
    );
    assert!(
        lab.chamber.exists("/run/gobo-session/refreshed"),
        "what commands keep is forgotten all the same"
    );
    Ok(())
}

#[test]
fn no_layer_is_made_over_another_tree_than_its_own() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    let mut shell = Shell::session(&lab, "ann")?;
    let tree = "[tree]\ndirectories = { bin = [\"sbin\"] }\n";
    let policy = lab.chamber.read("/etc/gobo-session/session.toml")?;
    lab.policy(&format!("{policy}{tree}"))?;
    let failed = root(&lab, &["refresh"])?;
    assert!(failed.status.code() == Some(1) && failed.text().contains("over another [tree]"), "{failed}");
    assert_eq!(shell.says("lua -v")?, "Lua 5.1.5 Copyright (C) 1994-2012 Lua.org, PUC-Rio");
    Ok(())
}
