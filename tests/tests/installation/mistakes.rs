//! What goes wrong on a machine on which it is installed: root and users log in all the same, and `check` says what it is.

use anyhow::{Result, ensure};
use gobo_tests::debian::Debian;
use gobo_tests::lab::Lab;
use gobo_tests::{requires_debian_root, requires_gobo_root};
use std::path::Path;

const MODULE: &str = "/Programs/Gobo-Session/0.1.0/lib/security/pam_gobo.so";

/// A machine on which ann has Lua 5.1.5, and something goes wrong; `told` is what `check` says then.
fn after(root: &Path, wrong: impl FnOnce(&Lab) -> Result<()>, told: &[&str]) -> Result<()> {
    let policy = "[[rule]]\nuser = [\"ann\"]\nprofile = \"lua51\"\n";
    let lab = Lab::new(root, policy, &[("lua51", "programs = [\"Lua = 5.1.5\"]\n")])?;
    ensure!(lab.su("ann", "lua -v 2>&1")?.success()?.text().contains("Lua 5.1.5"));
    wrong(&lab)?;
    // The index may be no help any more: what is asked for is told by the shell itself.
    for (user, uid) in [("root", "0"), ("ann", "1000")] {
        let output = lab.su(user, "echo $UID")?;
        ensure!(output.status.success() && output.text().lines().last() == Some(uid), "{user}: {output}");
    }
    let check = lab.chamber.run(["gobo-session", "check"])?;
    assert_eq!(check.status.code(), Some(1), "{check}");
    for text in told {
        assert!(check.text().contains(text) || check.errors().contains(text), "{text:?}: {check}");
    }
    Ok(())
}

#[test]
fn a_mistake_in_the_policy() -> Result<()> {
    let wrong = |lab: &Lab| lab.policy("[[rule]\nuser = \"ann\"\n");
    after(&requires_gobo_root!(), wrong, &["/etc/gobo-session/session.toml:1"])
}

#[test]
fn a_module_that_is_gone() -> Result<()> {
    let wrong = |lab: &Lab| {
        lab.chamber.remove(MODULE)?;
        lab.chamber.run(["rm", "-f", "/System/Index/lib/security/pam_gobo.so"])?.success().map(drop)
    };
    after(&requires_gobo_root!(), wrong, &["pam_gobo.so is in none of", "take its lines out of the stacks"])
}

#[test]
fn a_module_of_another_architecture() -> Result<()> {
    let wrong = |lab: &Lab| {
        let other = lab.chamber.read_bytes("/Programs/Glibc/2.36-i686/lib/libc.so.6")?;
        lab.chamber.write(MODULE, other)
    };
    after(&requires_gobo_root!(), wrong, &["pam_gobo.so is for i686"])
}

#[test]
fn a_module_that_is_garbage() -> Result<()> {
    let wrong = |lab: &Lab| lab.chamber.write(MODULE, "garbage\n");
    after(&requires_gobo_root!(), wrong, &["pam_gobo.so is no shared library"])
}

#[test]
fn programs_that_a_profile_names_are_gone() -> Result<()> {
    let wrong = |lab: &Lab| {
        lab.chamber.remove("/Programs/Lua")?;
        lab.chamber.remove("/System/Index/bin/lua")
    };
    after(&requires_gobo_root!(), wrong, &["Lua is not installed"])
}

#[test]
fn a_folder_of_the_state_that_is_no_folder() -> Result<()> {
    let wrong = |lab: &Lab| {
        lab.chamber.remove("/run/gobo-session")?;
        lab.chamber.write("/run/gobo-session", "no folder")
    };
    after(&requires_gobo_root!(), wrong, &["/run/gobo-session"])
}

/// Fills /run, from which the state is gone: its bytes, or its files.
fn fill_run(lab: &Lab, script: &str) -> Result<()> {
    lab.chamber.sh(&format!("rm -rf /run/gobo-session; {script}"))?.success().map(drop)
}

#[test]
fn a_folder_of_the_state_without_room_for_a_byte() -> Result<()> {
    let fill = "mount -o remount,size=1m /run && ! dd if=/dev/zero of=/run/full bs=4k 2>/dev/null";
    after(&requires_gobo_root!(), |lab| fill_run(lab, fill), &["/run is full", "du -ax /run"])
}

#[test]
fn a_folder_of_the_state_without_room_for_a_file() -> Result<()> {
    let fill = "mount -o remount,nr_inodes=1000 /run && mkdir /run/full && for i in {1..1000}; do : > /run/full/$i || exit 0; done 2>/dev/null";
    after(&requires_gobo_root!(), |lab| fill_run(lab, fill), &["/run has room for no more files"])
}

#[test]
fn programs_that_are_gone_altogether() -> Result<()> {
    // On GoboLinux nothing would start any more: this is a tree beside.
    let debian = Debian::new(&requires_debian_root!())?;
    debian.install()?;
    let policy = "[[rule]]\nuser = [\"visitor\"]\nprofile = \"course\"\n";
    debian.chamber.write("/etc/gobo-session/session.toml", policy)?;
    debian.chamber.write("/etc/gobo-session/profiles.d/course.toml", "programs = [\"Hello = 1.0\"]\n")?;
    debian.chamber.run(["gobo-session", "setup", "--apply"])?.success()?;
    let login = |user: &str, script: &str| debian.chamber.run(["su", "-", user, "-c", script]);
    ensure!(login("visitor", "hello")?.success()?.text() == "Hello 1.0");
    debian.chamber.remove("/Programs")?;
    for (user, uid) in [("root", "0"), ("visitor", "1000")] {
        let output = login(user, "id -u")?;
        ensure!(output.status.success() && output.text().lines().last() == Some(uid), "{user}: {output}");
    }
    let check = debian.chamber.run(["gobo-session", "check"])?;
    assert_eq!(check.status.code(), Some(1), "{check}");
    ensure!(check.text().contains("/Programs") && check.text().contains("failed"), "{check}");
    Ok(())
}
