//! How `runner` ends where it is not replaced by its command.

use crate::cli::enter::Stopped;
use crate::cli::talk;
use crate::command::NotStarted;
use crate::error::Step;
use std::fmt;

/// How `runner` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Ending {
    /// It can work here.
    Done,
    /// It cannot work here.
    CannotWork,
    /// There is no command, or the command line cannot be understood.
    NoCommand,
    /// No view can be made.
    NoView,
    /// The namespaces cannot be made.
    Namespace,
    /// The mounts cannot be made, or a file is not there.
    Mounts,
    /// To be quiet and to tell more.
    Contradiction,
    /// The command cannot be executed.
    Command,
}

impl Ending {
    /// All of them, in the order of their codes.
    pub(in crate::cli) const ALL: [Self; 8] = [
        Self::Done,
        Self::CannotWork,
        Self::NoCommand,
        Self::NoView,
        Self::Namespace,
        Self::Mounts,
        Self::Contradiction,
        Self::Command,
    ];

    pub(in crate::cli) fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::CannotWork => 1,
            Self::NoCommand => 2,
            Self::NoView => 3,
            Self::Namespace => 4,
            Self::Mounts => 5,
            Self::Contradiction => 7,
            Self::Command => 255,
        }
    }

    /// What it means.
    pub(in crate::cli) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::CannotWork => "--check: it cannot work here",
            Self::NoCommand => "no command is named, or the command line cannot be understood",
            Self::NoView => "no view can be made here",
            Self::Namespace => "the namespaces cannot be made",
            Self::Mounts => {
                "the mounts cannot be made, or a file of --dependencies or of the configuration be read"
            }
            Self::Contradiction => "--quiet and --verbose are given together",
            Self::Command => "the command cannot be executed",
        }
    }

    /// Tells why a command did not start.
    pub(super) fn told(stopped: &Stopped) -> Self {
        talk::error(&stopped.to_string());
        match stopped {
            _ if Self::is_of_caller(stopped) => Self::Mounts,
            Stopped::Before(_) => Self::NoView,
            Stopped::Entering(_) => Self::Namespace,
            Stopped::Mounting(_) => Self::Mounts,
            Stopped::Starting(_) => Self::Command,
        }
    }

    /// Whether a file that the caller or the administrator names is to blame.
    pub(super) fn is_of_caller(stopped: &Stopped) -> bool {
        matches!(stopped, Stopped::Before(error) if error.step == Step::Configure)
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(error) | Self::Entering(error) | Self::Mounting(error) => {
                write!(f, "{}: {error}", error.step)
            }
            Self::Starting(NotStarted::NotFound(error) | NotStarted::CannotRun(error)) => error.fmt(f),
        }
    }
}
