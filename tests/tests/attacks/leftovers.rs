//! What earlier logins leave running, and two users who work together.

use super::lab;
use anyhow::{Result, ensure};
use gobo_tests::chamber::TIMEOUT;
use gobo_tests::lab::{Lab, view_of};
use gobo_tests::requires_gobo_root;

/// What a new session of a user sees: his version of Lua, and whose views are mounted.
fn seen_by(lab: &Lab, user: &str) -> Result<(String, Vec<String>)> {
    let report = lab.client(user).script("lua -v 2>&1 | cut -d' ' -f2").run()?;
    Ok((report.stdout.trim().to_owned(), report.inside.view()?))
}

#[test]
fn a_process_left_from_an_earlier_login_keeps_its_view_and_no_later_login_sees_it() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.select("ann", "lua53")?;
    // It stands in the view, holds a file of it open, and hogs the folders of the state.
    let stay = "cd /System/Index/bin; exec 9< lua; (setsid sh -c 'echo $$ > /tmp/left; cd /run/gobo-session/view; \
                exec 8< about.json; exec sleep 1000' < /dev/null > /dev/null 2>&1 &); sleep 0.2; true";
    lab.su("ann", stay)?.success()?;
    let left = lab.chamber.read("/tmp/left")?.trim().to_owned();
    lab.select("ann", "none")?;
    assert_eq!(seen_by(&lab, "ann")?, ("5.4.4".into(), Vec::new()));
    lab.chamber.remove(gobo_tests::lab::selection_of("ann"))?;
    assert_eq!(seen_by(&lab, "ann")?, ("5.1.5".into(), view_of("lua51", &["bin"])));
    assert_eq!(seen_by(&lab, "bob")?, ("5.1.5".into(), view_of("lua51", &["bin"])));
    assert_eq!(seen_by(&lab, "root")?, ("5.4.4".into(), Vec::new()));
    let table = lab.chamber.read(format!("/proc/{left}/mountinfo"))?;
    assert_eq!(lab.view_in(&table)?, view_of("lua53", &["bin"]));
    lab.chamber.sh(&format!("kill {left}"))?.success()?;
    Ok(())
}

#[test]
fn nothing_that_one_user_does_in_his_session_appears_in_that_of_another() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.select("bob", "lua53")?;
    let mut ann = lab.chamber.command(["su", "ann", "-c", "echo $$; read end"]).input("").spawn()?;
    let pid = ann.line(TIMEOUT)?;
    // Ann's own namespace is open to root only, and her user namespace changes nothing outside of it.
    let mounts = "unshare --user --map-root-user --mount sh -c 'mount -t tmpfs mine /Mount && \
                  touch /Mount/here && mount --bind /Users/ann /System/Index/bin; echo $?'";
    let hers = lab.su("ann", mounts)?;
    ensure!(hers.text() == "0", "ann mounts in a namespace of hers: {hers}");
    let bob = |script: &str| lab.su("bob", script);
    assert_eq!(bob("lua -v 2>&1 | cut -d' ' -f2; ls /Mount")?.text(), "5.3.6");
    let peek = format!(
        "nsenter --mount=/proc/{pid}/ns/mnt true; ls /proc/{pid}/root/; echo >> /run/gobo-session/view/plan.json"
    );
    let peeked = bob(&peek)?;
    assert!(!peeked.status.success() && peeked.text().is_empty(), "{peeked}");
    let table = lab.chamber.read(format!("/proc/{pid}/mountinfo"))?;
    assert_eq!(lab.view_in(&table)?, view_of("lua51", &["bin"]), "and neither what bob tried");
    Ok(())
}

#[test]
fn r16_what_a_user_mounts_in_a_run_is_seen_by_nobody_else() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = lab.chamber.mounts_of(1)?;
    // A namespace in the one that `run` made, in which she may mount, and where she asks for propagation.
    let mounts = "gobo-session run --with 'Lua = 5.3.6' unshare --user --map-root-user --mount --propagation unchanged \
                  sh -c 'mount -t tmpfs mine /Mount && touch /Mount/here && mount --make-rshared / && \
                  mount -t tmpfs mine /Users/ann && echo mounted; read end'";
    let mut ann = lab.chamber.command(["su", "-", "ann", "-c", mounts]).input("").spawn()?;
    ann.expect("mounted", TIMEOUT)?;
    assert_eq!(lab.chamber.mounts_of(1)?, before);
    assert_eq!(lab.su("bob", "ls /Mount")?.success()?.text(), "");
    ann.close_input();
    ann.wait(TIMEOUT)?;
    Ok(())
}
