//! The tables of docs/failure.md.

use anyhow::{Context as _, Result, ensure};

/// A row: what is wrong, and what the log says about it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) line: String,
}

/// The rows of the table under a heading.
pub(crate) fn rows(heading: &str) -> Result<Vec<Row>> {
    let text = include_str!("../../../docs/failure.md");
    let section =
        text.split("\n## ").find(|section| section.starts_with(heading)).context("no such heading")?;
    let table = section.lines().skip_while(|line| !line.starts_with("|--")).skip(1);
    let rows = table.take_while(|line| line.starts_with('|')).map(|line| {
        let (what, line) = line.strip_prefix("| ")?.strip_suffix('|')?.split_once(" | ")?;
        let line = line.trim().trim_start_matches("`` ").trim_end_matches(" ``");
        Some(Row { what: what.to_owned(), line: line.to_owned() })
    });
    let rows: Vec<Row> = rows.collect::<Option<_>>().context("a row that is none")?;
    ensure!(!rows.is_empty(), "no rows under {heading}");
    Ok(rows)
}
