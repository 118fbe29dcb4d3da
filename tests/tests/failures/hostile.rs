//! Files that mean harm, where an administrator's should be: what is said about each is in `hostile.txt`, and what is read
//! of each is bounded by bytes and entries, whatever is there.

use super::{OPEN, PAM_SUCCESS, POLICY, lab};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use std::fmt::Write as _;

/// Files that are made instead of the policy, and of ann's profile: what each is, and how it comes about, `$F` being its
/// path.
const POLICIES: [(&str, &str); 15] = [
    ("4 GiB of nothing", "rm $F; truncate -s 4G $F"),
    ("more bytes than are read", "yes '# comment' | head -c 70000 > $F"),
    ("tens of thousands of open brackets", "(printf 'x = '; yes '[' | tr -d '\\n' | head -c 60000) > $F"),
    ("dotted keys without end", "(yes 'a.' | tr -d '\\n' | head -c 60000; echo 'b = 1') > $F"),
    ("thousands of rules", "yes '[[rule]]' | head -2000 > $F"),
    ("control characters", "printf '\"\\\\u001b[2J\\\\u0007\" = 1\\n' > $F"),
    ("marks that turn text around", "printf '\"\\342\\200\\256dilav\" = 1\\n' > $F"),
    ("a NUL", "printf 'on-failure\\0 = \"base\"\\n' > $F"),
    ("no text at all", "head -c 1000 /System/Index/bin/bash > $F"),
    ("somebody else's", "chown bob $F"),
    ("for everybody to write", "chmod 666 $F"),
    ("a link to somebody else's", "cp $F /Users/bob/x; chown bob /Users/bob/x; ln -sf /Users/bob/x $F"),
    ("a link to itself", "ln -sf session.toml $F"),
    ("a folder", "rm $F; mkdir $F"),
    ("a FIFO", "rm $F; mkfifo -m 644 $F"),
];
const PROFILES: [(&str, &str); 15] = [
    ("4 GiB of nothing", "rm $F; truncate -s 4G $F"),
    (
        "a socket",
        "rm $F; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"'$F'\")'; chmod 644 $F",
    ),
    ("a device", "rm $F; mknod -m 644 $F c 1 5"),
    ("a link into /proc", "ln -sf /proc/self/environ $F"),
    ("in a folder for everybody to write", "chmod 777 $(dirname $F)"),
    ("somebody else's", "chown bob $F"),
    ("including itself", "echo 'include = [\"lua51\"]' > $F"),
    (
        "including others, deep down",
        "cd $(dirname $F); echo 'include = [\"d1\"]' > $F; for i in $(seq 12); do echo \"include = [\\\"d$((i+1))\\\"]\" > \
         d$i.toml; done",
    ),
    ("including more than can be", "(echo 'include = ['; yes '\"lua53\",' | head -100; echo ']') > $F"),
    ("asking for more than can be", "(echo 'programs = ['; yes '\"Lua\",' | head -1000; echo ']') > $F"),
    ("a program with control characters", "printf 'programs = [\"Lua\\\\u001b]0;x\\\\u0007\"]\\n' > $F"),
    ("a program that turns text around", "printf 'programs = [\"\\342\\200\\256auL\"]\\n' > $F"),
    ("a path for a program", "echo 'programs = [\"../../Users/bob/evil\"]' > $F"),
    ("a variable for the loader", "printf '[environment]\\nLD_PRELOAD = \"/Users/bob/evil.so\"\\n' > $F"),
    ("a mount option", "echo 'lowerdir = \"/Users/bob\"' > $F"),
];

/// The most bytes that a login may read where a file is not as it should be.
const MOST: u64 = 512 * 1024;

/// What the log says of each file, as `hostile.txt` has it.
#[test]
fn what_is_said_of_hostile_files_is_reviewed_and_what_is_read_is_bounded() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), OPEN)?;
    let mut said = String::new();
    let kinds = [("session.toml", &POLICIES[..]), ("profiles.d/lua51.toml", &PROFILES[..])];
    for (file, files) in kinds {
        for (what, script) in files {
            let line = said_of(&lab, file, script).with_context(|| format!("{file}, {what}"))?;
            writeln!(said, "{file}: {what}\n    {line}")?;
        }
    }
    let script = "mkdir -p ${F%/*}/session.d && cd ${F%/*}/session.d && touch $(seq -f %g.toml 20000)";
    writeln!(said, "session.d: twenty thousand files\n    {}", said_of(&lab, "session.toml", script)?)?;
    let reviewed = include_str!("hostile.txt");
    ensure!(said == reviewed, "what is said has changed; it should be:\n{said}");
    Ok(())
}

/// The one line of a login with such a file; everybody gets in, and nobody reads more than he should.
fn said_of(lab: &Lab, file: &str, script: &str) -> Result<String> {
    lab.chamber.sh("rm -rf /etc/gobo-session/*")?.success()?;
    lab.policy(POLICY)?;
    for (name, text) in super::PROFILES {
        lab.profile(name, text)?;
    }
    lab.chamber.sh(&format!("F=/etc/gobo-session/{file}; {script}"))?.success()?;
    let mark = lab.chamber.log_mark()?;
    let trace = ["strace", "-fqqo/tmp/trace", "-etrace=read,pread64,readv,getdents64,%%stat"];
    let report = lab.client("ann").under(&trace).script("id -un").run()?;
    assert_eq!((report.open, report.stdout.as_str()), (PAM_SUCCESS, "ann\n"), "{report:#?}");
    assert_eq!(report.inside.view()?, [""; 0]);
    let read = bytes_read(&lab.chamber.read("/tmp/trace")?)?;
    ensure!(read < MOST, "{read} bytes were read");
    let lines = lab.said(mark)?;
    let [line] = lines.as_slice() else { anyhow::bail!("not one line: {lines:#?}") };
    ensure!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
    Ok(line.clone())
}

/// The bytes that were read between the marks which the client sets.
fn bytes_read(trace: &str) -> Result<u64> {
    let (_, rest) = trace.split_once("/pam-client/open\"").context("no mark where it opens")?;
    let (opening, _) = rest.split_once("/pam-client/opened\"").context("no mark where it has opened")?;
    let result = |line: &str| line.rsplit_once(" = ")?.1.parse::<u64>().ok();
    let calls = opening.lines().filter(|line| !line.contains("stat"));
    Ok(calls.filter_map(result).sum())
}
