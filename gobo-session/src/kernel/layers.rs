//! The layers that are kept for later logins: `/run/gobo-session/layers/PLAN-ID`, and what is known of each profile's plan
//! in `/run/gobo-session/plans`.
//!
//! All of it is root's, and everybody can read it. A layer that other sessions look at is changed in place, name by name,
//! and its folders stay where they are: overlays hold on to them.

#[cfg(feature = "cli")]
mod sweep;

use super::folder::{self, Writer};
use super::limits;
use super::state::{State, folder_in};
use super::view::{LAYER_FOLDER, PLAN_FILE};
use crate::error::{Because as _, Error, Result, Step};
use crate::layer::{Layer, Node, Nodes};
use crate::plan::{Plan, PlanId};
use crate::tree::{Folder, Kind, join, read_all};
use crate::trusted::{self, Trust};
use rustix::fs::{self, Mode, OFlags, Timespec, Timestamps, UTIME_NOW};
use rustix::io::Errno;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The folder of layers, in the state folder and as programs know it.
const LAYERS: &str = "layers";
pub(super) const LAYERS_FOLDER: &str = "/run/gobo-session/layers";

/// The folder of what is known of plans.
const PLANS: &str = "plans";
const PLANS_FOLDER: &str = "/run/gobo-session/plans";

/// The most bytes of what is known of a plan, and of a plan itself (R18).
const MAX_FILE: usize = 16 * 1024 * 1024;

/// The folders of what is kept.
pub(crate) struct Layers {
    layers: OwnedFd,
    plans: OwnedFd,
}

impl Layers {
    /// Opens the folders, and makes what is missing of them; for root.
    ///
    /// # Errors
    /// Where they cannot be made, or are not root's alone (R17).
    pub(crate) fn open(state: &State) -> Result<Self> {
        let open = |name, path| folder_in(state.folder(), name, Path::new(path));
        Ok(Self { layers: open(LAYERS, LAYERS_FOLDER)?, plans: open(PLANS, PLANS_FOLDER)? })
    }

    /// What was written down about a plan under a name, where it is root's alone.
    pub(crate) fn known(&self, name: &str) -> Option<Written> {
        let file = open(self.plans.as_fd(), name, OFlags::NONBLOCK | OFlags::NOCTTY).ok()?;
        let text = read_all(file.as_fd(), MAX_FILE, name).ok()?;
        Some(Written { text, file })
    }

    /// Writes something down about a plan, in place of what was there.
    ///
    /// # Errors
    /// Where it cannot be written; what was there is there then.
    pub(crate) fn write_down(&self, name: &str, text: &[u8]) -> Result<()> {
        limits::room_for_files()?;
        replace(self.plans.as_fd(), name, text)
    }

    /// The folder of a plan's layer, where it is root's alone.
    pub(crate) fn of(&self, id: &str) -> Option<OwnedFd> {
        open(self.layers.as_fd(), id, OFlags::DIRECTORY).ok()
    }

    /// Makes the folder of a plan hold it and its layer, whatever it held before; the caller holds the lock. Gives the
    /// folder, and how many names of the layer were changed.
    ///
    /// # Errors
    /// Where it cannot be written, or is not root's alone.
    pub(crate) fn put(&self, id: &PlanId, plan: &Plan, layer: &Layer) -> Result<(OwnedFd, usize)> {
        limits::room_for_files()?;
        let id = id.to_string();
        let folder = folder_in(self.layers.as_fd(), &id, &Path::new(LAYERS_FOLDER).join(&id))?;
        folder::remove(folder.as_fd(), UNUSED.as_bytes()).because(Step::Mount, || "remove a mark".into())?;
        let text = plan.to_json().into_bytes();
        let kept = open(folder.as_fd(), PLAN_FILE, OFlags::NONBLOCK).ok();
        if kept.and_then(|fd| read_all(fd, MAX_FILE, PLAN_FILE).ok()).as_ref() != Some(&text) {
            replace(folder.as_fd(), PLAN_FILE, &text)?;
        }
        let path = Path::new(LAYERS_FOLDER).join(&id).join(LAYER_FOLDER);
        let areas = folder_in(folder.as_fd(), LAYER_FOLDER, &path)?;
        let areas = Folder::of(areas, LAYER_FOLDER.as_bytes(), Trust::RootOnly)?;
        let wanted = with_all_areas(layer, &areas)?;
        let changed = Writer::new(folder.as_fd()).amend(&areas, &wanted, Trust::RootOnly)?;
        Ok((folder, changed))
    }
}

/// What was written down about a plan.
pub(crate) struct Written {
    pub(crate) text: Vec<u8>,
    file: OwnedFd,
}

impl Written {
    /// How long ago it was written or [touched](Self::touch); `None` where that is not known, or to come.
    pub(crate) fn age(&self) -> Option<Duration> {
        let stat = fs::fstat(&self.file).ok()?;
        let seconds = Duration::from_secs(u64::try_from(stat.st_mtime).ok()?);
        SystemTime::now().duration_since(UNIX_EPOCH + seconds).ok()
    }

    /// Makes it as young as what is written now. Where that fails it only stays old.
    pub(crate) fn touch(&self) {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let _ = fs::futimens(&self.file, &Timestamps { last_access: now, last_modification: now });
    }
}

/// The name of a file that says since when a layer has been found unused.
const UNUSED: &str = "unused";

/// The nodes of a layer's folder; an area that the folder has stays, if only empty: views may lie over it.
pub(super) fn with_all_areas(layer: &Layer, present: &Folder) -> Result<Nodes> {
    let areas = layer.areas.iter().map(|(area, nodes)| (area.clone().into_bytes(), nodes.clone()));
    let mut all: Nodes = areas.map(|(area, nodes)| (area, Node::Folder(nodes))).collect();
    for entry in present.entries()?.into_iter().filter(|entry| entry.kind == Kind::Directory) {
        all.entry(entry.name).or_insert_with(|| Node::Folder(Nodes::new()));
    }
    Ok(all)
}

/// Opens something of root's alone.
pub(super) fn open(folder: BorrowedFd<'_>, name: &str, flags: OFlags) -> Result<OwnedFd> {
    let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = fs::openat(folder, name, flags, Mode::empty()).because(Step::Read, || format!("open {name}"))?;
    trusted::check(fd.as_fd(), Trust::RootOnly)
        .map_err(|error| Error::new(Step::Read, format!("{name}: {error}")))?;
    Ok(fd)
}

/// Puts a file in place of another; whoever reads finds one or the other, whole.
pub(super) fn replace(folder: BorrowedFd<'_>, name: &str, text: &[u8]) -> Result<()> {
    let aside = format!(".{name}");
    match fs::unlinkat(folder, &aside, fs::AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(Error::call(Step::Mount, format!("remove {aside}"), errno)),
    }
    Writer::new(folder).write(folder, &aside, text)?;
    fs::renameat(folder, &aside, folder, name).because(Step::Mount, || format!("rename {aside} to {name}"))
}

/// Reads the layer in a plan's folder.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn layer_in(folder: BorrowedFd<'_>) -> Result<Layer> {
    folder::read(open(folder, LAYER_FOLDER, OFlags::DIRECTORY)?)
}

/// Reads the plan in a plan's folder.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn plan_in(folder: BorrowedFd<'_>) -> Result<Plan> {
    let text = read_all(open(folder, PLAN_FILE, OFlags::NONBLOCK)?, MAX_FILE, PLAN_FILE)?;
    Plan::from_json(&text).map_err(|why| Error::new(Step::Read, format!("{PLAN_FILE}: {why}")))
}

/// The paths of all that a plan's folder holds for a layer, folders and the plan: whoever changes anything in it changes one
/// of them.
pub(crate) fn parts(layer: &Layer) -> impl Iterator<Item = Vec<u8>> {
    let mut paths = vec![PLAN_FILE.as_bytes().to_vec(), LAYER_FOLDER.as_bytes().to_vec()];
    for (area, nodes) in &layer.areas {
        add_folders(join(LAYER_FOLDER.as_bytes(), area.as_bytes()), nodes, &mut paths);
    }
    paths.into_iter()
}

fn add_folders(at: Vec<u8>, nodes: &Nodes, paths: &mut Vec<Vec<u8>>) {
    for (name, node) in nodes {
        if let Node::Folder(inner) = node {
            add_folders(join(&at, name), inner, paths);
        }
    }
    paths.push(at);
}
