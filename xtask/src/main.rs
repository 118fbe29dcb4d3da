//! The project's own commands, for people and for CI: [`USAGE`] has them.

mod bench;
mod deb;
mod demo;
mod dist;
mod fuzz;
mod install;
mod mutants;
mod packages;
mod screenshot;
mod test;

use anyhow::{Context as _, Result, bail};
use gobo_tests::root::{self, Variant};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: cargo xtask COMMAND
  demo                            log users in through real PAM, in a GoboLinux root of real programs, and show what they see
  demo --screenshot FOLDER        the same on screens: pictures of GTK+ 2 and 3, x86_64 and i686, side by side
  test [ARGUMENTS FOR CARGO TEST] install what is missing, build, and run all tests
  soak [LOGINS]                   thousands of logins with random wishes, failures and deaths: 20,000, or as many as are given
  bench [SAMPLES]                 how long sessions and commands take, ours and others in turn; writes docs/performance.md
  mutants [WORD]                  take out one defence after the other (those with the word), and see that tests fail without
  install [PLACES]                build the product and install it: --destdir D, --prefix P [/usr/local], --pamdir P [where
                                  the system has its modules], --sysconfdir P [/etc], --built FOLDER [built anew]
  uninstall [PLACES]              remove what was installed there, and nothing else
  dist [FOLDER]                   make tarballs of the source and of the built product, in target/dist or the folder;
                                  with --twice in two new folders, and compare what they are
  deb [FOLDER [BUILT]]            make a Debian package, of what cargo has built in BUILT or of what is built anew
  root [--variant VARIANT]        build the GoboLinux root, or find it built: small, full, or doors;
                                  or debian, a minimal Debian system
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
        ["bench"] => bench::bench(bench::SAMPLES),
        ["bench", samples] => bench::bench(samples.parse().context("SAMPLES is a whole number")?),
        ["mutants"] => mutants::mutants(""),
        ["mutants", word] => mutants::mutants(word),
        ["install", options @ ..] => install::install(&install::Places::of(options)?),
        ["uninstall", options @ ..] => install::uninstall(&install::Places::of(options)?),
        ["dist", "--twice"] => dist::twice(),
        ["dist"] => dist::dist(&workspace().join("target/dist")),
        ["dist", folder] => dist::dist(folder.as_ref()),
        ["deb"] => deb::deb(&workspace().join("target/dist"), None),
        ["deb", folder] => deb::deb(folder.as_ref(), None),
        ["deb", folder, built] => deb::deb(folder.as_ref(), Some(built.into())),
        ["root"] => build_root(Variant::Small),
        ["root", "--variant", "debian"] => build_debian(),
        ["root", "--variant", variant] => build_root(variant.parse()?),
        ["check"] => test::check(),
        ["fuzz"] => fuzz::fuzz(fuzz::SECONDS),
        ["fuzz", seconds] => fuzz::fuzz(seconds.parse().context("SECONDS is a whole number")?),
        _ => bail!("{USAGE}"),
    }
}

fn build_root(variant: Variant) -> Result<()> {
    packages::for_root()?;
    let root = root::build(&root::Options::new(variant))?;
    println!("{}", root.path.display());
    Ok(())
}

fn build_debian() -> Result<()> {
    packages::for_debian()?;
    println!("{}", root::debian::build(&root::Options::new(Variant::Small).work)?.display());
    Ok(())
}

/// Runs a command of the workspace, showing what it prints.
fn cargo(arguments: &[&str]) -> Result<()> {
    cargo_in(&workspace(), arguments, &[])
}

/// As [`cargo`], in another folder and with variables of the environment set.
fn cargo_in(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(folder)
        .status()
        .context("cargo does not start")?;
    if !status.success() {
        bail!("cargo {} failed", arguments.join(" "));
    }
    Ok(())
}

/// Builds the product as the demo installs it, and what the lab runs. What the product can be told to do wrong is in
/// this build alone.
fn build_product_and_lab() -> Result<()> {
    cargo(&[
        "build",
        "--quiet",
        "-p",
        "gobo-session",
        "-p",
        "pam_gobo",
        "-p",
        "gobo-tests",
        "--lib",
        "--bins",
    ])
}

/// Builds the product as users install it, and gives the folder: what is tested.
fn build_release() -> Result<PathBuf> {
    cargo(&["build", "--quiet", "--release", "-p", "gobo-session", "-p", "pam_gobo"])?;
    let folder = workspace().join("target/release");
    folder.canonicalize().with_context(|| format!("find {}", folder.display()))
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
