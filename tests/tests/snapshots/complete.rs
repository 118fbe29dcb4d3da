//! Whether the stories show every command with every option, as text and as JSON.

use crate::invocation::Invocation;
use crate::{commands, story};
use anyhow::{Result, ensure};
use gobo_tests::definition::Command;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use std::collections::BTreeSet;
use std::fs;

/// Options that are the same for every command: help.rs looks at the help of each, and `--version` prints one line.
const OF_ALL: [&str; 2] = ["--help", "--version"];

#[test]
fn the_stories_show_every_command_with_every_option() -> Result<()> {
    let lab = Lab::turned_off(&requires_gobo_root!(), "", &[], |builder| builder)?;
    let commands = commands(&lab)?;
    let (mut shown, mut as_json) = (BTreeSet::new(), BTreeSet::new());
    for file in story::files()? {
        for typed in story::read(&fs::read_to_string(&file)?) {
            for call in Invocation::all(&typed.line, &commands) {
                if call.has("--json") && typed.printed.starts_with('{') {
                    as_json.insert(call.command.clone());
                }
                shown.insert((call.command.clone(), None));
                shown.extend(call.options.into_iter().map(|option| (call.command.clone(), Some(option))));
            }
        }
    }
    let (mut wanted, mut with_json) = (BTreeSet::new(), BTreeSet::new());
    for command in &commands {
        let name = command.words.join(" ");
        // What has commands inside does nothing by itself.
        let inside = |other: &Command| other != command && other.words.starts_with(&command.words);
        if !commands.iter().any(inside) {
            wanted.insert((name.clone(), None));
        }
        for option in command.long_options() {
            if option == "--json" {
                with_json.insert(name.clone());
            }
            if !OF_ALL.contains(&option.as_str()) {
                wanted.insert((name.clone(), Some(option)));
            }
        }
    }
    let missing: Vec<_> = wanted.difference(&shown).collect();
    ensure!(missing.is_empty(), "in no story: {missing:#?}");
    let missing: Vec<_> = with_json.difference(&as_json).collect();
    ensure!(missing.is_empty(), "not shown as JSON: {missing:#?}");
    Ok(())
}
