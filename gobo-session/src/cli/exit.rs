//! Exit codes, in one place.

/// How the command ends when it is not replaced by another: [`Exit::meaning`] has the table. Every other code of `run` is
/// the command's own, as with env(1).
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
    /// All of them, in the order of their codes.
    pub(super) const ALL: [Self; 6] =
        [Self::Done, Self::Failed, Self::Usage, Self::NoView, Self::CannotRun, Self::NotFound];

    /// What it means.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "it failed; with lint, there are errors in a file",
            Self::Usage => "the command line cannot be understood",
            Self::NoView => "run: no view could be made, or its command line cannot be understood",
            Self::CannotRun => "run: the command is there, but cannot be run",
            Self::NotFound => "run: there is no such command",
        }
    }

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

    /// Whether only `run` ends so.
    pub(super) fn is_of_run(self) -> bool {
        matches!(self, Self::NoView | Self::CannotRun | Self::NotFound)
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
