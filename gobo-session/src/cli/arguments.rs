//! The command line: the commands with their help, and the options that several have, written once. What only one command
//! has stands in its own file.

use crate::arch::Arch;
use crate::requirement::Requirement;
use crate::resolve::UseFlag;
use clap::{Args, Parser, ValueHint};
use std::ffi::OsString;
use std::path::PathBuf;

/// Views of /System/Index, layered from the versions of programs that you name.
#[derive(Debug, Parser)]
#[command(name = "gobo-session", version, propagate_version = true, max_term_width = 100)]
pub(super) struct CommandLine {
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
    Run(super::run::Arguments),
    /// Start your shell in a view of its own.
    ///
    /// As run, with the shell that the user database names for you. In it GOBO_SESSION_VIEW says what is special about
    /// the view; a prompt can show it: PS1='${GOBO_SESSION_VIEW:+[$GOBO_SESSION_VIEW] }\$ ' in bash.
    #[command(after_help = examples!(
        "gobo-session shell --with 'Lua = 5.1.5'",
        "gobo-session shell --arch i686 --writable",
    ))]
    Shell(super::shell::Arguments),
    /// Run one command as Runner does; also by the name Runner.
    ///
    /// The view holds what the files name, and what the command's own program depends on, to the end. The index in it can
    /// be written to, and forgets it. The options are Runner's; they end at the first word of the command.
    #[command(args_override_self = true, infer_long_args = true)]
    #[command(after_help = examples!(
        "gobo-session runner lua -v",
        "gobo-session runner -q -d Resources/Dependencies sh -c 'command -v lua'",
    ))]
    Runner(super::runner::Arguments),
    /// Show what a view would hold, and why, before anything is done.
    ///
    /// Versions that the index does not show already are a tree, each with what brought it; what is current is told
    /// in one line. Behind it stands what had to give way, what is missing, and what could be chosen instead.
    #[command(after_help = examples!(
        "gobo-session plan --with 'Bash = 5.1.4'",
        "gobo-session plan --with 'Lua = 5.1.5' --dot > lua.dot",
    ))]
    Plan(super::plan::Arguments),
    /// See, choose, save and write profiles.
    ///
    /// A profile is a named wish: which versions of programs a view holds. The administrator's are in
    /// /etc/gobo-session/profiles.d, your own in ~/.config/gobo-session/profiles.d; policy says which of them a login may
    /// have, run and shell take them all.
    #[command(after_help = examples!("gobo-session profile list", "gobo-session profile check"))]
    Profile(super::profile::Arguments),
    /// Print the variables that a view's programs and profile set, for a shell.
    ///
    /// They are worked out as `run` does it, from this process's own environment, and nothing is run for it. Without
    /// wishes they are those of the session around.
    #[command(after_help = examples!(
        "eval \"$(gobo-session env --with 'Lua = 5.1.5')\"",
        "gobo-session env --with 'Lua = 5.1.5' --json",
    ))]
    Env(super::env::Arguments),
    /// List the installed versions of a program, newest first.
    #[command(after_help = examples!("gobo-session versions Lua", "gobo-session versions Glibc --json"))]
    Versions(super::versions::Arguments),
    /// Show what programs see otherwise in one view than in another.
    ///
    /// A view is that of a profile, by its name; of a plan that `plan --json` wrote, by a path with a /, or - for standard
    /// input; @here, the one that this process is in; @login, what a new login at a terminal would get; or none, the
    /// index as it is.
    #[command(after_help = examples!(
        "gobo-session diff @here @login",
        "gobo-session plan --with Lua --json | gobo-session diff none -",
    ))]
    Diff(super::diff::Arguments),
    /// Tell which version gives a name of the index, and why.
    ///
    /// A name is that of a command, a library or a header (lua, libgtk-x11-2.0.so.0, gtk/gtk.h), or any path that leads
    /// through the index. It is looked up as this process sees it: in a view, what the view hides is told too.
    #[command(after_help = examples!("gobo-session why lua", "gobo-session why /usr/lib/libc.so.6 --json"))]
    Why(super::why::Arguments),
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
    Lint(super::lint::Arguments),
    /// Show the view that a process is in, and what has changed since it was made.
    #[command(after_help = examples!("gobo-session status $$", "gobo-session status --json"))]
    Status(super::status::Arguments),
    /// List the sessions on this machine that have a view, and the views of commands.
    ///
    /// They are found in the kernel, by their mounts. You see your own; root sees all that login programs and root made, and
    /// is told whose other views there are: views of commands lie in user namespaces of their users, which root does
    /// not look into.
    #[command(after_help = examples!("gobo-session list", "gobo-session list --json"))]
    List(super::list::Arguments),
    /// Tell which sessions and processes use a program: ask before you remove it.
    ///
    /// A session uses what its view was made of, what the index shows already too, and what its processes run. The exit code is
    /// 0 where nobody uses it, 3 where somebody does.
    #[command(after_help = examples!("gobo-session who Lua/5.1.5 && echo nobody", "gobo-session who Lua --json"))]
    Who(super::who::Arguments),
    /// Run one command in the host's own view, from inside a session; for root.
    ///
    /// It goes to the mount namespace of process 1, where what it mounts and links is everybody's. The folder it starts in stays
    /// where that is the same folder there. Package tools need this where they are started in a view.
    #[command(after_help = examples!("gobo-session host readlink /System/Index/bin/lua", "gobo-session host gobo-session status"))]
    Host(ToRun),
    /// Make running views true again after programs were installed, switched or removed.
    ///
    /// A view remembers the names that its programs have looked up, also those that were not there. This has every view
    /// see the host as it is now; each keeps the versions that it has, and nobody misses a file meanwhile. As root it is for
    /// all sessions, and the next login of each profile makes its view anew; else for the views of your own commands. The
    /// package tools call it.
    #[command(after_help = examples!("gobo-session refresh", "gobo-session refresh --profile gtk2 --json"))]
    Refresh(super::renew::Arguments),
    /// Make the views of running sessions anew from the profiles that they have.
    ///
    /// Each profile is resolved again, and the new view is put beneath the old one before that is taken away, so that
    /// nobody misses a file meanwhile. Programs that run go on with what they have open; variables of the environment stay
    /// as they are. Who gets which profile is decided at the next login. Sessions whose service has config=DIR on the
    /// module's line are not for it: it knows the profiles of /etc/gobo-session. For root.
    #[command(after_help = examples!("gobo-session reload", "gobo-session reload --user ann"))]
    Reload(super::renew::Arguments),
    /// Check whether this machine is set up as it should be, and say what to do where it is not.
    ///
    /// The switches, the policy and its profiles, who could write /Programs and the index, the state folder, and where
    /// the module's lines stand in the PAM stacks; for an ordinary user also what he selected and wrote himself. The
    /// exit code is 1 where anything failed; warnings do not fail.
    #[command(after_help = examples!("gobo-session check", "gobo-session check --privileged --json"))]
    Check(super::check::Arguments),
    /// Show what this machine takes for logins to have views, and do or undo it.
    ///
    /// Where the index lies beside /usr, as on a machine of another distribution, two files lead to it: one for login shells, one
    /// for the loader. Each service that is known gets the two lines that suit it, around its own session lines; why a stack gets none is
    /// told. A stack that is changed is kept in /etc/gobo-session/pam.d first, read again as libpam does, and where root can
    /// be let in without a password, that is tried. Whatever is not as before brings the old stack back.
    #[command(after_help = examples!("gobo-session setup", "gobo-session setup --apply tree su sshd"))]
    Setup(super::setup::Arguments),
    /// Print what completes this command's words in a shell.
    #[command(after_help = examples!(
        "eval \"$(gobo-session completions bash)\"",
        "gobo-session completions fish > gobo-session.fish",
    ))]
    Completions(super::completions::Arguments),
    /// Print a page for man(1).
    ///
    /// There is one about gobo-session, one about each of its commands (profile-select), and gobo-session.7 (how it works),
    /// gobo-session.toml (policy and selections), gobo-profile and pam_gobo.
    #[command(after_help = examples!(
        "gobo-session man > gobo-session.1",
        "gobo-session man gobo-profile > gobo-profile.5",
    ))]
    Man(super::man::Arguments),
    /// What the scripts for shells ask.
    #[command(hide = true)]
    Complete(super::completions::Question),
}

/// The command line that asks for the version alone.
#[derive(Debug, Parser)]
#[command(name = "gobo-session", version)]
pub(super) struct VersionAsked;

/// The commands that are called thousands of times, without their help.
#[derive(Debug, Parser)]
pub(super) struct OftenCalled {
    #[command(subcommand)]
    pub(super) command: Often,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Often {
    Run(super::run::Arguments),
    #[command(args_override_self = true, infer_long_args = true)]
    Runner(super::runner::Arguments),
    Status(super::status::Arguments),
}

impl From<Often> for Subcommand {
    fn from(command: Often) -> Self {
        match command {
            Often::Run(arguments) => Self::Run(arguments),
            Often::Runner(arguments) => Self::Runner(arguments),
            Often::Status(arguments) => Self::Status(arguments),
        }
    }
}

/// The end of a command's help.
macro_rules! examples {
    ($first:literal, $second:literal $(,)?) => {
        concat!("Examples:\n  ", $first, "\n  ", $second)
    };
}
pub(super) use examples;

/// The tree that is meant.
#[derive(Debug, Args)]
pub(super) struct Root {
    /// The root of another tree.
    #[arg(long, value_name = "FOLDER", default_value = "/", value_hint = ValueHint::DirPath)]
    pub(super) root: PathBuf,
}

impl Default for Root {
    /// The tree that this process lives in.
    fn default() -> Self {
        Self { root: "/".into() }
    }
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
    /// A profile: the administrator's, or one of yours in ~/.config/gobo-session/profiles.d.
    #[arg(short, long, value_name = "PROFILE")]
    pub(super) profile: Option<String>,
    /// A requirement, such as 'Lua = 5.3.6' or 'GTK+ >= 2.24, < 3'; the first weighs most.
    #[arg(short, long = "with", value_name = "REQUIREMENT")]
    pub(super) with: Vec<Requirement>,
    /// A use flag that is on (mysql) or off (-mysql) for programs that do not say what they were built with; their
    /// dependencies for flags that are not named are followed.
    #[arg(long, value_name = "FLAG", allow_hyphen_values = true)]
    pub(super) use_flag: Vec<UseFlag>,
    /// The architecture of the versions: x86_64 or i686 [default: the profile's, the command's, the machine's].
    #[arg(short, long, value_name = "ARCH")]
    pub(super) arch: Option<Arch>,
    /// A file of requirements, as a program's Dependencies; they weigh less than --with, the first file's most.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) dependencies: Vec<PathBuf>,
    /// Show the chosen programs alone, without the index.
    #[arg(long)]
    pub(super) pure: bool,
    /// Forget what the session around has chosen.
    #[arg(long)]
    pub(super) fresh: bool,
    #[command(flatten)]
    pub(super) root: Root,
    #[arg(skip)]
    pub(super) customs: Customs,
}

/// What `runner` takes otherwise than the other commands do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Customs {
    /// Whether the command's file says which architecture is wanted, before its program does.
    pub(super) arch_of_file: bool,
    /// Whether Bash is asked for, whatever else is.
    pub(super) bash: bool,
    /// Whether a version without operator is meant exactly, in the files that are named and in the one of the command's
    /// own program.
    pub(super) exact: bool,
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

/// A command that is to be run.
#[derive(Debug, Args)]
pub(super) struct ToRun {
    /// The command and its arguments.
    #[arg(
        required = true,
        trailing_var_arg = true,
        value_name = "COMMAND",
        value_hint = ValueHint::CommandWithArguments
    )]
    pub(super) command: Vec<OsString>,
}

/// How a command is put into its view.
#[derive(Debug, Args)]
pub(super) struct Manner {
    /// Let it write to the index, at most 512 MiB and 65,536 names: what it writes nobody else sees, and it is gone at
    /// the end.
    #[arg(long)]
    pub(super) writable: bool,
    /// Leave the environment alone: neither the profile's variables nor the programs' Resources/Environment.
    #[arg(long)]
    pub(super) no_env: bool,
    /// Whether names of versions that are replaced stay.
    #[arg(skip)]
    pub(super) keep_old: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{WRITTEN_NODES, WRITTEN_SIZE};
    use clap::CommandFactory as _;

    #[test]
    fn the_help_says_how_much_can_be_written() {
        assert_eq!((WRITTEN_SIZE, WRITTEN_NODES), ("512m", 65_536), "the help of --writable says so too");
        for command in ["run", "shell"] {
            let all = CommandLine::command();
            let command = all.find_subcommand(command).unwrap();
            let option = command.get_arguments().find(|option| option.get_id() == "writable").unwrap();
            let help = option.get_help().unwrap().to_string();
            assert!(help.contains("at most 512 MiB and 65,536 names"), "{help}");
        }
    }
}
