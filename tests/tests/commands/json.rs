//! docs/json.md and what the commands print, each against the other.

use super::{ask, ask_in};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use gobo_tests::world::World;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

/// The tables of the document: of each heading, the names and their types.
#[derive(Debug)]
struct Document {
    tables: BTreeMap<String, BTreeMap<String, String>>,
    /// An example of each command's answer.
    examples: BTreeMap<String, Value>,
    /// The names that were met in answers, below the headings of their tables.
    seen: BTreeSet<(String, String)>,
}

impl Document {
    fn read() -> Result<Self> {
        let text = include_str!("../../../docs/json.md");
        let mut document = Self { tables: BTreeMap::new(), examples: BTreeMap::new(), seen: BTreeSet::new() };
        for section in text.split("\n#").skip(1) {
            let (heading, body) = section.split_once('\n').context("a heading alone")?;
            let heading = heading.trim_start_matches('#').trim().trim_matches('`');
            let heading = heading.strip_prefix("gobo-session ").unwrap_or(heading);
            let heading = heading.strip_suffix(" --json").unwrap_or(heading).to_owned();
            let rows = body.lines().skip_while(|line| !line.starts_with("|--")).skip(1);
            let rows = rows.take_while(|line| line.starts_with("| ")).map(|line| {
                let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
                Ok((cells.next().context("no name")?.to_owned(), cells.next().context("no type")?.to_owned()))
            });
            let rows = rows.collect::<Result<BTreeMap<_, _>>>()?;
            if let Some((_, code)) = body.split_once("```json\n") {
                let code = code.split("```").next().unwrap_or_default();
                let example =
                    serde_json::from_str(code).with_context(|| format!("the example of {heading}"))?;
                document.examples.insert(heading.clone(), example);
            }
            if !rows.is_empty() {
                document.tables.insert(heading, rows);
            }
        }
        Ok(document)
    }

    /// Makes sure that an object has the names of its table and no others, and that each is what the table says.
    fn object(&mut self, heading: &str, value: &Value) -> Result<()> {
        let table = self.tables.get(heading).with_context(|| format!("no table {heading}"))?.clone();
        let object = value.as_object().with_context(|| format!("{heading}: {value} is no object"))?;
        for name in object.keys() {
            ensure!(table.contains_key(name), "{heading}: {name} is not documented");
        }
        for (name, types) in &table {
            match object.get(name) {
                None => ensure!(types.ends_with(" or missing"), "{heading}: {name} is missing in {value}"),
                Some(value) => {
                    let kind = types.trim_end_matches(" or missing");
                    self.value(kind, value).with_context(|| format!("{heading}: {name}"))?;
                    self.seen.insert((heading.to_owned(), name.clone()));
                }
            }
        }
        Ok(())
    }

    /// Makes sure that a value is of a type.
    fn value(&mut self, types: &str, value: &Value) -> Result<()> {
        if let Some(types) = types.strip_suffix(" or null") {
            return if value.is_null() { Ok(()) } else { self.value(types, value) };
        }
        if let Some(inner) = types.strip_prefix("list of ") {
            let list = value.as_array().with_context(|| format!("{value} is no list"))?;
            return list.iter().try_for_each(|value| self.value(inner, value));
        }
        if let Some(inner) = types.strip_prefix("map of ") {
            let map = value.as_object().with_context(|| format!("{value} is no map"))?;
            return map.values().try_for_each(|value| self.value(inner, value));
        }
        let mut alternatives = types.split(" or ");
        if alternatives.any(|word| match word {
            "text" => value.is_string(),
            "number" => value.is_u64(),
            "true" | "false" => value.as_bool() == Some(word == "true"),
            _ => value.as_str().is_some_and(|text| word == format!("\"{text}\"")),
        }) {
            return Ok(());
        }
        let name = types.split(" or ").find(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
        self.object(name.with_context(|| format!("{value} is not {types}"))?, value)
    }
}

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
    world.program("Tool", "1.0").file("bin/tool").dependencies("Cairo-Old\n");
    fs::set_permissions(world.root().join("Programs/Tool/1.0/bin/tool"), Permissions::from_mode(0o755))?;
    world.index_file("share/cached");
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
    let plans = [
        &["--profile", "course"][..],
        &["--with", "Stuck", "--with", "Cairo = 1.16"],
        &["--with", "Bar"],
        &["/Programs/Tool/1.0/bin/tool"],
        &[],
    ];
    let mut all: Vec<(&str, Value)> = Vec::new();
    let mut add = |command, answers: Vec<Value>| all.extend(answers.into_iter().map(|a| (command, a)));
    add("plan", answers(&world, "plan", &plans)?);
    add("env", answers(&world, "env", &[&["--with", "Cairo = 1.16"], &["--profile", "course"], &[]])?);
    add("diff", answers(&world, "diff", &[&["none", "course"], &["course", "none"]])?);
    add("why", answers(&world, "why", &[&["cached"]])?);
    add("versions", answers(&world, "versions", &[&["Cairo"], &["Stuck"]])?);
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
            all.push((command, serde_json::from_str(&text)?));
        }
    }
    lab.profile("glibc", "programs = [\"Glibc = 2.41\"]\n")?;
    lab.profile("wrong", "colour = 1\n")?;
    lab.chamber.sh("echo nothing > /System/Index/bin/odd && chmod 4755 /System/Index/bin/odd")?.success()?;
    for words in [&["check", "--json"][..], &["check", "--privileged", "--json"]] {
        let output = lab.chamber.run([&["gobo-session"], words].concat())?;
        all.push(("check", serde_json::from_slice(&output.stdout)?));
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
