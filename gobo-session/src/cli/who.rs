//! `gobo-session who`: which sessions and processes use a program, asked before it is removed.

use super::arguments::Form;
use super::exit::Exit;
use super::list::Others;
use super::place::Place;
use super::session::{Held, NONE, Plans, Told, user_of};
use super::table::Table;
use super::talk;
use crate::error::{Error, Result, Step};
use crate::kernel::{running, sessions};
use crate::plan::Plan;
use crate::requirement::ProgramName;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// What `who` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The program, or one version of it.
    #[arg(value_name = "PROGRAM[/VERSION]")]
    meant: Meant,
    #[command(flatten)]
    form: Form,
}

/// A program, or one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meant {
    program: ProgramName,
    version: Option<String>,
}

impl FromStr for Meant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (program, version) = match text.split_once('/') {
            Some((program, version)) => (program, Some(version)),
            None => (text, None),
        };
        let program = program.parse().map_err(|error: crate::requirement::InvalidName| error.to_string())?;
        match version {
            Some(version) if version.is_empty() || version.contains('/') => {
                Err(format!("`{version}` is no version: write PROGRAM/VERSION, such as Lua/5.1.5"))
            }
            version => Ok(Self { program, version: version.map(str::to_owned) }),
        }
    }
}

impl fmt::Display for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program.as_str())?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, " {version}"))
    }
}

impl Meant {
    fn is_version(&self, version: &str) -> bool {
        self.version.as_deref().is_none_or(|meant| meant == version)
    }

    /// The versions of it that a plan chose.
    fn held_by(&self, plan: &Plan) -> Vec<Held> {
        let of_it = plan.chosen.iter().filter(|choice| choice.program == self.program);
        of_it.filter(|choice| self.is_version(&choice.version)).map(Held::of).collect()
    }
}

/// A session that uses it.
#[derive(Debug, Serialize)]
struct User {
    session: Told,
    /// What its view was made of, of what is meant.
    holds: Vec<Held>,
    running: Vec<Running>,
}

/// A process that runs it, or has a library of it.
#[derive(Debug, Serialize)]
struct Running {
    pid: u32,
    user: Option<String>,
    name: String,
    versions: Vec<String>,
}

pub(super) fn who(arguments: &Arguments) -> Result<Exit> {
    let place = Place::here()?;
    let mut meant = arguments.meant.clone();
    let installed = place.tree.find(&meant.program)?;
    if let Some(program) = &installed {
        meant.program = program.name.clone();
    }
    let found = sessions::find(&place.layout)?;
    let mut processes = running(&meant, &place.layout.programs.join(meant.program.as_str()));
    let (mut users, mut plans) = (Vec::new(), Plans::default());
    for session in &found.sessions {
        let told = Told::of(session, &mut plans);
        let holds = plans.of(session).map(|plan| meant.held_by(plan)).unwrap_or_default();
        let running: Vec<Running> =
            session.processes.iter().filter_map(|pid| processes.remove(pid)).collect();
        if !holds.is_empty() || !running.is_empty() {
            users.push(User { session: told, holds, running });
        }
    }
    let elsewhere: Vec<Running> = processes.into_values().collect();
    let others = Others::of(&found);
    let is_used = !users.is_empty() || !elsewhere.is_empty();
    let is_installed = installed.is_some_and(|program| {
        meant.version.as_ref().is_none_or(|version| program.version(&place.tree, version).is_some())
    });
    if !is_used && !is_installed {
        return Err(not_installed(&place, &meant));
    }
    let written = if arguments.form.json {
        talk::json(&json!({
            "program": meant.program, "version": meant.version, "used": is_used,
            "sessions": users, "processes": elsewhere, "others": others,
        }))
    } else {
        let written = talk::data(&describe(&meant, &users, &elsewhere));
        Others::tell(&others);
        written
    };
    Ok(if is_used && written == Exit::Done { Exit::InUse } else { written })
}

fn not_installed(place: &Place, meant: &Meant) -> Error {
    match &meant.version {
        Some(version) if place.tree.find(&meant.program).is_ok_and(|program| program.is_some()) => {
            Error::new(
                Step::Read,
                format!("{} {version} is not installed, and nobody uses it", meant.program),
            )
            .with_cure(format!("`gobo-session versions {}` lists what is", meant.program))
        }
        _ => place.not_installed(&meant.program),
    }
}

/// The processes that run what is meant.
fn running(meant: &Meant, folder: &Path) -> BTreeMap<u32, Running> {
    let is_meant = |names: BTreeSet<OsString>| -> Vec<String> {
        let names = names.into_iter().map(|name| name.to_string_lossy().into_owned());
        names.filter(|version| meant.is_version(version)).collect()
    };
    let running = running::running_below(folder).into_iter().map(|(pid, names)| {
        let versions = is_meant(names);
        (pid, Running { pid, user: user_of(pid), name: running::name_of(pid), versions })
    });
    running.filter(|(_, process)| !process.versions.is_empty()).collect()
}

/// What a person reads.
fn describe(meant: &Meant, users: &[User], elsewhere: &[Running]) -> String {
    let mut table = Table::default();
    if users.is_empty() && elsewhere.is_empty() {
        let of_yours = if nix::unistd::geteuid().is_root() { "" } else { " of yours" };
        table.text(&format!("no session{of_yours} holds {meant}, and no process{of_yours} runs it"));
    } else {
        table.row(["PID", "USER", "SERVICE", "TTY", "PROFILE", "HOLDS", "RUNNING"].map(str::to_owned));
    }
    for User { session, holds, running } in users {
        let [pid, user, service, tty, profile] = session.cells();
        let holds: Vec<&str> = holds.iter().map(|held| held.version.as_str()).collect();
        let holds = if holds.is_empty() { NONE.to_owned() } else { holds.join(", ") };
        let running = if running.is_empty() { NONE.to_owned() } else { count_of(running) };
        table.row([pid, user, service, tty, profile, holds, running]);
    }
    for process in elsewhere {
        let (pid, user) = (process.pid.to_string(), process.user.clone().unwrap_or_else(|| NONE.into()));
        let runs = format!("{} ({})", process.name, process.versions.join(", "));
        table.row([pid, user, NONE.into(), NONE.into(), NONE.into(), NONE.into(), runs]);
    }
    table.to_string()
}

fn count_of(running: &[Running]) -> String {
    match running {
        [one] => format!("{} ({})", one.name, one.versions.join(", ")),
        several => {
            let versions: BTreeSet<&str> =
                several.iter().flat_map(|process| process.versions.iter().map(String::as_str)).collect();
            let versions: Vec<&str> = versions.into_iter().collect();
            format!("{} processes ({})", several.len(), versions.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Meant;

    #[test]
    fn a_program_may_be_named_with_a_version() {
        let meant: Meant = "Lua/5.1.5".parse().unwrap();
        assert_eq!((meant.program.as_str(), meant.version.as_deref()), ("Lua", Some("5.1.5")));
        assert_eq!("Lua".parse::<Meant>().unwrap().version, None);
        for wrong in ["", "/5.1", "Lua/", "Lua/5/1", "-x/1"] {
            assert!(wrong.parse::<Meant>().is_err(), "{wrong}");
        }
    }
}
