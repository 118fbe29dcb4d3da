//! `--help`: every command has two examples, which do what they say, and fits on a terminal.

use super::commands_in;
use anyhow::{Result, ensure};
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use std::time::Duration;

fn examples(help: &str) -> Vec<String> {
    let text = help.split_once("\nExamples:\n").map(|(_, examples)| examples).unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_examples_of_every_command_do_what_they_say() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), "", &[])?;
    let ann = lab.chamber.user("ann")?;
    // Examples are for somebody who stands in a version's folder.
    lab.chamber.link("/Programs/Lua/5.1.5/Resources", format!("{}/Resources", ann.home))?;
    let help = lab.chamber.as_user("ann", ["gobo-session", "--help"])?.success()?.text();
    let commands = commands_in(&help)?;
    ensure!(commands.iter().any(|command| command == "lint"), "{commands:?}");
    for command in commands {
        let help = lab.chamber.as_user("ann", ["gobo-session", &command, "--help"])?.success()?.text();
        let examples = examples(&help);
        assert_eq!(examples.len(), 2, "{command}");
        for example in examples {
            assert!(example.contains(&format!("gobo-session {command}")), "{example}");
            let output = lab.chamber.as_user("ann", ["bash", "-c", &example])?.success()?;
            assert!(!output.errors().contains("gobo-session"), "{example}: {output}");
        }
    }
    Ok(())
}

#[test]
fn help_fits_on_a_terminal() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), "", &[])?;
    let help = lab.chamber.run(["gobo-session", "--help"])?.success()?.text();
    for words in commands_in(&help)?.iter().map(String::as_str).chain([""]) {
        let words = ["gobo-session", words, "--help"].into_iter().filter(|word| !word.is_empty());
        let mut process = lab.chamber.pty(words)?;
        let status = process.wait(Duration::from_secs(20))?;
        let (shown, _) = process.take_output();
        let shown = String::from_utf8(shown)?.replace('\r', "");
        assert!(status.success() && shown.contains("Usage:"), "{shown}");
        // What a terminal shows, without its control sequences.
        let parts = shown.split('\u{1b}').enumerate();
        let plain: String = parts
            .map(
                |(number, part)| {
                    if number == 0 { part } else { part.split_once('m').map_or("", |(_, rest)| rest) }
                },
            )
            .collect();
        let wide: Vec<&str> = plain.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
    Ok(())
}
