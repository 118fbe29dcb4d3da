//! The central one: a set-user-ID program never runs with its privilege and a library that a user chose.
//!
//! The probe is a set-user-ID program that calls a library; the base has version 1.0 of it, and 1.1 is what somebody
//! would replace it with. Each version writes down its own number and the effective user id it runs with. An
//! administrator's profile may bring 1.1 to the probe: that shows that the probe would tell.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::Output;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The library, and the name service of the same text, in version VERSION.
const LIBRARY: &str = r#"
#include <stdio.h>
#include <unistd.h>
#include <errno.h>
#include <nss.h>
#include <pwd.h>
void toy(void) { printf("VERSION euid %d\n", (int) geteuid()); fflush(stdout); }
enum nss_status _nss_toy_getpwnam_r(const char *n, struct passwd *p, char *b, size_t s, int *e) {
    toy();
    *e = ENOENT;
    return NSS_STATUS_NOTFOUND;
}
"#;

/// The probes: one calls the library, one asks the name service.
const CALLS: &str = "extern void toy(void); int main(void) { toy(); return 0; }";
const ASKS: &str = "#include <pwd.h>\nint main(void) { getpwnam(\"nobody-of-that-name\"); return 0; }";

/// The probes by the way that leads to the library, and how each is linked.
const PROBES: [(&str, &str, &[&str]); 3] = [
    ("probe-soname", CALLS, &["-ltoy"]),
    ("probe-runpath", CALLS, &["-ltoy", "-Wl,--enable-new-dtags,-rpath,/System/Index/lib"]),
    ("probe-nss", ASKS, &[]),
];

fn compile(text: &str, to: &Path, words: &[&str]) -> Result<()> {
    let source = to.with_extension("c");
    fs::create_dir_all(to.parent().context("no folder")?)?;
    fs::write(&source, text)?;
    let mut cc = Command::new("cc");
    let status =
        cc.args(["-w", "-o"]).args([to, &source]).args(words).status().context("cc does not start")?;
    fs::remove_file(&source)?;
    ensure!(status.success(), "cc {}", words.join(" "));
    Ok(())
}

/// A tree with the library in one version.
fn toy(version: &str) -> Result<TempDir> {
    let tree = tempfile::tempdir()?;
    let text = LIBRARY.replace("VERSION", version);
    let library = tree.path().join("lib/libtoy.so.1");
    compile(&text, &library, &["-shared", "-fPIC", "-Wl,-soname,libtoy.so.1"])?;
    compile(&text, &tree.path().join("lib/libnss_toy.so.2"), &["-shared", "-fPIC"])?;
    std::os::unix::fs::symlink("libtoy.so.1", tree.path().join("lib/libtoy.so"))?;
    Ok(tree)
}

/// A tree with the probes.
fn probes(library: &Path) -> Result<TempDir> {
    let tree = tempfile::tempdir()?;
    let place = format!("-L{}/lib", library.display());
    for (name, text, words) in PROBES {
        compile(text, &tree.path().join("bin").join(name), &[&[place.as_str()], words].concat())?;
    }
    Ok(tree)
}

/// A machine with probes that are set-user-ID root.
struct Machine {
    lab: Lab,
    _trees: [TempDir; 2],
}

impl Machine {
    fn new(root: &Path, policy: &str) -> Result<Self> {
        let (base, other) = (toy("1.0")?, toy("1.1")?);
        let probes = probes(base.path())?;
        let profiles = [("toy", "programs = [\"Toy = 1.1\"]\n"), ("lua51", "programs = [\"Lua = 5.1.5\"]\n")];
        let lab = Lab::with(root, policy, &profiles, |builder| {
            builder.program(base.path(), "Toy", "1.0").program(probes.path(), "Probe", "1.0")
        })?;
        for library in ["libtoy.so.1", "libnss_toy.so.2"] {
            let file = fs::read(other.path().join("lib").join(library))?;
            lab.chamber.write(format!("/Programs/Toy/1.1/lib/{library}"), file)?;
        }
        for (probe, ..) in PROBES {
            lab.chamber.set_mode(format!("/Programs/Probe/1.0/bin/{probe}"), 0o4755)?;
        }
        lab.module_alone("pamtester")?;
        lab.chamber.write("/etc/nsswitch.conf", "passwd: files toy\ngroup: files\nshadow: files\n")?;
        Ok(Self { lab, _trees: [base, probes] })
    }

    /// What the probes say in a session of ann's, each run by `prefix`, in order: by soname, RUNPATH, name service, and
    /// by soname again when the library stands in ld.so.cache.
    fn probed(&self, prefix: &str) -> Result<Vec<String>> {
        let mut said = Vec::new();
        let mut all = || -> Result<()> {
            let script = PROBES.map(|(probe, ..)| format!("{prefix} {probe};")).concat();
            // `su` asks the name service too, before there is a session: that is not the probe's.
            let output: Output = self.lab.su("ann", &format!("echo begin; {script}"))?;
            let text = output.text();
            let (_, probes) = text.split_once("begin\n").with_context(|| format!("{output}"))?;
            said.extend(probes.lines().map(str::to_owned));
            Ok(())
        };
        self.lab.chamber.remove("/etc/ld.so.cache")?;
        all()?;
        self.lab.chamber.sh("ldconfig -X && grep -q libtoy.so.1 /etc/ld.so.cache")?.success()?;
        all()?;
        Ok(said)
    }
}

impl Machine {
    /// Ann writes a profile that replaces the library, and selects it.
    fn select_own(&self, name: &str) -> Result<()> {
        let folder = "/Users/ann/.config/gobo-session";
        let profile = format!("{folder}/profiles.d/{name}.toml");
        self.lab.chamber.write(profile, "programs = [\"Toy = 1.1\"]\n")?;
        self.lab.select("ann", name)?;
        self.lab.chamber.sh(&format!("chown -R ann {folder}"))?.success()?;
        Ok(())
    }
}

/// What all probes say where nothing is replaced.
const NOTHING: [&str; 6] = ["1.0 euid 0"; 6];

/// Without cache and with it: the library that was chosen, and the name service of the base.
fn replaced(euid: u32) -> Vec<String> {
    let line = |version: &str| format!("{version} euid {euid}");
    let once = [line("1.1"), line("1.1"), line("1.0")];
    [once.clone(), once].concat()
}

#[test]
fn r3_the_administrators_profile_may_replace_it_which_shows_that_the_probe_tells() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!(), "[default]\nprofile = \"toy\"\n")?;
    assert_eq!(machine.probed("")?, replaced(0));
    Ok(())
}

#[test]
fn r3_a_selection_that_policy_does_not_allow_replaces_nothing() -> Result<()> {
    let machine =
        Machine::new(&requires_gobo_root!(), "[default]\nprofile = \"lua51\"\nallow = [\"lua51\"]\n")?;
    machine.lab.select("ann", "toy")?;
    assert_eq!(machine.probed("")?, NOTHING);
    Ok(())
}

#[test]
fn r3_a_profile_of_the_users_own_replaces_nothing_where_policy_does_not_trust_him() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!(), "[default]\nprofile = \"lua51\"\nallow = [\"*\"]\n")?;
    machine.select_own("mine")?;
    assert_eq!(machine.probed("")?, NOTHING);
    // Nor one that has the name of the administrator's.
    machine.select_own("lua51")?;
    assert_eq!(machine.probed("")?, NOTHING);
    let lua = machine.lab.su("ann", "lua -v 2>&1")?;
    assert!(lua.text().starts_with("Lua 5.1.5"), "that of the administrator is what she gets: {lua}");
    Ok(())
}

#[test]
fn r3_a_profile_of_the_users_own_replaces_it_where_policy_trusts_him_and_check_says_so() -> Result<()> {
    let policy = "user-profiles = \"trusted\"\n[default]\nprofile = \"lua51\"\n";
    let machine = Machine::new(&requires_gobo_root!(), policy)?;
    machine.select_own("mine")?;
    assert_eq!(machine.probed("")?, replaced(0), "that is what the word means");
    let lua = machine.lab.su("bob", "lua -v 2>&1")?;
    assert!(lua.text().starts_with("Lua 5.1.5"), "whoever wrote none has policy's own: {lua}");
    let check = ["gobo-session", "check", "--privileged"];
    // As words, wherever lines were broken.
    let words = |output: Output| output.text().split_whitespace().collect::<Vec<_>>().join(" ");
    let root = words(machine.lab.chamber.run(check)?);
    let ann = words(machine.lab.chamber.as_user("ann", check)?);
    for text in [&root, &ann] {
        assert!(text.contains("whoever may write a profile of his own can replace any of these"), "{text}");
    }
    let hers = "your own profile mine replaces what privileged programs load libtoy.so.1: Toy 1.1 instead of Toy 1.0, \
                loaded by /System/Index/bin/probe-runpath, /System/Index/bin/probe-soname";
    assert!(ann.contains(hers), "{ann}");
    Ok(())
}

#[test]
fn r15_in_a_run_set_user_id_is_inert() -> Result<()> {
    // By a shell: `run` itself refuses to start such a program, since it could not do its work.
    let run = "gobo-session run --with 'Toy = 1.1' sh -c";
    let machine = Machine::new(&requires_gobo_root!(), "[default]\nprofile = \"none\"\n")?;
    assert_eq!(machine.probed(run)?, replaced(1000), "outside any view");
    machine.lab.policy("[default]\nprofile = \"lua51\"\n")?;
    assert_eq!(machine.probed(run)?, replaced(1000), "in a session with a view");
    let nested = format!("gobo-session run --with 'Toy = 1.1' {run}");
    assert_eq!(machine.probed(&nested)?, replaced(1000), "in a run in it");
    // By way of a program that would become root before: it becomes nobody at all.
    let sudo = machine.lab.su("ann", &format!("{run} 'sudo -n probe-soname'"))?;
    assert!(!sudo.status.success() && sudo.stdout.is_empty(), "{sudo}");
    Ok(())
}

#[test]
fn r3_set_user_id_and_capabilities_in_a_view_are_what_they_are_on_the_host() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!(), "[default]\nprofile = \"extra\"\n")?;
    let chamber = &machine.lab.chamber;
    machine.lab.profile("extra", "programs = [\"Extra\"]\n")?;
    for (name, mode) in [("set-user-id", 0o4755), ("capable", 0o755)] {
        let path = format!("/Programs/Extra/1.0/bin/{name}");
        let source = if name == "capable" { "grep" } else { "id" };
        chamber.write(&path, chamber.read_bytes(format!("/System/Index/bin/{source}"))?)?;
        chamber.set_mode(&path, mode)?;
    }
    let give = "import os, struct; os.setxattr('/Programs/Extra/1.0/bin/capable', 'security.capability', \
                struct.pack('<IIIII', 0x02000001, 1 << 10, 0, 0, 0))";
    chamber.run(["python3", "-c", give])?.success()?;
    let look = "set-user-id -u; capable CapEff /proc/self/status";
    let folder = "/Programs/Extra/1.0/bin";
    let by_path = format!("{folder}/set-user-id -u; {folder}/capable CapEff /proc/self/status");
    let host = chamber.as_user("ann", ["sh", "-c", &by_path])?.success()?.text();
    assert_eq!(host, "0\nCapEff:\t0000000000000400");
    assert_eq!(machine.lab.su("ann", look)?.text(), host, "through a link they keep what they have");
    let run = machine.lab.su("ann", &format!("gobo-session run --fresh --with Extra sh -c '{look}'"))?;
    assert_eq!(run.text(), "1000\nCapEff:\t0000000000000000", "{run}");
    Ok(())
}
