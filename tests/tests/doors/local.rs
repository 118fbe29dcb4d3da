//! The doors of a machine that take no daemon: su, runuser, sudo and login.

use crate::door::Door;
use crate::door::Killed::{End, LiveOn};
use crate::site::{LOOK_PATH, PATIENCE, Site};
use anyhow::Result;
use gobo_tests::chamber::Process;

/// By root, without a terminal.
pub(crate) const SU: [Door; 5] = [
    Door::new("su", "su", "su", LiveOn, |site| by_root(site, &["su", "ann", "-c", LOOK_PATH])),
    Door::new("su -l", "su-l", "su", LiveOn, |site| by_root(site, &["su", "-l", "ann", "-c", LOOK_PATH])),
    Door::new("runuser", "runuser", "runuser", LiveOn, |site| {
        by_root(site, &["runuser", "ann", "-c", LOOK_PATH])
    }),
    Door::new("runuser -u", "runuser", "runuser", LiveOn, |site| {
        by_root(site, &["runuser", "-u", "ann", "--", LOOK_PATH])
    }),
    Door::new("runuser -l", "runuser-l", "runuser", LiveOn, |site| {
        by_root(site, &["runuser", "-l", "ann", "-c", LOOK_PATH])
    }),
];

/// On a terminal that su itself makes.
pub(crate) const SU_PTY: Door = Door::new("su --pty", "su", "su", End, |site| {
    site.lab.chamber.pty(["su", "--pty", "ann", "-c", LOOK_PATH])
});

/// By bob, who may become ann.
pub(crate) const SUDO: [Door; 2] = [
    Door::new("sudo -u", "sudo", "sudo", LiveOn, |site| {
        by_bob(site, &["sudo", "-n", "-u", "ann", LOOK_PATH])
    }),
    Door::new("sudo -i", "sudo-i", "sudo", LiveOn, |site| {
        by_bob(site, &["sudo", "-n", "-i", "-u", "ann", LOOK_PATH])
    }),
];

/// The same where sudoers says `use_pty`.
pub(crate) const SUDO_PTY: Door = Door::new("sudo, use_pty", "sudo", "sudo", End, |site| {
    let bob = site.lab.chamber.user("bob")?;
    site.lab.chamber.command(["sudo", "-n", "-u", "ann", LOOK_PATH]).user(&bob).pty()
});

/// shadow's.
pub(crate) const LOGIN: Door =
    Door::new("login of shadow", "login", "login", End, |site| login(site, &["login"]));

/// util-linux', of a later release, which needs a later Glibc than the base: its loader is called by the name of login.
pub(crate) const LOGIN_OF_UTIL_LINUX: Door =
    Door::new("login of util-linux", "login", "login", LiveOn, |site| {
        const LIBRARIES: &str = "/Programs/Glibc/2.41/lib:/System/Index/lib";
        site.lab.chamber.link("/Programs/Glibc/2.41/lib/ld-linux-x86-64.so.2", "/Users/root/login")?;
        let program = site.on_host(&["bash", "-c", "echo /Programs/Util-Linux/2.41*/bin/login"])?;
        login(site, &["/Users/root/login", "--library-path", LIBRARIES, &program])
    });

fn by_root(site: &Site<'_>, argv: &[&str]) -> Result<Process> {
    site.lab.chamber.spawn(argv)
}

fn by_bob(site: &Site<'_>, argv: &[&str]) -> Result<Process> {
    site.lab.chamber.command(argv).user(&site.lab.chamber.user("bob")?).spawn()
}

fn login(site: &Site<'_>, argv: &[&str]) -> Result<Process> {
    let mut login = site.lab.chamber.pty(argv)?;
    login.expect("login: ", PATIENCE)?;
    login.send("ann\n");
    login.expect("assword: ", PATIENCE)?;
    login.send("gobo\n");
    // login throws away what is typed before the shell is there.
    login.expect(["$ ", "> "], PATIENCE)?;
    login.send(format!("{LOOK_PATH}; exit\n"));
    Ok(login)
}
