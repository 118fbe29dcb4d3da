//! A tree of every program and version that GoboLinux has a recipe for: folders and Dependencies files, nothing else.
//!
//! The recipes are data of others and no part of this project. They are looked for beside the workspace, or where
//! `GOBO_CORPUS` says; where they are not, tests that need them say so and pass, unless `GOBO_CORPUS` is set.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::world::World;

/// Where the recipes and other real files are looked for.
#[must_use]
pub fn folder() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    std::env::var_os("GOBO_CORPUS").map_or_else(beside, PathBuf::from)
}

/// The file of recipes, if it is there.
///
/// # Panics
/// Where `GOBO_CORPUS` names a folder that does not have it.
pub fn recipes() -> Option<PathBuf> {
    let file = folder().join("recipes.tsv.gz");
    if file.is_file() {
        return Some(file);
    }
    let is_given = std::env::var_os("GOBO_CORPUS").is_some();
    assert!(!is_given, "GOBO_CORPUS is set, but {} is no file", file.display());
    println!("not run: the recipes are not at {} (GOBO_CORPUS names their folder)", file.display());
    None
}

/// Programs, their versions, and the lines of their Dependencies.
pub type Recipes = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Reads the file: `NAME VERSION KIND LINE`, separated by tabs.
pub fn read(file: &Path) -> Result<Recipes> {
    let output = Command::new("gzip").arg("-dc").arg(file).output().context("cannot run gzip")?;
    ensure!(output.status.success(), "gzip cannot read {}", file.display());
    let mut recipes = Recipes::new();
    for row in String::from_utf8_lossy(&output.stdout).lines() {
        let mut fields = row.splitn(4, '\t');
        let (Some(name), Some(version), Some(kind)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let lines = recipes.entry(name.to_owned()).or_default().entry(version.to_owned()).or_default();
        if kind == "D" {
            lines.push(fields.next().unwrap_or_default().to_owned());
        }
    }
    Ok(recipes)
}

/// The tree of all recipes; the highest version in the given order is the current one. Its reader keeps every version's
/// folder open, so as many files may be open as the system lets this process have.
pub fn tree(recipes: &Recipes, order: impl Fn(&str, &str) -> Ordering) -> Result<World> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let world = World::new()?;
    for (program, versions) in recipes {
        for (version, lines) in versions {
            let told = world.program(program, version);
            if !lines.is_empty() {
                told.dependencies(&(lines.join("\n") + "\n"));
            }
        }
        let latest = versions.keys().max_by(|a, b| order(a, b)).context("a program without versions")?;
        world.program(program, latest).current();
    }
    Ok(world)
}
