//! One file: read, given to the reader of its kind, and what came of it.

use super::Kind;
use crate::cli::arguments::Root;
use crate::cli::input::{self, STDIN, Unread};
use crate::config::{Profiles, check_policy, check_profile, check_selection};
use crate::dependencies;
use crate::diagnostic::{Diagnostic, Severity};
use crate::environment::{self, Scope};
use crate::error::Result;
use crate::text::nearest;
use clap::ValueEnum as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// More than any reader takes: they say so themselves.
const MAX_READ: usize = 1024 * 1024;

/// A file that was checked.
pub(super) struct Checked {
    /// As it was named on the command line.
    pub(super) name: String,
    /// Its path from the root, as another file's reader names it.
    pub(super) absolute: String,
    /// `None` where that could not be told.
    pub(super) kind: Option<Kind>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Checks one file; what keeps it from being checked is an error like any that is found in it.
pub(super) fn check(path: &Path, kind: Option<Kind>, root: &Root) -> Result<Checked> {
    let name = path.to_string_lossy().into_owned();
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let failed = |message: String, help: Option<String>| {
        let diagnostic = Diagnostic::of_file(Severity::Error, &name, message);
        vec![Diagnostic { help, ..diagnostic }]
    };
    let (kind, diagnostics) = match input::read(path, MAX_READ) {
        Err(unread) => (kind, failed(unread.to_string(), Some(advice(path, &unread)))),
        Ok(bytes) => match kind.map_or_else(|| Kind::of(path), Ok) {
            Ok(kind) => (Some(kind), diagnostics(kind, &name, &absolute, &bytes, root)?),
            Err(near) => {
                let message = "it cannot be told by its name and place what kind of file this is";
                let words: Vec<&str> = Kind::value_variants().iter().map(|kind| kind.word()).collect();
                let say = || format!("say it by --kind, one of {}", words.join(", "));
                (None, failed(message.to_owned(), Some(near.unwrap_or_else(say))))
            }
        },
    };
    Ok(Checked { absolute: absolute.to_string_lossy().into_owned(), name, kind, diagnostics })
}

/// What to do about a file that was not read.
fn advice(path: &Path, unread: &Unread) -> String {
    let words = match unread {
        Unread::Folder => {
            "name the files in it, as `find FOLDER -name Dependencies -exec gobo-session lint {} +` does"
        }
        Unread::Special => "give what it holds to standard input, and name that: -",
        Unread::Call(error) => match (error.kind(), neighbour(path)) {
            (ErrorKind::NotFound, Some(near)) => return format!("did you mean {near}?"),
            (ErrorKind::PermissionDenied, _) => "whoever owns it can let you read it: chmod a+r",
            _ => "is the path right?",
        },
    };
    words.to_owned()
}

/// The file of the same folder whose name is nearest to one that is not there.
fn neighbour(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names: Vec<String> = names.collect();
    let near = nearest(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near).display().to_string())
}

/// What the reader of a kind has to say.
fn diagnostics(
    kind: Kind,
    name: &str,
    absolute: &Path,
    bytes: &[u8],
    root: &Root,
) -> Result<Vec<Diagnostic>> {
    Ok(match kind {
        Kind::Dependencies | Kind::BuildDependencies => dependencies::parse(name, bytes).diagnostics,
        Kind::BuildInformation => dependencies::parse_build_information(name, bytes).diagnostics,
        Kind::Environment => environment::evaluate(name, bytes, &mut Scope::gobolinux()),
        Kind::Policy => {
            // session.toml and session.d lie beside profiles.d.
            let folder = absolute.parent().filter(|_| name != STDIN);
            let folder = folder.and_then(|f| if f.ends_with("session.d") { f.parent() } else { Some(f) });
            let beside = folder.map(|folder| folder.join("profiles.d"));
            check_policy(name, bytes, &Profiles::beside(beside.as_deref(), &root.root)?)?
        }
        Kind::Selection => check_selection(name, bytes),
        Kind::Profile => {
            let own = (name != STDIN).then(|| absolute.parent().map(PathBuf::from)).flatten();
            check_profile(name, bytes, &Profiles::beside(own.as_deref(), &root.root)?)?
        }
    })
}
