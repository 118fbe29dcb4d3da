//! The commands that answer: what they print, to people and to programs, and how they say that something is wrong.
//!
//! Small worlds serve where the text of a whole answer is compared; the root of real programs and sessions in a
//! chamber where it matters what is real.

mod check;
mod check_privileged;
mod completions;
mod diff;
mod dot;
mod env;
mod help;
mod json;
mod lint;
mod mistakes;
mod plan;
mod sessions;
mod shells;
mod upgrade;
mod versions;
mod who;
mod why;

use anyhow::{Result, ensure};
use gobo_tests::lab::built;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a command printed, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Answer {
    fn json(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.out)?)
    }
}

/// `gobo-session WORDS`, in a folder, with something on its standard input.
fn ask_in(folder: &Path, words: &[&str], input: &[u8]) -> Result<Answer> {
    let mut command = Command::new(built("gobo-session")?);
    command.args(words).current_dir(folder).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    // What ends without reading it all has said why.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input));
    let output = child.wait_with_output()?;
    Ok(Answer {
        code: output.status.code(),
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    })
}

/// `gobo-session COMMAND --root ROOT WORDS`.
fn ask(root: &Path, command: &str, words: &[&str]) -> Result<Answer> {
    let root = root.to_string_lossy();
    ask_in(Path::new("/"), &[&[command, "--root", &*root], words].concat(), b"")
}

/// What a command prints that has nothing to complain about.
fn told(root: &Path, command: &str, words: &[&str]) -> Result<String> {
    let answer = ask(root, command, words)?;
    ensure!(answer.code == Some(0) && answer.err.is_empty(), "{command} {words:?}: {answer:#?}");
    Ok(answer.out)
}

/// The same as JSON.
fn json_of(root: &Path, command: &str, words: &[&str]) -> Result<Value> {
    Ok(serde_json::from_str(&told(root, command, &[&["--json"], words].concat())?)?)
}

/// Whether every part stands in a text, in this order.
fn has_in_order(text: &str, parts: &[&str]) -> bool {
    let mut rest = text;
    parts.iter().all(|part| {
        let found = rest.split_once(part);
        found.inspect(|(_, after)| rest = after).is_some()
    })
}

/// A copy of a tree's programs and index, made in another order. Only what a plan is made from has content.
fn copy_in_another_order(root: &Path) -> Result<TempDir> {
    let copy = tempfile::tempdir_in("/dev/shm")?;
    let mut folders = vec![PathBuf::from("Programs"), PathBuf::from("System/Index")];
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(copy.path().join(&folder))?;
        let mut names = fs::read_dir(root.join(&folder))?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<std::io::Result<Vec<_>>>()?;
        names.sort();
        fastrand::Rng::with_seed(7).shuffle(&mut names);
        for path in names.iter().map(|name| folder.join(name)) {
            let (from, to) = (root.join(&path), copy.path().join(&path));
            let kind = fs::symlink_metadata(&from)?.file_type();
            if kind.is_symlink() {
                symlink(fs::read_link(&from)?, &to)?;
            } else if kind.is_dir() {
                folders.push(path);
            } else if folder.ends_with("Resources") {
                fs::copy(&from, &to).map(drop)?;
            } else {
                fs::write(&to, "")?;
                fs::set_permissions(&to, fs::metadata(&from)?.permissions())?;
            }
        }
    }
    Ok(copy)
}
