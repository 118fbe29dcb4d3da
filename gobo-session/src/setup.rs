//! `gobo-session setup`: the module's lines in the PAM stacks of a machine, by service, and what leads to a tree that lies
//! beside the system's own programs ([`beside`]).
//!
//! A stack that is changed is kept in `/etc/gobo-session/pam.d` first. Afterwards it is read as libpam reads it: all other
//! lines have to be there as before, and where root can be let in by the service without a password, that is tried. What
//! does not hold brings the old stack back.

mod advice;
pub mod beside;
mod edit;
pub mod marked;

pub use advice::{Advice, advice};

use crate::check::stacks::{Line, Stacks, has_module, is_ours, is_out_of_order};
use crate::error::{Error, Result, Step};
use crate::tree::Layout;
use crate::trusted::{self, Trust};
use rustix::fs::{Mode, OFlags, open};
use std::fmt;
use std::fs;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where stacks are that may be changed.
const FOLDER: &str = "etc/pam.d";

/// Where they are kept as they were.
const KEPT: &str = "etc/gobo-session/pam.d";

/// The largest stack (R18).
const MAX_FILE: usize = 256 * 1024;

/// How it stands with a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Its stack has no lines and gets them.
    Without {
        /// The stack with them.
        text: String,
    },
    /// It has its lines, in its own file.
    Has,
    /// It has them by a file that it includes.
    Includes {
        /// That file.
        file: String,
    },
    /// It has lines in wrong places.
    Wrong,
    /// It is not to get any, and why.
    Not(String),
}

impl State {
    /// One word for it, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Without { .. } => "without",
            Self::Has => "has",
            Self::Includes { .. } => "includes",
            Self::Wrong => "wrong",
            Self::Not(_) => "not",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Without { .. } => {
                f.write_str("gets `close` before its session lines and `open` behind them")
            }
            Self::Has => f.write_str("has its lines"),
            Self::Includes { file } => write!(f, "has its lines by {file}"),
            Self::Wrong => {
                f.write_str("has lines that stand wrongly, which `gobo-session check` tells more of")
            }
            Self::Not(why) => write!(f, "gets none: {why}"),
        }
    }
}

/// A machine that is set up.
pub struct Setup {
    root: OwnedFd,
    path: PathBuf,
}

impl Setup {
    /// The machine below a root.
    ///
    /// # Errors
    /// Where that cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(path, flags, Mode::empty())
            .map_err(|errno| Error::call(Step::Read, format!("open {}", path.display()), errno))?;
        Ok(Self { root, path: path.to_owned() })
    }

    /// The services that have a stack and are known here, in order.
    ///
    /// # Errors
    /// Where the folder of stacks cannot be read, or is not root's.
    pub fn services(&self) -> Result<Vec<String>> {
        let services = Stacks::new(&self.root).services();
        let mut services = services.map_err(|error| Error::new(Step::Read, error.to_string()))?;
        services.retain(|service| advice(service).is_some());
        Ok(services)
    }

    /// How it stands with a service.
    ///
    /// # Errors
    /// Where its stack cannot be read, or is not root's.
    pub fn state(&self, service: &str) -> Result<State> {
        let Some(advice) = advice(service) else {
            return Ok(State::Not("nothing is known here about its sessions".into()));
        };
        let lines = match self.lines(service) {
            Err(_) if !self.path.join(FOLDER).join(service).exists() => {
                return Ok(State::Not("it has no stack here".into()));
            }
            lines => lines?,
        };
        let own = format!("/{FOLDER}/{service}");
        if let Some(ours) = lines.iter().find(|line| is_ours(line)) {
            return Ok(match (is_out_of_order(service, &lines), ours.file() == own) {
                (true, _) => State::Wrong,
                (false, true) => State::Has,
                (false, false) => State::Includes { file: ours.file().to_owned() },
            });
        }
        let Some(pair) = advice.lines else { return Ok(State::Not(advice.reason)) };
        let text = self.text(service)?;
        let leads = |file: &str| self.lines(file).is_ok_and(|lines| !lines.is_empty());
        Ok(match edit::put_in(&text, pair, leads) {
            Some(text) => State::Without { text },
            None => State::Not("its stack has no session lines".into()),
        })
    }

    /// Makes sure that the module is there: a stack must not name one that is not.
    ///
    /// # Errors
    /// Where it was looked for.
    pub fn module(&self, layout: &Layout) -> Result<()> {
        let found = has_module(&self.root, layout).map(drop);
        found.map_err(|why| Error::new(Step::Read, why).with_cure("install it first"))
    }

    /// Puts a text in place of a service's stack, which is kept; `lets_in` tries whether root is let in by it.
    ///
    /// # Errors
    /// Where that fails, or the new stack is not what it should be: the old one is there again then.
    pub fn change(&self, service: &str, text: &str, lets_in: impl Fn() -> bool) -> Result<()> {
        let (old, before) = (self.text(service)?, self.lines(service)?);
        let let_in = lets_in();
        let kept = self.path.join(KEPT).join(service);
        if !kept.exists() {
            fs::create_dir_all(self.path.join(KEPT)).map_err(|error| failed(&kept, &error))?;
            write(&kept, &old)?;
        }
        let path = self.path.join(FOLDER).join(service);
        write(&path, text)?;
        let others = |lines: &[Line]| -> Vec<String> {
            lines.iter().filter(|line| !is_ours(line)).map(Line::text).collect()
        };
        let why = match self.lines(service) {
            Err(error) => Some(error.to_string()),
            Ok(after) if others(&after) != others(&before) => {
                Some("other lines of it would change".to_owned())
            }
            Ok(_) if let_in && !lets_in() => Some("root would not be let in by it any more".to_owned()),
            Ok(_) => None,
        };
        why.map_or(Ok(()), |why| {
            write(&path, &old)?;
            Err(Error::new(Step::Configure, format!("{service}: {why}; its stack is as it was")))
        })
    }

    /// Takes the lines out of a service's own stack; false where it has none.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub fn remove(&self, service: &str, lets_in: impl Fn() -> bool) -> Result<bool> {
        let text = self.text(service)?;
        let without = edit::take_out(&text);
        if without == text {
            return Ok(false);
        }
        self.change(service, &without, lets_in)?;
        let kept = self.path.join(KEPT).join(service);
        if fs::read_to_string(&kept).is_ok_and(|kept| kept == without) {
            let _ = fs::remove_file(&kept);
            let _ = fs::remove_dir(self.path.join(KEPT));
        }
        Ok(true)
    }

    fn lines(&self, service: &str) -> Result<Vec<Line>> {
        let lines = Stacks::new(&self.root).session(service);
        lines.map_err(|why| Error::new(Step::Read, format!("{service}: {why}")))
    }

    /// The text of a service's own stack.
    fn text(&self, service: &str) -> Result<String> {
        let path = Path::new(FOLDER).join(service);
        let read = trusted::read(self.root.as_fd(), &path, Trust::RootOnly, MAX_FILE);
        let bytes = read.map_err(|error| Error::new(Step::Read, error.to_string()))?;
        String::from_utf8(bytes)
            .map_err(|_| Error::new(Step::Read, format!("{service}: its stack is no text")))
    }
}

/// Writes a file beside its place, and renames it to where the place's links lead.
fn write(path: &Path, text: &str) -> Result<()> {
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let beside = place.with_file_name(format!(".{name}.gobo-session"));
    let mode = fs::metadata(&place).map_or(0o644, |stat| stat.permissions().mode());
    let done = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::Permissions::from_mode(mode)))
        .and_then(|()| fs::rename(&beside, &place));
    done.map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(path, &error)
    })
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Step::Configure, format!("{} cannot be written: {error}", path.display()))
}
