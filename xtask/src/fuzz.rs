//! `cargo xtask fuzz`: every target of `fuzz/` for a while, from seeds that look like real input.

use crate::{packages, workspace};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How long each target runs where nothing else is said, in seconds.
pub(crate) const SECONDS: u32 = 60;

/// What is fuzzed, each with the largest input: a little more than its reader takes, where that is bounded.
const TARGETS: [(&str, u32); 6] = [
    ("versions", 1024),
    ("dependencies", 66_000),
    ("environment", 66_000),
    ("profile", 66_000),
    ("policy", 66_000),
    ("mountinfo", 16_384),
];

/// The most lines of real dependencies that become seeds of their own.
const MAX_LINES: usize = 2000;

const VERSIONS: [&str; 6] = [
    "1.9\n1.10",
    "2\n2.0.0\n2.00-i686",
    "1.0rc1\n1.0\n1.0a",
    "2.24.22\n2.24.22-r2\n2.24.22-r2p1",
    "20081111-GIT\ngit",
    "v1.2\n1~rc1",
];
const DEPENDENCIES: [&str; 4] = [
    "# what it needs\nZLib 1.2.3\nLua >= 5.1 # Optional\n[*ssl]\nGLib [cross]\nCairo 1.4 [!cross]\n",
    "Qt >= 3.3.2 < 4.0\nLinux 2.6, < 2.6.24\nParted >= 1.7.1, != 1.8.3, != 1.8.4\n",
    "Expat | LibXML2 2\nGCC < 4 | >= 4.1\nMod_PHP [php] | PHP [php , !cgi]\nCPAN:XML::Parser 2.34\n",
    "\u{feff}Lua => 5.0\r\nGVFS > = 2.19.1\r\n*Warning*: Unresolved library /usr/lib/libx.so\r\n",
];
const ENVIRONMENT: [&str; 6] = [
    "export KDEDIRS=${KDEDIRS:+${KDEDIRS}:}${goboPrograms}/KDE/Current/\n",
    "if [ -z \"$XDG_DATA_DIRS\" ]; then\n  export XDG_DATA_DIRS=/share\nelif [ -n \"$A\" ]\nthen A+=b\nelse unset A\nfi\n",
    "user=`SuperUserName`; home=$(SuperUserName || echo gobo)\nexport P='a b' Q=\"$P:${R:-\\$x}\" S=~/x\nalias ls='ls -F'\n",
    "export A=1 B\0B=$A$A\nfor i in 1 2; do echo $i; done\nexport PATH=/Programs/Qt/Current/bin:$PATH\0unset A B\n",
    "for vk in 5.1= 5.2=_5_2\ndo\n  v=\"${vk%=*}\"\n  k=\"${vk##*=}\"\nexport LUA_PATH$k+=\"\\\n;/share/$v/?.lua\"\ndone\nunset v k\n",
    "f () { echo \"${1%%/*}\" $2; }\ng ()\n{\n  local v=\"$1\"\n  echo \"$(f $v \"${2:-$(f a/b)}\")\"\n}\n\
     export A=\"$A;$(g 5.1)\" B=$(readlink $Q)\nif [ -z $A]; then g=1; fi\n",
];
const MOUNTINFO: &str = "36 35 98:0 /mnt1 /mnt\\0402\\134 rw,noatime master:1 propagate_from:2 - ext3 /dev/ro\\012ot rw,errors=continue
41 36 0:50 / /System/Index/bin ro shared:7 - overlay gobo-session:gtk2:00 ro,lowerdir=/a:/b
";

/// What a target came to.
struct Outcome {
    target: &'static str,
    executions: String,
    coverage: String,
    succeeded: bool,
}

/// Runs each target for some seconds; fails where one found an input that breaks a promise.
pub(crate) fn fuzz(seconds: u32) -> Result<()> {
    packages::for_fuzzing()?;
    write_seeds()?;
    // One build first, so that every target has all of its time.
    if !cargo_fuzz(&["build"]).status().context("cargo does not start")?.success() {
        bail!("the fuzz targets do not build");
    }
    let outcomes =
        TARGETS.iter().map(|(target, size)| run(target, *size, seconds)).collect::<Result<Vec<_>>>()?;
    println!();
    for Outcome { target, executions, coverage, succeeded } in &outcomes {
        let end = if *succeeded { "" } else { "  FAILED" };
        println!("{target:<14} {executions:>12} executions  {coverage}{end}");
    }
    let failed: Vec<&str> = outcomes.iter().filter(|o| !o.succeeded).map(|o| o.target).collect();
    if !failed.is_empty() {
        bail!("promises were broken in {}; the inputs are in fuzz/artifacts", failed.join(", "));
    }
    Ok(())
}

/// cargo-fuzz at its work; the stable compiler has all it takes, once it is told.
fn cargo_fuzz(arguments: &[&str]) -> Command {
    let folder = folder();
    let mut command = Command::new("cargo");
    command.arg("fuzz").args(arguments).args(["--fuzz-dir", "."]).current_dir(folder);
    command.env("RUSTC_BOOTSTRAP", "1").env_remove("CARGO");
    command
}

/// Runs one target, passing on what it says.
fn run(target: &'static str, size: u32, seconds: u32) -> Result<Outcome> {
    println!("\n{target}: {seconds} seconds");
    let mut command = cargo_fuzz(&["run", target]);
    command.arg("--").args([
        "-print_final_stats=1",
        "-timeout=60",
        "-rss_limit_mb=2048",
        "-report_slow_units=5",
    ]);
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-max_len={size}"));
    let words = folder().join("dictionaries").join(format!("{target}.dict"));
    if words.exists() {
        command.arg(format!("-dict=dictionaries/{target}.dict"));
    }
    let mut child = command.stderr(Stdio::piped()).spawn().context("cargo does not start")?;
    let output = child.stderr.take().context("the target has no output")?;
    let mut outcome = Outcome { target, executions: "?".into(), coverage: String::new(), succeeded: false };
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            outcome.executions = count.trim().to_owned();
        }
        if let Some(coverage) = coverage(&line) {
            outcome.coverage = coverage;
        }
        // Its progress and the words that it learnt are of use to nobody; the rest is.
        if !is_progress(&line) && !line.contains(" # Uses: ") && !line.starts_with("######") {
            eprintln!("{line}");
        }
    }
    outcome.succeeded = child.wait()?.success();
    Ok(outcome)
}

/// Whether a line tells of a new input: `#123<tab>NEW    cov: ...`.
fn is_progress(line: &str) -> bool {
    line.starts_with('#') && ["NEW ", "REDUCE", "pulse", "RELOAD"].iter().any(|word| line.contains(word))
}

/// The figures in `#123<tab>DONE   cov: 812 ft: 4021 corp: 310/9Kb lim: ...`.
fn coverage(line: &str) -> Option<String> {
    let (_, rest) = line.starts_with('#').then(|| line.split_once("cov: "))??;
    let end = rest.find(" lim:").or_else(|| rest.find(" exec/s")).unwrap_or(rest.len());
    Some(format!("cov: {}", &rest[..end]))
}

/// Writes the seeds of every target: real files where there are any, and the project's own examples.
fn write_seeds() -> Result<()> {
    let corpus = corpus();
    match &corpus {
        Some(corpus) => println!("seeds from {} and config/", corpus.display()),
        None => println!("seeds from config/ (GOBO_CORPUS names a folder of real files)"),
    }
    let real = |name: &str| corpus.as_ref().and_then(|corpus| fs::read_to_string(corpus.join(name)).ok());

    let pairs = real("version-pairs.tsv").unwrap_or_default();
    let pairs = pairs.lines().filter_map(|line| {
        let (a, rest) = line.split_once('\t')?;
        Some(format!("{a}\n{}", rest.split_once('\t')?.1))
    });
    seed("versions", pairs.chain(VERSIONS.map(str::to_owned)))?;

    let lines = real("dependency-lines.tsv").unwrap_or_default();
    let lines: Vec<&str> = lines.lines().filter_map(|line| Some(line.split_once('\t')?.1)).collect();
    let files = lines.chunks(40).map(|lines| lines.join("\n"));
    let single = lines.iter().take(MAX_LINES).map(|line| (*line).to_owned());
    seed("dependencies", single.chain(files).chain(DEPENDENCIES.map(str::to_owned)))?;

    let files = corpus.as_ref().map(|corpus| texts_in(&corpus.join("environment"))).transpose()?;
    seed("environment", files.unwrap_or_default().into_iter().chain(ENVIRONMENT.map(str::to_owned)))?;

    let config = workspace().join("config");
    let profiles = texts_in(&config.join("profiles.d"))?;
    let together = format!("include = [\"gtk2\"]\nprograms = [\"Lua 5.3\"]\n\0{}", profiles.join("\0"));
    let uncommented: Vec<String> = profiles.iter().map(|text| without_marks(text)).collect();
    seed("profile", profiles.into_iter().chain(uncommented).chain([together]))?;

    let policy = fs::read_to_string(config.join("session.toml")).context("config/session.toml")?;
    let all = without_marks(&policy);
    let three =
        format!("{all}\0on-failure = \"deny\"\n\0profile = \"gtk2\"\n[service.sshd]\nprofile = \"none\"\n");
    seed("policy", [policy, all, three])?;

    let own = fs::read("/proc/self/mountinfo").unwrap_or_default();
    seed("mountinfo", [String::from_utf8_lossy(&own).into_owned(), MOUNTINFO.to_owned()])
}

/// Writes texts as seeds of a target.
fn seed(target: &str, texts: impl IntoIterator<Item = String>) -> Result<()> {
    let corpus = folder().join("corpus").join(target);
    fs::create_dir_all(&corpus).with_context(|| corpus.display().to_string())?;
    for (index, text) in texts.into_iter().enumerate() {
        let file = corpus.join(format!("seed-{index:04}"));
        fs::write(&file, text).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// An example with the settings that are commented out in it: behind a `#` without a blank.
fn without_marks(text: &str) -> String {
    let line = |line: &str| {
        let setting = line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' '));
        format!("{}\n", setting.unwrap_or(line))
    };
    text.lines().map(line).collect()
}

/// The texts of a folder's files, in the order of their names.
fn texts_in(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<PathBuf>>>()?;
    files.sort_unstable();
    let text = |file: &PathBuf| Ok(String::from_utf8_lossy(&fs::read(file)?).into_owned());
    Ok(files.iter().map(text).collect::<std::io::Result<_>>()?)
}

/// Where the corpus of real recipe files is, if it is there.
fn corpus() -> Option<PathBuf> {
    Some(gobo_tests::corpus::folder()).filter(|folder| folder.is_dir())
}

fn folder() -> PathBuf {
    workspace().join("fuzz")
}
