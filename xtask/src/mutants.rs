//! `cargo xtask mutants`: takes out one defence after the other, and looks whether the tests that guard it fail.

use crate::{packages, test, workspace};
use anyhow::{Context as _, Result, bail, ensure};
use gobo_tests::lab::PRODUCT_FOLDER;
use gobo_tests::mutations::Mutation;
use gobo_tests::root::{self, Options, Variant};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the product is built of.
const SOURCES: [&str; 5] = ["Cargo.toml", "Cargo.lock", "gobo-session", "pam_gobo", "config"];

/// The most lines that are shown of what a test says.
const MAX_SAID: usize = 8;

/// Tries the mutations whose defence or tests have `word` in them.
pub(crate) fn mutants(word: &str) -> Result<()> {
    if !test::is_root() {
        bail!("mutants are tried in chambers, which takes root: they make namespaces and mounts");
    }
    packages::for_building()?;
    if std::env::var_os("GOBO_ROOT").is_none() {
        packages::for_root()?;
        root::build(&Options::new(Variant::Small))?;
    }
    let is_meant = |m: &Mutation| m.defence.contains(word) || m.tests.iter().any(|test| test.contains(word));
    let mutations: Vec<Mutation> = Mutation::all()?.into_iter().filter(is_meant).collect();
    ensure!(!mutations.is_empty(), "no defence, and no test of one, has `{word}` in its name");
    let programs = programs(&mutations.iter().map(|mutation| mutation.program.as_str()).collect())?;
    let copy = Copy::make()?;
    copy.build("nothing")?;
    for Mutation { program, tests, .. } in &mutations {
        for test in tests {
            let said = copy.failure_of(&programs[program], test)?;
            ensure!(said.is_none(), "{test} fails with all defences:\n{}", said.unwrap_or_default());
        }
    }
    println!("with all defences each test passes");
    let mut unguarded = Vec::new();
    let mut count = 0;
    for mutation in &mutations {
        println!("without: {}", mutation.defence);
        let original = copy.mutate(mutation)?;
        for test in &mutation.tests {
            count += 1;
            match copy.failure_of(&programs[&mutation.program], test)? {
                Some(said) => println!("  {test} fails:\n{said}"),
                None => {
                    println!("  {test} PASSES");
                    unguarded.push(format!("{test} passes without: {}", mutation.defence));
                }
            }
        }
        fs::write(copy.source.join(&mutation.file), original)?;
    }
    ensure!(unguarded.is_empty(), "{}", unguarded.join("\n"));
    println!("\n{count} tests of defences that were taken out, and each failed");
    Ok(())
}

/// A copy of the product's sources, with builds of its own.
struct Copy {
    source: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn make() -> Result<Self> {
        let folder = workspace().join("target/mutants");
        let (source, target) = (folder.join("source"), folder.join("target"));
        fs::create_dir_all(&source)?;
        for name in SOURCES {
            copy(&workspace().join(name), &source.join(name)).with_context(|| format!("copy {name}"))?;
        }
        // Nobody builds the other members here.
        let manifest = source.join("Cargo.toml");
        let text = fs::read_to_string(&manifest)?;
        let members = text
            .lines()
            .find(|line| line.starts_with("members = "))
            .context("a workspace without members")?;
        fs::write(manifest, text.replacen(members, "members = [\"gobo-session\", \"pam_gobo\"]", 1))?;
        Ok(Self { source, target })
    }

    /// Takes a defence out and builds what is left; gives the text that its file had.
    fn mutate(&self, mutation: &Mutation) -> Result<String> {
        let file = self.source.join(&mutation.file);
        let original = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        fs::write(&file, mutation.applied_to(&original)?)?;
        self.build(&mutation.defence)?;
        Ok(original)
    }

    /// Builds the product, without what it is said to be without.
    fn build(&self, without: &str) -> Result<()> {
        let built = Command::new("cargo")
            .args(["build", "--quiet", "-p", "gobo-session", "-p", "pam_gobo", "--target-dir"])
            .arg(&self.target)
            // Built often and run little.
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
            .current_dir(&self.source)
            .output()
            .context("cargo does not start")?;
        // It warns of what is not used any more.
        let why = || String::from_utf8_lossy(&built.stderr).into_owned();
        ensure!(built.status.success(), "without {without} the product does not build: {}", why());
        Ok(())
    }

    /// What a test says where it fails without a defence.
    fn failure_of(&self, program: &Path, test: &str) -> Result<Option<String>> {
        let output = Command::new(program)
            .arg(test)
            .env(PRODUCT_FOLDER, self.target.join("debug").canonicalize()?)
            .env("GOBO_TESTS_MUST_RUN", "1")
            .env("RUST_BACKTRACE", "0")
            .current_dir(workspace().join("tests"))
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("{} does not start", program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(!text.contains("running 0 tests"), "{} has no test {test}", program.display());
        let said = text.lines().skip_while(|line| !line.starts_with("---- ")).skip(1);
        let said: Vec<String> = said.take(MAX_SAID).map(|line| format!("    {line:.300}")).collect();
        Ok((!output.status.success()).then(|| said.join("\n")))
    }
}

/// Builds test programs, and gives where each is: a copy, which later builds leave alone.
fn programs(names: &BTreeSet<&str>) -> Result<BTreeMap<String, PathBuf>> {
    let output = Command::new("cargo")
        .args(["test", "-p", "gobo-tests", "--no-run"])
        .args(names.iter().flat_map(|name| ["--test", name]))
        .current_dir(workspace())
        .output()
        .context("cargo test does not start")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the tests do not build: {text}");
    let folder = workspace().join("target/debug/mutants");
    fs::create_dir_all(&folder)?;
    let mut programs = BTreeMap::new();
    // `Executable tests/attacks/main.rs (target/debug/deps/attacks-0123456789abcdef)`
    let paths =
        text.lines().filter_map(|line| line.trim_end_matches(')').rsplit_once(" (").map(|(_, path)| path));
    for path in paths.filter(|path| path.contains("/deps/")) {
        let name = path
            .rsplit('/')
            .next()
            .and_then(|file| file.rsplit_once('-'))
            .context("a program without name")?
            .0;
        let copy = folder.join(name);
        // One that is running is not written over.
        let _ = fs::remove_file(&copy);
        fs::copy(workspace().join(path), &copy).with_context(|| format!("copy {path}"))?;
        programs.insert(name.to_owned(), copy.canonicalize()?);
    }
    Ok(programs)
}

/// Copies what has changed, so that nothing else is built again.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    if fs::read(to).ok() != Some(fs::read(from)?) {
        fs::create_dir_all(to.parent().context("a file without folder")?)?;
        fs::copy(from, to)?;
    }
    Ok(())
}
