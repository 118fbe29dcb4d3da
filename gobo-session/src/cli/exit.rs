//! Exit codes, in one place.

/// How the command ends when it is not replaced by another.
///
/// | code | meaning |
/// |---|---|
/// | 0 | done |
/// | 1 | it failed |
/// | 2 | the command line cannot be understood |
/// | 125 | `run`: no view could be made, or its command line cannot be understood |
/// | 126 | `run`: the command is there, but cannot be run |
/// | 127 | `run`: there is no such command |
///
/// Every other code of `run` is the command's own, as with env(1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Done,
    Failed,
    Usage,
    NoView,
    CannotRun,
    NotFound,
}

impl Exit {
    pub(super) fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoView => 125,
            Self::CannotRun => 126,
            Self::NotFound => 127,
        }
    }

    /// A failure of our own: `run` must not look like its command.
    pub(super) fn own_failure(runs_a_command: bool) -> Self {
        if runs_a_command { Self::NoView } else { Self::Failed }
    }

    /// A command line that cannot be understood.
    pub(super) fn usage(runs_a_command: bool) -> Self {
        if runs_a_command { Self::NoView } else { Self::Usage }
    }
}
