//! One file: read, given to the reader of its kind, and what came of it.

use super::Kind;
use crate::cli::arguments::Root;
use crate::config::{Profiles, check_policy, check_profile, check_selection};
use crate::dependencies;
use crate::diagnostic::{Diagnostic, Severity};
use crate::environment::{self, Scope};
use crate::error::Result;
use clap::ValueEnum as _;
use rustix::fs::{self, FileType, Mode, OFlags};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Standard input, on the command line and in diagnostics.
const STDIN: &str = "-";

/// More than any reader takes: they say so themselves.
const MAX_READ: u64 = 1024 * 1024;

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
    let (kind, diagnostics) = match read(path) {
        Err((message, help)) => (kind, failed(message, help)),
        Ok(bytes) => match kind.map_or_else(|| Kind::of(path), Ok) {
            Ok(kind) => (Some(kind), diagnostics(kind, &name, &absolute, &bytes, root)?),
            Err(near) => {
                let message = "it cannot be told by its name and place what kind of file this is";
                let words: Vec<&str> = Kind::value_variants().iter().map(|kind| kind.word()).collect();
                let say = || format!("say it by --kind {}", words.join("|"));
                (None, failed(message.to_owned(), Some(near.unwrap_or_else(say))))
            }
        },
    };
    Ok(Checked { absolute: absolute.to_string_lossy().into_owned(), name, kind, diagnostics })
}

/// What is wrong, and what to do about it.
type Refusal = (String, Option<String>);

/// Reads a regular file or standard input, never waiting for another kind of file.
fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let cannot = |error: std::io::Error| (format!("it cannot be read: {error}"), None);
    let mut bytes = Vec::new();
    if path.as_os_str() == STDIN {
        std::io::stdin().take(MAX_READ).read_to_end(&mut bytes).map_err(cannot)?;
        return Ok(bytes);
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = fs::open(path, flags, Mode::empty()).map_err(|errno| cannot(errno.into()))?;
    let stat = fs::fstat(&fd).map_err(|errno| cannot(errno.into()))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => {
            let help =
                "name the files in it, as `find FOLDER -name Dependencies -exec gobo-session lint {} +` does";
            return Err(("this is a folder".to_owned(), Some(help.to_owned())));
        }
        _ => {
            let help = "give what it holds to standard input, and name that: -";
            return Err(("this is no regular file".to_owned(), Some(help.to_owned())));
        }
    }
    File::from(fd).take(MAX_READ).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(bytes)
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
