//! The lines that PAM stacks get, from `config/pam.d`, put in as an administrator would.

use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// What `config/pam.d` says about one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The service.
    pub service: String,
    /// The two lines: before all others of type session, and behind them; nothing for a stack that must not get any.
    pub lines: Option<[String; 2]>,
    /// Why, in sentences.
    pub reason: String,
}

/// The advice for every service, in the order of their names.
///
/// # Errors
/// Where a file is not of the form that `config/pam.d/README` describes.
pub fn advice() -> Result<Vec<Advice>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/pam.d");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .with_context(|| format!("no folder {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    let services = files.iter().filter(|file| !file.ends_with("README"));
    services.map(|file| read(file).with_context(|| format!("in {}", file.display()))).collect()
}

fn read(file: &Path) -> Result<Advice> {
    let service = file.file_name().and_then(|name| name.to_str()).context("a name that is no text")?;
    let text = fs::read_to_string(file)?;
    let (comments, lines): (Vec<&str>, Vec<&str>) =
        text.lines().filter(|line| !line.is_empty()).partition(|line| line.starts_with('#'));
    let sentences = comments.iter().filter(|line| !line.starts_with("# ..."));
    let reason = sentences.map(|line| line.trim_start_matches(['#', ' '])).collect::<Vec<_>>().join(" ");
    ensure!(!reason.is_empty(), "no reason is given");
    let lines = match lines[..] {
        [] => None,
        [first, last] => {
            ensure!(
                words(first) == ["session", "optional", "pam_gobo.so", "close"],
                "the first line: {first}"
            );
            ensure!(words(last) == ["session", "optional", "pam_gobo.so", "open"], "the last line: {last}");
            Some([first.to_owned(), last.to_owned()])
        }
        _ => anyhow::bail!("{} lines instead of two", lines.len()),
    };
    Ok(Advice { service: service.to_owned(), lines, reason })
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// A stack with the lines in it: one before all others of type session, one behind them.
///
/// # Errors
/// Where the stack has no line of type session.
pub fn with_lines(stack: &str, [first, last]: &[String; 2]) -> Result<String> {
    let of_session = |line: &&str| words(line).first().is_some_and(|kind| *kind == "session");
    let lines: Vec<&str> = stack.lines().collect();
    let start = lines.iter().position(of_session).context("a stack without session")?;
    let end = lines.iter().rposition(of_session).context("a stack without session")? + 1;
    let parts = [&lines[..start], &[first.as_str()], &lines[start..end], &[last.as_str()], &lines[end..]];
    Ok(parts.concat().iter().map(|line| format!("{line}\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_around_those_of_a_session() {
        let lines = ["session optional x close".to_owned(), "session optional x open".to_owned()];
        let stack = "#%PAM-1.0\nauth a\nsession b\nsession c\npassword d\n";
        assert_eq!(
            with_lines(stack, &lines).unwrap(),
            "#%PAM-1.0\nauth a\nsession optional x close\nsession b\nsession c\nsession optional x open\npassword d\n"
        );
        assert!(with_lines("auth a\n", &lines).is_err());
    }

    #[test]
    fn every_file_of_the_folder_is_one() {
        let all = advice().unwrap();
        assert!(
            all.iter().any(|a| a.service == "sshd" && a.lines.is_some() && a.reason.contains("connection"))
        );
        assert!(all.iter().any(|a| a.service == "su-l" && a.lines.is_none()));
    }
}
