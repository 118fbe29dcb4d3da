//! `cargo xtask test`: everything that the tests need, and then all of them.

use crate::{build_product_and_lab, build_release, cargo, packages, workspace};
use anyhow::{Context as _, Result, bail};
use gobo_tests::lab::PRODUCT_FOLDER;
use gobo_tests::root::{self, Variant};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// Installs, builds and tests; ends with a line that says how many tests ran.
pub(crate) fn test(arguments: &[&str]) -> Result<()> {
    packages::for_building()?;
    packages::for_tests()?;
    if is_root() {
        packages::for_debian()?;
        for variant in [Variant::Small, Variant::Full, Variant::Doors] {
            root::build(&root::Options::new(variant))?;
        }
        root::debian::build(&root::Options::new(Variant::Small).work)?;
    } else {
        eprintln!("not root: tests that need namespaces and mounts will be skipped, each saying so");
    }
    build_product_and_lab()?;
    let counts = run_tests(arguments, &build_release()?)?;
    println!("\n{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped);
    if counts.failed > 0 || !counts.succeeded {
        bail!("the tests failed");
    }
    if counts.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// How many logins a soak is, if nothing else is said.
pub(crate) const LOGINS: u32 = 20_000;

/// Logs in as often as is said, through several services, and looks for what is left.
pub(crate) fn soak(logins: u32) -> Result<()> {
    if !is_root() {
        bail!("a soak needs root: it makes namespaces and mounts");
    }
    packages::for_building()?;
    packages::for_root()?;
    root::build(&root::Options::new(Variant::Small))?;
    let status = Command::new("cargo")
        .args(["test", "-p", "gobo-tests", "--test", "soak", "--", "--nocapture"])
        .env(PRODUCT_FOLDER, build_release()?)
        .env("GOBO_SOAK", logins.to_string())
        .env("GOBO_TESTS_MUST_RUN", "1")
        .current_dir(workspace())
        .status()
        .context("cargo test does not start")?;
    if status.success() { Ok(()) } else { bail!("the soak failed") }
}

/// Formatting, clippy and documentation: warnings are errors.
pub(crate) fn check() -> Result<()> {
    packages::for_building()?;
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    // The module alone has less of the library.
    cargo(&["clippy", "--quiet", "-p", "pam_gobo", "--", "-D", "warnings"])?;
    let doc = Command::new("cargo")
        .args(["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .current_dir(workspace())
        .status()
        .context("cargo doc does not start")?;
    if doc.success() { Ok(()) } else { bail!("cargo doc failed") }
}

#[derive(Default)]
struct Counts {
    passed: u32,
    failed: u32,
    skipped: u32,
    succeeded: bool,
}

/// Runs cargo's tests, passing on what they print and adding up the results of all test programs.
fn run_tests(arguments: &[&str], product: &Path) -> Result<Counts> {
    let mut child = Command::new("cargo")
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(arguments)
        .env(PRODUCT_FOLDER, product)
        .current_dir(workspace())
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo test does not start")?;
    let mut counts = Counts::default();
    let output = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        if let Some(result) = line.strip_prefix("test result: ") {
            counts.passed += number_before(result, " passed");
            counts.failed += number_before(result, " failed");
            counts.skipped += number_before(result, " ignored");
        }
    }
    counts.succeeded = child.wait()?.success();
    Ok(counts)
}

/// The number in `... 12 passed; ...`.
fn number_before(text: &str, word: &str) -> u32 {
    let before = text.split(word).next().unwrap_or_default();
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

pub(crate) fn is_root() -> bool {
    gobo_tests::gate::is_root()
}
