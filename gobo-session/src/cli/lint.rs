//! `gobo-session lint`: what is wrong in files that GoboLinux and gobo-session read, for whoever writes them.
//!
//! The files are read by the very readers that the module and `run` use. What they find is what was asked for, so it
//! goes to stdout; how much there is goes to stderr.

mod file;
mod kind;

pub(super) use kind::Kind;

use super::arguments::{Form, Root};
use super::exit::Exit;
use super::talk::{self, count};
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::Result;
use clap::Args;
use file::Checked;
use serde_json::json;
use std::path::PathBuf;

/// What `lint` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Take every file for one of this kind.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Take warnings for errors.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    root: Root,
    #[command(flatten)]
    form: Form,
    /// The files; - is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn lint(arguments: &Arguments) -> Result<Exit> {
    let mut files: Vec<Checked> = Vec::new();
    for path in &arguments.files {
        files.push(file::check(path, arguments.kind, &arguments.root)?);
    }
    let diagnostics = all(&files, arguments.strict);
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let written = if arguments.form.json {
        let files: Vec<_> = files
            .iter()
            .map(|file| json!({ "file": file.name, "kind": file.kind.map(Kind::word) }))
            .collect();
        talk::json(&json!({
            "files": files, "diagnostics": diagnostics, "errors": errors, "warnings": warnings,
        }))
    } else {
        talk::data(&diagnostics.iter().map(|diagnostic| format!("{diagnostic}\n")).collect::<String>())
    };
    if !diagnostics.is_empty() {
        let found = [(errors, "error"), (warnings, "warning")];
        let found = found.iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(*number, noun));
        let found = found.collect::<Vec<_>>().join(" and ");
        talk::remark(&format!("{found} in {}", count(files.len(), "file")));
    }
    Ok(if errors > 0 { Exit::Failed } else { written })
}

/// What was found in all files, nothing twice: profiles that are checked may include each other.
fn all(files: &[Checked], strict: bool) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = Vec::new();
    for mut diagnostic in files.iter().flat_map(|file| file.diagnostics.iter().cloned()) {
        if let Some(named) = files.iter().find(|file| file.absolute == diagnostic.file) {
            diagnostic.file.clone_from(&named.name);
        }
        if strict {
            diagnostic.severity = Severity::Error;
        }
        if !all.contains(&diagnostic) {
            all.push(diagnostic);
        }
    }
    all
}
