//! Several people at once by different doors, and several shells in one session.

use crate::site::{LOOK_PATH, PATIENCE, Seen, Site, lab};
use anyhow::{Context as _, Result};
use gobo_tests::chamber::Output;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;

/// The script behind the doors, which prints what it sees.
const NOW: &str = "/run/door/look now";

/// Makes sure that what a script printed is what a user's profile gives.
fn assert_sees(lab: &Lab, user: &str, printed: &str) -> Result<()> {
    Seen::read(&printed.replace('\r', ""), &lab.chamber.mounts_of(1)?)?.assert_is_of(user);
    Ok(())
}

fn text(output: Output) -> Result<String> {
    Ok(output.success()?.text())
}

#[test]
fn each_of_two_users_who_came_by_different_doors_sees_his_own_and_one_becomes_the_other() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let ssh = lab.chamber.start_sshd(&["ann"])?;
    let site = Site { ssh: Some(ssh), ..Site::new(&lab) };
    site.reset()?;
    let before = site.host_mounts()?;
    let ssh = site.ssh.as_ref().context("sshd is there")?;
    // Ann's session comes by ssh, bob's by login; both stay open while each becomes the other by sudo.
    let step = |words: &str| format!("{words} {NOW}; echo seen; read go;");
    let ann = format!("{}{}{}", step(""), step("sudo -n -u bob"), step(""));
    let mut ann = ssh.command("ann", &ann).input("").spawn()?;
    let mut bob = lab.chamber.pty(["login"])?;
    bob.expect("login: ", PATIENCE)?;
    bob.send("bob\n");
    bob.expect("assword: ", PATIENCE)?;
    bob.send("gobo\n");
    bob.expect(["$ ", "> "], PATIENCE)?;
    let seen_by_ann = |ann: &mut gobo_tests::chamber::Process| {
        anyhow::Ok(ann.expect("\nseen\n", PATIENCE)?.trim_end_matches("\nseen\n").to_owned())
    };
    let mut seen_by_bob = |words: &str| {
        bob.send(format!("{words} {NOW} > /run/door/bob; echo do''ne\n"));
        bob.expect("done", PATIENCE)?;
        lab.chamber.read("/run/door/bob")
    };
    for (by_ann, by_bob) in [("ann", ("bob", "")), ("bob", ("ann", "sudo -n -u ann")), ("ann", ("bob", ""))] {
        assert_sees(&lab, by_bob.0, &seen_by_bob(by_bob.1)?)?;
        assert_sees(&lab, by_ann, &seen_by_ann(&mut ann)?)?;
        assert_sees(&lab, by_bob.0, &seen_by_bob(by_bob.1)?)?;
        ann.send("go\n");
    }
    assert!(ann.wait(PATIENCE)?.success());
    site.assert_host_is(&before)
}

#[test]
fn one_ssh_connection_serves_several_shells() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let site = Site::new(&lab);
    site.reset()?;
    let ssh = lab.chamber.start_sshd(&["bob"])?;
    let mark = lab.chamber.log_mark()?;
    let shared = |command: &str| {
        let options =
            ["-o", "ControlMaster=auto", "-o", "ControlPath=/run/control", "-o", "ControlPersist=30"];
        let words = ssh.argv("bob").into_iter().chain(options.map(str::to_owned)).chain([command.to_owned()]);
        lab.chamber.command(words).run()
    };
    let looks = (0..3).map(|_| text(shared(NOW)?)).collect::<Result<Vec<_>>>()?;
    for look in &looks {
        assert_sees(&lab, "bob", look)?;
    }
    let namespaces =
        (0..2).map(|_| text(shared("readlink /proc/self/ns/mnt")?)).collect::<Result<Vec<_>>>()?;
    assert_eq!(namespaces[0], namespaces[1]);
    assert_eq!(lab.said(mark)?.len(), 1, "one connection is one session");
    Ok(())
}

#[test]
fn root_and_those_without_a_profile_see_the_host_behind_every_door() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let site = Site::new(&lab);
    site.reset()?;
    let ssh = lab.chamber.start_sshd(&["carl", "root"])?;
    for user in ["carl", "root"] {
        assert_sees(&lab, user, &text(lab.su(user, NOW)?)?)?;
        assert_sees(&lab, user, &text(lab.chamber.run(["su", "--pty", user, "-c", NOW])?)?)?;
        assert_sees(&lab, user, &text(lab.chamber.run(["runuser", "-u", user, LOOK_PATH, "now"])?)?)?;
        assert_sees(&lab, user, &text(ssh.command(user, NOW).run()?)?)?;
        for words in [
            &["sudo", "-n", "-u", user, LOOK_PATH, "now"][..],
            &["sudo", "-n", "-i", "-u", user, LOOK_PATH, "now"],
        ] {
            assert_sees(&lab, user, &text(lab.chamber.as_user("ann", words)?)?)?;
        }
    }
    Ok(())
}
