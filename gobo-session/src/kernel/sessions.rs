//! Finding sessions: a session is what has our mounts, and there is no list of them but the kernel's own.
//!
//! Anybody can make a mount of any source name in a user namespace of his own. So what is believed of a namespace depends
//! on who owns it: root looks only into those that his own user namespace owns, and knows of others whose they are and no
//! more. There, a view is an overlay of our source name on a part of the index, whose mount id is one that the kernel lists
//! for that namespace; what sessions share is asked about once, by the device of its file system. A user sees the namespaces
//! of the processes that the kernel lets him look at: his own.

mod mounted;
mod namespaces;
mod renew;

use super::limits::Raised;
use super::namespace::{Id, id_of};
use super::process::{Mounts, Process};
use super::state::{Shown, VIEW_FOLDER, told_by};
use super::{ABOUT_FILE, About, PLAN_FILE};
use crate::error::{Because as _, Error, Result, Step};
use crate::layer::Layer;
use crate::plan::Plan;
use crate::tree::Layout;
use namespaces::{Namespace, Owner};
use rustix::fs::{self, Mode, OFlags};
use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// What was found on this machine.
pub struct Found {
    /// The sessions and the views of commands, oldest first.
    pub sessions: Vec<Session>,
    /// The users in whose own namespaces something calls itself a view of ours, once for each: they are not looked into. A
    /// user has at most 64 such namespaces asked, each for its first 512 mounts.
    pub others: Vec<u32>,
    /// Each session holds descriptors.
    _raised: Raised,
}

/// A mount namespace with a view in it.
pub struct Session {
    /// The number of its namespace, as /proc/PID/ns/mnt and lsns(8) show it.
    pub id: u64,
    /// The source name of its mounts.
    pub source: String,
    /// Whose view it is, where it says so.
    pub about: Option<About>,
    /// The processes in it that can be seen, in order.
    pub processes: Vec<u32>,
    namespace: OwnedFd,
    inside: Process,
    shown: Shown,
}

pub(crate) use mounted::plans_mounted;
pub use renew::refresh_from_within;

impl Session {
    /// What the calling process sees.
    ///
    /// # Errors
    /// Where it is in no view, or /proc cannot be read.
    fn here(layout: &Layout) -> Result<Self> {
        let inside = Process::own()?;
        let shown = inside.shown(layout);
        let source = shown.source.clone().ok_or_else(|| Error::new(Step::Read, "it is in no view by now"))?;
        let namespace = fs::open("/proc/thread-self/ns/mnt", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .because(Step::Read, || "open /proc/thread-self/ns/mnt".into())?;
        Ok(Self { id: 0, source, about: None, processes: Vec::new(), namespace, inside, shown })
    }

    /// Its profile, where it was made for one.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        let (profile, _) = told_by(&self.source)?;
        (profile != "-").then_some(profile)
    }

    /// The id of its plan.
    #[must_use]
    pub fn plan_id(&self) -> &str {
        self.source.rsplit(':').next().unwrap_or_default()
    }

    /// What its view was made of.
    ///
    /// # Errors
    /// Where it does not say so, or that cannot be read.
    pub fn plan(&self) -> Result<Plan> {
        Plan::from_json(&self.inside.description(PLAN_FILE)?)
            .map_err(|error| Error::new(Step::Read, format!("the plan of the view: {error}")))
    }

    /// The layer of its view, as it was made.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn layer(&self) -> Result<Layer> {
        self.inside.layer()
    }

    /// The parts of the index that its view lies over.
    #[must_use]
    pub fn areas(&self) -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.shown.overlays.iter().map(name).collect()
    }

    /// What it shows of a view.
    #[must_use]
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// Its namespace, to be entered.
    #[must_use]
    pub fn namespace(&self) -> BorrowedFd<'_> {
        self.namespace.as_fd()
    }

    /// Its overlays: the part of the index that each lies over, and the mount, open as a place. Each is the very mount that
    /// the kernel lists.
    ///
    /// # Errors
    /// Where one cannot be opened, or is another by now.
    pub fn overlays(&self) -> Result<Vec<(String, OwnedFd)>> {
        let open = |(area, path): (String, &PathBuf)| Ok((area, self.inside.overlay(path)?));
        self.areas().into_iter().zip(&self.shown.overlays).map(open).collect()
    }

    /// The file system that holds its layer and its description, open as a place.
    ///
    /// # Errors
    /// As [`Session::overlays`].
    pub fn view_folder(&self) -> Result<OwnedFd> {
        self.inside.mount_on(Path::new(VIEW_FOLDER), |mount| mount.kind == "tmpfs")
    }
}

/// How many namespaces that one user made are looked at (R18).
const MOST_OF_A_USER: usize = 64;

/// Finds the sessions of this machine that have views over its index.
///
/// # Errors
/// Where /proc, or the index of this machine, cannot be read.
pub fn find(layout: &Layout) -> Result<Found> {
    let raised = Raised::new();
    let index = fs::open(&layout.index, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let index = id_of(index.because(Step::Read, || format!("open {}", layout.index.display()))?)?;
    let (mut sessions, mut others, mut looked_at) = (Vec::new(), Vec::new(), BTreeMap::new());
    namespaces::each(|namespace| match namespace.owner() {
        Some(Owner::Believed) => {
            let mounts = namespace.mounts_with_ours();
            sessions.extend(mounts.and_then(|mounts| look(namespace, mounts, layout, index)));
        }
        Some(Owner::Other(uid)) => {
            let looked_at: &mut usize = looked_at.entry(uid).or_default();
            *looked_at += 1;
            if *looked_at <= MOST_OF_A_USER && namespace.begins_with_ours() {
                others.push(uid);
            }
        }
        None => {}
    })?;
    sessions.sort_by_key(|session| (session.about.as_ref().map(|about| about.since), session.id));
    others.sort_unstable();
    Ok(Found { sessions, others, _raised: raised })
}

/// Looks into a namespace that is believed; `None` where no view of this machine's index is seen there.
fn look(namespace: Namespace, mounts: Mounts, layout: &Layout, index: Id) -> Option<Session> {
    let inside = Process::looking_from(namespace.root(&mounts)?, mounts);
    let (shown, own_index) = inside.look(layout);
    let source = shown.source.clone()?;
    // A container has an index of its own.
    if id_of(own_index?).ok()? != index {
        return None;
    }
    let about = shown.has_description.then(|| inside.description(ABOUT_FILE).ok()).flatten();
    Some(Session {
        id: namespace.id,
        source,
        about: about.and_then(|text| serde_json::from_slice(&text).ok()),
        processes: namespace.processes,
        namespace: namespace.fd,
        inside,
        shown,
    })
}
