//! `gobo-session list`: the sessions on this machine that have a view, and the views of commands.

use super::arguments::Form;
use super::exit::Exit;
use super::place::trust;
use super::session::{Plans, Told, name_of};
use super::table::Table;
use super::talk::{self, count};
use crate::config::Config;
use crate::error::Result;
use crate::kernel::sessions::{self, Found};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// What `list` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    form: Form,
}

pub(super) fn list(arguments: &Arguments) -> Result<Exit> {
    let found = find()?;
    let mut plans = Plans::default();
    let told: Vec<Told> = found.sessions.iter().map(|session| Told::of(session, &mut plans)).collect();
    let others = Others::of(&found);
    if arguments.form.json {
        return Ok(talk::json(&json!({ "sessions": told, "others": others })));
    }
    let written = talk::data(&if told.is_empty() { "no session with a view\n".into() } else { table(&told) });
    Others::tell(&others);
    Ok(written)
}

/// The sessions of this machine.
pub(super) fn find() -> Result<Found> {
    let layout = Config::for_command(Path::new("/"), trust())?.layout();
    sessions::find(&layout)
}

fn table(told: &[Told]) -> String {
    let mut table = Table::default();
    table
        .row(["PID", "USER", "SERVICE", "TTY", "PROFILE", "PROGRAMS", "PROCESSES", "AGE"].map(str::to_owned));
    for session in told {
        let [pid, user, service, tty, profile] = session.cells();
        let (programs, processes) = (session.programs(), session.processes());
        table.row([pid, user, service, tty, profile, programs, processes, session.age()]);
    }
    table.to_string()
}

/// Views in user namespaces of users, which are not looked into.
#[derive(Debug, Serialize)]
pub(super) struct Others {
    user: String,
    views: usize,
}

impl Others {
    /// Those of each user.
    pub(super) fn of(found: &Found) -> Vec<Self> {
        let mut views: BTreeMap<u32, usize> = BTreeMap::new();
        found.others.iter().for_each(|uid| *views.entry(*uid).or_default() += 1);
        views.into_iter().map(|(uid, views)| Self { user: name_of(uid), views }).collect()
    }

    /// Says that they are there.
    pub(super) fn tell(others: &[Self]) {
        let told = others.iter().map(|Self { user, views }| format!("{} of {user}", count(*views, "view")));
        let told: Vec<String> = told.collect();
        if !told.is_empty() {
            talk::remark(&format!("not looked into, since their users made them: {}", told.join(", ")));
        }
    }
}
