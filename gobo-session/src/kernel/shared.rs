//! Overlays that are the same for every session of a profile: a login clones those that a running session has.
//!
//! Who made overlays over a kept layer says where they are, in `/run/gobo-session/shared`: his process, his namespace, and
//! each mount. There is nothing else of it: no mount on the host, nothing to be taken away, and all of it ends with the last
//! session that has such a clone. Where that session is gone the next login makes overlays of its own, and says so.
//!
//! A session's namespace is visited by a child that shares memory and descriptors with this process and has a root and a
//! folder of its own ([`sys::aside`]): those of the process could not be brought back if anything failed on the way. It
//! opens and clones, and changes nothing. What it finds is known by numbers that the kernel never gives twice: that of the
//! namespace, so that none is entered which a user made, and that of each mount. Whatever is odd, a login makes its own.

#[cfg(feature = "cli")]
use super::folder;
use super::folder::Writer;
use super::layers::{open, replace};
use super::limits;
use super::mount;
use super::namespace;
use super::state::{Ids, State, folder_in, mount_of};
use super::sys;
use super::view::{KeptArea, Over, Part, View};
use crate::error::{Because as _, Error, Result, Step};
use crate::tree::read_all;
use nix::sys::signal::{SigSet, SigmaskHow};
use rustix::fs::{self, Access, AtFlags, Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::rc::Rc;

/// Its folder, in the state folder and as programs know it.
const SHARED: &str = "shared";
const SHARED_FOLDER: &str = "/run/gobo-session/shared";

/// The most bytes of what is said of a view's overlays (R18).
const MAX_FILE: usize = 64 * 1024;

/// Where the overlays of a view are.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// Which view, and how everything was that it was made from.
    view: String,
    /// Whose session has them.
    user: String,
    /// The process that opened the session which has them.
    process: u32,
    /// The number of its namespace.
    namespace: u64,
    /// For each part of the index the number of the mount.
    overlays: Vec<(String, u64)>,
}

/// The folder of what is said.
pub(crate) struct Shared {
    folder: Rc<OwnedFd>,
}

/// Which overlays are meant.
#[derive(Clone, Copy)]
pub(crate) struct Meant<'a> {
    /// The name under which it is said where they are.
    pub(crate) name: &'a str,
    /// The view that they are of, and how everything was that it was made from.
    pub(crate) view: &'a str,
    /// The id of its plan.
    pub(crate) plan: &'a str,
    /// Whose session is to have them.
    pub(crate) user: &'a str,
}

/// That a view has overlays which others may clone, as soon as it is attached.
pub(crate) struct Offer {
    folder: Rc<OwnedFd>,
    name: String,
    view: String,
    user: String,
}

impl Shared {
    /// Opens the folder, and makes it where it is missing; for root.
    ///
    /// # Errors
    /// Where it cannot be made, or is not root's alone (R17).
    pub(crate) fn open(state: &State) -> Result<Self> {
        Ok(Self { folder: Rc::new(folder_in(state.folder(), SHARED, Path::new(SHARED_FOLDER))?) })
    }

    /// Clones of the overlays that a session has over these parts of the `index`, where it was said under this name that it
    /// has them for this very view.
    pub(crate) fn clones(&self, meant: Meant<'_>, areas: &[KeptArea], index: &Path) -> Option<Vec<OwnedFd>> {
        let Meant { name, view, plan, user } = meant;
        let fd = open(self.folder.as_fd(), name, OFlags::NONBLOCK | OFlags::NOCTTY).ok()?;
        let place: Place = serde_json::from_slice(&read_all(fd, MAX_FILE, name).ok()?).ok()?;
        if place.view != view
            || !place.overlays.iter().map(|(area, _)| area).eq(areas.iter().map(|a| &a.name))
        {
            return None;
        }
        let namespace = open_namespace(&format!("/proc/{}/ns/mnt", place.process)).ok()?;
        if sys::namespace_info(namespace.as_fd()).ok()?.id != place.namespace {
            return None;
        }
        let clone = |(area, id): &(String, u64)| {
            let overlay = mount::place(&index.join(area)).ok()?;
            let is_it = mount_of(overlay.as_fd(), Path::new(""), Ids::Unique)
                .is_some_and(|mounted| mounted.id == *id);
            is_it.then(|| mount::clone_of(overlay.as_fd()).ok()).flatten()
        };
        let visit = || {
            namespace::enter(namespace.as_fd()).ok()?;
            place.overlays.iter().map(clone).collect()
        };
        let clones = aside(visit).ok().flatten()?;
        (place.user == user || self.are_of_several(plan)).then_some(clones)
    }

    /// Writes down that overlays of a plan go from one user's session to another's; whether that is there then.
    fn are_of_several(&self, plan: &str) -> bool {
        let write = || {
            limits::room_for_files()?;
            Writer::new(self.folder.as_fd()).write(self.folder.as_fd(), &several(plan), b"")
        };
        // Another login may have been first.
        self.was_several(plan) || write().is_ok() || self.was_several(plan)
    }

    /// Whether overlays of a plan went from one user's session to another's since it was [forgotten](Self::forget).
    pub(crate) fn was_several(&self, plan: &str) -> bool {
        fs::accessat(self.folder.as_fd(), several(plan), Access::EXISTS, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Forgets where overlays are, so that the next login of each profile makes its own.
    ///
    /// # Errors
    /// Where that cannot be removed.
    #[cfg(feature = "cli")]
    pub(crate) fn forget(&self) -> Result<()> {
        folder::clear(self.folder.as_fd())
    }

    /// That a view is to have overlays for others.
    pub(crate) fn offer(&self, meant: Meant<'_>) -> Offer {
        let [name, view, user] = [meant.name, meant.view, meant.user].map(str::to_owned);
        Offer { folder: Rc::clone(&self.folder), name, view, user }
    }
}

/// The name of a file that says that more than one user has, or had, the same overlays of a plan.
fn several(plan: &str) -> String {
    format!("{plan}.several")
}

impl Offer {
    /// Says where they are: the view is attached in the calling thread's own namespace.
    ///
    /// # Errors
    /// Where they have no numbers, or that cannot be written.
    pub(crate) fn say(&self, view: &View) -> Result<()> {
        limits::room_for_files()?;
        let number = |part: &Part| match &part.over {
            Over::Made(overlay) => {
                let id = mount_of(overlay.as_fd(), Path::new(""), Ids::Unique).map(|mounted| mounted.id);
                id.map(|id| (part.area.clone(), id))
            }
            Over::Later(_) => None,
        };
        let overlays = view.parts.iter().map(number).collect::<Option<Vec<_>>>();
        let overlays = overlays.ok_or_else(|| Error::new(Step::Attach, "the overlays have no numbers"))?;
        let namespace = open_namespace("/proc/thread-self/ns/mnt")?;
        let namespace = sys::namespace_info(namespace.as_fd())
            .because(Step::Attach, || "ask for the number of the namespace".into())?;
        let process = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs();
        let (view, user) = (self.view.clone(), self.user.clone());
        let place = Place { view, user, process, namespace: namespace.id, overlays };
        let text = serde_json::to_vec(&place).map_err(|e| Error::new(Step::Attach, e.to_string()))?;
        replace(self.folder.as_fd(), &self.name, &text)
    }
}

fn open_namespace(path: &str) -> Result<OwnedFd> {
    fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .because(Step::Attach, || format!("open {path}"))
}

/// Does something with a root, a folder and a namespace that are not those of this process.
fn aside<T>(work: impl FnOnce() -> T) -> Result<T> {
    let signals = SigSet::all()
        .thread_swap_mask(SigmaskHow::SIG_BLOCK)
        .map_err(|errno| Error::new(Step::Mount, format!("block signals: {errno}")))?;
    let (mut work, mut done) = (Some(work), None);
    let went = sys::aside(&mut || done = work.take().map(|work| work()));
    let _ = signals.thread_set_mask();
    went.because(Step::Mount, || "a child that shares our memory".into())?;
    done.ok_or_else(|| Error::new(Step::Mount, "the child did nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_aside_leaves_this_process_where_it_is() {
        let here = std::env::current_dir().unwrap();
        let there = aside(|| {
            rustix::process::chdir("/proc").unwrap();
            std::env::current_dir().unwrap()
        });
        assert_eq!(there.unwrap(), Path::new("/proc"));
        assert_eq!(std::env::current_dir().unwrap(), here);
    }

    #[test]
    fn a_fault_aside_ends_there() {
        let quiet = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let went = aside(|| panic!("aside"));
        std::panic::set_hook(quiet);
        assert!(went.is_err());
    }
}
