//! `cargo xtask bench`: what sessions and commands take, ours and others in turn, in one run.

use crate::{build_release, cargo, packages, test, workspace};
use anyhow::{Context as _, Result, bail};
use gobo_tests::lab::PRODUCT_FOLDER;
use gobo_tests::root::{self, Variant};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// How many samples each figure has, if nothing else is said.
pub(crate) const SAMPLES: u32 = 200;

/// What stands around the tables in the document.
const MARKS: [&str; 2] = ["<!-- figures of one run: cargo xtask bench -->\n", "<!-- end of the figures -->"];

/// Builds everything as it is delivered, measures, and puts the tables into the document.
pub(crate) fn bench(samples: u32) -> Result<()> {
    if !test::is_root() {
        bail!("the benches need root: they make namespaces and mounts");
    }
    packages::for_building()?;
    packages::for_root()?;
    packages::for_benches()?;
    for variant in [Variant::Small, Variant::Full] {
        root::build(&root::Options::new(variant))?;
    }
    let product = build_release()?;
    cargo(&["build", "--quiet", "--release", "-p", "gobo-tests", "--bins"])?;
    let status = Command::new("cargo")
        .args(["bench", "--quiet", "-p", "gobo-tests", "--bench", "sessions"])
        .env(PRODUCT_FOLDER, product)
        .env("GOBO_BENCH", samples.to_string())
        .env("GOBO_TESTS_MUST_RUN", "1")
        .current_dir(workspace())
        .status()
        .context("cargo bench does not start")?;
    if !status.success() {
        bail!("the benches failed");
    }
    cargo(&["bench", "--quiet", "-p", "gobo-session", "--bench", "road"])?;
    cargo(&["bench", "--quiet", "-p", "gobo-tests", "--bench", "plans"])?;
    let target = workspace().join("target");
    let tables = fs::read_to_string(target.join("bench.md")).context("no tables")?;
    let functions = functions(&target.join("criterion"))?;
    let document = workspace().join("docs/performance.md");
    let text = fs::read_to_string(&document)?;
    let (before, rest) = text.split_once(MARKS[0]).context("the document has no place for the tables")?;
    let (_, after) = rest.split_once(MARKS[1]).context("the document has no end of the tables")?;
    fs::write(&document, format!("{before}{}{tables}{functions}\n{}{after}", MARKS[0], MARKS[1]))?;
    Ok(())
}

/// The table of functions, of what criterion has written down.
fn functions(folder: &Path) -> Result<String> {
    let mut lines = Vec::new();
    for group in folders_in(folder)? {
        for function in folders_in(&group)? {
            let [estimates, benchmark] =
                ["new/estimates.json", "new/benchmark.json"].map(|file| function.join(file));
            if let (Ok(estimates), Ok(benchmark)) = (fs::read(estimates), fs::read(benchmark)) {
                let (estimates, benchmark): (Value, Value) =
                    (serde_json::from_slice(&estimates)?, serde_json::from_slice(&benchmark)?);
                let median = estimates["median"]["point_estimate"].as_f64().context("no median")?;
                let name = benchmark["full_id"].as_str().context("no name")?.replace('_', " ");
                lines.push(format!("| {name} | {:.3} |", median / 1e6));
            }
        }
    }
    lines.sort();
    let mut table = "\n### Functions alone, in milliseconds\n\n| function | median |\n|---|---|\n".to_owned();
    for line in lines {
        let _ = writeln!(table, "{line}");
    }
    Ok(table)
}

fn folders_in(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.is_dir()).collect())
}
