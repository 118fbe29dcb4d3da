//! `--help`: every command has two examples, which do what they say, and fits on a terminal.

use anyhow::Result;
use gobo_tests::definition::all_words;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use std::time::Duration;

fn examples(help: &str) -> Vec<String> {
    let text = help.split_once("\nExamples:\n").map(|(_, examples)| examples).unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The profile that the examples speak of; ann has it, and may choose it.
const POLICY: &str = "[default]\nprofile = \"gtk2\"\nallow = [\"gtk2\"]\n";
const PROFILES: [(&str, &str); 1] = [("gtk2", "programs = [\"Lua = 5.1.5\"]\n")];

/// The editors that examples use: each writes something.
const EDITOR: &str = "#!/bin/sh\necho '# written' >> \"$1\"\n";

#[test]
fn the_examples_of_every_command_do_what_they_say() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let ann = lab.chamber.user("ann")?;
    // Examples are for somebody who stands in a version's folder.
    lab.chamber.link("/Programs/Lua/5.1.5/Resources", format!("{}/Resources", ann.home))?;
    for editor in ["vi", "nano"] {
        let file = format!("/System/Index/bin/{editor}");
        lab.chamber.write(&file, EDITOR)?;
        lab.chamber.sh(&format!("chmod 755 {file}"))?.success()?;
    }
    for command in all_words(&|words| told(&lab, words))? {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let examples = examples(&told(&lab, &[&words[..], &["--help"]].concat())?);
        assert_eq!(examples.len(), 2, "{command:?}");
        for example in examples {
            assert!(example.contains(&format!("gobo-session {}", words.join(" "))), "{example}");
            let output = match words[0] {
                "host" | "reload" => lab.chamber.run(["bash", "-c", &example])?,
                // What is chosen, and what a view was made from, is a session's.
                "profile" => lab.su("ann", &example)?,
                _ => lab.chamber.as_user("ann", ["bash", "-c", &example])?,
            };
            let output = output.success()?;
            assert!(!output.errors().contains("gobo-session"), "{example}: {output}");
        }
    }
    Ok(())
}

fn told(lab: &Lab, words: &[&str]) -> Result<String> {
    Ok(lab.chamber.as_user("ann", [&["gobo-session"], words].concat())?.success()?.text())
}

#[test]
fn help_fits_on_a_terminal() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), "", &[])?;
    for command in all_words(&|words| told(&lab, words))?.into_iter().chain([Vec::new()]) {
        let words = command.iter().map(String::as_str);
        let mut process = lab.chamber.pty(["gobo-session"].into_iter().chain(words).chain(["--help"]))?;
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
