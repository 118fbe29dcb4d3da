//! The doors that a daemon keeps: sshd, with every way to prove who one is, and cron.

use crate::door::Door;
use crate::door::Killed::LiveOn;
use crate::site::{LOOK_PATH, PATIENCE, Site};
use anyhow::{Context as _, Result};
use gobo_tests::chamber::Process;

/// sshd, without a terminal and with one.
pub(crate) const SSHD: [Door; 4] = [
    Door::new("sshd, key", "sshd", "sshd", LiveOn, |site| ssh(site, &[], Some(LOOK_PATH))),
    Door::new("sshd, key and terminal", "sshd", "sshd", LiveOn, |site| {
        let mut shell = ssh(site, &["-tt"], None)?;
        shell.expect(["$ ", "> "], PATIENCE)?;
        shell.send(format!("{LOOK_PATH}; exit\n"));
        Ok(shell)
    }),
    Door::new("sshd, password", "sshd", "sshd", LiveOn, |site| with_password(site, "password")),
    Door::new("sshd, keyboard-interactive", "sshd", "sshd", LiveOn, |site| {
        with_password(site, "keyboard-interactive")
    }),
];

/// sshd where ForceCommand says what is run.
pub(crate) const SSHD_FORCED: Door =
    Door::new("sshd, ForceCommand", "sshd", "sshd", LiveOn, |site| ssh(site, &[], Some("true")));

/// What sshd of [`SSHD_FORCED`] is told.
pub(crate) const FORCED: [&str; 2] = ["-o", "ForceCommand=/run/door/look"];

/// A job at its minute. cron believes a clock that is two seconds before it.
pub(crate) const CRON: Door = Door {
    is_daemon: true,
    ..Door::new("cron, a job", "cron", "cron", LiveOn, |site| {
        crontab(site, "* * * * *")?;
        let clock = [("LD_PRELOAD", "/lib/faketime/libfaketime.so.1"), ("FAKETIME", "@2030-01-01 00:00:58")];
        let cron = site.lab.chamber.command(["cron", "-f"]);
        let cron = clock.iter().fold(cron, |cron, (name, value)| cron.env(name, value));
        cron.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").spawn()
    })
};

/// A job at the start of the machine.
pub(crate) const CRON_REBOOT: Door = Door {
    is_daemon: true,
    ..Door::new("cron, @reboot", "cron", "cron", LiveOn, |site| {
        crontab(site, "@reboot")?;
        site.lab.chamber.spawn(["cron", "-f"])
    })
};

fn crontab(site: &Site<'_>, when: &str) -> Result<()> {
    site.on_host(&["rm", "-f", "/run/crond.reboot", "/run/crond.pid"])?;
    let table = format!("MAILTO=\"\"\nPATH=/System/Index/bin\n{when} {LOOK_PATH}\n");
    site.lab.chamber.command(["crontab", "-u", "ann", "-"]).input(table).run()?.success().map(drop)
}

fn ssh(site: &Site<'_>, options: &[&str], command: Option<&str>) -> Result<Process> {
    let mut argv = site.ssh.as_ref().context("no sshd here")?.argv("ann");
    argv.splice(1..1, options.iter().map(ToString::to_string));
    argv.extend(command.map(str::to_owned));
    if options.contains(&"-tt") { site.lab.chamber.pty(argv) } else { site.lab.chamber.spawn(argv) }
}

/// Logs in by what is typed.
fn with_password(site: &Site<'_>, method: &str) -> Result<Process> {
    let mut argv = site.ssh.as_ref().context("no sshd here")?.argv("ann");
    let preferred = format!("PreferredAuthentications={method}");
    let options = ["-o", "BatchMode=no", "-o", &preferred];
    argv.splice(1..1, options.map(str::to_owned));
    argv.push(LOOK_PATH.to_owned());
    let mut ssh = site.lab.chamber.pty(argv)?;
    ssh.expect("assword: ", PATIENCE)?;
    ssh.send("gobo\n");
    Ok(ssh)
}
