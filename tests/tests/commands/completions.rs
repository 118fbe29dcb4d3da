//! `gobo-session completions` and `man`: one definition with the help, read by the real shells and by groff.

use super::{ask_in, commands_in};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::gate;
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

/// The commands, and the long options that the help of each lists.
fn commands() -> Result<Vec<(String, Options)>> {
    commands_in(&told(&["--help"])?)?
        .into_iter()
        .map(|name| {
            let help = told(&[&name, "-h"])?;
            let (_, options) = help.split_once("\nOptions:\n").context("no options")?;
            let options = options.lines().filter(|line| line.trim_start().starts_with('-'));
            let options =
                options.filter_map(|line| line.split([' ', ',']).find(|word| word.starts_with("--")));
            Ok((name, options.map(str::to_owned).collect()))
        })
        .collect()
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

/// The long options among the first words of lines.
fn options_of(text: &str) -> Options {
    let words = text.lines().filter_map(|line| line.split_whitespace().next());
    words.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}

#[test]
fn bash_completes_what_the_help_lists() -> Result<()> {
    let script = told(&["completions", "bash"])?;
    let (_, function) = script.rsplit_once("complete -F ").context("no function")?;
    let function = function.split(' ').next().unwrap_or_default();
    for (command, options) in commands()? {
        let ask = format!(
            "{script}\nCOMP_WORDS=(gobo-session {command} --); COMP_CWORD=2\n{function} gobo-session -- {command}\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let Some(completed) = run(&["bash", "--norc", "-c"], &ask)? else { return Ok(()) };
        assert_eq!(options_of(&completed), options, "{command}");
    }
    Ok(())
}

#[test]
fn fish_completes_what_the_help_lists() -> Result<()> {
    let script = told(&["completions", "fish"])?;
    let all = commands()?;
    let asks: String = all
        .iter()
        .map(|(command, _)| format!("complete -C 'gobo-session {command} --'\necho END\n"))
        .collect();
    let Some(completed) = run(&["fish", "--no-config", "-c"], &format!("{script}\n{asks}"))? else {
        return Ok(());
    };
    for ((command, options), completed) in all.iter().zip(completed.split("END\n")) {
        assert_eq!(options_of(completed), *options, "{command}");
    }
    Ok(())
}

#[test]
fn zsh_is_given_what_the_help_lists() -> Result<()> {
    let script = told(&["completions", "zsh"])?;
    // It is read and defined; what it would complete is taken from its text.
    let load = format!("autoload -Uz compinit; compinit -D -u\n{script}\nwhence -w _gobo-session");
    if let Some(known) = run(&["zsh", "-f", "-c"], &load)? {
        assert_eq!(known, "_gobo-session: function\n");
    }
    for (command, options) in commands()? {
        let (_, part) = script.split_once(&format!("({command})\n_arguments")).context("no such command")?;
        let part = part.split("&& ret=0").next().unwrap_or_default();
        let given = part.lines().filter_map(|line| {
            let line = line.strip_prefix('\'')?;
            // What excludes an option stands before it, between parentheses.
            let line = if line.starts_with('(') { line.split_once(')')?.1 } else { line };
            let option = line.trim_start_matches('*').strip_prefix("--")?;
            Some(format!("--{}", option.split(['=', '[', '+']).next()?))
        });
        assert_eq!(given.collect::<Options>(), options, "{command}");
    }
    Ok(())
}

#[test]
fn a_page_for_man_lists_what_the_help_lists() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("page");
    let pages = commands()?.into_iter().map(Some).chain([None]);
    for page in pages {
        let words = page.as_ref().map_or(vec!["man"], |(command, _)| vec!["man", command.as_str()]);
        std::fs::write(&file, told(&words)?)?;
        // Warnings go to standard error, which has to be empty.
        let groff = ["groff", "-man", "-Tascii", "-P-cbou", "-ww"];
        let Some(shown) = run(&groff, &file.to_string_lossy())? else { return Ok(()) };
        let codes = shown.contains("EXIT STATUS\n       0      done\n");
        assert!(codes && shown.contains("NAME\n       gobo-session"), "{shown}");
        let Some((command, options)) = page else { continue };
        let (_, part) = shown.split_once("\nOPTIONS\n").context("no options")?;
        let part = part.split("\nEXAMPLES\n").next().unwrap_or_default();
        let lines = part.lines().filter(|line| line.starts_with("       -"));
        let listed = lines.filter_map(|line| line.split([' ', ',']).find(|word| word.starts_with("--")));
        assert_eq!(listed.map(str::to_owned).collect::<Options>(), options, "{command}");
        assert_eq!(shown.contains("\n       125"), command == "run", "{shown}");
    }
    let wrong = ask_in(Path::new("/"), &["man", "plam"], b"")?;
    assert_eq!(
        (wrong.code, wrong.err.as_str()),
        (Some(1), "gobo-session: there is no command plam; did you mean plan?\n")
    );
    Ok(())
}
