//! Giving a prepared view to a process: all or nothing (R6).

use super::namespace::{self, WayBack};
use super::view::Over;
use super::{INDEX_FOLDER, Shown, State, VIEW_FOLDER, View, mount, state};
use crate::error::{Because as _, Error, Result, Step};
use crate::tree::Layout;
use crate::trusted::Trust;
use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_change, unmount};
use rustix::process::{chdir, getcwd};
use std::ffi::{CStr, OsStr};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Moves the calling thread into a mount namespace of its own and attaches a view there; with `None` it only leaves
/// the view that it is in.
///
/// `inherited` is what the namespace shows now: it is detached, so that the new view starts from what the service
/// had. The result leads back. `state` is where the view was made.
///
/// # Errors
/// Where a step fails; the thread is back where it was then.
pub fn in_own_namespace(
    view: Option<(&View, &State)>,
    layout: &Layout,
    inherited: &Shown,
) -> Result<WayBack> {
    let cwd = getcwd(Vec::new()).ok();
    WayBack::save()?.or_back(|| {
        namespace::enter_own()?;
        detach(inherited)?;
        namespace::set_personality(view.is_some_and(|(view, _)| view.personality))?;
        view.map_or(Ok(()), |(view, state)| attach(view, layout, Bind::Both, |path| state.place(path)))?;
        keep_cwd(cwd.as_deref(), layout)
    })
}

/// Attaches a view in the namespace of the calling process, which is its own already. The inherited view is covered:
/// its mounts belong to somebody else.
///
/// # Errors
/// Where a step fails; the process should end then.
pub fn over_inherited(view: &View, layout: &Layout, inherited: &Shown) -> Result<()> {
    let has_places = [VIEW_FOLDER, INDEX_FOLDER].iter().all(|path| Path::new(path).is_dir());
    let bind = match (inherited.has_index, has_places) {
        (_, false) => Bind::Nothing,
        (true, true) => Bind::Description,
        (false, true) => Bind::Both,
    };
    if view.personality {
        namespace::set_personality(true)?;
    }
    for overlay in &inherited.overlays {
        let area = overlay.file_name().unwrap_or_default();
        if !view.areas().any(|name| name.as_bytes() == area.as_bytes()) {
            let base = mount::place(&Path::new(INDEX_FOLDER).join(area))?;
            let place = mount::place(overlay)?;
            mount::attach(
                mount::clone_of(base.as_fd())?.as_fd(),
                place.as_fd(),
                &overlay.display().to_string(),
            )?;
        }
    }
    let cwd = getcwd(Vec::new()).ok();
    // In a user namespace of one's own nothing is root's, and nothing outside can be reached.
    attach(view, layout, bind, |path| state::place(Path::new(path), Trust::Anyone))?;
    keep_cwd(cwd.as_deref(), layout)
}

/// Makes `/` shared in the calling thread's namespace, once, so that sessions see what is mounted later.
///
/// # Errors
/// Where the kernel refuses.
pub fn share_root() -> Result<()> {
    mount_change("/", MountPropagationFlags::SHARED | MountPropagationFlags::REC)
        .because(Step::Attach, || "mount(\"/\", MS_REC|MS_SHARED)".into())
}

/// Refreshes and replaces an overlay of the calling process's own namespace, to see whether this kernel does it.
///
/// # Errors
/// What it does not do.
#[cfg(feature = "cli")]
pub(crate) fn try_to_renew(path: &Path) -> Result<()> {
    let top = mount::place(path)?;
    mount::flush(top.as_fd())?;
    let shown = path.display().to_string();
    mount::attach_beneath(mount::clone_of(top.as_fd())?.as_fd(), top.as_fd(), &shown)?;
    unmount(path, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)
        .because(Step::Attach, || format!("umount {shown}"))
}

/// Which of the state folders are bound.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bind {
    Both,
    Description,
    Nothing,
}

/// Attaches the mounts; what was checked when they were made is checked again by identity, not by path.
fn attach(view: &View, layout: &Layout, bind: Bind, state: impl Fn(&str) -> Result<OwnedFd>) -> Result<()> {
    if bind == Bind::Both {
        let index = mount::place(&layout.index)?;
        let place = state(INDEX_FOLDER)?;
        mount::attach(mount::clone_of(index.as_fd())?.as_fd(), place.as_fd(), INDEX_FOLDER)?;
    }
    if bind != Bind::Nothing {
        let place = state(VIEW_FOLDER)?;
        mount::attach(view.tmpfs.as_fd(), place.as_fd(), VIEW_FOLDER)?;
    }
    for part in &view.parts {
        let path = layout.index.join(&part.area);
        let place = mount::place(&path)?;
        // An inherited view covers the base, which lies open in the state folder then.
        let covered = (bind == Bind::Description)
            .then(|| mount::place(&Path::new(INDEX_FOLDER).join(&part.area)))
            .transpose()?;
        let base = covered.as_ref().unwrap_or(&place);
        if namespace::id_of(base)? != part.base {
            let what = format!("{} is not the folder that the view was made for", path.display());
            return Err(Error::new(Step::Attach, what).with_cure("somebody has moved it: try again"));
        }
        let target = path.display().to_string();
        match &part.over {
            Over::Made(overlay) => mount::attach(overlay.as_fd(), place.as_fd(), &target)?,
            Over::Later(folders) => {
                let overlay = folders.overlay(&view.source, base.as_fd())?;
                mount::attach(overlay.as_fd(), place.as_fd(), &target)?;
            }
        }
    }
    Ok(())
}

/// Detaches an inherited view from the calling thread's own namespace.
fn detach(inherited: &Shown) -> Result<()> {
    if !inherited.is_view() {
        return Ok(());
    }
    let overlays = inherited.overlays.iter().map(|path| (path.as_path(), true));
    let folders =
        [(Path::new(VIEW_FOLDER), inherited.has_description), (Path::new(INDEX_FOLDER), inherited.has_index)];
    for (path, _) in overlays.chain(folders).filter(|(_, is_there)| *is_there) {
        unmount(path, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)
            .because(Step::Attach, || format!("umount {}", path.display()))?;
    }
    Ok(())
}

/// A process that stood at `cwd`, in a folder which the view covers or which went with an inherited one, stands in the
/// folder of the same path now, or in `/` where there is none (R12).
fn keep_cwd(cwd: Option<&CStr>, layout: &Layout) -> Result<()> {
    let Some(path) = cwd.map(|cwd| Path::new(OsStr::from_bytes(cwd.to_bytes()))) else { return Ok(()) };
    let is_covered = path.starts_with(&layout.index);
    let is_lost = || !getcwd(Vec::new()).is_ok_and(|now| now.to_bytes().starts_with(b"/"));
    if path.is_absolute() && (is_covered || is_lost()) {
        chdir(path).or_else(|_| chdir("/")).because(Step::Attach, || "chdir to /".into())?;
    }
    Ok(())
}
