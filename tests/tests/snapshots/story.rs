//! A story: lines that are typed one after the other, what is printed then, and what there is to say about it.

use crate::invocation::Invocation;
use crate::typist::{Answer, Prompt, Typist};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::definition::Command;
use gobo_tests::json_document::Document;
use gobo_tests::lab::Lab;
use gobo_tests::steady;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What a line begins with that is said by nobody.
const REMARK: &str = "-- ";

/// One line of a story, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) line: String,
    /// What was printed, as it stands in the story.
    pub(crate) printed: String,
    /// How it ended.
    pub(crate) end: String,
}

/// The files of all stories.
pub(crate) fn files() -> Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let all = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut stories: Vec<_> =
        all.into_iter().filter(|path| path.extension().is_some_and(|e| e == "txt")).collect();
    stories.sort();
    Ok(stories)
}

/// The lines of a story that are typed, with what stands below each.
pub(crate) fn read(text: &str) -> Vec<Typed> {
    let mut all: Vec<Typed> = Vec::new();
    for line in text.lines() {
        let is_said = line.starts_with(REMARK);
        match (Prompt::split(line), all.last_mut()) {
            (Some(_), _) => {
                let (printed, end) = Default::default();
                all.push(Typed { line: line.to_owned(), printed, end });
            }
            (None, Some(last)) if last.end.is_empty() && !is_said => match ending(line) {
                Some(end) => last.end = end.to_owned(),
                None => last.printed += &format!("{line}\n"),
            },
            _ => {}
        }
    }
    all
}

/// How a line says that something ended: `[1]`.
fn ending(line: &str) -> Option<&str> {
    let end = line.strip_prefix('[')?.strip_suffix(']')?;
    (end == "a signal" || end.parse::<u8>().is_ok()).then_some(end)
}

/// Types every line of a story in a lab, and compares what is printed; with `GOBO_BLESS=1` writes it down, to be read.
pub(crate) fn compare(lab: &Lab, name: &str, commands: &[Command]) -> Result<Vec<Typed>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    let text = fs::read_to_string(&file)?;
    let mut document = Document::read()?;
    let mut typist = Typist::new(lab);
    let (mut made, mut all) = (String::new(), Vec::new());
    for line in text.lines() {
        if line.starts_with(REMARK) {
            if !made.is_empty() && !made.ends_with("\n\n") && !last_is_said(&made) {
                made.push('\n');
            }
            made += &format!("{line}\n");
        }
        let Some((prompt, command)) = Prompt::split(line) else { continue };
        let answer = typist.type_line(&prompt, command).with_context(|| format!("{name}: {line}"))?;
        let invocations = Invocation::all(line, commands);
        let printed =
            shown(&answer, &invocations, &mut document).with_context(|| format!("{name}: {line}"))?;
        if last_is_said(&made) {
            made.push('\n');
        }
        made += &format!("{line}\n{printed}");
        // What prepares something is read with what it is for.
        if !(prompt.user == "root" && printed.is_empty() && answer.end == "0") {
            made += &format!("[{}]\n\n", answer.end);
        }
        all.push(Typed { line: line.to_owned(), printed, end: answer.end });
    }
    let made = made.trim_end().to_owned() + "\n";
    if std::env::var_os("GOBO_BLESS").is_some() {
        fs::write(&file, &made)?;
    } else {
        ensure!(made == text, "{name} is not what is printed; GOBO_BLESS=1 writes it:\n{made}");
    }
    Ok(all)
}

fn last_is_said(made: &str) -> bool {
    made.lines().last().is_some_and(|line| line.starts_with(REMARK))
}

/// What was printed, without what varies. JSON is compared with the document, and laid out.
fn shown(answer: &Answer, invocations: &[Invocation], document: &mut Document) -> Result<String> {
    let heading = invocations.iter().rev().find(|invocation| invocation.has("--json"));
    let mut shown = String::new();
    for line in answer.printed.lines() {
        match (heading, serde_json::from_str::<Value>(line)) {
            (Some(invocation), Ok(value)) if value.is_object() => {
                document.object(&invocation.command, &value)?;
                shown += &steady::json(&value);
            }
            _ => shown += &steady::text(&format!("{line}\n")),
        }
    }
    Ok(shown)
}
