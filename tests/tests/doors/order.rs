//! What other modules of a stack see, and what a session leaves when it is opened and closed by one program.

use crate::site::{PATIENCE, lab};
use anyhow::{Context as _, Result};
use gobo_tests::requires_gobo_root;

#[test]
fn r23_other_modules_run_on_the_host_before_and_in_the_view_behind() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let probe = "session optional pam_exec.so quiet /Users/root/probe.sh";
    let script = "#!/bin/sh\necho $PAM_TYPE $1 $(lua -v 2>&1 | cut -d' ' -f2) >> /run/probes\n";
    lab.chamber.write("/Users/root/probe.sh", script)?;
    lab.chamber.set_mode("/Users/root/probe.sh", 0o755)?;
    let stack = lab.chamber.read("/etc/pam.d/pamtester")?;
    let open = stack.find("pam_gobo.so open").context("no line that opens")?;
    let (above, last) = stack.split_at(stack[..open].rfind("session").context("no line")?);
    lab.chamber.write("/etc/pam.d/pamtester", format!("{above}{probe} before\n{last}{probe} behind\n"))?;
    lab.client("ann").run()?;
    let seen = lab.chamber.read("/run/probes")?;
    assert_eq!(
        seen.lines().collect::<Vec<_>>(),
        [
            "open_session before 5.4.4",
            "open_session behind 5.1.5",
            "close_session before 5.4.4",
            "close_session behind 5.4.4"
        ]
    );
    Ok(())
}

#[test]
fn pamtester_opens_and_closes() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = lab.chamber.host_state()?;
    let mark = lab.chamber.log_mark()?;
    let output =
        lab.chamber.run(["pamtester", "pamtester", "ann", "open_session", "close_session"])?.success()?;
    assert!(
        output.text().contains("successfully opened")
            && output.text().contains("has successfully been closed")
    );
    let said = lab.said(mark)?;
    assert!(said.len() == 1 && said[0].ends_with(": Lua 5.1.5, Bash 5.1.4"), "{said:#?}");
    lab.chamber.wait_for_state(&before, PATIENCE)
}
