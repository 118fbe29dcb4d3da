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
mod target;

pub use advice::{Advice, advice};

use crate::check::stacks::{Line, Stacks, has_module, is_ours, is_out_of_order};
use crate::error::{Error, Result, Step};
use crate::tree::Layout;
use crate::trusted::Trust;
use rustix::fs::{Mode, OFlags, open};
use std::fmt;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Where stacks are that may be changed.
const FOLDER: &str = "etc/pam.d";

/// Where they are kept as they were.
const KEPT: &str = "etc/gobo-session/pam.d";

/// Who may have written a stack: libpam believes what is in it.
const STACKS: Trust = Trust::RootOnly;

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
    /// Its stack is the distribution's, which a package writes over: it gets them once the administrator has his own.
    Shipped {
        /// That stack.
        file: String,
    },
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
            Self::Shipped { .. } => "shipped",
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
            Self::Shipped { file } => write!(
                f,
                "gets none yet: its stack is the distribution's, {file}; copy it to /{FOLDER}, and run setup again"
            ),
            Self::Not(why) => write!(f, "gets none: {why}"),
        }
    }
}

/// A machine that is set up.
pub struct Setup {
    root: OwnedFd,
    path: PathBuf,
    trust: Trust,
}

impl Setup {
    /// The machine below a root, and who may have written what leads to its tree. Its stacks are root's in any case.
    ///
    /// # Errors
    /// Where that cannot be opened.
    pub fn open(path: &Path, trust: Trust) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(path, flags, Mode::empty())
            .map_err(|errno| Error::call(Step::Read, format!("open {}", path.display()), errno))?;
        Ok(Self { root, path: path.to_owned(), trust })
    }

    /// The services that have a stack and are known here, in order.
    ///
    /// # Errors
    /// Where the folder of stacks cannot be read, or is not root's.
    pub fn services(&self) -> Result<Vec<String>> {
        let services = Stacks::new(&self.root).services();
        let mut services = services.map_err(|error| self.refused(error))?;
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
        let file = Stacks::new(&self.root).file_of(service).map_err(|why| unread(service, &why))?;
        let Some(file) = file else { return Ok(State::Not("it has no stack here".into())) };
        let (lines, own) = (self.lines(service)?, format!("/{FOLDER}/{service}"));
        if let Some(ours) = lines.iter().find(|line| is_ours(line)) {
            return Ok(match (is_out_of_order(service, &lines), ours.file() == own) {
                (true, _) => State::Wrong,
                (false, true) => State::Has,
                (false, false) => State::Includes { file: ours.file().to_owned() },
            });
        }
        let Some(pair) = advice.lines else { return Ok(State::Not(advice.reason)) };
        let Some(text) = self.read(&stack_of(service), STACKS)? else { return Ok(State::Shipped { file }) };
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
        let path = stack_of(service);
        let stack = self.target(&path, STACKS)?;
        let Some(old) = stack.old() else {
            return Err(Error::new(Step::Configure, format!("{service}: it has no stack in /{FOLDER}")));
        };
        let (before, let_in) = (self.lines(service)?, lets_in());
        let is_kept_now = self.keep(service, old)?;
        let lets_in = || !let_in || lets_in();
        let changed = stack
            .write(text)
            .and_then(|()| self.is_sound(service, &before, lets_in).map_err(|why| stack.brought_back(why)));
        changed.map_err(|why| {
            if !stack.is_as_it_was() {
                let kept = self.shown(&kept_of(service));
                return why.with_cure(format!("what it was is {}", kept.display()));
            }
            if is_kept_now {
                self.forget(service, old);
            }
            why
        })
    }

    /// Takes the lines out of a service's own stack; false where it has none.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub fn remove(&self, service: &str, lets_in: impl Fn() -> bool) -> Result<bool> {
        let Some(text) = self.read(&stack_of(service), STACKS)? else { return Ok(false) };
        let without = edit::take_out(&text);
        if without == text {
            return Ok(false);
        }
        self.change(service, &without, lets_in)?;
        self.forget(service, &without);
        Ok(true)
    }

    /// Makes sure that a stack that was changed is read as it should be: with all other lines as they were, and root let in.
    fn is_sound(&self, service: &str, before: &[Line], lets_in: impl Fn() -> bool) -> Result<()> {
        let others = |lines: &[Line]| -> Vec<String> {
            lines.iter().filter(|line| !is_ours(line)).map(Line::text).collect()
        };
        let wrong = |what: &str| Err(Error::new(Step::Configure, format!("{service}: {what}")));
        if others(&self.lines(service)?) != others(before) {
            return wrong("other lines of its stack would change");
        }
        if lets_in() { Ok(()) } else { wrong("root would not be let in by its stack any more") }
    }

    /// Keeps a stack as it is, unless one of the service is kept already; whether it is kept from now on.
    fn keep(&self, service: &str, text: &str) -> Result<bool> {
        let path = kept_of(service);
        if self.read(&path, STACKS)?.is_some() {
            return Ok(false);
        }
        self.make_folder(Path::new(KEPT), STACKS)?;
        self.target(&path, STACKS)?.write(text)?;
        Ok(true)
    }

    /// Lets the stack that is kept go, where it is the one that is there.
    fn forget(&self, service: &str, text: &str) {
        let path = kept_of(service);
        if let Ok(kept) = self.target(&path, STACKS)
            && kept.old() == Some(text)
            && kept.remove().is_ok()
        {
            self.remove_empty_folder(Path::new(KEPT), STACKS);
        }
    }

    fn lines(&self, service: &str) -> Result<Vec<Line>> {
        let lines = Stacks::new(&self.root).session(service);
        lines.map_err(|why| unread(service, &why))
    }
}

/// Where a service's own stack is.
fn stack_of(service: &str) -> PathBuf {
    Path::new(FOLDER).join(service)
}

/// Where it is kept as it was.
fn kept_of(service: &str) -> PathBuf {
    Path::new(KEPT).join(service)
}

fn unread(service: &str, why: &str) -> Error {
    Error::new(Step::Read, format!("{service}: {why}"))
}
