//! docs/resolution.md shows what the command prints: every tree in it is made, every command run, every output compared.
//!
//! A block that is marked `tree` has a version on each line, a star behind the current one, its architecture in brackets
//! where it has one, and what it needs behind a colon. A block marked `console` is a session over the tree before it. `GOBO_BLESS=1` writes down what is printed.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::built;
use gobo_tests::world::World;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The document.
fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/resolution.md")
}

/// The tree that a block tells.
fn tree(block: &str) -> Result<World> {
    let world = World::new()?;
    for line in block.lines() {
        let (named, needs) = line.split_once(':').unwrap_or((line, ""));
        let (name, version) = named.split_once(' ').with_context(|| format!("no version in `{line}`"))?;
        let (version, architecture) = version.split_once(" (").unwrap_or((version, ""));
        let bare = version.trim_end_matches('*');
        let needs: String = needs.split(';').map(|need| format!("{}\n", need.trim())).collect();
        let mut told = world.program(name, bare).dependencies(&needs);
        if !architecture.is_empty() {
            told = told.architecture(architecture.trim_end_matches(')'));
        }
        if bare != version {
            told.current();
        }
    }
    Ok(world)
}

/// What a session's commands print, over a tree; each line that begins with `$` is a command.
fn session(block: &str, world: &World) -> Result<String> {
    let mut printed = String::new();
    for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let words = command.strip_prefix("gobo-session ").with_context(|| format!("`{command}`"))?;
        let program = built("gobo-session")?;
        let (subcommand, rest) = words.split_once(' ').context("a subcommand and what it is asked")?;
        let script = format!("exec \"$0\" {subcommand} --root \"$1\" {rest} 2>&1");
        let output = Command::new("bash").args(["-c", &script]).arg(&program).arg(world.root()).output()?;
        printed += &format!("$ {command}\n{}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(printed)
}

#[test]
fn the_document_on_resolution_shows_what_is_printed() -> Result<()> {
    let text = fs::read_to_string(document())?;
    let mut world = None;
    let mut made = String::new();
    let mut sessions = 0;
    for (number, block) in text.split("```").enumerate() {
        if number > 0 {
            made += "```";
        }
        let (kind, content) = block.split_once('\n').unwrap_or((block, ""));
        match (number % 2, kind) {
            (1, "tree") => world = Some(tree(content)?),
            (1, "console") => {
                made += &format!("console\n{}", session(content, world.as_ref().context("no tree yet")?)?);
                sessions += 1;
                continue;
            }
            _ => {}
        }
        made += block;
    }
    if std::env::var_os("GOBO_BLESS").is_some() {
        fs::write(document(), &made)?;
        return Ok(());
    }
    ensure!(made == text, "docs/resolution.md is not what is printed; GOBO_BLESS=1 writes it:\n{made}");
    ensure!(sessions >= 10, "{sessions} sessions");
    Ok(())
}
