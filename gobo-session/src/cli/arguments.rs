//! The command line: every option is written once, here, and shared by the commands that have it.

use super::completions::Shell;
use super::diff::Word;
use super::lint::Kind;
use crate::arch::Arch;
use crate::requirement::{ProgramName, Requirement};
use crate::resolve::UseFlag;
use clap::{Args, Parser, ValueHint};
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
    #[command(after_help = examples!(
        "gobo-session run --with 'Lua = 5.1.5' lua -v",
        "gobo-session run --arch i686 bash -c 'echo $MACHTYPE'",
    ))]
    Run(Run),
    /// Show what a view would hold, and why, before anything is done.
    ///
    /// Versions that the index does not show already are a tree, each with what brought it; what is current is told
    /// in one line. Behind it stands what had to give way, what is missing, and what could be chosen instead.
    #[command(after_help = examples!(
        "gobo-session plan --with 'Bash = 5.1.4'",
        "gobo-session plan --with 'Lua = 5.1.5' --dot > lua.dot",
    ))]
    Plan(Plan),
    /// Print the variables that a view's programs and profile set, for a shell.
    ///
    /// They are worked out as `run` does it, from this process's own environment, and nothing is run for it. Without
    /// wishes they are those of the session around.
    #[command(after_help = examples!(
        "eval \"$(gobo-session env --with 'Lua = 5.1.5')\"",
        "gobo-session env --with 'Lua = 5.1.5' --json",
    ))]
    Env(Env),
    /// List the installed versions of a program, newest first.
    #[command(after_help = examples!("gobo-session versions Lua", "gobo-session versions Glibc --json"))]
    Versions(Versions),
    /// Show what programs see otherwise in one view than in another.
    ///
    /// A view is that of a profile, by its name; of a plan that `plan --json` wrote, by a path with a /, or - for standard
    /// input; @here, the one that this process is in; @login, what a new login at a terminal would get; or none, the
    /// index as it is.
    #[command(after_help = examples!(
        "gobo-session diff @here @login",
        "gobo-session plan --with Lua --json | gobo-session diff none -",
    ))]
    Diff(Diff),
    /// Tell which version gives a name of the index, and why.
    ///
    /// A name is that of a command, a library or a header (lua, libgtk-x11-2.0.so.0, gtk/gtk.h), or any path that leads
    /// through the index. It is looked up as this process sees it: in a view, what the view hides is told too.
    #[command(after_help = examples!("gobo-session why lua", "gobo-session why /usr/lib/libc.so.6 --json"))]
    Why(Why),
    /// Check files that GoboLinux and gobo-session read, and show what is wrong in them.
    ///
    /// What a file is, is told by its name and place: Dependencies, BuildDependencies, BuildInformation, Environment;
    /// NAME.toml in a folder profiles.d; session.toml and NAME.toml in a folder session.d; session.toml in a folder
    /// .config/gobo-session is a user's selection. It ends with 1 where there is an error, with 0 where there are
    /// warnings alone, so that it can stand in a commit hook.
    #[command(after_help = examples!(
        "gobo-session lint Resources/Dependencies Resources/Environment",
        "gobo-session lint --kind environment - < Resources/Environment",
    ))]
    Lint(Lint),
    /// Show the view that a process is in, and what has changed since it was made.
    #[command(after_help = examples!("gobo-session status $$", "gobo-session status --json"))]
    Status(Status),
    /// Check whether this machine is set up as it should be, and say what to do where it is not.
    ///
    /// The switches, the policy and its profiles, who could write /Programs and the index, the state folder, and where
    /// the module's lines stand in the PAM stacks; for an ordinary user also what he selected and wrote himself. The
    /// exit code is 1 where anything failed; warnings do not fail.
    #[command(after_help = examples!("gobo-session check", "gobo-session check --privileged --json"))]
    Check(Check),
    /// Print what completes this command's words in a shell.
    #[command(after_help = examples!(
        "eval \"$(gobo-session completions bash)\"",
        "gobo-session completions fish > gobo-session.fish",
    ))]
    Completions(Completions),
    /// Print a page for man(1).
    #[command(after_help = examples!(
        "gobo-session man > gobo-session.1",
        "gobo-session man plan > gobo-session-plan.1",
    ))]
    Man(Man),
}

/// The end of a command's help.
macro_rules! examples {
    ($first:literal, $second:literal $(,)?) => {
        concat!("Examples:\n  ", $first, "\n  ", $second)
    };
}
use examples;

/// The tree that is meant.
#[derive(Debug, Args)]
pub(super) struct Root {
    /// The root of another tree.
    #[arg(long, value_name = "FOLDER", default_value = "/", value_hint = ValueHint::DirPath)]
    pub(super) root: PathBuf,
}

/// How an answer is written.
#[derive(Debug, Args)]
pub(super) struct Form {
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// What a view is asked to hold.
#[derive(Debug, Args)]
pub(super) struct Wishes {
    /// A profile: one of yours in ~/.config/gobo-session/profiles.d, or the administrator's.
    #[arg(short, long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// A requirement, such as 'Lua = 5.3.6' or 'GTK+ >= 2.24, < 3'; the first weighs most.
    #[arg(short, long = "with", value_name = "REQUIREMENT")]
    pub(super) with: Vec<Requirement>,
    /// A use flag that is on (mysql) or off (-mysql) for programs that do not say what they were built with; their
    /// dependencies for flags that are not named are followed.
    #[arg(long, value_name = "FLAG", allow_hyphen_values = true)]
    pub(super) use_flag: Vec<UseFlag>,
    /// The architecture of the versions: x86_64 or i686 [default: the profile's, the command's, the machine's].
    #[arg(short, long)]
    pub(super) arch: Option<Arch>,
    /// Forget what the session around has chosen.
    #[arg(long)]
    pub(super) fresh: bool,
    #[command(flatten)]
    pub(super) root: Root,
}

/// What a view would be asked to hold, where none is made.
#[derive(Debug, Args)]
pub(super) struct Question {
    #[command(flatten)]
    pub(super) wishes: Wishes,
    /// The command that the view would be for.
    #[arg(trailing_var_arg = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    pub(super) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) wishes: Wishes,
    /// Leave the environment alone: neither the profile's variables nor the programs' Resources/Environment.
    #[arg(long)]
    pub(super) no_env: bool,
    /// The command and its arguments.
    #[arg(
        required = true,
        trailing_var_arg = true,
        value_name = "COMMAND",
        value_hint = ValueHint::CommandWithArguments
    )]
    pub(super) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) question: Question,
    #[command(flatten)]
    pub(super) form: Form,
    /// Print a graph in the language of Graphviz: versions that are layered are filled, conflicts dashed.
    #[arg(long, conflicts_with = "json")]
    pub(super) dot: bool,
}

#[derive(Debug, Args)]
pub(super) struct Env {
    #[command(flatten)]
    pub(super) question: Question,
    #[command(flatten)]
    pub(super) form: Form,
    /// Print commands for fish, not for sh.
    #[arg(long, conflicts_with = "json")]
    pub(super) fish: bool,
}

#[derive(Debug, Args)]
pub(super) struct Versions {
    /// The program; its capital letters matter only where two programs differ in nothing else.
    #[arg(value_name = "PROGRAM")]
    pub(super) program: ProgramName,
    #[command(flatten)]
    pub(super) root: Root,
    #[command(flatten)]
    pub(super) form: Form,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The view to start from.
    #[arg(value_name = "VIEW")]
    pub(super) from: Word,
    /// The other one.
    #[arg(value_name = "OTHER")]
    pub(super) to: Word,
    #[command(flatten)]
    pub(super) root: Root,
    #[command(flatten)]
    pub(super) form: Form,
}

#[derive(Debug, Args)]
pub(super) struct Why {
    /// The name, or a path.
    #[arg(value_name = "NAME")]
    pub(super) name: PathBuf,
    #[command(flatten)]
    pub(super) root: Root,
    #[command(flatten)]
    pub(super) form: Form,
}

#[derive(Debug, Args)]
pub(super) struct Lint {
    /// Take every file for one of this kind.
    #[arg(long, value_enum)]
    pub(super) kind: Option<Kind>,
    /// Take warnings for errors.
    #[arg(long)]
    pub(super) strict: bool,
    #[command(flatten)]
    pub(super) root: Root,
    #[command(flatten)]
    pub(super) form: Form,
    /// The files; - is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    /// The process, one of yours [default: this one].
    #[arg(value_name = "PID", conflicts_with = "root")]
    pub(super) pid: Option<u32>,
    #[command(flatten)]
    pub(super) root: Root,
    #[command(flatten)]
    pub(super) form: Form,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// The command that the page is about; without one it is about gobo-session.
    #[arg(value_name = "COMMAND")]
    pub(super) command: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// List what programs with more rights than their caller load, and which profiles replace any of it.
    #[arg(long)]
    pub(super) privileged: bool,
    #[command(flatten)]
    pub(super) root: Root,
    #[command(flatten)]
    pub(super) form: Form,
}
