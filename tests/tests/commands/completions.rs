//! `gobo-session completions` and `man`: one definition with the help, read by the real shells and by groff.

use super::ask_in;
use anyhow::{Context as _, Result, ensure};
use gobo_tests::{definition, gate};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// The long options of one command.
type Options = BTreeSet<String>;

/// What the program prints, from any folder and without a tree.
fn told(words: &[&str]) -> Result<String> {
    let answer = ask_in(Path::new("/"), words, b"")?;
    ensure!(answer.code == Some(0) && answer.err.is_empty(), "{words:?}: {answer:#?}");
    Ok(answer.out)
}

/// The commands by their words, and the long options that the help of each lists.
fn commands() -> Result<Vec<(Vec<String>, Options)>> {
    let all = definition::commands(&|words| told(words))?;
    Ok(all.into_iter().map(|command| (command.words.clone(), command.long_options())).collect())
}

/// What a program prints that reads a text from its last argument; `None`, and why is said, where it is not installed.
fn run(words: &[&str], text: &str) -> Result<Option<String>> {
    let home = tempfile::tempdir()?;
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(text).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path());
    match command.output() {
        Ok(output) => {
            ensure!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}\n{text}");
            Ok(Some(String::from_utf8(output.stdout)?))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            gate::skip(format_args!("{} is not installed", words[0]));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The long options among the first words of lines; zsh has what each does behind a colon.
fn options_of(text: &str) -> Options {
    let words = text.lines().filter_map(|line| line.split([':', '\t', ' ']).next());
    words.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}

#[test]
fn every_shell_is_given_what_the_help_lists() -> Result<()> {
    for (command, options) in commands()? {
        let place = (command.len() + 1).to_string();
        for shell in ["bash", "zsh", "fish"] {
            let before = ["complete", shell, &place, "--", "gobo-session"].into_iter();
            let words: Vec<&str> = before.chain(command.iter().map(String::as_str)).chain(["--"]).collect();
            assert_eq!(options_of(&told(&words)?), options, "{shell} {command:?}");
        }
    }
    let words = ["complete", "bash", "1", "--", "gobo-session", ""];
    let first: Vec<String> =
        told(&words)?.lines().skip(1).filter(|name| *name != "help").map(str::to_owned).collect();
    assert_eq!(first, definition::names_in(&told(&["--help"])?)?);
    Ok(())
}

#[test]
fn the_scripts_are_understood() -> Result<()> {
    for (shell, words) in [
        ("bash", ["bash", "-n", "-c"]),
        ("zsh", ["zsh", "-f", "-c"]),
        ("fish", ["fish", "--no-config", "-c"]),
    ] {
        let script = told(&["completions", shell])?;
        let script =
            if shell == "zsh" { format!("autoload -Uz compinit; compinit -D -u\n{script}") } else { script };
        run(&words, &script)?;
    }
    Ok(())
}

#[test]
fn a_page_for_man_lists_what_the_help_lists() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("page");
    let pages =
        commands()?.into_iter().map(|(words, options)| Some((words.join("-"), options))).chain([None]);
    for page in pages {
        let words = page.as_ref().map_or(vec!["man"], |(command, _)| vec!["man", command.as_str()]);
        std::fs::write(&file, told(&words)?)?;
        // Warnings go to standard error, which has to be empty.
        let groff = ["groff", "-man", "-Tascii", "-P-cbou", "-ww"];
        let Some(shown) = run(&groff, &file.to_string_lossy())? else { return Ok(()) };
        let codes = shown.contains("EXIT STATUS\n       0      done\n");
        let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = page.as_ref().map_or(String::new(), |(command, _)| format!("-{command}"));
        assert!(codes && words.contains(&format!("NAME gobo-session{name} - ")), "{shown}");
        assert!(!words.contains("-help(1)"), "there is no such page: {shown}");
        let Some((command, options)) = page else { continue };
        let (_, part) = shown.split_once("\nOPTIONS\n").context("no options")?;
        let part = part.split("\nEXAMPLES\n").next().unwrap_or_default();
        let lines = part.lines().filter(|line| line.starts_with("       -"));
        let listed = lines.filter_map(|line| line.split([' ', ',']).find(|word| word.starts_with("--")));
        assert_eq!(listed.map(str::to_owned).collect::<Options>(), options, "{command}");
        assert_eq!(
            shown.contains("\n       125"),
            ["run", "shell", "host"].contains(&command.as_str()),
            "{shown}"
        );
        let has_3 = ["who", "runner"].contains(&command.as_str());
        assert_eq!(shown.contains("\n       3 "), has_3, "{shown}");
    }
    for (page, parts) in [
        ("gobo-session.toml", ["on-failure", "[[rule]]", "deadline-ms"]),
        ("gobo-profile", ["programs", "use-flags", "[environment]"]),
        ("pam_gobo.8", ["on-failure=deny", "PAM_SESSION_ERR", "close"]),
        ("gobo-session.7", ["WHAT A VIEW HOLDS", "GOBO_SESSION_VIEW", "not a sandbox"]),
    ] {
        std::fs::write(&file, told(&["man", page])?)?;
        let groff = ["groff", "-man", "-Tascii", "-P-cbou", "-ww"];
        let Some(shown) = run(&groff, &file.to_string_lossy())? else { return Ok(()) };
        assert!(parts.iter().all(|part| shown.contains(part)), "{page}: {shown}");
        let wide: Vec<&str> = shown.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{page}: {wide:#?}");
    }
    // Every page has a file's name, which it can be asked for by.
    let files = told(&["man", "--list"])?;
    for file in ["gobo-session.1", "gobo-session-profile-select.1", "gobo-session.7", "pam_gobo.8"] {
        assert!(files.lines().any(|line| line == file), "{files}");
    }
    for file in files.lines() {
        told(&["man", file])?;
    }
    assert_eq!(files.lines().count(), commands()?.len() + 5, "{files}");
    let wrong = ask_in(Path::new("/"), &["man", "plam"], b"")?;
    assert_eq!(
        (wrong.code, wrong.err.as_str()),
        (Some(1), "gobo-session: there is no command or page plam; did you mean plan?\n")
    );
    Ok(())
}
