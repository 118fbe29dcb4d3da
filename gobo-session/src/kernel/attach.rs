//! Giving a prepared view to a process: all or nothing (R6).

use super::namespace::{self, WayBack};
use super::{INDEX_FOLDER, Shown, VIEW_FOLDER, View, mount};
use crate::error::{Because as _, Error, Result, Step};
use crate::tree::Layout;
use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_change, unmount};
use rustix::process::{chdir, getcwd};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Moves the calling thread into a mount namespace of its own and attaches a view there; with `None` it only leaves
/// the view that it is in.
///
/// `inherited` is what the namespace shows now: it is detached, so that the new view starts from what the service
/// had. The result leads back.
///
/// # Errors
/// Where a step fails; the thread is back where it was then.
pub fn in_own_namespace(view: Option<&View>, layout: &Layout, inherited: &Shown) -> Result<WayBack> {
    let back = WayBack::save()?;
    namespace::enter_own()
        .and_then(|()| detach(inherited))
        .and_then(|()| namespace::set_personality(view.is_some_and(|view| view.personality)))
        .and_then(|()| view.map_or(Ok(()), |view| attach(view, layout, Bind::Both)))
        .and_then(|()| keep_cwd(layout))
        .map_err(|error| match back.go() {
            Ok(()) => error,
            Err(lost) => Error { what: format!("{}; and there is no way back: {lost}", error.what), ..error },
        })?;
    Ok(back)
}

/// Attaches a view in the namespace of the calling process, which is its own already. The inherited view is covered:
/// its mounts belong to somebody else.
///
/// # Errors
/// Where a step fails; the process should end then.
pub fn over_inherited(view: &View, layout: &Layout, inherited: &Shown) -> Result<()> {
    let bind = match (inherited.has_index, Path::new(VIEW_FOLDER).is_dir()) {
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
            mount::attach(mount::clone_of(base.as_fd())?.as_fd(), place.as_fd(), &overlay.display().to_string())?;
        }
    }
    attach(view, layout, bind)?;
    keep_cwd(layout)
}

/// Makes `/` shared in the calling thread's namespace, once, so that sessions see what is mounted later.
///
/// # Errors
/// Where the kernel refuses.
pub fn share_root() -> Result<()> {
    mount_change("/", MountPropagationFlags::SHARED | MountPropagationFlags::REC)
        .because(Step::Attach, || "mount(\"/\", MS_REC|MS_SHARED)".into())
}

/// Which of the state folders are bound.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bind {
    Both,
    Description,
    Nothing,
}

/// Attaches the mounts; what was checked when they were made is checked again by identity, not by path.
fn attach(view: &View, layout: &Layout, bind: Bind) -> Result<()> {
    if bind == Bind::Both {
        let index = mount::place(&layout.index)?;
        mount::attach(
            mount::clone_of(index.as_fd())?.as_fd(),
            mount::place(Path::new(INDEX_FOLDER))?.as_fd(),
            INDEX_FOLDER,
        )?;
    }
    if bind != Bind::Nothing {
        let place = mount::place(Path::new(VIEW_FOLDER))?;
        mount::attach(view.tmpfs.as_fd(), place.as_fd(), VIEW_FOLDER)?;
    }
    for part in &view.parts {
        let path = layout.index.join(&part.area);
        let place = mount::place(&path)?;
        let base = base_behind(&place, &part.area, bind)?;
        if base != part.base {
            let what = format!("{} is not the folder that the view was made for", path.display());
            return Err(Error::new(Step::Attach, what).with_cure("somebody has moved it: try again"));
        }
        mount::attach(part.overlay.as_fd(), place.as_fd(), &path.display().to_string())?;
    }
    Ok(())
}

/// The identity of the base folder behind a place, which an inherited view may cover.
fn base_behind(place: &std::os::fd::OwnedFd, area: &str, bind: Bind) -> Result<namespace::Id> {
    if bind == Bind::Description {
        return namespace::id_of(mount::place(&Path::new(INDEX_FOLDER).join(area))?);
    }
    namespace::id_of(place)
}

/// Detaches an inherited view from the calling thread's own namespace.
fn detach(inherited: &Shown) -> Result<()> {
    if !inherited.is_view() {
        return Ok(());
    }
    let overlays = inherited.overlays.iter().map(|path| (path.as_path(), true));
    let folders = [(Path::new(VIEW_FOLDER), inherited.has_description), (Path::new(INDEX_FOLDER), inherited.has_index)];
    for (path, _) in overlays.chain(folders).filter(|(_, is_there)| *is_there) {
        unmount(path, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)
            .because(Step::Attach, || format!("umount {}", path.display()))?;
    }
    Ok(())
}

/// A process that stood in a folder which the view covers stands in the folder of the same path now (R12).
fn keep_cwd(layout: &Layout) -> Result<()> {
    let Ok(cwd) = getcwd(Vec::new()) else { return Ok(()) };
    if !cwd.to_bytes().starts_with(layout.index.as_os_str().as_bytes()) {
        return Ok(());
    }
    chdir(&cwd).or_else(|_| chdir("/")).because(Step::Attach, || "chdir to /".into())
}
