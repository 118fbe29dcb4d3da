//! `gobo-session check`: whether this machine is set up as it should be, with a cause and a cure for what is not.
//!
//! Everything is looked at as a login would look at it: the same readers, which believe root alone. What a login passes
//! over in silence, or says in one line of a log that nobody reads, is said here.

mod kernel;
mod policy;
pub mod privileged;
mod processor;
mod road;
mod settings;
pub(crate) mod stacks;
mod tree;

pub use kernel::try_command_view;

use crate::config::{Config, ConfigError};
use crate::error::{Because as _, Error, Result, Step};
use crate::setup::Setup;
use crate::setup::beside::Lies;
use crate::tree::Layout;
use crate::trusted::{Root, Trust};
use rustix::fs::{Mode, OFlags, open};
use serde::Serialize;
use std::os::fd::OwnedFd;
use std::path::Path;

/// How it stands with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should.
    Ok,
    /// It works, and somebody should know.
    Warning,
    /// It does not work, or not as it was meant.
    Failed,
}

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `policy`, `profile`, `own`, `settings`, `programs`, `index`, `tree`, `state`, `kernel`,
    /// `run`, `mounts`, `i686`, `processor`, `stack`, `module`, `switch`.
    pub about: &'static str,
    /// How it stands.
    pub level: Level,
    /// What is so, as a sentence without a full stop.
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
    /// The places in files, shown as a compiler shows them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
}

impl Finding {
    fn new(about: &'static str, level: Level, what: impl Into<String>) -> Self {
        Self { about, level, what: what.into(), cure: None, places: Vec::new() }
    }

    fn ok(about: &'static str, what: impl Into<String>) -> Self {
        Self::new(about, Level::Ok, what)
    }

    fn warning(about: &'static str, what: impl Into<String>) -> Self {
        Self::new(about, Level::Warning, what)
    }

    fn failed(about: &'static str, what: impl Into<String>) -> Self {
        Self::new(about, Level::Failed, what)
    }

    fn cured_by(self, cure: impl Into<String>) -> Self {
        Self { cure: Some(cure.into()), ..self }
    }

    /// A failure of ours, which may know a cure.
    fn of_error(about: &'static str, what: &str, error: &Error) -> Self {
        let cause = Error { cure: None, ..error.clone() };
        let what = if what.is_empty() { cause.to_string() } else { format!("{what}: {cause}") };
        Self { cure: error.cure.clone(), ..Self::failed(about, what) }
    }

    /// What is wrong with a configuration.
    fn of_config(about: &'static str, what: &str, error: &ConfigError) -> Self {
        match error {
            ConfigError::Invalid(errors) => Self {
                places: errors.iter().map(ToString::to_string).collect(),
                ..Self::failed(about, format!("{what} is not understood"))
            },
            other => Self::failed(about, format!("{what}: {other}")),
        }
    }
}

/// Looks at the machine whose root is `root`.
///
/// # Errors
/// Where the root itself cannot be opened.
pub fn machine(root: &Path) -> Result<Vec<Finding>> {
    let fd = open_root(root)?;
    let trusted = Root::new(open_root(root)?, Trust::RootOnly);
    let mut findings = policy::switches(&trusted);
    let config = policy::check(&trusted, root, &mut findings);
    let layout = config.as_ref().map(Config::layout).unwrap_or_default();
    tree::check(root, &layout, config.as_ref(), &mut findings);
    settings::check(&fd, &mut findings);
    tree::check_state(&fd, &mut findings);
    if root == Path::new("/") {
        let shares_root = config.as_ref().is_none_or(|config| config.policy.share_root);
        kernel::check(&layout, shares_root, &mut findings);
        processor::check(&mut findings);
    }
    findings.extend(beside(root, &layout));
    stacks::check(&fd, config.as_ref().map(|config| &config.policy), &layout, &mut findings);
    Ok(findings)
}

/// A tree beside the system's own programs to which nothing leads.
fn beside(root: &Path, layout: &Layout) -> Option<Finding> {
    let setup = Setup::open(root, Trust::RootOnly).ok().filter(|setup| setup.lies(layout) == Lies::Beside)?;
    let missing: Vec<&str> =
        setup.files(layout).iter().filter(|file| file.needs_work()).map(|file| file.path).collect();
    let what = format!(
        "{} lies beside /usr, and {} would lead to it",
        layout.index.display(),
        missing.join(" and ")
    );
    (!missing.is_empty()).then(|| Finding::warning("tree", what).cured_by("gobo-session setup --apply tree"))
}

fn open_root(root: &Path) -> Result<OwnedFd> {
    open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .because(Step::Read, || format!("open {}", root.display()))
}
