//! Exit codes, in one place.

use super::runner::Ending;
use super::talk;
use crate::command::NotStarted;

/// How the command ends when it is not replaced by another: [`Exit::meaning`] has the table. Every other code of `run` is
/// the command's own, as with env(1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Done,
    Failed,
    Usage,
    InUse,
    NoView,
    CannotRun,
    NotFound,
    /// As `runner` ends, which has a table of its own.
    Runner(Ending),
}

/// The commands that become another one.
pub(super) const BECOMING: [&str; 4] = ["run", "shell", "host", RUNNER];

/// The one that ends with codes of its own.
const RUNNER: &str = "runner";

impl Exit {
    /// All that are not of `runner` alone, in the order of their codes.
    const ALL: [Self; 7] =
        [Self::Done, Self::Failed, Self::Usage, Self::InUse, Self::NoView, Self::CannotRun, Self::NotFound];

    /// How a command may end, in the order of the codes; without a command, how most of them do.
    pub(super) fn table(command: Option<&str>) -> Vec<Self> {
        match command {
            None => Self::ALL.to_vec(),
            Some(RUNNER) => Ending::ALL.map(Self::Runner).to_vec(),
            Some(command) => Self::ALL.into_iter().filter(|exit| exit.is_of(command)).collect(),
        }
    }

    /// What it means.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "it failed, or something in what was looked at is wrong",
            Self::Usage => "the command line cannot be understood",
            Self::InUse => "who: something uses the program",
            Self::NoView => {
                "run, shell, host: the view could not be had, or the command line was not understood"
            }
            Self::CannotRun => "run, shell, host: the command is there, but cannot be run",
            Self::NotFound => "run, shell, host: there is no such command",
            Self::Runner(ending) => ending.meaning(),
        }
    }

    pub(super) fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::InUse => 3,
            Self::NoView => 125,
            Self::CannotRun => 126,
            Self::NotFound => 127,
            Self::Runner(ending) => ending.code(),
        }
    }

    /// Why a command was not started, said.
    pub(super) fn of_not_started(why: &NotStarted) -> Self {
        let (NotStarted::NotFound(error) | NotStarted::CannotRun(error)) = why;
        talk::error(&error.to_string());
        match why {
            NotStarted::NotFound(_) => Self::NotFound,
            NotStarted::CannotRun(_) => Self::CannotRun,
        }
    }

    fn is_of(self, command: &str) -> bool {
        match self {
            Self::Done => true,
            Self::Failed | Self::Usage => !BECOMING.contains(&command),
            Self::InUse => command == "who",
            Self::NoView | Self::CannotRun | Self::NotFound => BECOMING.contains(&command),
            Self::Runner(_) => command == RUNNER,
        }
    }

    /// A failure of our own: `run` must not look like its command.
    pub(super) fn own_failure(command: &str) -> Self {
        match command {
            RUNNER => Self::Runner(Ending::NoView),
            _ if BECOMING.contains(&command) => Self::NoView,
            _ => Self::Failed,
        }
    }

    /// A command line that cannot be understood.
    pub(super) fn usage(command: &str) -> Self {
        match command {
            RUNNER => Self::Runner(Ending::NoCommand),
            _ if BECOMING.contains(&command) => Self::NoView,
            _ => Self::Usage,
        }
    }
}
