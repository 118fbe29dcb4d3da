//! The tables of docs/failure.md.

use anyhow::{Context as _, Result, bail, ensure};

/// A row: what is wrong, and what the log says about it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) line: String,
}

/// How a login without its view ends, as policy says.
#[derive(Debug)]
pub(crate) struct Ending {
    /// `base` or `deny`.
    pub(crate) on_failure: String,
    /// What pam_open_session returns.
    pub(crate) code: i32,
    /// How the log line begins.
    pub(crate) verdict: String,
    /// What the user is told, about `profile NAME`.
    pub(crate) told: String,
}

/// The columns of the table under "How it ends".
pub(crate) fn endings() -> Result<Vec<Ending>> {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
    let rows: Vec<Vec<String>> =
        section("How it ends")?.lines().filter(|line| line.starts_with('|')).map(cells).collect();
    ensure!(rows.len() == 6 && rows.iter().all(|row| row.len() == 5), "{rows:#?}");
    ensure!(rows[5][2..4] == ["nothing", "nothing"], "{rows:#?}");
    let ending = |column: usize| {
        let code = match rows[2][column].as_str() {
            "PAM_SUCCESS" => 0,
            "PAM_SESSION_ERR" => 14,
            other => bail!("no code of PAM: {other}"),
        };
        let [on_failure, verdict, told] = [0, 3, 4].map(|row| rows[row][column].clone());
        Ok(Ending { on_failure, code, verdict, told })
    };
    [2, 3].into_iter().map(ending).collect()
}

fn section(heading: &str) -> Result<&'static str> {
    let text = include_str!("../../../docs/failure.md");
    text.split("\n## ").find(|section| section.starts_with(heading)).context("no such heading")
}

/// The rows of the table under a heading.
pub(crate) fn rows(heading: &str) -> Result<Vec<Row>> {
    let table = section(heading)?.lines().skip_while(|line| !line.starts_with("|--")).skip(1);
    let rows = table.take_while(|line| line.starts_with('|')).map(|line| {
        let (what, line) = line.strip_prefix("| ")?.strip_suffix('|')?.split_once(" | ")?;
        let line = line.trim().trim_start_matches("`` ").trim_end_matches(" ``");
        Some(Row { what: what.to_owned(), line: line.to_owned() })
    });
    let rows: Vec<Row> = rows.collect::<Option<_>>().context("a row that is none")?;
    ensure!(!rows.is_empty(), "no rows under {heading}");
    Ok(rows)
}
