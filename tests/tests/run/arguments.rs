//! The words of a command arrive as they were written.

use super::{LUA, Machine, gobo_session_run};
use anyhow::Result;
use gobo_tests::requires_gobo_root;
use gobo_tests::shapes::{MADE_BY_A_SHELL, printed, shapes};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

const PRINT: [&str; 4] = [LUA[0], LUA[1], "printf", "%s\\0"];

fn os(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[test]
fn every_shape_of_a_word_arrives_unchanged() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let shapes = shapes();
    assert!(shapes.len() >= 25);
    let output = machine.run([os(&PRINT), shapes.clone()].concat())?.success()?;
    assert_eq!(output.stdout, printed(&shapes));
    for shape in shapes {
        let words = [shape, "behind".into()];
        let output = machine.run([&os(&PRINT), &words[..]].concat())?.success()?;
        assert_eq!(output.stdout, printed(&words), "{words:?}");
    }
    assert!(!machine.chamber().exists(MADE_BY_A_SHELL));
    Ok(())
}

#[test]
fn options_stop_at_the_first_word_of_the_command() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let cases: [(&[&str], &str); 9] = [
        (&["--", "echo", "a"], "a"),
        (&["--with", "Lua", "--", "echo", "-a"], "-a"),
        (&["--with", "Lua", "echo", "--with", "Nothing"], "--with Nothing"),
        (&["echo", "--", "--help"], "-- --help"),
        (&["--", "echo", "--", "x"], "-- x"),
        (&["-w", "Lua", "-a", "x86_64", "echo", "-h"], "-h"),
        (&["--with=Lua", "--arch=x86_64", "echo", "--version", "-V"], "--version -V"),
        (&["--fresh", "echo", "--fresh", "--no-env"], "--fresh --no-env"),
        (&["env", "--", "echo", "--root", "/"], "--root /"),
    ];
    for (words, text) in cases {
        let output = machine.run(words)?.success()?;
        // printf and echo of coreutils read no options of this kind, so they show every word.
        assert_eq!(output.text(), text, "{output}");
    }
    Ok(())
}

#[test]
fn a_command_whose_name_looks_like_an_option_can_be_run() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.own_program("--with", "#!/bin/sh\necho \"ran $*\"\n", 0o755)?;
    let words = gobo_session_run(["--", "--with", "Lua", "true"]);
    let output = machine.command(words).env("PATH", "/Users/ann:/System/Index/bin").run()?.success()?;
    assert_eq!(output.text(), "ran Lua true");
    Ok(())
}

#[test]
fn a_command_of_undecodable_bytes_is_run() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let name = OsString::from_vec(b"/Users/ann/\xff\xfe command".to_vec());
    machine.chamber().write(&name, "#!/bin/sh\nprintf %s \"$0\"\n")?;
    machine.chamber().set_mode(&name, 0o755)?;
    let output = machine.run([OsStr::new(LUA[0]), LUA[1].as_ref(), &name])?.success()?;
    assert_eq!(output.stdout, name.as_bytes());
    Ok(())
}
