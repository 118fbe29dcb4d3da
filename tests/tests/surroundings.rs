//! Machines that are not as they should be, and daemons that close sessions in odd ways: each login is a login.

use anyhow::{Result, ensure};
use gobo_tests::chamber::{Builder, TIMEOUT};
use gobo_tests::lab::client::Closing;
use gobo_tests::lab::{Lab, view_of};
use gobo_tests::requires_gobo_root;
use std::path::Path;

const POLICY: &str = "[default]\nprofile = \"lua51\"\n[[rule]]\nuser = \"bob\"\nprofile = \"lua53\"\n";
const PROFILES: [(&str, &str); 2] =
    [("lua51", "programs = [\"Lua = 5.1.5\"]\n"), ("lua53", "programs = [\"Lua = 5.3.6\"]\n")];

fn lab(root: &Path, special: impl FnOnce(Builder) -> Builder) -> Result<Lab> {
    let lab = Lab::with(root, POLICY, &PROFILES, special)?;
    lab.module_alone("pamtester")?;
    lab.open_line("su", "optional pam_gobo.so open")?;
    Ok(lab)
}

/// In a session of ann's that is open all the while, a stick is mounted and taken out again by root: whether the
/// session sees it, and whether it still has it when it is out.
fn sees_stick(lab: &Lab) -> Result<(bool, bool)> {
    let ask = "echo on; while read _; do grep -c ' /Mount/stick ' /proc/self/mountinfo; done";
    lab.chamber.mkdir("/Mount/stick")?;
    let mut session = lab.chamber.command(["su", "ann", "-c", ask]).input("").spawn()?;
    session.expect("on", TIMEOUT)?;
    session.line(TIMEOUT)?;
    let mut count = |script: &str| -> Result<bool> {
        lab.chamber.sh(script)?.success()?;
        session.send("?\n");
        Ok(session.line(TIMEOUT)? == "1")
    };
    Ok((count("mount -t tmpfs stick /Mount/stick")?, count("umount /Mount/stick")?))
}

#[test]
fn r5_a_stick_that_is_mounted_later_is_seen_in_sessions_and_does_not_stay_in_them() -> Result<()> {
    let root = requires_gobo_root!();
    assert_eq!(sees_stick(&lab(&root, |builder| builder)?)?, (true, false), "`/` is shared already");
    let private = lab(&root, Builder::private_root)?;
    let mark = private.chamber.log_mark()?;
    assert_eq!(sees_stick(&private)?, (true, false), "the first login makes it so");
    assert_eq!(private.said(mark)?, [""; 0]);
    let left_alone = lab(&root, Builder::private_root)?;
    left_alone.policy(&format!("share-root = false\n{POLICY}"))?;
    assert_eq!(sees_stick(&left_alone)?, (false, false), "the administrator does not want that");
    Ok(())
}

#[test]
fn a_root_that_is_an_overlay_itself_has_views_as_deep_as_one_likes() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), Builder::overlay_root)?;
    let report = lab.client("ann").script("lua -v 2>&1 | cut -d' ' -f2").run()?;
    assert_eq!((report.stdout.as_str(), report.inside.view()?), ("5.1.5\n", view_of("lua51", &["bin"])));
    assert_eq!(report.before, report.after);
    let deep = "sudo -n -u bob sudo -n -u ann sudo -n -u bob sh -c 'lua -v' 2>&1";
    assert!(lab.su("ann", deep)?.text().starts_with("Lua 5.3.6"));
    Ok(())
}

#[test]
fn without_proc_there_is_no_view_and_one_line() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), Builder::without_proc)?;
    let mark = lab.chamber.log_mark()?;
    let output = lab.chamber.run(["su", "ann", "-c", "lua -v 2>&1"])?.success()?;
    assert!(output.text().ends_with("Lua 5.4.4  Copyright (C) 1994-2022 Lua.org, PUC-Rio"), "{output}");
    let said = lab.said(mark)?;
    ensure!(said.len() == 1 && said[0].ends_with("is /proc mounted?"), "{said:#?}");
    Ok(())
}

#[test]
fn in_a_chroot_there_is_no_view_and_one_line() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), |builder| builder)?;
    // A folder that is no mount point, with everything of the machine in it.
    let make = "mkdir -p /run/jail; cd /; for name in *; do \
                if [ -L $name ]; then cp -P $name /run/jail/; \
                else mkdir /run/jail/$name; mount --rbind /$name /run/jail/$name; fi; done";
    lab.chamber.sh(make)?.success()?;
    let mark = lab.chamber.log_mark()?;
    let report = lab.client("ann").under(&["chroot", "/run/jail"]).run()?;
    assert_eq!((report.open, report.inside.view()?), (0, Vec::new()), "{report:#?}");
    assert_eq!(report.before, report.after, "the root above all");
    let said = lab.said(mark)?;
    ensure!(said.len() == 1 && said[0].ends_with("is this a chroot?"), "{said:#?}");
    Ok(())
}

#[test]
fn r10_a_session_is_closed_by_whomever_in_whatever_way() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), |builder| builder)?;
    lab.log_in_until_kept("ann")?;
    let before = lab.chamber.host_state()?;
    for closing in [Closing::Same, Closing::Child, Closing::Stranger, Closing::Powerless, Closing::Never] {
        let mark = lab.chamber.log_mark()?;
        let report = lab.client("ann").with(|wish| wish.closing = closing).run()?;
        assert_eq!((report.open, report.close), (0, 0), "{closing:?}");
        assert_eq!(report.inside.view()?, view_of("lua51", &["bin"]), "{closing:?}");
        let is_back = report.after.namespace == report.before.namespace;
        assert_eq!(is_back, closing == Closing::Same, "{closing:?}: others stay where they are");
        assert_eq!(report.after.descriptors, report.before.descriptors, "{closing:?}");
        assert_eq!(lab.said(mark)?, [""; 0], "{closing:?}");
        lab.chamber.wait_for_state(&before, TIMEOUT)?;
    }
    Ok(())
}
