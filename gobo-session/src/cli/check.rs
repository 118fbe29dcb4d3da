//! `gobo-session check`: whether this machine is set up as it should be.

use super::arguments::{Form, Root};
use super::exit::Exit;
use super::place::Place;
use super::talk::{self, count};
use crate::check::privileged::Report;
use crate::check::{self, Finding, Level};
use crate::error::Result;
use crate::text::{Safe, wrap};
use clap::Args;
use serde_json::json;

/// What `check` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// List what programs with more rights than their caller load, and which profiles replace any of it.
    #[arg(long)]
    privileged: bool,
    #[command(flatten)]
    root: Root,
    #[command(flatten)]
    form: Form,
}

pub(super) fn check(arguments: &Arguments) -> Result<Exit> {
    let report = match arguments.privileged {
        true => {
            let Place { config, tree, .. } = Place::open(&arguments.root)?;
            Some(Report::new(&config, &tree)?)
        }
        false => None,
    };
    let findings = match &report {
        Some(report) => report.findings(),
        None => check::machine(&arguments.root.root)?,
    };
    let of = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (failed, warnings) = (of(Level::Failed), of(Level::Warning));
    let written = if arguments.form.json {
        talk::json(&json!({
            "findings": findings, "failed": failed, "warnings": warnings, "privileged": report,
        }))
    } else {
        talk::data(&findings.iter().map(describe).collect::<String>())
    };
    if failed + warnings > 0 {
        let found = [(failed, "failure"), (warnings, "warning")];
        let found = found.iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(*number, noun));
        talk::remark(&found.collect::<Vec<_>>().join(" and "));
    }
    Ok(if failed > 0 { Exit::Failed } else { written })
}

/// What a person reads: what was looked at and how it stands, with the places and the cure where it is not as it should be.
fn describe(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Failed => "failed",
    };
    let (head, rest) = (format!("{:<10} {level:<7}  ", finding.about), " ".repeat(20));
    let mut lines = wrap(&head, &rest, &Safe(&finding.what).to_string());
    for place in &finding.places {
        match place.contains('\n') {
            true => lines.extend(place.lines().map(|line| format!("    {line}"))),
            false => lines.extend(wrap("    ", "      ", &Safe(place).to_string())),
        }
    }
    lines.extend(finding.cure.iter().flat_map(|cure| wrap("    = ", "      ", &Safe(cure).to_string())));
    lines.iter().map(|line| format!("{line}\n")).collect()
}
