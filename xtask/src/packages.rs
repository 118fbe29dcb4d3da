//! What a fresh Debian machine lacks, installed by its package manager and by nothing else.

use anyhow::{Context as _, Result, bail};
use gobo_tests::root::{debian, missing_tools};
use std::path::Path;
use std::process::Command;

/// Files that building needs, and the packages that have them.
const BUILD: [(&str, &str); 2] =
    [("/usr/include/security/pam_modules.h", "libpam0g-dev"), ("/usr/bin/cc", "gcc")];

/// Tools that tests run on this machine, and the packages that have them.
const TEST: [(&str, &str); 11] = [
    ("git", "git"),
    ("make", "make"),
    ("nm", "binutils"),
    ("bash", "bash"),
    ("dash", "dash"),
    ("fish", "fish"),
    ("zsh", "zsh"),
    ("tmux", "tmux"),
    ("dot", "graphviz"),
    ("groff", "groff-base"),
    ("ssh", "openssh-client"),
];

/// Programs that do what ours do, and a compiler for what they do at least.
const BENCH: [(&str, &str); 3] = [("bwrap", "bubblewrap"), ("unshare", "util-linux"), ("cc", "gcc")];

/// Files that fuzzing needs: its engine is C++.
const FUZZ: [(&str, &str); 1] = [("/usr/bin/c++", "g++")];

/// Installs what building the product takes.
pub(crate) fn for_building() -> Result<()> {
    let missing = BUILD.iter().filter(|(file, _)| !Path::new(file).exists());
    install(missing.map(|(_, package)| *package).collect())
}

/// Installs what building the root takes.
pub(crate) fn for_root() -> Result<()> {
    install(missing_tools().iter().map(|(_, package)| *package).collect())
}

/// Installs what our commands are measured against.
pub(crate) fn for_benches() -> Result<()> {
    install(BENCH.iter().filter(|(tool, _)| !is_there(tool)).map(|(_, package)| *package).collect())
}

/// Installs what making a minimal Debian system takes.
pub(crate) fn for_debian() -> Result<()> {
    for_root()?;
    let missing = debian::HOST_PACKAGES.iter().filter(|(tool, _)| !is_there(tool));
    install(missing.map(|(_, package)| *package).collect())
}

/// Installs what the tests run.
pub(crate) fn for_tests() -> Result<()> {
    install(TEST.iter().filter(|(tool, _)| !is_there(tool)).map(|(_, package)| *package).collect())
}

/// Installs what fuzzing takes: a C++ compiler, and cargo-fuzz, which no package has.
pub(crate) fn for_fuzzing() -> Result<()> {
    for_building()?;
    let missing = FUZZ.iter().filter(|(file, _)| !Path::new(file).exists());
    install(missing.map(|(_, package)| *package).collect())?;
    let works = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(arguments).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if works(&["fuzz", "--version"]) {
        return Ok(());
    }
    eprintln!("installing cargo-fuzz");
    crate::cargo(&["install", "cargo-fuzz", "--locked"])
}

fn is_there(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into(), "/usr/lib/apt".into()]);
    folders.into_iter().any(|folder| folder.join(tool).is_file())
}

fn install(mut packages: Vec<&str>) -> Result<()> {
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this machine lacks what the Debian packages {names} have, and has no apt-get to install them");
    }
    eprintln!("installing {names}");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq").args(arguments);
        command.stdout(std::process::Stdio::null()).status().context("apt-get does not start")
    };
    let all: Vec<&str> = ["install", "-y", "--no-install-recommends"].into_iter().chain(packages).collect();
    if apt(&all)?.success() {
        return Ok(());
    }
    // The lists of packages of a fresh machine are missing or old.
    apt(&["update"])?;
    if !apt(&all)?.success() {
        bail!("apt-get could not install {names}; as root, try: apt-get update && apt-get install {names}");
    }
    Ok(())
}
