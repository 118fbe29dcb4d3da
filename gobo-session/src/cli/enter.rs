//! Going into a view of one's own, for `run`, `shell` and `runner`.
//!
//! There is no supervisor: this process moves into namespaces of its own, attaches the view and becomes the command,
//! so that signals, the exit code, job control and descriptors are the command's own.

mod way_in;

use super::arguments::{Manner, Wishes};
use super::exit::Exit;
use super::input::STDIN;
use super::place::Place;
use super::request::Asked;
use super::talk;
use crate::command::{CommandFiles, DEFAULT_PATH, NotStarted, become_command, candidates};
use crate::compile::{add_own_folders, compile};
use crate::error::{Error, Result, Step};
use crate::export::{self, Exports};
use crate::kept::commands::{Keeper, Wish, Worked};
use crate::kernel::Access;
use crate::layer::Layer;
use crate::plan::{Plan, PlanText};
use crate::text::Safe;
use crate::tree::Tree;
use crate::try_out::command::{CommandInView, Rights};
use nix::unistd::{User, geteuid};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::time::SystemTime;

pub(super) use way_in::find_base;

/// The environment of a command.
pub(super) type Environment = Vec<(OsString, OsString)>;

/// A command that is to run in a view.
pub(super) struct Entry<'a> {
    pub(super) wishes: &'a Wishes,
    pub(super) manner: &'a Manner,
    pub(super) command: &'a [OsString],
    /// The environment that the view's variables are added to, and in which the command is looked for.
    pub(super) start: Environment,
}

/// How far a command came that did not start.
pub(super) enum Stopped {
    /// No view could be worked out; nothing was changed.
    Before(Error),
    /// The view cannot be entered. This process may stand in a namespace of its own.
    Entering(Error),
    /// The mounts could not be made in the namespace.
    Mounting(Error),
    /// The view is there, or would be; the command does not start in it.
    Starting(NotStarted),
}

impl Stopped {
    /// Tells why, and ends as `run` does.
    pub(super) fn tell(&self) -> Exit {
        match self {
            Self::Before(error) | Self::Entering(error) | Self::Mounting(error) => {
                talk::failed(error);
                Exit::NoView
            }
            Self::Starting(why) => Exit::of_not_started(why),
        }
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Before(error)
    }
}

impl<'a> Entry<'a> {
    /// A command that starts from this process's environment.
    pub(super) fn new(wishes: &'a Wishes, manner: &'a Manner, command: &'a [OsString]) -> Self {
        Self { wishes, manner, command, start: std::env::vars_os().collect() }
    }

    /// Works the view out, or finds it where it is kept.
    pub(super) fn prepare(self) -> Result<Prepared<'a>, Stopped> {
        let begun = SystemTime::now();
        let place = Place::open(&self.wishes.root)?;
        let files = place.files_of(self.command, path_in(&self.start));
        let keeper = self.wish(&place, &files).map(|wish| Keeper::new(&wish));
        let kept = keeper.as_ref().and_then(|keeper| keeper.find(&place.tree, &self.start));
        let (place, worked) = match kept {
            Some(worked) => {
                talk::repeat(&worked.said);
                (place, worked)
            }
            None => {
                let (asked, files, worked) = self.work_out(place, &files)?;
                if let Some(keeper) = keeper {
                    // Who has no room for it goes the whole way again.
                    let _ = keeper.keep(&asked.place.tree, &files, begun, &worked);
                }
                (asked.place, worked)
            }
        };
        let Worked { plan, layer, exports, .. } = worked;
        talk::diagnostics(&exports.notes);
        let environment = exports.applied_to(self.start.iter().cloned());
        let is_plain = is_the_index_as_it_is(&place, &plan, &layer, self.manner);
        Ok(Prepared { entry: self, place, plan, layer, environment, is_plain })
    }

    /// Goes the whole way from the wish; tells also which files and folders outside of programs and index were looked at.
    fn work_out(&self, place: Place, files: &CommandFiles) -> Result<(Asked, Vec<PathBuf>, Worked), Stopped> {
        talk::listen();
        let asked = Asked::at(place, self.wishes, files)?;
        let plan = asked.plan()?;
        talk::oddities(&plan);
        let tree = &asked.place.tree;
        let mut layer = compile(tree, &plan)?;
        if self.manner.keep_old {
            layer.keep_old_names();
        }
        let exports = if self.manner.no_env {
            Exports::default()
        } else {
            export::of_plan(tree, &plan, &layer, self.start.iter().cloned())?
        };
        let text = plan.text();
        let mut looked_at = asked.files.clone();
        if self.wishes.customs.arch_of_file {
            looked_at.extend(files.paths().map(|(_, real, _)| real.to_owned()));
        }
        if !is_the_index_as_it_is(&asked.place, &text, &layer, self.manner) {
            let environment = exports.applied_to(self.start.iter().cloned());
            try_command(tree, &text, &layer, self.command, &environment, &mut looked_at)?;
            if self.manner.writable && !plan.pure {
                add_own_folders(tree, &mut layer)?;
            }
        }
        Ok((asked, looked_at, Worked { plan: text, layer, exports, said: talk::heard() }))
    }

    /// All that the view depends on besides what is read on the way to it; `None` where the view is not kept.
    fn wish(&self, place: &Place, files: &CommandFiles) -> Option<Wish> {
        let Self { wishes, manner, command, start } = self;
        let is_stdin = |path: &PathBuf| path.as_os_str() == STDIN;
        if wishes.fresh || !place.is_here || wishes.dependencies.iter().any(is_stdin) {
            return None;
        }
        let path = path_in(start).unwrap_or(OsStr::new(DEFAULT_PATH));
        let mut wish = Wish::default();
        wish.add(format!("{wishes:?} {manner:?} {:?} {:?}", place.layout, place.shown));
        wish.add(command.first()?);
        wish.add(path);
        for (found, real, is_in_index) in files.paths() {
            wish.add(found).add(real).add(if is_in_index { "index" } else { "" });
        }
        if wishes.profile.is_some() {
            for folder in place.config.profiles.folders() {
                wish.add(folder);
            }
        }
        let by_path = Some(PathBuf::from(command.first()?)).filter(|name| name.components().count() > 1);
        let mut named = wishes.dependencies.iter().cloned().chain(by_path).chain(std::env::split_paths(path));
        if named.any(|path| path.is_relative()) {
            wish.add(std::env::current_dir().ok()?);
        }
        Some(wish)
    }
}

/// A view that was worked out, for a command.
pub(super) struct Prepared<'a> {
    entry: Entry<'a>,
    pub(super) place: Place,
    plan: PlanText,
    layer: Layer,
    /// The command's environment.
    pub(super) environment: Environment,
    /// Whether the view would show nothing that is not seen here already.
    is_plain: bool,
}

impl Prepared<'_> {
    /// The view's plan.
    ///
    /// # Errors
    /// Where what was kept of it is none.
    pub(super) fn plan(&self) -> Result<Plan> {
        Plan::from_json(self.plan.json.as_bytes()).map_err(|why| Error::new(Step::Read, why))
    }

    /// Brings this process into the view.
    pub(super) fn enter(&self) -> Result<(), Stopped> {
        let Entry { wishes, manner, .. } = self.entry;
        if self.is_plain {
            return Ok(());
        }
        let access = if manner.writable { Access::Write } else { Access::Read };
        way_in::enter(&wishes.root.root, &self.place, &self.plan, &self.layer, access)
    }

    /// Brings this process into the view and becomes the command; what comes back is why not.
    pub(super) fn become_command(self) -> Stopped {
        if let Err(stopped) = self.enter() {
            return stopped;
        }
        let Self { entry, place, environment, .. } = self;
        // The caller's limits are back when the place is gone.
        drop(place);
        Stopped::Starting(become_command(entry.command, &environment))
    }
}

/// The PATH of an environment.
fn path_in(environment: &Environment) -> Option<&OsStr> {
    environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str())
}

/// Whether the view would show nothing that is not seen here already.
fn is_the_index_as_it_is(place: &Place, plan: &PlanText, layer: &Layer, manner: &Manner) -> bool {
    let is_plain = layer.areas.is_empty() && !plan.personality && !manner.writable;
    is_plain && place.is_here && !place.shown.is_view()
}

/// Refuses a command that would not do its work in the view: in a pure one because something of it is not there, in a
/// user's own because there nothing has more rights than he has. Adds the files that it looked at to `looked_at`.
fn try_command(
    tree: &Tree,
    plan: &PlanText,
    layer: &Layer,
    command: &[OsString],
    environment: &Environment,
    looked_at: &mut Vec<PathBuf>,
) -> Result<(), Stopped> {
    let Some(name) = command.first() else { return Ok(()) };
    let path = path_in(environment);
    let paths = candidates(name.as_bytes(), path.or(Some(OsStr::new(DEFAULT_PATH)))).into_iter();
    let paths = paths.filter_map(|path| std::path::absolute(PathBuf::from(OsString::from_vec(path))).ok());
    let paths = paths.inspect(|path| looked_at.push(path.clone()));
    let Some(found) = CommandInView::find(tree, layer, plan.pure, paths) else { return Ok(()) };
    looked_at.push(found.real_path().to_owned());
    if plan.pure {
        found.starts().map_err(cannot_run)?;
    }
    let uid = geteuid();
    let shown = found.path().display();
    match found.rights_beyond(uid.as_raw()).filter(|_| !uid.is_root()) {
        Some(Rights::OfUser(owner)) => {
            let owner =
                User::from_uid(owner.into()).ok().flatten().map_or(owner.to_string(), |user| user.name);
            let what = format!(
                "{shown} works with the rights of {owner} (set-user-ID), and in a view of your own there are none \
                 but yours"
            );
            Err(cannot_run(
                Error::new(Step::Start, what)
                    .with_cure("start it outside, or have root make the view: sudo gobo-session run"),
            ))
        }
        Some(Rights::Capabilities) => {
            talk::warn(&format!(
                "{} has file capabilities, which a view of your own leaves out",
                Safe(&shown.to_string())
            ));
            Ok(())
        }
        None => Ok(()),
    }
}

/// A command that would not do its work.
fn cannot_run(error: Error) -> Stopped {
    Stopped::Starting(NotStarted::CannotRun(error))
}
