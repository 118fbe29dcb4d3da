//! What a program notices inside a session.

use crate::kinds::{Kind, in_child, nanoseconds};
use crate::live::names;
use anyhow::Result;
use serde_json::json;
use std::fs;
use std::time::Instant;

/// How often each session starts a program.
const STARTS: u32 = 3;

/// Takes the samples of all kinds in turn: of each the nanoseconds of a name that is looked up, of one that was before, the same
/// of names that are not there, of a list of the libraries, and of a program that starts.
pub(crate) fn inside(count: usize, kinds: &[&str]) -> Result<()> {
    let kinds = kinds.iter().map(|kind| Kind::parse(kind)).collect::<Result<Vec<_>>>()?;
    let there = names(&["lib", "bin"]);
    let mut samples = vec![vec![Vec::new(); 6]; kinds.len()];
    for turn in 0..count {
        let missing: Vec<String> =
            (0..there.len()).map(|name| format!("/System/Index/lib/missing-{turn}-{name}")).collect();
        for (kind, samples) in kinds.iter().zip(&mut samples) {
            let sample = in_child(|| {
                kind.enter()?;
                let list = clocked(1, || drop(fs::read_dir("/System/Index/lib").map(Iterator::count)));
                let start = Kind::Command(vec!["/bin/true".to_owned()]);
                start.sample()?;
                let starts = (0..STARTS).map(|_| start.sample()).collect::<Result<Vec<_>>>()?;
                let start = starts.into_iter().min().unwrap_or_default();
                Ok([look(&there), look(&there), look(&missing), look(&missing), list, start])
            })?;
            for (all, one) in samples.iter_mut().zip(sample) {
                all.push(one);
            }
        }
    }
    println!("{}", json!(samples));
    Ok(())
}

/// The nanoseconds that each name takes.
fn look(names: &[String]) -> u64 {
    clocked(names.len(), || {
        for name in names {
            let _ = fs::symlink_metadata(name);
        }
    })
}

fn clocked(times: usize, work: impl FnOnce()) -> u64 {
    let begun = Instant::now();
    work();
    nanoseconds(begun) / u64::try_from(times.max(1)).unwrap_or(1)
}
