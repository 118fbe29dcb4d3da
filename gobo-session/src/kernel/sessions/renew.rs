//! Making the view of a running session true again, without a moment in which its files are missing.
//!
//! An overlay remembers what was looked up in it, misses too, when the folders below change. A remount that changes nothing
//! makes the kernel forget all of it. Where that is not enough a new view takes the place of the old one: each of its mounts
//! is put beneath the one that is there, which is then taken away.

use super::Session;
use crate::compile::compile;
use crate::error::{Because as _, Error, Result, Step};
use crate::kernel::folder::Writer;
use crate::kernel::layers::with_all_areas;
use crate::kernel::namespace::{self, WayBack};
use crate::kernel::view::{LAYER_FOLDER, Over, View, room_to_amend};
use crate::kernel::{INDEX_FOLDER, VIEW_FOLDER, mount};
use crate::layer::Layer;
use crate::login::child::{self, Question};
use crate::tree::{Folder, Layout, Tree};
use crate::trusted::Trust;
use rustix::fs::{self, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};
use std::collections::BTreeSet;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

impl Session {
    /// Whether it has a layer of its own, and not one that other sessions have too.
    ///
    /// # Errors
    /// Where its view cannot be looked at.
    pub fn has_own_layer(&self) -> Result<bool> {
        self.inside.has_in_view(LAYER_FOLDER)
    }

    /// Makes the layer of its own what it should be, name by name; gives how many names were changed.
    ///
    /// # Errors
    /// Where it cannot be changed.
    pub fn amend(&self, layer: &Layer) -> Result<usize> {
        let view = self.view_folder()?;
        let Some(folder) = own_layer(view.as_fd())? else { return Ok(0) };
        let folder = Folder::of(folder, LAYER_FOLDER.as_bytes(), Trust::Anyone)?;
        let wanted = with_all_areas(layer, &folder)?;
        let is_sealed = mount::is_read_only(view.as_fd())?;
        if is_sealed {
            mount::unseal(view.as_fd(), room_to_amend(layer))?;
        }
        let changed = Writer::new(view.as_fd()).amend(&folder, &wanted, Trust::Anyone);
        if is_sealed {
            mount::seal(view.as_fd())?;
        }
        changed
    }

    /// Makes the kernel forget what was looked up in its view; `done` are the file systems for which that was done already,
    /// since sessions may share them.
    ///
    /// # Errors
    /// Where the kernel refuses.
    pub fn flush(&self, done: &mut BTreeSet<u64>) -> Result<()> {
        if self.shown.devices.iter().all(|device| done.contains(device)) {
            return Ok(());
        }
        for (_, overlay) in self.overlays()? {
            let id = fs::fstat(&overlay).because(Step::Mount, || "fstat an overlay".into())?.st_dev;
            if done.insert(id) {
                mount::flush(overlay.as_fd())?;
            }
        }
        Ok(())
    }

    /// The parts of the index that a layer changes and its view does not lie over.
    #[must_use]
    pub fn uncovered(&self, layer: &Layer) -> Vec<String> {
        let is_of = |path: &Path, area: &str| {
            let parent = path.as_os_str().as_encoded_bytes().strip_suffix(area.as_bytes());
            parent.is_some_and(|parent| parent.ends_with(b"/"))
        };
        let covers = |area: &str| self.shown.overlays.iter().any(|path| is_of(path, area));
        layer.areas.keys().filter(|area| !covers(area)).cloned().collect()
    }

    /// Puts another view in the place of its own. Whoever looks sees one or the other, at each name.
    ///
    /// # Errors
    /// Which step failed; it has its old view then.
    pub fn swap(&self, view: &View, layout: &Layout) -> Result<()> {
        let way_back = WayBack::save()?;
        let way_back = way_back.or_back(|| {
            namespace::enter(self.namespace())?;
            self.swap_here(view, layout)
        })?;
        way_back.go()
    }

    fn swap_here(&self, view: &View, layout: &Layout) -> Result<()> {
        let mut made = Vec::new();
        let mut placed = Placed::default();
        let (old, folder) = (&self.shown.overlays, Path::new(VIEW_FOLDER));
        placed.put(view.tmpfs.as_fd(), folder, self.shown.has_description)?;
        for part in &view.parts {
            let base = mount::place(&Path::new(INDEX_FOLDER).join(&part.area))?;
            if namespace::id_of(&base)? != part.base {
                let what = format!("the session has another folder {} in its index", part.area);
                return Err(Error::new(Step::Attach, what).with_cure("its user logs in again"));
            }
            if let Over::Later(folders) = &part.over {
                made.push(folders.overlay(&view.source, base.as_fd())?);
            }
        }
        let mut made = made.iter();
        for part in &view.parts {
            let path = layout.index.join(&part.area);
            let overlay = match &part.over {
                Over::Made(overlay) => Some(overlay),
                Over::Later(_) => made.next(),
            };
            if let Some(overlay) = overlay {
                placed.put(overlay.as_fd(), &path, old.contains(&path))?;
            }
        }
        // Nothing can fail any more but taking away, and what is not taken away is whole.
        placed.keep();
        let is_over = |path: &Path| view.parts.iter().any(|part| path == layout.index.join(&part.area));
        let replaced = old.iter().map(|path| path.as_path());
        for path in replaced.chain(self.shown.has_description.then_some(folder)) {
            unmount(path, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW).because(Step::Attach, || {
                let what = if is_over(path) || path == folder { "the old mount on" } else { "what was on" };
                format!("umount {what} {}", path.display())
            })?;
        }
        Ok(())
    }
}

/// How long a child may take that refreshes a view.
const PATIENCE: Duration = Duration::from_secs(30);

/// Refreshes a view that lies in another user namespace of the caller's, by a child that goes there: from outside its mounts
/// cannot be changed. Gives how many names of its layer were changed.
///
/// # Errors
/// Why it could not be done.
pub fn refresh_from_within(session: &Session, layout: &Layout) -> Result<usize> {
    let pid = session.processes.first().copied();
    let pid = pid.ok_or_else(|| Error::new(Step::Read, "no process is left in it"))?;
    if namespace::id_at("/proc/self/ns/user")? == namespace::id_at(format!("/proc/{pid}/ns/user"))? {
        let what = "who is in this view himself has no right to change it";
        return Err(Error::new(Step::Mount, what).with_cure("call gobo-session refresh from outside of it"));
    }
    let question = Question { deadline: Instant::now() + PATIENCE, limit: 64 * 1024, lock: None };
    let answer: Vec<u8> = child::ask(&question, |end| {
        let done = refresh_in_namespaces_of(pid, layout).map_err(|error| error.to_string());
        child::say(end, &serde_json::to_vec(&done).unwrap_or_default());
    })
    .map_err(|silence| Error::new(Step::Start, format!("the child that was to go there: {silence:?}")))?;
    let done: Result<usize, String> = serde_json::from_slice(&answer)
        .map_err(|_| Error::new(Step::Start, "the child that was to go there died"))?;
    done.map_err(|why| Error::new(Step::Mount, why))
}

fn refresh_in_namespaces_of(pid: u32, layout: &Layout) -> Result<usize> {
    namespace::enter_those_of(pid)?;
    let session = Session::here(layout)?;
    if !session.shown.has_description {
        return session.flush(&mut BTreeSet::new()).map(|()| 0);
    }
    let tree = Tree::open(Path::new("/"), session.shown.base(), layout.clone(), Trust::Anyone)?;
    let layer = compile(&tree, &session.plan()?)?;
    let changed = session.amend(&layer)?;
    session.flush(&mut BTreeSet::new())?;
    match session.uncovered(&layer).as_slice() {
        [] => Ok(changed),
        areas => Err(Error::new(
            Step::Mount,
            format!("its programs have names in {} by now, which it does not show", areas.join(", ")),
        )),
    }
}

/// Mounts that were put into place; unless they are kept they are taken away again.
#[derive(Default)]
struct Placed<'m>(Vec<BorrowedFd<'m>>);

impl<'m> Placed<'m> {
    /// Attaches a mount to a path, beneath the one that is there.
    fn put(&mut self, mount: BorrowedFd<'m>, path: &Path, beneath: bool) -> Result<()> {
        let place = mount::place(path)?;
        let name = path.display().to_string();
        match beneath {
            true => mount::attach_beneath(mount, place.as_fd(), &name)?,
            false => mount::attach(mount, place.as_fd(), &name)?,
        }
        self.0.push(mount);
        Ok(())
    }

    fn keep(&mut self) {
        self.0.clear();
    }
}

impl Drop for Placed<'_> {
    fn drop(&mut self) {
        for mount in self.0.iter().rev() {
            let _ = unmount(format!("/proc/self/fd/{}", mount.as_raw_fd()), UnmountFlags::DETACH);
        }
    }
}

/// The layer in the folder of a view, where it has one of its own.
fn own_layer(view: BorrowedFd<'_>) -> Result<Option<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match fs::openat(view, LAYER_FOLDER, flags, Mode::empty()) {
        Ok(folder) => Ok(Some(folder)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(Error::call(Step::Read, "open the layer of the view", errno)),
    }
}
