//! The command line.

use crate::arch::Arch;
use crate::requirement::Requirement;
use clap::{Args, Parser};
use std::ffi::OsString;
use std::path::PathBuf;

/// Views of /System/Index, layered from the versions of programs that you name.
#[derive(Debug, Parser)]
#[command(name = "gobo-session", version, propagate_version = true, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Subcommand {
    /// Run one command in a view of its own.
    ///
    /// The view holds what is asked for, what the command's own program depends on, and what these depend on, to the
    /// end; over that comes the index as it is. Inside a session the session's choices are kept. It takes no
    /// privilege: set-user-ID programs in the view run as you.
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Show what a view would hold, and why, before anything is done.
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(Plan),
    /// Show the view that this process is in.
    #[command(after_help = STATUS_EXAMPLES)]
    Status(Status),
}

const RUN_EXAMPLES: &str = "Examples:\n  gobo-session run --with 'Lua = 5.1.5' lua -v\n  gobo-session run --arch i686 bash \
                            -c 'echo $MACHTYPE'";
const PLAN_EXAMPLES: &str =
    "Examples:\n  gobo-session plan --with 'Bash = 5.1.4'\n  gobo-session plan --with Lua --json";
const STATUS_EXAMPLES: &str = "Examples:\n  gobo-session status\n  gobo-session status --json";

/// What a view is asked to hold.
#[derive(Debug, Args)]
pub(super) struct Wishes {
    /// A profile: one of yours in ~/.config/gobo-session/profiles.d, or the administrator's.
    #[arg(short, long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// A requirement, such as 'Lua = 5.3.6' or 'GTK+ >= 2.24, < 3'; the first weighs most.
    #[arg(short, long = "with", value_name = "REQUIREMENT")]
    pub(super) with: Vec<Requirement>,
    /// The architecture of the versions: x86_64 or i686 [default: the profile's, the command's, the machine's].
    #[arg(short, long)]
    pub(super) arch: Option<Arch>,
    /// Forget what the session around has chosen.
    #[arg(long)]
    pub(super) fresh: bool,
    /// The root of another tree.
    #[arg(long, value_name = "FOLDER", default_value = "/")]
    pub(super) root: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) wishes: Wishes,
    /// Leave the environment alone: neither the profile's variables nor the programs' Resources/Environment.
    #[arg(long)]
    pub(super) no_env: bool,
    /// The command and its arguments.
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) wishes: Wishes,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// The command that the view would be for.
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// The root of another tree.
    #[arg(long, value_name = "FOLDER", default_value = "/")]
    pub(super) root: PathBuf,
}
