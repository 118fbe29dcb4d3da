//! Sessions that stay: what they take of the kernel's memory, how long it takes to renew them, and what one more takes.

use crate::kinds::{Kind, clock};
use crate::pam;
use anyhow::{Context as _, Result};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitOptions, getrlimit, kill_process, setrlimit, waitpid,
};
use serde_json::json;
use std::fs::{self, File};
use std::io::{Read as _, Write as _, pipe};

/// Keeps sessions by their namespaces alone, each having looked at some files; prints the bytes of slab for each, and those
/// that are still taken when all are gone.
pub(crate) fn keep(count: usize, kind: &Kind) -> Result<()> {
    allow_files()?;
    let names = names(&["bin", "lib", "share"]);
    // Who opened a session is there while it goes on: what it has others find by its process.
    let _there = Live::start(kind, &names)?;
    let mut kept = (0..20).map(|_| namespace(kind, &names)).collect::<Result<Vec<_>>>()?;
    let before = slab()?;
    kept.extend((0..count).map(|_| namespace(kind, &names)).collect::<Result<Vec<_>>>()?);
    let during = slab()?;
    drop(kept);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let each = during.saturating_sub(before) / u64::try_from(count)?;
    println!("{}", json!({ "each": each, "left": slab()?.saturating_sub(before) }));
    Ok(())
}

/// A session that goes on until this is dropped.
struct Live(Pid);

impl Live {
    /// A session of a child, which has looked at some files.
    fn start(kind: &Kind, names: &[String]) -> Result<Self> {
        let (mut here, there) = pipe()?;
        let child = pam::forked(|| {
            let opened = kind.enter();
            for name in names {
                let _ = fs::metadata(name);
                let _ = fs::read_link(name);
            }
            if opened.is_ok() && (&there).write_all(b"+").is_ok() {
                loop {
                    std::thread::park();
                }
            }
            1
        })?;
        drop(there);
        let live = Self(Pid::from_raw(child).context("no child")?);
        here.read_exact(&mut [0]).context("the session could not be opened")?;
        Ok(live)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
        let _ = waitpid(Some(self.0), WaitOptions::empty());
    }
}

/// The namespace of a session whose process is gone.
fn namespace(kind: &Kind, names: &[String]) -> Result<File> {
    let live = Live::start(kind, names)?;
    Ok(File::open(format!("/proc/{}/ns/mnt", live.0.as_raw_nonzero()))?)
}

/// Lets this process have as many files open as the system allows: each session that is kept is one.
fn allow_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?)
}

/// 300 names of the index.
pub(crate) fn names(areas: &[&str]) -> Vec<String> {
    let all =
        areas.iter().flat_map(|area| fs::read_dir(format!("/System/Index/{area}")).into_iter().flatten());
    all.flatten().map(|entry| entry.path().to_string_lossy().into_owned()).take(300).collect()
}

/// Takes samples while that many sessions of a kind are open.
pub(crate) fn crowd(sessions: usize, of: &Kind, count: usize, kinds: &[&str]) -> Result<()> {
    allow_files()?;
    let _there = Live::start(of, &[])?;
    let _kept = (0..sessions).map(|_| namespace(of, &[])).collect::<Result<Vec<_>>>()?;
    clock(count, kinds)
}

/// Has that many sessions renewed and listed; prints the nanoseconds of the commands. The second of them finds nothing that has
/// changed, and nothing that was looked up since.
pub(crate) fn renew(count: usize, kind: &Kind) -> Result<()> {
    let names = names(&["bin"]);
    let _live = (0..count).map(|_| Live::start(kind, &names)).collect::<Result<Vec<_>>>()?;
    let commands = ["refresh", "refresh", "reload", "list"];
    let took = commands.map(|command| Kind::Command(vec!["gobo-session".into(), command.into()]).sample());
    println!("{}", json!(took.into_iter().collect::<Result<Vec<_>>>()?));
    Ok(())
}

/// The bytes that the kernel's slabs take.
fn slab() -> Result<u64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Slab:")).context("no slabs")?;
    Ok(1024 * line.trim().trim_end_matches(" kB").parse::<u64>()?)
}
