//! One error type for everything that touches the system: which step, which call with which arguments, and the cure.
//!
//! A login that fails to get its view shows exactly one line in the log. It has to be enough: the step tells where
//! the road of `design` ended, the call tells what the kernel was asked, and the cure tells what to do about it.

use crate::text::Safe;
use rustix::io::Errno;
use std::fmt;

/// The part of the road from a wish to a view in which something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Step {
    /// Reading policy, profiles or the user's selection.
    Configure,
    /// Reading /Programs or the index.
    Read,
    /// Choosing versions.
    Resolve,
    /// Working out the layer.
    Compile,
    /// Finding out whether a user could work in the view.
    Try,
    /// Making the mounts.
    Mount,
    /// Giving the mounts to the process.
    Attach,
    /// Taking the process back to where it came from.
    Leave,
    /// Starting the command.
    Start,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configure => "configure",
            Self::Read => "read",
            Self::Resolve => "resolve",
            Self::Compile => "compile",
            Self::Try => "try",
            Self::Mount => "mount",
            Self::Attach => "attach",
            Self::Leave => "leave",
            Self::Start => "start",
        })
    }
}

/// Why there is no view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Where on the road it happened.
    pub step: Step,
    /// What was tried and what came of it, as a sentence without a full stop.
    pub what: String,
    /// What the kernel said, where it was the kernel.
    pub errno: Option<Errno>,
    /// What to do about it.
    pub cure: Option<String>,
}

/// What the functions of this crate give back.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure that the kernel had no part in.
    pub fn new(step: Step, what: impl Into<String>) -> Self {
        Self { step, what: what.into(), errno: None, cure: None }
    }

    /// A failed system call; `what` names it with its arguments.
    pub fn call(step: Step, what: impl Into<String>, errno: impl Into<Errno>) -> Self {
        Self { step, what: what.into(), errno: Some(errno.into()), cure: None }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn with_cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }
}

impl Error {
    /// The same failure of something in a folder, where it was told without.
    #[must_use]
    pub(crate) fn inside(mut self, folder: &[u8]) -> Self {
        let folder = String::from_utf8_lossy(folder);
        self.what = match self.errno {
            None => format!("{folder}/{}", self.what),
            Some(_) => format!("in {folder}: {}", self.what),
        };
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Safe(&self.what))?;
        if let Some(errno) = self.errno {
            write!(f, ": {}", std::io::Error::from(errno))?;
        }
        if let Some(cure) = &self.cure {
            write!(f, "; {}", Safe(cure))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Turns the result of a system call into ours: `call.or(Step::Mount, || format!(..))`.
pub(crate) trait Because<T> {
    /// Adds the step and the call to an errno.
    fn because(self, step: Step, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<Errno>> Because<T> for std::result::Result<T, E> {
    fn because(self, step: Step, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|errno| Error::call(step, what(), errno))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_a_sentence_with_cause_and_cure() {
        let error = Error::call(Step::Mount, "fsopen(\"overlay\")", Errno::NODEV)
            .with_cure("load the module: modprobe overlay");
        assert_eq!(
            error.to_string(),
            "fsopen(\"overlay\"): No such device (os error 19); load the module: modprobe overlay"
        );
    }
}
