//! The project's own commands, for people and for CI: `cargo xtask root|demo|test|soak|check|fuzz`.

mod demo;
mod fuzz;
mod install;
mod screenshot;
mod test;

use anyhow::{Context as _, Result, bail};
use gobo_tests::root::{self, Variant};
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: cargo xtask COMMAND
  demo                            log users in through real PAM, in a GoboLinux root of real programs, and show what they see
  demo --screenshot FOLDER        the same on screens: pictures of GTK+ 2 and 3, x86_64 and i686, side by side
  test [ARGUMENTS FOR CARGO TEST] install what is missing, build, and run all tests
  soak [LOGINS]                   thousands of logins with random wishes, failures and deaths: 20,000, or as many as are given
  root [--variant VARIANT]        build the GoboLinux root, or find it built: small, full, or doors
  check                           what CI checks before the tests: formatting, clippy, documentation
  fuzz [SECONDS]                  feed every reader hostile input, each for 60 seconds or as many as are given";

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["demo"] => demo::demo(),
        ["demo", "--screenshot", folder] => screenshot::screenshots(folder.as_ref()),
        ["test", arguments @ ..] => test::test(arguments),
        ["soak"] => test::soak(test::LOGINS),
        ["soak", logins] => test::soak(logins.parse().context("LOGINS is a whole number")?),
        ["root"] => build_root(Variant::Small),
        ["root", "--variant", variant] => build_root(variant.parse()?),
        ["check"] => test::check(),
        ["fuzz"] => fuzz::fuzz(fuzz::SECONDS),
        ["fuzz", seconds] => fuzz::fuzz(seconds.parse().context("SECONDS is a whole number")?),
        _ => bail!("{USAGE}"),
    }
}

fn build_root(variant: Variant) -> Result<()> {
    install::for_root()?;
    let root = root::build(&root::Options::new(variant))?;
    println!("{}", root.path.display());
    Ok(())
}

/// Runs a command of the workspace, showing what it prints.
fn cargo(arguments: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .current_dir(workspace())
        .status()
        .context("cargo does not start")?;
    if !status.success() {
        bail!("cargo {} failed", arguments.join(" "));
    }
    Ok(())
}

/// Builds the product where tests and the demo look for it.
fn build_product() -> Result<()> {
    cargo(&["build", "--quiet", "-p", "gobo-session", "-p", "pam_gobo"])
}

fn workspace() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
