//! A login: from who comes in by which door to a session with its view.
//!
//! The order is that of the road: policy and selection name a profile, the profile is resolved, compiled, tried and
//! mounted, all of it detached; only then the login moves into a namespace of its own (R6). Whatever fails, the login
//! goes on without a view: that is the caller's part, and this room tells him what to say.

mod arguments;
mod arrival;
pub(crate) mod child;
mod choice;
mod home;
mod make;
pub mod people;
mod planner;
mod reach;
mod reader;
mod road;
mod selection;
mod steps;

use crate::arch::Arch;
use crate::config::{self, Config, OnFailure, Profile, ProfileName};
use crate::error::{Error, Result, Step};
use crate::kernel::limits::Raised;
use crate::kernel::{self, Offer, Shown, State, View, WayBack, attach, namespace};
use crate::resolve::Request;
use crate::tree::Layout;
use crate::trusted::{Root, Trust};
use make::{Made, Maker};
use reach::Reach;
use std::path::{Path, PathBuf};
use steps::Steps;

#[cfg(feature = "cli")]
pub(crate) use arguments::WORDS;
pub use arguments::{Arguments, Half};
pub use arrival::Arrival;
pub(crate) use road::Road;

/// Who comes in, and by which door.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// His id.
    pub uid: u32,
    /// His primary group.
    pub gid: u32,
    /// His home, from passwd.
    pub home: PathBuf,
    /// The PAM service.
    pub service: String,
    /// The terminal, where there is one.
    pub tty: Option<String>,
    /// The host he comes from, where there is one.
    pub host: Option<String>,
    /// When he came, and what was there then.
    pub arrival: Arrival,
}

/// What the module's arguments change.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the configuration.
    pub config: PathBuf,
    /// A profile that is fixed for this service.
    pub profile: Option<ProfileName>,
    /// What happens on failure, instead of what policy says.
    pub on_failure: Option<OnFailure>,
    /// Whether this service makes no view, whoever comes in; one that he comes from is left all the same.
    pub leave: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { config: config::DIR.into(), profile: None, on_failure: None, leave: false }
    }
}

/// A session that was opened.
#[derive(Debug, Default)]
pub struct Session {
    /// The way back to where the login came from, where it is elsewhere now.
    pub back: Option<WayBack>,
    /// The profile that its view was made for, where it has one.
    pub profile: Option<String>,
    /// Variables to set for the session.
    pub environment: Vec<(String, String)>,
    /// What an administrator wants to know, as sentences.
    pub notes: Vec<String>,
    /// Why there is no view, or which one, for the debug log.
    pub summary: String,
    /// How long each step took, for the debug log.
    pub times: String,
}

/// A login that cannot have its view.
#[derive(Debug)]
pub struct Failure {
    /// The profile that it was to have, where it got so far.
    pub profile: Option<String>,
    /// Why.
    pub error: Error,
    /// What policy says about it.
    pub on_failure: OnFailure,
    /// The session as it is: without a view, but out of an inherited one.
    pub session: Session,
}

/// What turns everything off for everybody, if anything does, as a sentence: to be asked before anything else is, so that it
/// helps whatever is wrong. A configuration on a file server is not asked here, but by [`open`].
#[must_use]
pub fn turned_off(arrival: &Arrival, options: &Options) -> Option<String> {
    let root = open_root().ok()?;
    let switch = config::machine_switch(&root).or_else(|| {
        let is_near = !arrival.far().touches(&options.config);
        is_near.then(|| config::switch_in(&root, &options.config)).flatten()
    });
    switch.map(|switch| turned_off_by(&switch))
}

fn turned_off_by(switch: &str) -> String {
    format!("turned off by {switch}")
}

/// Opens a session for a login, in the calling thread; nothing has [turned it off](turned_off).
///
/// # Errors
/// Why there is no view. The thread is where it was, or has left the view of another session that it was in.
pub fn open(login: &Login, options: &Options) -> Result<Session, Box<Failure>> {
    let steps = Steps::since(login.arrival.begun);
    steps.done("look up");
    let root = match open_root() {
        Ok(root) => root,
        Err(error) => {
            let on_failure = if login.uid == 0 { Some(OnFailure::Base) } else { options.on_failure };
            return Err(Box::new(failure(error, on_failure, None, Session::default())));
        }
    };
    let config = match reach::try_config(login, options, &root) {
        Ok(Some(switch)) => return Ok(Session { summary: turned_off_by(&switch), ..Session::default() }),
        Ok(None) => Config::read(&root, &options.config)
            .map_err(|error| Error::new(Step::Configure, error.one_line())),
        Err(error) => Err(error),
    };
    let layout = config.as_ref().map(|c| c.policy.layout.clone()).unwrap_or_default();
    let deadline = config
        .as_ref()
        .map_or(login.arrival.first_deadline(), |config| login.arrival.begun + config.policy.deadline);
    let reach = Reach::new(&login.arrival, &layout, deadline);
    let shown = login.arrival.mounts().and_then(|mounts| {
        reach.try_tree(login, &layout)?;
        Ok(kernel::shown_among(&layout, mounts))
    });
    steps.done("configure");
    if login.uid == 0 {
        return Ok(open_for_root(shown));
    }
    let on_failure = options.on_failure.or_else(|| config.as_ref().ok().map(|c| c.policy.on_failure));
    let mut wanted = Wanted { profile: None, notes: Vec::new(), summary: String::new(), steps };
    let prepared = if options.leave {
        wanted.summary = "this service makes no view".into();
        shown.clone().map(|_| None)
    } else {
        config.and_then(|config| {
            shown
                .clone()
                .and_then(|shown| prepare(login, options, (&root, &config), &shown, &reach, &mut wanted))
        })
    };
    let inherited = shown.unwrap_or_default();
    let Wanted { profile, notes, summary, steps } = wanted;
    let times = || {
        steps.done("attach");
        steps.to_string()
    };
    match prepared {
        Ok(None) => {
            let back = leave(&layout, &inherited)
                .map_err(|error| failure(error, on_failure, profile.clone(), Session::default()))?;
            Ok(Session { back, notes, summary, times: times(), ..Session::default() })
        }
        Ok(Some(Prepared { view, offer, state, environment })) => {
            match attach::in_own_namespace(Some((&view, &state)), &layout, &inherited) {
                Ok(back) => {
                    // Without it the next login makes its own.
                    let _ = offer.map(|offer| offer.say(&view));
                    Ok(Session { back: Some(back), profile, environment, notes, summary, times: times() })
                }
                Err(error) => Err(Box::new(without_view(error, on_failure, profile, &layout, &inherited))),
            }
        }
        Err(error) => Err(Box::new(without_view(error, on_failure, profile, &layout, &inherited))),
    }
}

/// What is found out on the way, also where the way ends early.
struct Wanted {
    profile: Option<String>,
    notes: Vec<String>,
    summary: String,
    steps: Steps,
}

/// uid 0 never gets a view; coming out of one it goes to the host's own (R22).
fn open_for_root(shown: Result<Shown>) -> Session {
    let mut session = Session { summary: "uid 0 sees the host".into(), ..Session::default() };
    if shown.is_ok_and(|shown| shown.is_view()) {
        match namespace::go_to_init() {
            Ok(back) => session.back = Some(back),
            Err(error) => session.notes.push(format!("uid 0 stays in the view that it came from: {error}")),
        }
    }
    session
}

/// A view that nobody sees yet, and what goes with it.
struct Prepared {
    view: View,
    /// Where its overlays may be cloned by others.
    offer: Option<Offer>,
    state: State,
    /// Variables to set for the session.
    environment: Vec<(String, String)>,
}

/// Decides and makes a view; `None` where the login gets none.
fn prepare(
    login: &Login,
    options: &Options,
    (root, config): (&Root, &Config),
    shown: &Shown,
    reach: &Reach,
    wanted: &mut Wanted,
) -> Result<Option<Prepared>> {
    let _raised = Raised::new();
    let chosen = choice::choose(login, options, config, reach, wanted);
    wanted.steps.done("choose");
    let Some(chosen) = chosen else { return Ok(None) };
    if shown.is_view() && !shown.has_index {
        let what = "this login starts in a view whose index cannot be reached";
        return Err(Error::new(Step::Attach, what).with_cure("log in again from outside of it"));
    }
    let state = State::make_below(root)?;
    let maker = Maker { login, root, config, folder: &options.config, shown, reach };
    let Made { view, offer, environment, notes, summary } = maker.make(chosen, &state, wanted)?;
    wanted.notes.extend(notes);
    wanted.summary = summary;
    if config.policy.share_root && reach.has_private_root {
        share_root(&mut wanted.notes);
    }
    Ok(Some(Prepared { view, offer, state, environment }))
}

/// What a profile asks for.
pub(crate) fn request_of(profile: Profile) -> Request {
    let mut request = Request::new(profile.arch.clone().unwrap_or_else(Arch::native));
    profile.add_to(&mut request);
    request
}

/// Leaves the view of another session that this login started in, if there is one.
fn leave(layout: &Layout, inherited: &Shown) -> Result<Option<WayBack>> {
    if !inherited.is_view() {
        return Ok(None);
    }
    attach::in_own_namespace(None, layout, inherited).map(Some)
}

fn without_view(
    error: Error,
    on_failure: Option<OnFailure>,
    profile: Option<String>,
    layout: &Layout,
    inherited: &Shown,
) -> Failure {
    let mut session = Session::default();
    match leave(layout, inherited) {
        Ok(back) => session.back = back,
        Err(error) => session.notes.push(format!("the login stays in the view that it came from: {error}")),
    }
    failure(error, on_failure, profile, session)
}

fn failure(
    error: Error,
    on_failure: Option<OnFailure>,
    profile: Option<String>,
    session: Session,
) -> Failure {
    Failure { profile, error, on_failure: on_failure.unwrap_or(OnFailure::Base), session }
}

/// Makes `/` shared where that can be done for everybody: in the namespace of process 1.
fn share_root(notes: &mut Vec<String>) {
    if namespace::is_init()
        && let Err(error) = attach::share_root()
    {
        notes.push(format!("what is mounted later will not be seen in sessions: {error}"));
    }
}

fn open_root() -> Result<Root> {
    Root::at(Path::new("/"), Trust::RootOnly).map_err(|errno| Error::call(Step::Configure, "open /", errno))
}
