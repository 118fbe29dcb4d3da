//! `gobo-session diff`: what programs see otherwise in one view than in another.

use super::{ask, ask_in, json_of, told};
use anyhow::Result;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use gobo_tests::world::World;
use serde_json::{Value, json};
use std::fs;

/// A world with two profiles.
fn world() -> Result<World> {
    let world = World::new()?;
    world.program("Lua", "5.4").file("bin/lua").current().linked();
    world.program("Lua", "5.1").file("bin/lua").dependencies("Readline = 7.0\n");
    world.program("Readline", "8.2").file("lib/libreadline.so.8").current().linked();
    world.program("Readline", "7.0").file("lib/libreadline.so.7");
    world.program("GTK+", "3.24").file("lib/libgtk-3.so.0").current().linked();
    world.program("GTK+", "2.24").file("lib/libgtk-2.so.0");
    let folder = world.root().join("etc/gobo-session/profiles.d");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("old.toml"), "programs = [\"Lua = 5.1\"]\n[environment]\nCOURSE = \"a\"\n")?;
    fs::write(folder.join("gtk2.toml"), "programs = [\"GTK+ = 2.24\", \"Lua\"]\npersonality = true\n")?;
    Ok(world)
}

/// A difference without the ids of the plans.
fn shown(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_once(", plan ").map_or(line, |(before, _)| before));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn two_profiles_are_compared_by_what_programs_see() -> Result<()> {
    let world = world()?;
    assert_eq!(
        shown(&told(world.root(), "diff", &["old", "gtk2"])?),
        "\
from  profile old
to    profile gtk2
GTK+         -      -> 2.24         asked for by profile gtk2
Lua          5.1    -> 5.4 (index)  asked for by profile old
Readline     7.0    -> -            Lua 5.1 needs it (Dependencies:1)
personality  false  -> true
COURSE       a      -> -"
    );
    let same = "from  profile old\nto    profile old\nprograms see the same in both";
    assert_eq!(shown(&told(world.root(), "diff", &["old", "old"])?), same);
    let all = json_of(world.root(), "diff", &["none", "old"])?;
    assert_eq!(
        all["programs"][0],
        json!({
            "name": "Lua", "major": "5", "arch": "noarch", "from": "5.4", "to": "5.1",
            "because": ["asked for by profile old"],
        })
    );
    assert_eq!(all["from"]["name"], "the index as it is");
    assert_eq!(all["variables"][0]["to"], "a");
    Ok(())
}

#[test]
fn a_plan_that_was_written_is_compared() -> Result<()> {
    let world = world()?;
    let root = world.root().to_string_lossy();
    let plan = told(world.root(), "plan", &["--with", "GTK+ = 2.24", "--json"])?;
    let words = ["diff", "--root", &*root, "-", "./plan.json"];
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("plan.json"), serde_json::from_str::<Value>(&plan)?["plan"].to_string())?;
    let answer = ask_in(folder.path(), &words, plan.as_bytes())?;
    assert_eq!(
        shown(&answer.out),
        "from  -\nto    ./plan.json\nprograms see the same in both",
        "{answer:#?}"
    );
    for (text, said) in [("[1]", "write one by: gobo-session plan --json"), ("{", "-: EOF while parsing")] {
        let answer = ask_in(folder.path(), &words, text.as_bytes())?;
        assert!(answer.code == Some(1) && answer.out.is_empty() && answer.err.contains(said), "{answer:#?}");
    }
    for (word, code, said) in [
        ("./missing.json", 1, "./missing.json: it cannot be read: No such file or directory"),
        ("odl", 1, "there is no profile `odl` (did you mean `old`?)"),
        ("@her", 2, "only @here and @login begin with @"),
    ] {
        let answer = ask(world.root(), "diff", &["none", word])?;
        assert!(answer.code == Some(code) && answer.err.contains(said), "{answer:#?}");
    }
    Ok(())
}

#[test]
fn a_session_is_compared_with_a_new_login() -> Result<()> {
    let policy = "[[rule]]\nuser = \"ann\"\nprofile = \"lua51\"\nallow = [\"lua53\"]\n";
    let profiles = [("lua51", "programs = [\"Lua = 5.1.5\"]\n"), ("lua53", "programs = [\"Lua = 5.3.6\"]\n")];
    let lab = Lab::new(&requires_gobo_root!(), policy, &profiles)?;
    let ann = |script: &str| -> Result<String> { Ok(shown(&lab.su("ann", script)?.success()?.text())) };
    let rule = "the rule at /etc/gobo-session/session.toml:1";
    assert_eq!(
        ann("gobo-session diff @here @login")?,
        format!(
            "from  the view here\nto    a new login: profile lua51 ({rule})\nprograms see the same in both"
        )
    );
    lab.select("ann", "lua53")?;
    let script = "gobo-session run --with 'Lua = 5.1.5' gobo-session diff @here @login";
    assert_eq!(
        ann(script)?,
        "\
from  the view here
to    a new login: profile lua53 (the user selected it)
Lua  5.1.5  -> 5.3.6  asked for by profile lua53"
    );
    assert_eq!(
        shown(&lab.su("bob", "gobo-session diff @here @login")?.success()?.text()),
        "\
from  no view here: the index as it is
to    a new login: no view (policy's default)
programs see the same in both"
    );
    lab.chamber.write("/etc/gobo-session/disabled", "")?;
    let off = ann("gobo-session diff @here @login")?;
    assert!(off.contains("no view (turned off by /etc/gobo-session/disabled)"), "{off}");
    Ok(())
}
