//! What Compile relies on: it starts itself again under Runner, as root, to build in a view of what the recipe names.

use super::Machine;
use anyhow::Result;
use gobo_tests::chamber::Output;
use gobo_tests::{gate, requires_gobo_root};
use std::path::Path;

/// The folder of a recipe.
const RECIPE: &str = "/Data/Recipes/Greeting";

/// A machine with Compile, Make, and a recipe that needs Lua 5.1.5; `None`, and why is said, where there is no make.
fn machine(root: &Path) -> Result<Option<Machine>> {
    let Ok(make) = std::fs::read("/usr/bin/make") else {
        gate::skip("this machine has no make");
        return Ok(None);
    };
    let machine = Machine::with_state(root)?;
    machine.executable("/Programs/Make/4/bin/make", make)?;
    machine.chamber().link("4", "/Programs/Make/Current")?;
    machine.chamber().link("/Programs/Make/4/bin/make", "/System/Index/bin/make")?;
    machine.executable("/Programs/Compile/1/bin/Compile", data("Compile")?)?;
    machine.chamber().link("1", "/Programs/Compile/Current")?;
    machine.chamber().link("/Programs/Compile/1/bin/Compile", "/System/Index/bin/Compile")?;
    recipe(&machine, RECIPE, "Greeting", "Lua = 5.1.5\n")?;
    Ok(Some(machine))
}

fn data(name: &str) -> Result<Vec<u8>> {
    Ok(std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/compile").join(name))?)
}

/// Writes a recipe of that name.
fn recipe(machine: &Machine, folder: &str, name: &str, dependencies: &str) -> Result<()> {
    machine.executable(&format!("{folder}/configure"), data("configure")?)?;
    let files = [
        ("Name", name.as_bytes().to_vec()),
        ("Version", b"1.0".to_vec()),
        ("Dependencies", dependencies.into()),
        ("BuildDependencies", b"Make\n".to_vec()),
        ("Makefile.in", data("Makefile.in")?),
        ("greeting.lua", b"print('greetings from ' .. _VERSION, ...)\n".to_vec()),
    ];
    files.into_iter().try_for_each(|(file, text)| machine.chamber().write(format!("{folder}/{file}"), text))
}

/// `Compile WORDS` by root.
fn compile(machine: &Machine, words: &[&str]) -> Result<Output> {
    machine.chamber().command([&["Compile"], words].concat()).env("CFLAGS", "-O2 -g").run()
}

/// The version of Lua whose compiler wrote a file: it stands behind its mark.
fn compiled_by(machine: &Machine, file: &str) -> Result<String> {
    let bytes = machine.chamber().read_bytes(file)?;
    assert!(bytes.starts_with(b"\x1bLua"), "{file}");
    Ok(format!("{:x}", bytes[4]))
}

#[test]
fn a_program_is_built_with_a_pinned_library_and_installed_outside() -> Result<()> {
    let Some(machine) = machine(&requires_gobo_root!())? else { return Ok(()) };
    let output = compile(&machine, &[RECIPE])?.success()?;
    let text = output.text();
    for line in [
        "checking for lua... Lua 5.1.5",
        "checking for luac... Lua 5.1.5",
        "checking whether the index can be written to... yes",
        "CFLAGS are -O2 -g",
    ] {
        assert!(text.contains(line), "{line}: {output}");
    }
    assert_eq!(output.errors(), "");
    assert_eq!(compiled_by(&machine, "/Programs/Greeting/1.0/share/greeting/greeting.luac")?, "51");
    // What the build wrote into its view is gone, what was installed is there, and linked into the index itself.
    for name in ["share/build-of-greeting", "bin/greeting-compiler"] {
        assert!(!machine.chamber().exists(format!("/System/Index/{name}")), "{name}");
    }
    let link = machine.chamber().read_link("/System/Index/bin/greeting")?;
    assert_eq!(link, Path::new("/Programs/Greeting/1.0/bin/greeting"));
    assert_eq!(machine.runner(["greeting", "ann"])?.success()?.text(), "greetings from Lua 5.1\tann");
    assert!(!machine.command(["greeting"]).run()?.status.success(), "the index has Lua 5.4");
    Ok(())
}

#[test]
fn a_recipe_in_a_recipe_nests() -> Result<()> {
    let Some(machine) = machine(&requires_gobo_root!())? else { return Ok(()) };
    recipe(&machine, &format!("{RECIPE}/recipes/Inner"), "Inner", "Lua = 5.3.6\n")?;
    compile(&machine, &[RECIPE])?.success()?;
    assert_eq!(compiled_by(&machine, "/Programs/Inner/1.0/share/greeting/greeting.luac")?, "53");
    assert_eq!(compiled_by(&machine, "/Programs/Greeting/1.0/share/greeting/greeting.luac")?, "51");
    Ok(())
}

#[test]
fn the_code_of_a_build_that_fails_comes_back() -> Result<()> {
    let Some(machine) = machine(&requires_gobo_root!())? else { return Ok(()) };
    for code in ["1", "2", "77", "255"] {
        machine.executable(&format!("{RECIPE}/configure"), format!("#!/bin/sh\nexit {code}\n"))?;
        let output = compile(&machine, &[RECIPE])?;
        assert_eq!(output.status.code().map(|code| code.to_string()).as_deref(), Some(code), "{output}");
        assert!(!machine.chamber().exists("/System/Index/bin/greeting"));
    }
    Ok(())
}

#[test]
fn a_pure_build_sees_what_is_listed() -> Result<()> {
    let Some(machine) = machine(&requires_gobo_root!())? else { return Ok(()) };
    let listed = "Lua = 5.1.5\nMake\nSed\nCoreUtils\n";
    machine.chamber().write(format!("{RECIPE}/Dependencies"), listed)?;
    compile(&machine, &["--pure", RECIPE])?.success()?;
    assert_eq!(compiled_by(&machine, "/Programs/Greeting/1.0/share/greeting/greeting.luac")?, "51");
    machine.chamber().write(format!("{RECIPE}/Dependencies"), listed.replace("Sed\n", ""))?;
    let output = compile(&machine, &["--pure", RECIPE])?;
    assert!(!output.status.success() && output.errors().contains("sed: command not found"), "{output}");
    Ok(())
}

#[test]
fn verbose_tells_what_the_build_sees() -> Result<()> {
    let Some(machine) = machine(&requires_gobo_root!())? else { return Ok(()) };
    let output = machine.chamber().command(["Compile", RECIPE]).env("VERBOSE", "1").run()?.success()?;
    let told = format!("adding dependency /Programs/Lua/5.1.5 (asked for by {RECIPE}/Dependencies:1)");
    assert!(output.errors().contains(&told), "{output}");
    Ok(())
}
