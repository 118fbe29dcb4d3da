//! `gobo-session env`: variables that shells take over as they are.

use super::{ask, json_of, told};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::Lab;
use gobo_tests::world::World;
use gobo_tests::{gate, requires_gobo_root};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Values that mean something to shells.
const VALUES: [(&str, &str); 13] = [
    ("EMPTY", ""),
    ("BLANKS", "  two  words "),
    ("QUOTE", "it's 'quoted'"),
    ("QUOTES", "\"double\" '\"'\"' \\\" \\'"),
    ("BACKSLASH", "\\ \\\\ \\n C:\\x\\"),
    ("DOLLAR", "$HOME ${PATH} $(id) $((1+1)) \\$HOME"),
    ("TICKS", "`id` !! !x"),
    ("STARS", "* ? [a-z] {1..3} {a,b} ~ ~root"),
    ("SIGNS", "; & | > < # ( ) = % @ ^ -- -x"),
    ("LETTERS", "größe ☃ 日本"),
    ("TOOL_PATH", "/a b:/c::/d"),
    ("MANPATH", ":/a"),
    ("LONG", "x'\\ y"),
];

/// A world with a profile that sets them, and a program that removes a variable and adds to another.
fn world() -> Result<World> {
    let world = World::new()?;
    let text = "unset GONE\nexport LIST=\"/Programs/Tool/Current/x:$LIST\"\nexport A=$(date)\n";
    world.program("Tool", "1.0").environment(text);
    let folder = world.root().join("etc/gobo-session/profiles.d");
    fs::create_dir_all(&folder)?;
    let values: String = VALUES.iter().map(|(name, value)| format!("{name} = {}\n", json!(value))).collect();
    fs::write(folder.join("odd.toml"), format!("programs = [\"Tool\"]\n[environment]\n{values}"))?;
    Ok(world)
}

/// What the environment of a shell becomes that carries out what `env` prints; `None`, and why is said, where there is
/// no such shell.
fn in_shell(shell: &[&str], commands: &str) -> Result<Option<BTreeMap<String, String>>> {
    let home = tempfile::tempdir()?;
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg("-c").arg(format!("{commands}\n/usr/bin/env -0"));
    command.env_clear().env("GONE", "there").env("LIST", "/y").env("HOME", home.path());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            gate::skip(format_args!("{} is not installed", shell[0]));
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    ensure!(output.status.success() && output.stderr.is_empty(), "{shell:?}: {output:?}");
    let text = String::from_utf8(output.stdout)?;
    let lines = text.split_terminator('\0').map(|line| line.split_once('=').context("no variable"));
    Ok(Some(lines.map(|line| line.map(|(name, value)| (name.into(), value.into()))).collect::<Result<_>>()?))
}

/// What `env` prints with the same variables around.
fn env(root: &Path, words: &[&str]) -> Result<String> {
    let mut command = Command::new(gobo_tests::lab::built("gobo-session")?);
    command.args(["env", "--root"]).arg(root).args(words);
    let output = command.env_clear().env("GONE", "there").env("LIST", "/y").output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn shells_take_every_value_over_as_it_is() -> Result<()> {
    let world = world()?;
    let words = ["--profile", "odd"];
    let json: serde_json::Value =
        serde_json::from_str(&env(world.root(), &[&words[..], &["--json"]].concat())?)?;
    assert_eq!(json["removed"], json!(["GONE"]));
    assert_eq!(json["variables"]["LIST"], "/Programs/Tool/1.0/x:/y");
    let (sh, fish) = (env(world.root(), &words)?, env(world.root(), &["--profile", "odd", "--fish"])?);
    for (shell, commands) in [
        (&["bash"][..], &sh),
        (&["dash"], &sh),
        (&["bash", "--posix"], &sh),
        (&["fish", "--no-config"], &fish),
    ] {
        let Some(seen) = in_shell(shell, commands)? else { continue };
        assert!(!seen.contains_key("GONE"), "{shell:?}");
        for (name, value) in json["variables"].as_object().context("no variables")? {
            assert_eq!(seen.get(name).map(String::as_str), value.as_str(), "{shell:?} {name}");
        }
    }
    for (name, value) in VALUES {
        assert_eq!(json["variables"][name], value, "{name}");
    }
    Ok(())
}

#[test]
fn variables_are_printed_for_sh_and_for_fish() -> Result<()> {
    let root = requires_gobo_root!();
    let words = ["--with", "Lua = 5.1.5"];
    let path = "/Programs/Lua/5.1.5/share/lua/5.1/?.lua;;";
    assert_eq!(told(&root, "env", &words)?, format!("export LUA_PATH='{path}'\n"));
    let fish = told(&root, "env", &[&words[..], &["--fish"]].concat())?;
    assert_eq!(fish, format!("set -gx LUA_PATH '{path}'\n"));
    let json = json_of(&root, "env", &words)?;
    assert_eq!(json["variables"], json!({ "LUA_PATH": path }));
    assert_eq!(json["plan"], json_of(&root, "plan", &words)?["id"]);
    assert_eq!(told(&root, "env", &[])?, "");
    Ok(())
}

#[test]
fn what_is_not_understood_is_told_beside_the_variables() -> Result<()> {
    let world = world()?;
    let answer = ask(world.root(), "env", &["--with", "Tool"])?;
    assert_eq!(answer.code, Some(0));
    assert_eq!(answer.out, "export LIST='/Programs/Tool/1.0/x:'\n");
    let first = "/Programs/Tool/1.0/Resources/Environment:3:10: error: ";
    assert!(answer.err.starts_with(first) && answer.err.contains("export A=$(date)"), "{answer:#?}");
    let json = ask(world.root(), "env", &["--with", "Tool", "--json"])?;
    assert_eq!((json.json()?["notes"].as_array().map(Vec::len), json.err.as_str()), (Some(1), ""));
    let both = ask(world.root(), "env", &["--fish", "--json"])?;
    assert_eq!(both.code, Some(2), "{both:#?}");
    Ok(())
}

#[test]
fn in_a_session_it_prints_what_the_session_has() -> Result<()> {
    let policy = "[[rule]]\nuser = [\"ann\"]\nprofile = \"lua51\"\n";
    let profile = "programs = [\"Lua = 5.1.5\"]\n[environment]\nCOURSE = \"it's CS 101\"\n";
    let lab = Lab::new(&requires_gobo_root!(), policy, &[("lua51", profile)])?;
    let script = "unset LUA_PATH COURSE; eval \"$(gobo-session env)\"; echo \"$LUA_PATH $COURSE\"";
    let text = lab.su("ann", script)?.success()?.text();
    assert_eq!(text, "/Programs/Lua/5.1.5/share/lua/5.1/?.lua;; it's CS 101");
    assert_eq!(lab.su("bob", "gobo-session env")?.success()?.text(), "");
    Ok(())
}
