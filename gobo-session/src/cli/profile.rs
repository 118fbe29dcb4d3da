//! `gobo-session profile`: what a user may choose, choosing it, and writing profiles of one's own.

mod check;
mod edit;
mod list;
mod save;
mod select;
mod shelf;
mod show;
mod try_shell;

use super::arguments::{Form, Wishes, examples};
use super::exit::Exit;
use super::person::Person;
use super::place::Place;
use crate::config::{Choice, ProfileName};
use crate::error::Result;
use clap::{Args, Subcommand};

/// What `profile` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the profiles that there are, and which of them a login may have.
    #[command(after_help = examples!("gobo-session profile list", "gobo-session profile list --json"))]
    List(Whose),
    /// Show what a profile asks for, and which versions that gets.
    #[command(after_help = examples!("gobo-session profile show gtk2", "gobo-session profile show gtk2 --json"))]
    Show(Show),
    /// Choose a profile for the next logins.
    ///
    /// It is written to ~/.config/gobo-session/session.toml, where everything else stays as it is. Before that the
    /// profile is resolved and tried, and your shell is started in its view.
    #[command(after_help = examples!(
        "gobo-session profile select gtk2",
        "gobo-session profile select none --service sshd",
    ))]
    Select(Select),
    /// Take a choice back: the next logins have what policy gives.
    #[command(after_help = examples!(
        "gobo-session profile unselect",
        "gobo-session profile unselect --service sshd",
    ))]
    Unselect(Unselect),
    /// Write what is wished for, with the exact versions that it gets today, as a profile of your own.
    ///
    /// Without options that is what the view here was made from.
    #[command(after_help = examples!(
        "gobo-session profile save lua --with 'Lua = 5.1.5'",
        "gobo-session profile save today",
    ))]
    Save(Save),
    /// Check profiles: their files, what they ask for, and whether your shell works in their views.
    #[command(after_help = examples!("gobo-session profile check", "gobo-session profile check gtk2 --json"))]
    Check(Check),
    /// Write a profile of your own with $VISUAL, $EDITOR or vi; it is checked before it takes its place.
    #[command(after_help = examples!(
        "gobo-session profile edit mine",
        "EDITOR=nano gobo-session profile edit mine",
    ))]
    Edit(Edit),
}

/// Whom it is about, and how the answer is written.
#[derive(Debug, Args)]
struct Whose {
    /// The user whom it is about; for root.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
struct Show {
    /// The profile.
    #[arg(value_name = "PROFILE")]
    name: ProfileName,
    #[command(flatten)]
    whose: Whose,
}

/// For which logins something is selected.
#[derive(Debug, Args)]
struct Logins {
    /// For logins by this service alone, such as sshd.
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,
    /// For logins from these hosts alone: a pattern of * and ?.
    #[arg(long, value_name = "PATTERN", conflicts_with = "service")]
    host: Option<String>,
}

#[derive(Debug, Args)]
struct Select {
    /// The profile, or none for no view.
    #[arg(value_name = "PROFILE")]
    name: Choice,
    #[command(flatten)]
    logins: Logins,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Debug, Args)]
struct Unselect {
    #[command(flatten)]
    logins: Logins,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Debug, Args)]
struct Save {
    /// The name of the profile.
    #[arg(value_name = "PROFILE")]
    name: ProfileName,
    /// Replace the profile of that name.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    wishes: Wishes,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
struct Check {
    /// The profiles [default: your own and those that you may select].
    #[arg(value_name = "PROFILE")]
    names: Vec<ProfileName>,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Debug, Args)]
struct Edit {
    /// The profile; there need not be one yet.
    #[arg(value_name = "PROFILE")]
    name: ProfileName,
    /// The user whose profile it is; for root, whose own profiles are the administrator's.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
}

pub(super) fn profile(Arguments { command }: &Arguments) -> Result<Exit> {
    match command {
        Command::List(whose) => list::list(whose),
        Command::Show(show) => show::show(show),
        Command::Select(select) => select::select(select),
        Command::Unselect(unselect) => select::unselect(unselect),
        Command::Save(save) => save::save(save),
        Command::Check(check) => check::check(check),
        Command::Edit(edit) => edit::edit(edit),
    }
}

impl Whose {
    /// The user whom it is about, and this machine as he sees it.
    fn open(&self) -> Result<(Person, Place)> {
        // Root is that user before anything is read for him.
        let person = Person::acting_for(self.user.as_deref())?;
        Ok((person, Place::here()?))
    }
}
