//! How long sessions and commands take, and what they cost, ours and others in turn.
//!
//! `cargo xtask bench` runs it, over a release build of the product; `GOBO_BENCH=200` is how many samples each has, and words
//! choose among the chapters. It prints tables, and writes them to `target/bench.md`, what they hold to `target/bench.json`.

mod chapters;
mod sheet;
mod stage;

use anyhow::{Context as _, Result, ensure};
use chapters::{commands, face, inside, logins, many, trees};
use gobo_tests::requires_gobo_root;
use sheet::Sheet;
use stage::Stage;

/// A part of what is measured.
type Chapter = fn(&Stage, &mut Sheet) -> Result<()>;

/// The chapters by name. The last one makes the tree larger.
const CHAPTERS: [(&str, Chapter); 13] = [
    ("sessions", logins::warm),
    ("modules", logins::modules),
    ("first", logins::first),
    ("mounts", logins::mounts),
    ("crowd", logins::crowd),
    ("su", commands::su),
    ("run", commands::run),
    ("commands", face::commands),
    ("inside", inside::inside),
    ("memory", many::memory),
    ("renewal", many::renewal),
    ("storm", many::storm),
    ("trees", trees::trees),
];

fn main() -> Result<()> {
    let count = std::env::var("GOBO_BENCH").ok().map_or(Ok(200), |count| count.parse());
    let count = count.context("GOBO_BENCH is how many samples to take")?;
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_chapter = |word: &String| CHAPTERS.iter().any(|(name, _)| name == word);
    let names = CHAPTERS.map(|(name, _)| name).join(", ");
    ensure!(words.iter().all(is_chapter), "the chapters are {names}");
    let stage = Stage::new(&requires_gobo_root!(Full), count)?;
    let mut sheet = Sheet::default();
    for (name, chapter) in CHAPTERS {
        if words.is_empty() || words.iter().any(|word| word == name) {
            chapter(&stage, &mut sheet).with_context(|| format!("the chapter {name}"))?;
        }
    }
    sheet.limits();
    std::fs::write("../target/bench.md", sheet.text())?;
    std::fs::write("../target/bench.json", serde_json::to_vec_pretty(sheet.figures())?)?;
    Ok(())
}
