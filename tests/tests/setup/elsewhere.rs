//! `gobo-session setup --root`: a machine that lies in a folder of another, as an installer or a rescue system has it. Its
//! links lead where they lead in it, and nothing of the machine around is touched.

use super::lab;
use anyhow::{Result, ensure};
use gobo_tests::chamber::Output;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;

/// Where the other machine is.
const ROOT: &str = "/mnt/other";

/// A stack, as the other machine has it and as the one around has it.
const STACK: &str = "auth required pam_permit.so\nsession required pam_permit.so\n";
const AROUND: &str = "# of the machine around\nsession required pam_deny.so\n";

/// The stack with the module's lines.
const WITH_LINES: &str = "auth required pam_permit.so\nsession  optional  pam_gobo.so close\n\
                          session required pam_permit.so\nsession  optional  pam_gobo.so open\n";

/// A machine in a folder, with the module and no stack yet.
fn machine(lab: &Lab) -> Result<()> {
    let module = "System/Index/lib/security";
    lab.chamber
        .sh(&format!(
            "mkdir -p {ROOT}/etc {ROOT}/{module} {ROOT}/mnt /mnt && cp -L /{module}/pam_gobo.so {ROOT}/{module}/"
        ))?
        .success()
        .map(drop)
}

fn setup(lab: &Lab, words: &[&str]) -> Result<Output> {
    lab.chamber.run([&["gobo-session", "setup", "--root", ROOT], words].concat())
}

/// Every file and link below a folder, with what it is and says.
fn all(lab: &Lab, folder: &str) -> Result<String> {
    let script = format!(
        "find {folder} | sort | while read f; do stat -c '%A %U %G %N' \"$f\"; [ ! -f \"$f\" ] || [ -L \"$f\" ] || cksum \"$f\"; done"
    );
    Ok(lab.chamber.sh(&script)?.success()?.text())
}

/// Writes a stack into the other machine and, at the same path, one into the machine around.
fn write_both(lab: &Lab, path: &str) -> Result<()> {
    lab.chamber.write(format!("{ROOT}{path}"), STACK)?;
    lab.chamber.write(path, AROUND)
}

#[test]
fn an_absolute_link_of_a_stack_leads_within_the_other_machine() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    machine(&lab)?;
    write_both(&lab, "/mnt/set/su")?;
    lab.chamber.link("/mnt/set/su", format!("{ROOT}/etc/pam.d/su"))?;
    lab.chamber.sh(&format!("chmod 640 {ROOT}/mnt/set/su; chgrp 100 {ROOT}/mnt/set/su"))?.success()?;
    let (before, around) = (all(&lab, ROOT)?, all(&lab, "/mnt/set")?);
    let own = all(&lab, "/etc")?;

    let told = setup(&lab, &["--apply", "su"])?.success()?;
    assert_eq!(told.text(), "su: has its lines now");
    assert_eq!(lab.chamber.read(format!("{ROOT}/mnt/set/su"))?, WITH_LINES);
    assert_eq!(lab.chamber.read(format!("{ROOT}/etc/gobo-session/pam.d/su"))?, STACK);
    let stat = lab.chamber.sh(&format!("stat -c '%a %g' {ROOT}/mnt/set/su; readlink {ROOT}/etc/pam.d/su"))?;
    assert_eq!(stat.text(), "640 100\n/mnt/set/su");
    assert_eq!((all(&lab, "/mnt/set")?, all(&lab, "/etc")?), (around.clone(), own.clone()));

    setup(&lab, &["--remove", "su"])?.success()?;
    lab.chamber.run(["rmdir", &format!("{ROOT}/etc/gobo-session")])?.success()?;
    assert_eq!(all(&lab, ROOT)?, before);
    assert_eq!((all(&lab, "/mnt/set")?, all(&lab, "/etc")?), (around, own));
    Ok(())
}

#[test]
fn a_folder_on_the_way_that_is_a_link_leads_within_the_other_machine() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    machine(&lab)?;
    for folder in ["/mnt/stacks", "/mnt/settings"] {
        lab.chamber.sh(&format!("mkdir -p {folder} {ROOT}{folder}"))?.success()?;
    }
    write_both(&lab, "/mnt/stacks/su")?;
    lab.chamber.link("/mnt/stacks", format!("{ROOT}/etc/pam.d"))?;
    lab.chamber.link("../../../../../mnt/settings", format!("{ROOT}/etc/gobo-session"))?;
    let (before, own) = (all(&lab, ROOT)?, all(&lab, "/etc")?);
    let around = |lab: &Lab| anyhow::Ok((all(lab, "/mnt/stacks")?, all(lab, "/mnt/settings")?));
    let untouched = around(&lab)?;

    setup(&lab, &["--apply", "su"])?.success()?;
    assert_eq!(lab.chamber.read(format!("{ROOT}/mnt/stacks/su"))?, WITH_LINES);
    assert_eq!(lab.chamber.read(format!("{ROOT}/mnt/settings/pam.d/su"))?, STACK);
    assert_eq!((around(&lab)?, all(&lab, "/etc")?), (untouched.clone(), own.clone()));

    setup(&lab, &["--remove", "su"])?.success()?;
    assert_eq!(all(&lab, ROOT)?, before);
    assert_eq!((around(&lab)?, all(&lab, "/etc")?), (untouched, own));
    Ok(())
}

#[test]
fn a_copy_that_is_kept_stays_within_the_other_machine() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    machine(&lab)?;
    lab.chamber.write(format!("{ROOT}/etc/pam.d/su"), STACK)?;
    lab.chamber.write("/mnt/copies/su", AROUND)?;
    lab.chamber.mkdir(format!("{ROOT}/mnt/copies"))?;
    lab.chamber.link("/mnt/copies/su", format!("{ROOT}/etc/gobo-session/pam.d/su"))?;

    setup(&lab, &["--apply", "su"])?.success()?;
    assert_eq!(lab.chamber.read(format!("{ROOT}/mnt/copies/su"))?, STACK);
    setup(&lab, &["--remove", "su"])?.success()?;
    ensure!(!lab.chamber.exists(format!("{ROOT}/mnt/copies/su")));
    assert_eq!(lab.chamber.read(format!("{ROOT}/etc/pam.d/su"))?, STACK);
    assert_eq!(lab.chamber.read("/mnt/copies/su")?, AROUND);
    Ok(())
}

#[test]
fn what_a_user_could_lead_elsewhere_is_not_written() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    machine(&lab)?;
    lab.chamber.write(format!("{ROOT}/mnt/set/su"), STACK)?;
    lab.chamber.link("/mnt/set/su", format!("{ROOT}/etc/pam.d/su"))?;
    lab.chamber.write(format!("{ROOT}/mnt/copies/keep"), "")?;
    lab.chamber.link("/mnt/copies", format!("{ROOT}/etc/gobo-session/pam.d"))?;
    let ann = lab.chamber.user("ann")?;
    lab.chamber.chown(format!("{ROOT}/mnt/copies"), ann.uid, ann.gid)?;
    let before = all(&lab, ROOT)?;
    let refused = setup(&lab, &["--apply", "su"])?;
    assert_eq!(refused.status.code(), Some(1), "{refused}");
    let why = format!("{ROOT}/mnt/copies belongs to uid {}, not to root; chown it to root", ann.uid);
    ensure!(refused.errors().contains(&why), "{refused}");
    assert_eq!(all(&lab, ROOT)?, before);
    Ok(())
}

#[test]
fn what_leads_to_a_tree_is_written_within_the_other_machine() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    machine(&lab)?;
    let folders = "Programs System/Index/bin usr/bin usr/lib etc/ld.so.conf.d mnt/profile sbin";
    lab.chamber.sh(&format!("cd {ROOT} && mkdir -p {folders} && mkdir /mnt/profile"))?.success()?;
    lab.chamber.link("/mnt/profile", format!("{ROOT}/etc/profile.d"))?;
    lab.chamber.write("/mnt/profile/gobo-session.sh", "# of the machine around\n")?;
    let (before, around) = (all(&lab, ROOT)?, all(&lab, "/mnt/profile")?);

    let told = setup(&lab, &["--apply", "tree"])?.success()?;
    ensure!(told.text().contains("/etc/profile.d/gobo-session.sh: is written"), "{told}");
    ensure!(
        lab.chamber
            .read(format!("{ROOT}/mnt/profile/gobo-session.sh"))?
            .contains("gobo_index='/System/Index'")
    );
    ensure!(setup(&lab, &["tree"])?.text().contains("/etc/profile.d/gobo-session.sh: is as it should be"));
    assert_eq!(all(&lab, "/mnt/profile")?, around);

    setup(&lab, &["--remove", "tree"])?.success()?;
    lab.chamber.sh(&format!("rm -rf {ROOT}/etc/ld.so.cache {ROOT}/var"))?.success()?;
    assert_eq!((all(&lab, ROOT)?, all(&lab, "/mnt/profile")?), (before, around));
    Ok(())
}
