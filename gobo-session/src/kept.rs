//! What is kept of the views of the administrator's profiles, so that the next login has it at once.
//!
//! The way from a profile to a layer reads hundreds of files and is the same for everybody until something changes. So the
//! first login that goes it writes down where it led, and what was read on it ([`seen`]); the layer itself stays in the
//! state folder ([`Layers`]). A later login looks whether everything is as it was, and builds its own mounts over the
//! layer that lies there. What is missing, damaged, of another version or no longer true is made anew; and whatever is odd
//! about what is kept, a login goes the whole way by itself.
//!
//! Only what the administrator wrote is kept. A profile of a user's own never is (R3), nor anything that depends on who
//! logs in.

#[cfg(feature = "cli")]
mod amended;
#[cfg(feature = "cli")]
pub(crate) mod commands;
mod looked_at;
mod seen;

use crate::config::ProfileName;
use crate::error::{Because as _, Error, Result, Step};
use crate::kernel::lock::{self, Turn};
#[cfg(feature = "cli")]
use crate::kernel::sessions;
use crate::kernel::{About, KeptArea, Layers, Meant, Offer, Outlined, Shared, State, View, layers};
use crate::layer::Layer;
use crate::login::Road;
use crate::plan::{Plan, PlanId};
use crate::tree::{Layout, Tree};
#[cfg(feature = "cli")]
pub(crate) use amended::Amended;
use rustix::fs::{self, AtFlags};
use seen::{Look, Places, Seen};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// What wrote something down: no other version reads it.
const WRITER: &str = concat!("gobo-session ", env!("CARGO_PKG_VERSION"), ", format 3");

/// Files of a version that are read on the way.
const RESOURCES: [&str; 5] = ["Architecture", "BuildInformation", "Dependencies", "Environment", "UseFlags"];

/// Where the way from a profile led.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Known {
    writer: String,
    /// The id of the plan.
    pub(crate) plan: String,
    source: String,
    areas: Vec<KeptArea>,
    personality: bool,
    /// The name under which sessions share its overlays: it is another one whenever anything that they depend on is.
    shared: String,
    /// Variables to set for the session; `None` where they depend on who logs in.
    pub(crate) environment: Option<Vec<(String, String)>>,
    /// What an administrator wants to know, as sentences.
    pub(crate) notes: Vec<String>,
    /// Which view it is, for the debug log.
    pub(crate) summary: String,
}

/// A view that is kept, and is as it would be made now.
pub(crate) struct Found {
    pub(crate) known: Known,
    /// The folder of its plan.
    folder: OwnedFd,
}

/// What was found out about a profile's view on the way to it.
pub(crate) struct Way<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) road: &'a Road,
    /// The files of the profile, and of what it includes.
    pub(crate) files: &'a [String],
    /// What an administrator wants to know, as sentences.
    pub(crate) notes: &'a [String],
    /// When nothing had been read yet.
    pub(crate) begun: SystemTime,
}

/// Keeps the view of one profile.
pub(crate) struct Keeper {
    layers: Layers,
    /// `None` where nobody can say what he has.
    shared: Option<Shared>,
    /// Where the index is.
    index: PathBuf,
    /// The name under which it is written down.
    name: String,
    /// A number for it, nearly its own.
    number: u32,
}

/// How long a login waits for its turn to write, where it has all the time that it wants: writing takes a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long logins rely on what a thorough look has found, where a quick one finds nothing new.
const THOROUGH: Duration = Duration::from_secs(60);

impl Keeper {
    /// For a profile of the configuration in the folder `config`.
    ///
    /// # Errors
    /// Where the state folders cannot be made or are not root's.
    pub(crate) fn new(state: &State, profile: &ProfileName, config: &Path, layout: &Layout) -> Result<Self> {
        let what = format!("{WRITER}\0{profile}\0{}\0{layout:?}", config.display());
        let digest = Sha256::digest(what.as_bytes());
        let number = digest.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let name = format!("{profile}-{number:08x}");
        let (layers, shared) = (Layers::open(state)?, Shared::open(state).ok());
        Ok(Self { layers, shared, index: layout.index.clone(), name, number })
    }

    /// Waits until no other login is on the way to the same view, at most until `deadline`; nobody else is while the result
    /// lives.
    pub(crate) fn turn(&self, deadline: Instant) -> Option<Turn> {
        lock::turn(lock::Kind::Way, self.number, deadline)
    }

    /// The kept view, if there is one and everything that it was made from is as it was.
    pub(crate) fn find(&self, tree: &Tree) -> Option<Found> {
        let written = self.layers.known(&self.name)?;
        let text = &written.text;
        let end = text.iter().position(|b| *b == b'\n')?;
        let known: Known = serde_json::from_slice(&text[..end]).ok()?;
        let is_id = !known.plan.is_empty() && known.plan.bytes().all(|b| b.is_ascii_hexdigit());
        if known.writer != WRITER || !is_id {
            return None;
        }
        let folder = self.layers.of(&known.plan)?;
        let is_recent = written.age().is_some_and(|age| age < THOROUGH);
        let look = if is_recent { Look::Quick } else { Look::Thorough };
        if !seen::is_as_it_was(places(tree, folder.as_fd()), &text[end + 1..], look) {
            return None;
        }
        if look == Look::Thorough {
            written.touch();
        }
        Some(Found { known, folder })
    }

    /// Keeps a view, in place of one that was kept before. `None` where something that it was made from is being changed:
    /// running sessions may look at a layer which is newer than this one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn keep(&self, way: &Way<'_>) -> Result<Option<Found>> {
        let _turn = turn_to_write()?;
        let Road { plan, layer, exports } = way.road;
        let root = way.tree.root().fd();
        let seen = Seen::now(places(way.tree, root), &looked_at::of(way), way.begun);
        let Some(mut seen) = seen else { return Ok(None) };
        let id = plan.id();
        let (folder, _) = self.layers.put(&id, plan, layer)?;
        seen.add(places(way.tree, folder.as_fd()), &looked_at::of_kept(layer));
        let Some(seen) = seen.to_bytes() else { return Ok(None) };
        let known = Known {
            writer: WRITER.to_owned(),
            plan: id.to_string(),
            source: plan.mount_source(&id),
            areas: areas_of(way.tree, layer)?,
            personality: plan.personality,
            shared: shared_name(&id, &seen),
            environment: exports.is_fixed.then(|| exports.variables.clone()),
            notes: way.notes.to_vec(),
            summary: plan.summary(&id),
        };
        let text = serde_json::to_vec(&known).map_err(|e| Error::new(Step::Mount, e.to_string()))?;
        self.layers.write_down(&self.name, &[text.as_slice(), b"\n", &seen].concat())?;
        Ok(Some(Found { known, folder }))
    }

    /// Makes the mounts of a view: clones of those that a running session has, or its own, which it may offer to others.
    ///
    /// # Errors
    /// Which mount the kernel refused, or that the layer is gone.
    pub(crate) fn view(&self, found: &Found, tree: &Tree, about: &About) -> Result<(View, Option<Offer>)> {
        let Some(shared) = &self.shared else {
            return Ok((found.view(tree, about)?, None));
        };
        let Known { shared: view, areas, plan, .. } = &found.known;
        let user = about.user.as_deref().unwrap_or_default();
        let meant = Meant { name: &self.name, view, plan, user };
        let clones = shared.clones(meant, areas, &self.index);
        match clones.and_then(|clones| View::of_clones(&found.outlined(), clones, about).ok()) {
            Some(view) => Ok((view, None)),
            None => Ok((found.view(tree, about)?, Some(shared.offer(meant)))),
        }
    }
}

/// The parts of the index that a layer lies over, each with the folder of the base that it is made for.
fn areas_of(tree: &Tree, layer: &Layer) -> Result<Vec<KeptArea>> {
    layer.in_order().map(|(name, _)| area_of(tree, name)).collect()
}

fn area_of(tree: &Tree, name: &str) -> Result<KeptArea> {
    let base = fs::statat(tree.index().fd(), name, AtFlags::SYMLINK_NOFOLLOW)
        .because(Step::Mount, || format!("stat {name} in the index"))?;
    Ok(KeptArea { name: name.to_owned(), base: (base.st_dev, base.st_ino) })
}

/// A name for the overlays of a plan where everything is as it was seen.
fn shared_name(plan: &PlanId, seen: &[u8]) -> String {
    let digest = Sha256::digest(seen);
    let number = digest.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
    format!("{plan}-{number:032x}")
}

/// Waits until nobody else writes to the layers.
fn turn_to_write() -> Result<Turn> {
    lock::turn(lock::Kind::Layers, 0, Instant::now() + PATIENCE)
        .ok_or_else(|| Error::new(Step::Mount, "somebody else keeps writing to /run/gobo-session/layers"))
}

/// Makes the kept layer of a plan what it should be. It is compiled when nobody else writes to the layers: no older one takes
/// the place of a newer one.
///
/// # Errors
/// Where it cannot be compiled or written.
#[cfg(feature = "cli")]
pub(crate) fn amend(plan: &Plan, compile: impl FnOnce() -> Result<Layer>) -> Result<Amended> {
    let (state, id) = (State::make()?, plan.id());
    let layers = Layers::open(&state)?;
    // Where nobody can say, it may have been so.
    let was_several = Shared::open(&state).map_or(true, |shared| shared.was_several(&id.to_string()));
    let _turn = turn_to_write()?;
    let layer = compile()?;
    let (folder, changed) = layers.put(&id, plan, &layer)?;
    Ok(Amended { layer, changed, was_several, personality: plan.personality, folder })
}

/// Has the next login of each profile make its view and its overlays anew, and removes the layers of plans that nobody has
/// had for a while; `live` are those that sessions have.
///
/// # Errors
/// Where something cannot be removed.
#[cfg(feature = "cli")]
pub(crate) fn forget(live: &std::collections::BTreeSet<String>) -> Result<()> {
    let state = State::make()?;
    let unshared = Shared::open(&state).and_then(|shared| shared.forget());
    let layers = Layers::open(&state)?;
    let _turn = turn_to_write()?;
    layers.forget()?;
    layers.sweep(live, sessions::plans_mounted)?;
    unshared
}

impl Found {
    /// Makes the mounts of the view, all its own.
    ///
    /// # Errors
    /// Which mount the kernel refused, or that the layer is gone.
    pub(crate) fn view(&self, tree: &Tree, about: &About) -> Result<View> {
        View::of_kept(tree, &self.outlined(), about)
    }

    fn outlined(&self) -> Outlined<'_> {
        let Known { source, areas, personality, .. } = &self.known;
        Outlined { source, areas, personality: *personality, folder: self.folder.as_fd() }
    }

    /// Its plan.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(crate) fn plan(&self) -> Result<Plan> {
        layers::plan_in(self.folder.as_fd())
    }

    /// Its layer.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(crate) fn layer(&self) -> Result<Layer> {
        layers::layer_in(self.folder.as_fd())
    }
}

fn places<'a>(tree: &'a Tree, kept: BorrowedFd<'a>) -> Places<'a> {
    Places { root: tree.root().fd(), programs: tree.programs(), index: tree.index().fd(), kept }
}
