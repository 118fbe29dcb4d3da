//! `gobo-session setup` over many services: each is done by itself, and what one lacks costs no other its lines or its report.

use super::{all_stacks, lab, setup};
use anyhow::{Result, ensure};
use gobo_tests::lab::{Lab, stacks};
use gobo_tests::requires_gobo_root;
use serde_json::Value;

/// A stack with the module's lines, as the first service that gets them has it.
fn with_lines(stack: &str) -> Result<String> {
    let advice = stacks::advice()?.into_iter().find_map(|advice| advice.lines);
    stacks::with_lines(stack, &advice.unwrap_or_default())
}

#[test]
fn a_stack_that_only_the_distribution_has_is_told_and_left_to_it() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let stack = lab.chamber.read("/etc/pam.d/systemd-user")?;
    let ship = "mkdir -p /usr/lib/pam.d && mv /etc/pam.d/systemd-user /usr/lib/pam.d/";
    lab.chamber.sh(ship)?.success()?;
    let before = all_stacks(&lab)?;
    let what = "gets none yet: its stack is the distribution's, /usr/lib/pam.d/systemd-user; copy it to \
                /etc/pam.d, and run setup again";
    let told = setup(&lab, &[])?.success()?;
    ensure!(told.text().contains(&format!("\nsystemd-user: {what}")), "{told}");
    let told = setup(&lab, &["--json"])?.success()?;
    let answer: Value = serde_json::from_str(&told.text())?;
    let services = answer["services"].as_array().cloned().unwrap_or_default();
    let of_user = services.iter().find(|service| service["service"] == "systemd-user");
    ensure!(of_user.is_some_and(|it| it["state"] == "shipped" && it["what"] == what), "{told}");

    let told = setup(&lab, &["--apply"])?.success()?;
    ensure!(told.text().contains(&format!("\nsystemd-user: {what}")), "{told}");
    assert_eq!(all_stacks(&lab)?["su"], with_lines(&before["su"])?);
    assert_eq!(lab.chamber.read("/usr/lib/pam.d/systemd-user")?, stack);
    ensure!(!lab.chamber.exists("/etc/pam.d/systemd-user"));
    let told = setup(&lab, &["--remove", "systemd-user"])?.success()?;
    assert_eq!(told.text(), "systemd-user: has no lines");

    lab.chamber.run(["cp", "/usr/lib/pam.d/systemd-user", "/etc/pam.d/systemd-user"])?.success()?;
    let told = setup(&lab, &["--apply", "systemd-user"])?.success()?;
    assert_eq!(told.text(), "systemd-user: has its lines now");
    setup(&lab, &["--remove"])?.success()?;
    assert_eq!(lab.chamber.read("/etc/pam.d/systemd-user")?, stack);
    Ok(())
}

/// Gives sudo a stack in whose place no other can be put.
fn pin(lab: &Lab) -> Result<()> {
    lab.chamber.sh("mount --bind /etc/pam.d/sudo /etc/pam.d/sudo")?.success().map(drop)
}

#[test]
fn a_stack_that_cannot_be_written_costs_no_other_its_lines_or_its_report() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = all_stacks(&lab)?;
    pin(&lab)?;
    let told = setup(&lab, &["--apply", "sshd", "sudo", "su"])?;
    assert_eq!(told.status.code(), Some(1), "{told}");
    assert_eq!(told.text(), "sshd: has its lines now\nsu: has its lines now");
    ensure!(told.errors().contains("/etc/pam.d/sudo cannot be written: "), "{told}");
    ensure!(told.errors().contains("keep one of root's open"), "{told}");
    let after = all_stacks(&lab)?;
    assert_eq!(after["sudo"], before["sudo"]);
    for service in ["sshd", "su"] {
        assert_eq!(after[service], with_lines(&before[service])?);
    }
    // Nothing is left beside it, and of what did not change no copy is kept.
    assert_eq!(lab.chamber.sh("find /etc/pam.d/ /Programs -name '.sudo*'")?.success()?.text(), "");
    assert_eq!(lab.chamber.list("/etc/gobo-session/pam.d")?, ["sshd", "su"]);

    let told = setup(&lab, &["--remove", "sshd", "sudo", "su"])?.success()?;
    assert_eq!(told.text(), "sshd: has no lines any more\nsudo: has no lines\nsu: has no lines any more");
    assert_eq!(all_stacks(&lab)?, before);
    Ok(())
}

#[test]
fn a_stack_that_cannot_be_read_costs_no_other_its_answer() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let ann = lab.chamber.user("ann")?;
    lab.chamber.chown("/etc/pam.d/sshd", ann.uid, ann.gid)?;
    let why = format!("/pam.d/sshd belongs to uid {}, not to root; chown it to root", ann.uid);
    let told = setup(&lab, &["sshd", "su"])?;
    assert_eq!(told.status.code(), Some(1), "{told}");
    ensure!(told.text().starts_with("su: gets `close`") && told.errors().contains(&why), "{told}");
    let told = setup(&lab, &["--json", "sshd", "su"])?;
    assert_eq!(told.status.code(), Some(1), "{told}");
    let answer: Value = serde_json::from_str(&told.text())?;
    let states = ["sshd", "su"].map(|name| {
        let services = answer["services"].as_array().into_iter().flatten();
        services.clone().find(|service| service["service"] == name).cloned().unwrap_or_default()
    });
    ensure!(states[0]["state"] == "unknown" && states[1]["state"] == "without", "{told}");
    ensure!(states[0]["what"].as_str().is_some_and(|what| what.contains(&why)), "{told}");
    Ok(())
}

#[test]
fn a_stack_that_does_not_reach_the_disk_is_as_it_was() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = all_stacks(&lab)?;
    // Its copy and its folder are synced first, then the stack and its folder: each fails once.
    for number in 1..=20 {
        let fault = format!("-einject=fsync:error=EIO:when={number}");
        let strace = ["strace", "-qqfo/dev/null", &fault, "gobo-session", "setup", "--apply", "sshd"];
        let told = lab.chamber.run(strace)?;
        if told.status.success() {
            ensure!(number > 4, "{number}: nothing waits for the disk: {told}");
            assert_eq!(all_stacks(&lab)?["sshd"], with_lines(&before["sshd"])?);
            return Ok(());
        }
        ensure!(told.errors().contains("Input/output error"), "{number}: {told}");
        assert_eq!(all_stacks(&lab)?, before, "{number}");
    }
    anyhow::bail!("it waits for the disk more than twenty times")
}
