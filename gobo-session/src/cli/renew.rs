//! `gobo-session refresh` and `reload`: running views made true again where the host has changed.
//!
//! `refresh` keeps each plan, and `reload` resolves each profile again. Nobody who looks at a view meanwhile misses a name
//! that it had and will have.

mod fresh;
mod views;

use super::arguments::Form;
use super::exit::Exit;
use super::list::Others;
use super::place::Place;
use super::session::{Plans, Told};
use super::table::Table;
use super::talk::{self, count};
use crate::config::{Author, DIR, ProfileName};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result, Step};
use crate::kept::{self, Keeper, Way};
use crate::kernel::State;
use crate::kernel::sessions::{self, Found, Session};
use crate::login::{Road, request_of};
use clap::Args;
use fresh::Fresh;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use views::Views;

/// What `refresh` and `reload` are told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only the sessions of this user.
    #[arg(short, long, value_name = "USER")]
    user: Option<String>,
    /// Only the sessions that have this profile.
    #[arg(short, long, value_name = "PROFILE")]
    profile: Option<String>,
    #[command(flatten)]
    form: Form,
}

/// What was done with one session.
#[derive(Debug, Serialize)]
struct Renewed {
    session: Told,
    /// The plan that it has now.
    plan: String,
    /// How many names of its layer were changed in place.
    changed: usize,
    /// Why it is not as it should be.
    error: Option<String>,
}

pub(super) fn refresh(arguments: &Arguments) -> Result<Exit> {
    let place = Place::here()?;
    let found = sessions::find(&place.layout)?;
    let is_root = nix::unistd::geteuid().is_root();
    let mut fresh = Fresh::new(&place);
    let renewed = arguments.each(&found, |session| {
        let is_of_login = session.about.as_ref().is_some_and(|about| about.service.is_some());
        match is_root {
            true => Some(fresh.refresh(session)),
            // The mounts of a login's view are root's.
            false if is_of_login => None,
            false => Some(sessions::refresh_from_within(session, &place.layout)),
        }
        .map(|changed| changed.map(|changed| (session.plan_id().to_owned(), changed)))
    });
    let forgotten = if arguments.means_all() { forget(&found, is_root) } else { Ok(()) };
    let done = arguments.tell(&renewed, |renewed| match renewed.changed {
        0 => "fresh".to_owned(),
        changed => format!("fresh, {} changed", count(changed, "name")),
    });
    Others::tell(&Others::of(&found));
    forgotten.map(|()| done)
}

/// Forgets what is kept, as far as it is the caller's to forget.
fn forget(found: &Found, is_root: bool) -> Result<()> {
    let live = || found.sessions.iter().map(|session| session.plan_id().to_owned()).collect();
    let of_logins = if is_root { kept::forget(&live()) } else { Ok(()) };
    // One does not depend on the other.
    of_logins.and(kept::commands::forget())
}

pub(super) fn reload(arguments: &Arguments) -> Result<Exit> {
    if !nix::unistd::geteuid().is_root() {
        let what = "the views of sessions are root's, who alone can put others in their place";
        return Err(Error::new(Step::Attach, what).with_cure("log in again to have a new one"));
    }
    let place = Place::here()?;
    let found = sessions::find(&place.layout)?;
    let mut anew = Anew { place: &place, state: State::make()?, made: BTreeMap::new(), views: Views::none() };
    let renewed = arguments.each(&found, |session| Some(anew.reload(session).map(|plan| (plan, 0))));
    let before = |renewed: &Renewed| renewed.session.plan() == renewed.plan;
    Ok(arguments.tell(&renewed, |renewed| match before(renewed) {
        true => "reloaded, with the plan that it had".to_owned(),
        false => format!("reloaded, with plan {}", renewed.plan),
    }))
}

impl Arguments {
    /// Whether no session is left out.
    fn means_all(&self) -> bool {
        self.user.is_none() && self.profile.is_none()
    }

    /// Does something with each session that is meant: its plan then, and how many names were changed. `None` is nothing.
    fn each(
        &self,
        found: &Found,
        mut renew: impl FnMut(&Session) -> Option<Result<(String, usize)>>,
    ) -> Vec<Renewed> {
        let is_wanted = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| is == Some(wanted.as_str()))
        };
        let (mut renewed, mut plans) = (Vec::new(), Plans::default());
        for session in &found.sessions {
            let told = if self.form.json { Told::of(session, &mut plans) } else { Told::in_brief(session) };
            if is_wanted(&self.user, told.user()) && is_wanted(&self.profile, session.profile()) {
                let Some(done) = renew(session) else { continue };
                let (done, error) = match done {
                    Ok(done) => (done, None),
                    Err(error) => ((session.plan_id().to_owned(), 0), Some(error.to_string())),
                };
                let (plan, changed) = done;
                renewed.push(Renewed { session: told, plan, changed, error });
            }
        }
        renewed
    }

    /// Tells what was done; it failed where one could not be done.
    fn tell(&self, renewed: &[Renewed], done: impl Fn(&Renewed) -> String) -> Exit {
        let written = if self.form.json {
            talk::json(&json!({ "sessions": renewed }))
        } else if renewed.is_empty() {
            talk::data("no session to be renewed\n")
        } else {
            let mut table = Table::default();
            table.row(["PID", "USER", "SERVICE", "TTY", "PROFILE", "VIEW"].map(str::to_owned));
            for one in renewed {
                let what = if one.error.is_some() { "failed".to_owned() } else { done(one) };
                let [pid, user, service, tty, profile] = one.session.cells();
                table.row([pid, user, service, tty, profile, what]);
            }
            // Many sessions fail for the same reason.
            let why: BTreeSet<&String> = renewed.iter().filter_map(|one| one.error.as_ref()).collect();
            why.into_iter().for_each(|why| table.sentence("failed: ", "    ", why));
            talk::data(&table.to_string())
        };
        if renewed.iter().any(|one| one.error.is_some()) { Exit::Failed } else { written }
    }
}

/// Making views anew: one for each profile.
struct Anew<'a> {
    place: &'a Place,
    state: State,
    /// What is kept of each.
    made: BTreeMap<ProfileName, Result<kept::Found>>,
    views: Views<ProfileName>,
}

impl Anew<'_> {
    /// Gives a session the view that a login would get by its profile; the id of the plan.
    fn reload(&mut self, session: &Session) -> Result<String> {
        let name = session.profile().and_then(|name| name.parse::<ProfileName>().ok());
        let profiles = &self.place.config.profiles;
        let name = name.filter(|name| profiles.author(name).is_ok_and(|a| a == Some(Author::Administrator)));
        let name = name.ok_or_else(|| {
            let what = "its view is of no profile of the administrator's";
            Error::new(Step::Configure, what).with_cure("its user starts it again to have a new one")
        })?;
        let (place, state) = (self.place, &self.state);
        let made = self.made.entry(name.clone()).or_insert_with(|| make(state, &name));
        let found = made.as_ref().map_err(Error::clone)?;
        let about = session.about.clone().unwrap_or_default();
        let view = self.views.give(name, &about, |about| found.view(&place.tree, about))?;
        session.swap(&view, &place.layout)?;
        Ok(found.known.plan.clone())
    }
}

/// How long to wait until what a view is made from has not been changed just now, and how often to look: a file system may
/// keep whole seconds.
const SETTLING: Duration = Duration::from_secs(3);
const AGAIN: Duration = Duration::from_millis(50);

/// The whole way from a profile to its kept view.
fn make(state: &State, name: &ProfileName) -> Result<kept::Found> {
    let until = Instant::now() + SETTLING;
    loop {
        if let Some(made) = make_now(state, name)? {
            return Ok(made);
        }
        if Instant::now() > until {
            let what = "programs, index or profiles are being changed";
            return Err(Error::new(Step::Read, what).with_cure("try again when that is done"));
        }
        std::thread::sleep(AGAIN);
    }
}

/// The same; `None` where something is being changed.
fn make_now(state: &State, name: &ProfileName) -> Result<Option<kept::Found>> {
    let begun = SystemTime::now();
    let place = Place::here()?;
    let (tree, profile) = (&place.tree, place.config.profiles.load(name)?);
    let mut notes: Vec<_> = profile.notes.iter().map(Diagnostic::one_line).collect();
    let files = profile.files.clone();
    // Whose they are does not matter: what depends on it is not kept.
    let start = ["HOME", "USER"].map(|name| (OsString::from(name), OsString::from("/")));
    let road = Road::go(tree, &request_of(profile), start, |_| {})?;
    notes.extend(road.notes());
    let way = Way { tree, road: &road, files: &files, notes: &notes, begun };
    Keeper::new(state, name, Path::new(DIR), &place.layout)?.keep(&way)
}
