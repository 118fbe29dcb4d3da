//! Reasons, as lines below what they are for.

use super::table::Table;
use crate::plan::{Plan, Source};
use std::path::Path;

/// Adds lines that belong to one word, one below the other.
pub(super) fn add<const N: usize>(word: &str, lines: &[String], table: &mut Table<N>) {
    for (number, line) in lines.iter().enumerate() {
        let word = if number == 0 { word } else { "" };
        table.text(&format!("    {word:<8}  {line}"));
    }
}

/// The chain of reasons for a source, nearest first, with files named as a program's own.
pub(super) fn chain(plan: &Plan, source: &Source) -> Vec<String> {
    let (needs, first) = plan.chain(source);
    let needs = needs.iter().map(|need| format!("{} needs it ({})", need.who(), place(need.file, need.line)));
    needs.chain([first.to_string()]).collect()
}

/// A line of a file in a version's Resources.
pub(super) fn place(file: &str, line: u32) -> String {
    let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy();
    format!("{name}:{line}")
}
