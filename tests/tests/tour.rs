//! docs/tour.md shows what the commands print, in real logins: every file in it is written, every command run, every output
//! compared. `GOBO_BLESS=1` writes down what is printed.
//!
//! A block marked `toml` is the file that its first line names. A block marked `console` is typed, each line in a login of
//! its own. A comment says that somebody stays logged in meanwhile, and for how long.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::{Process, Signal};
use gobo_tests::lab::Lab;
use gobo_tests::{requires_gobo_root, steady};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a login may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The document.
fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tour.md")
}

/// What a line of a session prints, wherever it prints it.
fn typed(lab: &Lab, line: &str) -> Result<Option<String>> {
    let typed = |user: &str, command: &str| -> Result<String> {
        let script = format!("exec 2>&1; {command}");
        let output = if user == "root" { lab.chamber.sh(&script)? } else { lab.su(user, &script)? };
        Ok(steady::text(&String::from_utf8_lossy(&output.stdout)))
    };
    for (prompt, user) in [("ann$ ", "ann"), ("bob$ ", "bob"), ("root# ", "root")] {
        if let Some(command) = line.strip_prefix(prompt) {
            return typed(user, command).map(Some);
        }
    }
    Ok(None)
}

/// A session of ann's that goes on.
fn stay(lab: &Lab) -> Result<Process> {
    let mut session =
        lab.chamber.command(["su", "-", "ann", "-c", "echo begun; read line"]).input("").spawn()?;
    ensure!(session.line(PATIENCE)? == "begun", "the session did not begin");
    Ok(session)
}

#[test]
fn the_tour_shows_what_is_printed() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), "", &[])?;
    let text = fs::read_to_string(document())?;
    let (mut made, mut commands) = (String::new(), 0);
    let mut session: Option<Process> = None;
    for (number, block) in text.split("```").enumerate() {
        if number > 0 {
            made += "```";
        }
        let (kind, content) = block.split_once('\n').unwrap_or((block, ""));
        match (number % 2, kind) {
            (1, "toml") => {
                let path = content.lines().next().and_then(|line| line.strip_prefix("# "));
                lab.chamber.write(path.context("a file without a name")?, content)?;
            }
            (1, "console") => {
                made += "console\n";
                for line in content.lines() {
                    if let Some(printed) = typed(&lab, line)? {
                        made += &format!("{line}\n{printed}");
                        commands += 1;
                    }
                }
                continue;
            }
            _ => {
                if block.contains("<!-- ann stays logged in -->") {
                    session = Some(stay(&lab)?);
                }
                if block.contains("<!-- ann logs out -->")
                    && let Some(session) = &mut session
                {
                    session.signal(Signal::KILL)?;
                }
            }
        }
        made += block;
    }
    if std::env::var_os("GOBO_BLESS").is_some() {
        fs::write(document(), &made)?;
        return Ok(());
    }
    ensure!(made == text, "docs/tour.md is not what is printed; GOBO_BLESS=1 writes it:\n{made}");
    ensure!(commands >= 25, "{commands} commands");
    Ok(())
}
