//! What is printed, and how it ends, as stories that a person reads from top to bottom. Each is typed in a lab of its own,
//! and compared; `GOBO_BLESS=1` writes down what is printed, to be read.
//!
//! `ann$` types outside of any session, `ann@sshd$` in one that sshd has opened, which goes on until she types `exit`, and
//! `root#` makes the machine what it is meant to be. What differs from run to run is put into words, and JSON is laid out.

mod complete;
mod invocation;
mod story;
mod typist;

use anyhow::{Result, ensure};
use gobo_tests::definition::{self, Command};
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use std::path::Path;
use story::Typed;

const POLICY: &str = "[default]\nallow = [\"lua51\", \"wrong\"]\n[[rule]]\nuser = \"bob\"\nprofile = \"lua51\"\nforce = true\n";

const PROFILES: [(&str, &str); 3] = [
    ("lua51", "programs = [\"Lua = 5.1.5\"]\n"),
    ("lua53", "programs = [\"Lua = 5.3.6\"]\n"),
    ("wrong", "programs = [\"Lua = 5.1.5\"]\ncolour = 1\n"),
];

/// All commands of the program that is in a lab.
pub(crate) fn commands(lab: &Lab) -> Result<Vec<Command>> {
    definition::commands(&|words| {
        Ok(lab.chamber.run([&["gobo-session"], words].concat())?.success()?.text() + "\n")
    })
}

fn told(root: &Path, name: &str) -> Result<Vec<Typed>> {
    let lab = Lab::new(root, POLICY, &PROFILES)?;
    story::compare(&lab, name, &commands(&lab)?)
}

#[test]
fn every_mistake_is_told_with_what_to_do() -> Result<()> {
    let mistakes = told(&requires_gobo_root!(), "mistakes.txt")?;
    ensure!(mistakes.iter().all(|typed| typed.end != "0" || !typed.printed.contains("error")));
    ensure!(mistakes.len() >= 40, "{} mistakes", mistakes.len());
    Ok(())
}

#[test]
fn views_of_commands() -> Result<()> {
    told(&requires_gobo_root!(), "views.txt").map(drop)
}

#[test]
fn plans() -> Result<()> {
    told(&requires_gobo_root!(), "plans.txt").map(drop)
}

#[test]
fn programs_and_files() -> Result<()> {
    told(&requires_gobo_root!(), "programs.txt").map(drop)
}

#[test]
fn profiles() -> Result<()> {
    told(&requires_gobo_root!(), "profiles.txt").map(drop)
}

#[test]
fn sessions() -> Result<()> {
    told(&requires_gobo_root!(), "sessions.txt").map(drop)
}

#[test]
fn the_machine() -> Result<()> {
    told(&requires_gobo_root!(), "machine.txt").map(drop)
}

#[test]
fn what_stands_on_a_terminal_fits() -> Result<()> {
    let shown = told(&requires_gobo_root!(), "terminal.txt")?;
    let wide = shown.iter().flat_map(|typed| typed.printed.lines()).filter(|line| line.chars().count() > 80);
    let wide: Vec<&str> = wide.collect();
    ensure!(wide.is_empty(), "{wide:#?}");
    Ok(())
}
