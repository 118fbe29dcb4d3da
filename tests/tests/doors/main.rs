//! Every door of a system, through its own program and real libpam: the session has its view, and nothing else has.
//!
//! What is true of all doors is in `door`, what each is like in the tables of `local` and `remote`, which docs/doors.md
//! repeats for people.

mod display;
mod document;
mod door;
mod local;
mod order;
mod remote;
mod several;
mod site;
mod slurm;
mod systemd;
mod transfers;

use anyhow::Result;
use door::Door;
use gobo_tests::requires_gobo_root;
use site::{Site, lab, lab_with};

/// Tries doors that need nothing but the machine, one after the other.
fn try_out(doors: &[Door]) -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    doors.iter().try_for_each(|door| door.try_out(&Site::new(&lab)))
}

#[test]
fn su_and_runuser() -> Result<()> {
    try_out(&local::SU)
}

#[test]
fn su_on_a_terminal_of_its_own() -> Result<()> {
    try_out(&[local::SU_PTY])
}

#[test]
fn sudo() -> Result<()> {
    try_out(&local::SUDO)
}

#[test]
fn sudo_on_a_terminal_of_its_own() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let sudoers = lab.chamber.read("/etc/sudoers")?;
    lab.chamber.write("/etc/sudoers", format!("Defaults use_pty\n{sudoers}"))?;
    local::SUDO_PTY.try_out(&Site::new(&lab))
}

#[test]
fn login_of_shadow_and_of_util_linux() -> Result<()> {
    try_out(&[local::LOGIN, local::LOGIN_OF_UTIL_LINUX])
}

#[test]
fn sshd_by_key_password_and_keyboard_interactive() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let ssh = lab.chamber.start_sshd_with(&["ann"], &["-o", "KbdInteractiveAuthentication=yes"])?;
    let site = Site { ssh: Some(ssh), ..Site::new(&lab) };
    remote::SSHD.iter().try_for_each(|door| door.try_out(&site))
}

#[test]
fn sshd_with_a_forced_command() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let ssh = lab.chamber.start_sshd_with(&["ann"], &remote::FORCED)?;
    remote::SSHD_FORCED.try_out(&Site { ssh: Some(ssh), ..Site::new(&lab) })
}

#[test]
fn cron() -> Result<()> {
    try_out(&[remote::CRON, remote::CRON_REBOOT])
}

#[test]
fn xdm() -> Result<()> {
    let lab = lab(&requires_gobo_root!(Doors))?;
    display::configure(&lab)?;
    display::XDM.try_out(&Site::new(&lab))
}

#[test]
fn slurm_step() -> Result<()> {
    let lab = lab(&requires_gobo_root!(Doors))?;
    slurm::SLURM.try_out(&slurm::start(&lab)?)
}

#[test]
fn systemd_user() -> Result<()> {
    let lab = lab_with(&requires_gobo_root!(Doors), gobo_tests::chamber::Builder::real_folders)?;
    let container = systemd::Container::boot(&lab)?;
    systemd::SYSTEMD_USER.try_out(&container.site)?;
    systemd::keeps_its_view_until_it_stops(&container.site)
}
