//! The guides: every command line in them is run, and prints what the page says.
//!
//! `NAME# COMMAND` or `NAME$ COMMAND` is run in a login of that user, and what follows has to be in what it prints, in order.
//! With `!` in place of the prompt it has to fail. `dev$ COMMAND` is run in the folder of the source. A block of TOML is written to the file that its first line names.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::Chamber;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use std::process::Command;

/// What CI runs, so that no test has to.
const CI: &str = include_str!("../../.ci/run");

/// One thing that a page has a reader do.
#[derive(Debug)]
enum Step<'p> {
    Write { file: &'p str, text: String },
    Run { user: &'p str, fails: bool, command: &'p str, shown: Vec<&'p str> },
}

/// The steps of a page.
fn steps(page: &str) -> Result<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line == "```toml" {
            let file =
                lines.next().and_then(|line| line.strip_prefix("# ")).context("a block names no file")?;
            let text =
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            steps.push(Step::Write { file, text });
            continue;
        }
        let Some(code) = line.strip_prefix("    ") else { continue };
        let prompt =
            ["root#", "root!", "ann$", "ann!", "dev$"].into_iter().find(|prompt| code.starts_with(prompt));
        match (prompt, steps.last_mut()) {
            (Some(prompt), _) => steps.push(Step::Run {
                user: prompt.trim_end_matches(['#', '$', '!']),
                fails: prompt.ends_with('!'),
                command: code[prompt.len()..].trim(),
                shown: Vec::new(),
            }),
            (None, Some(Step::Run { shown, .. })) => shown.push(code),
            (None, _) => anyhow::bail!("`{code}` belongs to no command"),
        }
    }
    Ok(steps)
}

/// Runs a command as a user, or where it is for developers on this machine; whether it succeeds, and what it prints.
fn run(chamber: &Chamber, user: &str, command: &str) -> Result<(bool, String)> {
    let output = match user {
        "dev" if CI.lines().any(|line| line == command) => return Ok((true, String::new())),
        "dev" => {
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
            let output = Command::new("bash").args(["-c", command]).current_dir(source).output()?;
            let printed = [output.stdout, output.stderr].concat();
            return Ok((output.status.success(), String::from_utf8_lossy(&printed).into_owned()));
        }
        "root" => chamber.sh(command)?,
        user => chamber.run(["su", "-", user, "-c", command])?,
    };
    Ok((output.status.success(), format!("{}\n{}", output.text(), output.errors())))
}

/// Goes through a page.
fn walk(chamber: &Chamber, page: &str) -> Result<()> {
    let steps = steps(page)?;
    ensure!(steps.len() > 10, "{steps:?}");
    for step in steps {
        match step {
            Step::Write { file, text } => chamber.write(file, text)?,
            Step::Run { user, fails, command, shown } => {
                let (succeeds, printed) = run(chamber, user, command)?;
                ensure!(succeeds != fails, "{command}: {printed}");
                let mut rest = printed.as_str();
                for line in shown {
                    rest = rest.split_once(line).with_context(|| format!("{line:?} is not in {printed}"))?.1;
                }
            }
        }
    }
    Ok(())
}

#[test]
fn the_guide_for_users_does_what_it_says() -> Result<()> {
    walk(
        &Lab::turned_off(&requires_gobo_root!(), "", &[], |builder| builder)?.chamber,
        include_str!("../../docs/guide.md"),
    )
}

#[test]
fn the_guide_for_administrators_does_what_it_says() -> Result<()> {
    walk(
        &Lab::turned_off(&requires_gobo_root!(Full), "", &[], |builder| builder)?.chamber,
        include_str!("../../docs/administration.md"),
    )
}

#[test]
fn the_guide_for_developers_does_what_it_says() -> Result<()> {
    walk(
        &Lab::turned_off(&requires_gobo_root!(), "", &[], |builder| builder)?.chamber,
        include_str!("../../docs/developing.md"),
    )
}
