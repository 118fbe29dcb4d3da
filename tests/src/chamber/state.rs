//! What exists at some moment, in a chamber or on the machine: for tests that nothing is left behind.

use std::fs;

use anyhow::{Context, Result};

use super::mounts::{self, Mount};
use super::{Chamber, builder};

/// What existed at one moment. Every line begins with what kind of thing it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State(Vec<String>);

impl State {
    /// Everything there is, in order.
    pub fn lines(&self) -> &[String] {
        &self.0
    }

    /// What came (`+ ...`) and went (`- ...`) between two moments.
    pub fn differences(before: &State, after: &State) -> Vec<String> {
        let without = |these: &State, those: &State, sign: char| {
            let mut left = those.0.clone();
            let mut lines = Vec::new();
            for line in &these.0 {
                match left.iter().position(|other| other == line) {
                    Some(at) => drop(left.swap_remove(at)),
                    None => lines.push(format!("{sign} {line}")),
                }
            }
            lines
        };
        let mut differences = without(before, after, '-');
        differences.extend(without(after, before, '+'));
        differences
    }

    pub(super) fn of_chamber(chamber: &Chamber) -> Result<State> {
        let mut lines = Vec::new();
        lines.extend(chamber.mounts_of(1)?.iter().map(mount_line));
        for pid in chamber.list("/proc")?.iter().filter(|name| is_number(name)) {
            // A process may end while this looks.
            if let Ok(name) = chamber.read(format!("/proc/{pid}/comm")) {
                lines.push(format!("process {pid} {}", name.trim_end()));
            }
        }
        for fd in chamber.list("/proc/1/fd")? {
            // Sockets are how the harness talks to process 1: they come and go with every request.
            match chamber.read_link(format!("/proc/1/fd/{fd}")) {
                Ok(target) if !target.to_string_lossy().starts_with("socket:") => {
                    lines.push(format!("descriptor {fd} {}", target.display()));
                }
                _ => {}
            }
        }
        let mut directories = vec!["/run".to_owned(), "/dev/shm".to_owned()];
        while let Some(directory) = directories.pop() {
            for name in chamber.list(&directory)? {
                let path = format!("{directory}/{name}");
                if chamber.list(&path).is_ok() && chamber.read_link(&path).is_err() {
                    directories.push(path.clone());
                }
                if !is_of_chance(&path) {
                    lines.push(format!("file {path}"));
                }
            }
        }
        lines.sort();
        Ok(State(lines))
    }
}

/// Whether a file says no more than that sessions of two users overlapped, which is written down until the next refresh.
fn is_of_chance(path: &str) -> bool {
    path.starts_with("/run/gobo-session/shared/") && path.ends_with(".several")
}

/// A mount without the numbers that differ every time.
fn mount_line(mount: &Mount) -> String {
    let kinds = mount.propagation.iter().map(|word| word.split(':').next().unwrap_or(word));
    let kinds = kinds.collect::<Vec<_>>().join(",");
    let (point, root) = (mount.point.display(), mount.root.display());
    format!("mount {point} {} {} {root} {} {kinds}", mount.fs_type, mount.source, mount.options)
}

/// What chambers could leave on the machine: mounts that this process sees, keepers and processes 1 (without
/// them nothing in a chamber lives), files in /run and /dev/shm; of /tmp, which belongs to everybody, only names
/// that begin with `gobo-` or `chamber`. Other tests of the same build that run meanwhile are seen too.
pub fn machine_state() -> Result<State> {
    let table = fs::read("/proc/self/mountinfo").context("cannot read the mount table")?;
    let mut lines = mounts::parse(&table)?.iter().map(mount_line).collect::<Vec<_>>();
    let program = builder::default_init()?;
    for pid in names("/proc").iter().filter(|name| is_number(name)) {
        if fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program) {
            lines.push(format!("process {pid} {}", program.display()));
        }
    }
    let places: [(&str, &[&str]); 3] =
        [("/run", &[""]), ("/dev/shm", &[""]), ("/tmp", &["gobo-", "chamber"])];
    for (directory, prefixes) in places {
        let ours = |name: &String| prefixes.iter().any(|prefix| name.starts_with(prefix));
        let found = names(directory).into_iter().filter(ours);
        lines.extend(found.map(|name| format!("file {directory}/{name}")));
    }
    lines.sort();
    Ok(State(lines))
}

fn names(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn is_number(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}
