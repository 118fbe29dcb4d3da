//! From a profile to a view that nobody sees yet: everything that reads the tree.

use super::choice::Chosen;
use super::reach::Reach;
use super::road::Road;
use super::steps::Steps;
use super::{Login, Wanted, request_of};
use crate::config::{Config, Profile, ProfileName};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::export;
use crate::kept::{Found, Keeper, Way};
use crate::kernel::{About, Access, Offer, Shown, State, View};
use crate::resolve::Request;
use crate::tree::Tree;
use crate::trusted::{Root, Trust};
use std::ffi::OsString;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A view, and what goes with it.
pub(super) struct Made {
    /// The view, attached nowhere.
    pub(super) view: View,
    /// Where its overlays may be cloned by others.
    pub(super) offer: Option<Offer>,
    /// Variables to set for the session.
    pub(super) environment: Vec<(String, String)>,
    /// What an administrator wants to know, as sentences.
    pub(super) notes: Vec<String>,
    /// Which view it is, for the debug log.
    pub(super) summary: String,
}

/// Makes the view of a login.
pub(super) struct Maker<'a> {
    pub(super) login: &'a Login,
    /// What was walked to already.
    pub(super) root: &'a Root,
    pub(super) config: &'a Config,
    /// The folder of the configuration.
    pub(super) folder: &'a Path,
    pub(super) shown: &'a Shown,
    pub(super) reach: &'a Reach,
}

/// What is to be kept of a view for later logins.
struct Keep<'k> {
    keeper: &'k Keeper,
    /// The files of the profile, and of what it includes.
    files: Vec<String>,
    /// What was odd in them.
    notes: Vec<String>,
    /// When nothing had been read yet.
    begun: SystemTime,
}

impl Maker<'_> {
    /// The view that was chosen: the kept one, or one that is made now, and kept where the administrator wrote its profile.
    ///
    /// What is far is made by a child and never kept: whether it is as it was would have to be asked of its server.
    pub(super) fn make(&self, chosen: Chosen, state: &State, wanted: &mut Wanted) -> Result<Made> {
        let name = match chosen {
            Chosen::Own(profile) => return self.anew(*profile, None, wanted),
            Chosen::Listed(name) => name,
        };
        let keeper = self.keeper(&name, state).transpose().unwrap_or_else(|error| {
            wanted.notes.push(not_kept(&error));
            None
        });
        let mut kept = keeper.as_ref().and_then(|keeper| self.kept(keeper, &wanted.steps));
        let mut turn = None;
        if kept.is_none() && only_root_may_stop_us() {
            turn = keeper.as_ref().and_then(|keeper| keeper.turn(self.reach.patience()));
            // Another login may have made it meanwhile.
            kept = keeper
                .as_ref()
                .filter(|_| turn.is_some())
                .and_then(|keeper| self.kept(keeper, &wanted.steps));
        }
        let odd = match kept {
            Some(Ok(made)) => return Ok(made),
            Some(Err(odd)) => Some(odd),
            None => None,
        };
        let begun = SystemTime::now();
        let profile = self.config.profiles.load(&name)?;
        let notes = profile.notes.iter().map(Diagnostic::one_line).collect();
        let files = profile.files.clone();
        let keeper = keeper.as_ref().filter(|_| turn.is_some() && odd.is_none());
        let keep = keeper.map(|keeper| Keep { keeper, files, notes, begun });
        self.anew(profile, keep.as_ref(), wanted).map_err(|error| odd.unwrap_or(error))
    }

    fn keeper(&self, name: &ProfileName, state: &State) -> Option<Result<Keeper>> {
        let is_far = self.reach.is_far(self.folder);
        (!is_far).then(|| Keeper::new(state, name, self.folder, &self.config.policy.layout))
    }

    /// The kept view, where there is one that is still true. Where it cannot be had all the same, a login does without.
    fn kept(&self, keeper: &Keeper, steps: &Steps) -> Option<Result<Made>> {
        let layout = self.config.policy.layout.clone();
        let tree = Tree::below(self.root, self.shown.base(), layout).ok()?;
        let found = keeper.find(&tree)?;
        steps.done("find");
        Some(self.over(&tree, keeper, found, steps))
    }

    fn over(&self, tree: &Tree, keeper: &Keeper, found: Found, steps: &Steps) -> Result<Made> {
        let environment = match &found.known.environment {
            Some(environment) => environment.clone(),
            None => export::of_plan(tree, &found.plan()?, &found.layer()?, self.start())?.variables,
        };
        steps.done("export");
        let (view, offer) = keeper.view(&found, tree, &self.about())?;
        steps.done("mount");
        let Found { known, .. } = found;
        Ok(Made { view, offer, environment, notes: known.notes, summary: known.summary })
    }

    /// Goes the whole way: reads the tree, here or in a child.
    fn anew(&self, profile: Profile, keep: Option<&Keep<'_>>, wanted: &mut Wanted) -> Result<Made> {
        wanted.notes.extend(profile.notes.iter().map(Diagnostic::one_line));
        let request = request_of(profile);
        let steps = &wanted.steps;
        let layout = &self.config.policy.layout;
        self.reach.make(self.login, layout, || self.whole_way(&request, keep, steps))
    }

    fn whole_way(&self, request: &Request, keep: Option<&Keep<'_>>, steps: &Steps) -> Result<Made> {
        // A child has none of this process's descriptors.
        let layout = self.config.policy.layout.clone();
        let tree = Tree::open(Path::new("/"), self.shown.base(), layout, Trust::RootOnly)?;
        let road = Road::go(&tree, request, self.start(), |step| steps.done(step))?;
        let mut notes = road.notes();
        let kept = keep.and_then(|Keep { keeper, files, notes: notes_of_files, begun }| {
            let notes_of_all = [notes_of_files.as_slice(), &notes].concat();
            let way = Way { tree: &tree, road: &road, files, notes: &notes_of_all, begun: *begun };
            let found = keeper.keep(&way).map_err(|error| notes.push(not_kept(&error))).ok()?;
            Some((keeper, found?))
        });
        steps.done("keep");
        let about = self.about();
        let Road { plan, layer, exports } = road;
        let summary = kept.as_ref().map(|(_, found)| found.known.summary.clone());
        let summary = summary.unwrap_or_else(|| plan.summary(&plan.id()));
        let own = || Ok((View::prepare(&tree, &plan, &layer, &about, Access::Read)?, None));
        let (view, offer) = match kept.map(|(keeper, found)| keeper.view(&found, &tree, &about)) {
            None => own()?,
            // The first error says what is wrong; where there is a way around it, nothing is.
            Some(made) => made.or_else(|odd| own().map_err(|_: Error| odd))?,
        };
        steps.done("mount");
        Ok(Made { view, offer, environment: exports.variables, notes, summary })
    }

    /// The variables that programs may add to.
    fn start(&self) -> [(OsString, OsString); 2] {
        let home = self.login.home.clone().into_os_string();
        [("HOME".into(), home), ("USER".into(), self.login.user.clone().into())]
    }

    fn about(&self) -> About {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let Login { user, service, tty, host, .. } = self.login.clone();
        About { user: Some(user), service: Some(service), tty, host, since }
    }
}

/// Whether nobody but root may send signals to this process. Who calls su may, and could have it wait for ever with what
/// others wait for, or end it when it has written half of what they use.
fn only_root_may_stop_us() -> bool {
    nix::unistd::getuid().is_root()
}

fn not_kept(error: &Error) -> String {
    format!("views are not kept for later logins, each of which takes longer: {error}")
}
