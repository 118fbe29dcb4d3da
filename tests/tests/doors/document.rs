//! docs/doors.md, config/pam.d, what the lab installs and what is tried here say the same.

use crate::door::{Door, Killed};
use crate::{display, local, remote, slurm, systemd};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::Lab;
use gobo_tests::lab::stacks::advice;
use gobo_tests::requires_gobo_root;
use std::collections::BTreeSet;

/// Every door that is tried.
fn doors() -> impl Iterator<Item = &'static Door> {
    const SINGLE: [&Door; 10] = [
        &local::SU_PTY,
        &local::SUDO_PTY,
        &local::LOGIN,
        &local::LOGIN_OF_UTIL_LINUX,
        &remote::SSHD_FORCED,
        &remote::CRON,
        &remote::CRON_REBOOT,
        &display::XDM,
        &slurm::SLURM,
        &systemd::SYSTEMD_USER,
    ];
    local::SU.iter().chain(&local::SUDO).chain(&remote::SSHD).chain(SINGLE)
}

/// The rows of the table that begins with a heading.
fn table(heading: &str) -> Result<Vec<Vec<String>>> {
    let text = include_str!("../../../docs/doors.md");
    let (_, below) = text.split_once(heading).context("no such table")?;
    let rows = below.lines().skip_while(|line| !line.starts_with("|--")).skip(1);
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    Ok(rows.take_while(|line| line.starts_with('|')).map(cells).collect())
}

#[test]
fn the_table_of_doors_is_what_is_tried() -> Result<()> {
    let row = |door: &Door| {
        let answer = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let left = match door.killed {
            Killed::LiveOn => "they live on",
            Killed::End => "they end",
        };
        let (name, stack, opener) =
            (door.name.to_owned(), format!("`{}`", door.stack), format!("`{}`", door.opener));
        vec![name, stack, opener, answer(door.variables), answer(door.closes), left.to_owned()]
    };
    let tried: Vec<Vec<String>> = doors().map(row).collect();
    let told = table("## What each door does")?;
    for row in &tried {
        ensure!(told.contains(row), "docs/doors.md lacks | {} |", row.join(" | "));
    }
    for row in &told {
        ensure!(tried.contains(row), "docs/doors.md has a row that nothing tries: | {} |", row.join(" | "));
    }
    Ok(())
}

#[test]
fn every_file_of_config_has_its_row_and_every_row_its_file() -> Result<()> {
    let told: BTreeSet<(String, bool)> = table("## Which stack gets the lines")?
        .into_iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1] == "yes"))
        .collect();
    let given: BTreeSet<(String, bool)> =
        advice()?.into_iter().map(|a| (a.service, a.lines.is_some())).collect();
    assert_eq!(told, given);
    let tried: BTreeSet<&str> = doors().map(|door| door.stack).collect();
    let known: BTreeSet<&str> = given.iter().map(|(service, _)| service.as_str()).collect();
    assert_eq!(tried, known, "the stacks of the doors that are tried, and config/pam.d");
    Ok(())
}

#[test]
fn a_lab_has_the_lines_of_config_first_and_last_in_every_stack() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), "", &[])?;
    for advice in advice()? {
        let path = format!("/etc/pam.d/{}", advice.service);
        if !lab.chamber.exists(&path) {
            continue;
        }
        let stack = lab.chamber.read(&path)?;
        let session: Vec<&str> = stack.lines().filter(|line| line.starts_with("session")).collect();
        let ours: Vec<&str> = stack.lines().filter(|line| line.contains("pam_gobo.so")).collect();
        match &advice.lines {
            Some([first, last]) => {
                let last = format!("{last} debug");
                assert_eq!(ours, [first.as_str(), last.as_str()], "{path}");
                assert_eq!(
                    (session[0], session[session.len() - 1]),
                    (first.as_str(), last.as_str()),
                    "{path}"
                );
            }
            None => assert_eq!(ours, [""; 0], "{path}"),
        }
    }
    Ok(())
}
