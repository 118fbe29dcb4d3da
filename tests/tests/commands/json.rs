//! docs/json.md and what the commands print, each against the other.

use super::{ask, ask_in, sessions};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::json_document::Document;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use gobo_tests::world::World;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

/// A world in which plans have something of everything.
fn world() -> Result<World> {
    let world = World::new()?;
    world.program("Cairo", "1.18").current().linked();
    world.program("Cairo", "1.16").file("lib/libcairo.so").environment("unset HOME\nls\n");
    world.program("Painter", "1.0").dependencies("Cairo\nOld\nNothing\nFoo >= 1 < 2\n");
    world.program("Old", "2.0").dependencies("Cairo < 1.17\n");
    world.program("Bar", "1.0").fifo("share/fifo");
    world.program("Stuck", "1.0").dependencies("Cairo = 1.18\n");
    world.program("Stuck", "0.1-failed");
    fs::create_dir_all(world.root().join("etc/gobo-session/profiles.d"))?;
    let profile = "programs = [\"Painter\"]\n[environment]\nA = \"b\"\n";
    fs::write(world.root().join("etc/gobo-session/profiles.d/course.toml"), profile)?;
    let policy = "[tree]\nreal-files = \"replace\"\n";
    fs::write(world.root().join("etc/gobo-session/session.toml"), policy)?;
    world.program("Tool", "1.0").file("bin/tool").dependencies("Cairo-Old\n");
    fs::set_permissions(world.root().join("Programs/Tool/1.0/bin/tool"), Permissions::from_mode(0o755))?;
    world.index_file("share/cached");
    fs::create_dir_all(world.root().join("usr/bin"))?;
    fs::create_dir_all(world.root().join("System/Settings/Scripts"))?;
    fs::write(world.root().join("System/Settings/Scripts/CompatibilityList"), "Cairo-Old: Cairo\n")?;
    Ok(world)
}

/// Answers of one command, as JSON, whatever it has to say besides.
fn answers(world: &World, command: &str, all: &[&[&str]]) -> Result<Vec<Value>> {
    all.iter().map(|words| ask(world.root(), command, &[&["--json"], *words].concat())?.json()).collect()
}

#[test]
fn what_is_printed_is_documented_and_what_is_documented_is_printed() -> Result<()> {
    let mut document = Document::read()?;
    for (heading, example) in document.examples.clone() {
        document.object(&heading, &example).context("an example")?;
    }
    document.seen.clear();

    let world = world()?;
    let file = world.root().join("Requirements");
    fs::write(&file, "Cairo = 1.16\n")?;
    let file = file.to_string_lossy();
    let plans = [
        &["--profile", "course"][..],
        &["--with", "Stuck", "--with", "Cairo = 1.16"],
        &["--with", "Bar"],
        &["/Programs/Tool/1.0/bin/tool"],
        &["--dependencies", &file],
        &[],
    ];
    let mut all: Vec<(String, Value)> = Vec::new();
    let mut add =
        |command, answers: Vec<Value>| all.extend(answers.into_iter().map(|a| (str::to_owned(command), a)));
    add("plan", answers(&world, "plan", &plans)?);
    add("env", answers(&world, "env", &[&["--with", "Cairo = 1.16"], &["--profile", "course"], &[]])?);
    add("diff", answers(&world, "diff", &[&["none", "course"], &["course", "none"]])?);
    add("why", answers(&world, "why", &[&["cached"]])?);
    add("versions", answers(&world, "versions", &[&["Cairo"], &["Stuck"]])?);
    add("setup", answers(&world, "setup", &[&["tree"]])?);
    let lint = ["lint", "--json", "--kind", "dependencies", "-", "nothing"];
    add("lint", vec![ask_in(world.root(), &lint, b"A = = 1\nA >= 1 < 2\n")?.json()?]);

    let policy = "[[rule]]\nuser = [\"ann\"]\nprofile = \"lua51\"\n";
    let lab = Lab::new(&requires_gobo_root!(), policy, &[("lua51", "programs = [\"Lua = 5.1.5\"]\n")])?;
    for script in
        ["status --json", "plan --json", "versions Lua --json", "why lua --json", "diff none @login --json"]
    {
        for user in ["ann", "bob"] {
            let text = lab.su(user, &format!("gobo-session {script}"))?.success()?.text();
            let command = script.split(' ').next().unwrap_or_default();
            all.push((command.to_owned(), serde_json::from_str(&text)?));
        }
    }
    let running = [sessions::session(&lab, "ann")?, sessions::command(&lab, "bob")?];
    for words in [&["list"][..], &["who", "Lua/5.1.5"], &["who", "Bash"], &["refresh"], &["reload"]] {
        let output = lab.chamber.run([&["gobo-session"], words, &["--json"]].concat())?;
        all.push((words[0].to_owned(), serde_json::from_slice(&output.stdout)?));
    }
    drop(running);
    lab.profile("wrong", "colour = 1\n")?;
    lab.profile("odd", "programs = [\"Lua = 9\"]\n")?;
    let profiles = [
        "list",
        "show lua51",
        "show odd",
        "select lua51 --service sshd",
        "unselect --service sshd",
        "save mine",
        "check mine odd nothing",
    ];
    for words in profiles {
        let text = lab.su("ann", &format!("gobo-session profile {words} --json"))?.text();
        let command = format!("profile {}", words.split(' ').next().unwrap_or_default());
        all.push((command.to_owned(), serde_json::from_str(&text)?));
    }
    let text = lab.su("ann", "gobo-session plan --service sshd --json")?.success()?.text();
    all.push(("plan".into(), serde_json::from_str(&text)?));
    let text = lab.chamber.run(["gobo-session", "setup", "--json"])?.success()?.text();
    all.push(("setup".into(), serde_json::from_str(&text)?));
    lab.profile("glibc", "programs = [\"Glibc = 2.41\"]\n")?;
    lab.chamber.sh("echo nothing > /System/Index/bin/odd && chmod 4755 /System/Index/bin/odd")?.success()?;
    for words in [&["check", "--json"][..], &["check", "--privileged", "--json"]] {
        let output = lab.chamber.run([&["gobo-session"], words].concat())?;
        all.push(("check".into(), serde_json::from_slice(&output.stdout)?));
    }
    for (command, answer) in &all {
        document.object(command, answer).with_context(|| format!("{command}: {answer}"))?;
    }
    let documented = document
        .tables
        .iter()
        .flat_map(|(heading, names)| names.keys().map(|name| (heading.clone(), name.clone())));
    let unseen: Vec<_> = documented.filter(|name| !document.seen.contains(name)).collect();
    ensure!(unseen.is_empty(), "documented, but in no answer: {unseen:?}");
    Ok(())
}
