//! The system calls that a session takes at least, and nothing else: what the module's time is measured against.

use anyhow::{Context as _, Result};
use rustix::fs::{CWD, Mode, OFlags, open};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
    fsconfig_create, fsconfig_set_fd, fsconfig_set_flag, fsmount, fsopen, mount_change, move_mount,
    open_tree,
};
use std::os::fd::{AsFd as _, OwnedFd};

/// Where the untouched index is bound.
const INDEX_FOLDER: &str = "/run/gobo-session/index";

/// A session's namespace, one bind, and an overlay over each part of the index.
pub(crate) struct Floor {
    layer: String,
    areas: Vec<String>,
    /// The overlays that all sessions have clones of; none where each makes its own.
    shared: Option<Vec<OwnedFd>>,
}

impl Floor {
    /// With overlays that are there already.
    pub(crate) fn shared<'a>(layer: &str, areas: impl Iterator<Item = &'a str>) -> Result<Self> {
        let mut floor = Self::own(layer, areas);
        floor.shared = Some(floor.areas.iter().map(|area| floor.overlay(area)).collect::<Result<_>>()?);
        Ok(floor)
    }

    /// With overlays of its own.
    pub(crate) fn own<'a>(layer: &str, areas: impl Iterator<Item = &'a str>) -> Self {
        let areas = areas.filter(|area| !area.is_empty()).map(str::to_owned).collect();
        Self { layer: layer.to_owned(), areas, shared: None }
    }

    /// Makes this process be in such a session.
    pub(crate) fn enter(&self) -> Result<()> {
        // SAFETY: gives this process, which has no other thread, a mount namespace of its own; takes no pointer.
        #[allow(unsafe_code)]
        let done = unsafe { libc::unshare(libc::CLONE_NEWNS) };
        anyhow::ensure!(done == 0, "unshare: {}", std::io::Error::last_os_error());
        mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)?;
        attach(&clone(&place("/System/Index")?)?, INDEX_FOLDER)?;
        for (number, area) in self.areas.iter().enumerate() {
            let overlay = match &self.shared {
                Some(shared) => clone(&shared[number])?,
                None => self.overlay(area)?,
            };
            attach(&overlay, &format!("/System/Index/{area}"))?;
        }
        Ok(())
    }

    fn overlay(&self, area: &str) -> Result<OwnedFd> {
        let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_set_flag(context.as_fd(), "ro")?;
        for folder in [format!("{}/{area}", self.layer), format!("/System/Index/{area}")] {
            fsconfig_set_fd(context.as_fd(), "lowerdir+", place(&folder)?.as_fd())?;
        }
        fsconfig_create(context.as_fd()).with_context(|| format!("an overlay over {area}"))?;
        let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY | MountAttrFlags::MOUNT_ATTR_NOSUID;
        Ok(fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
    }
}

fn place(path: &str) -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    open(path, flags, Mode::empty()).with_context(|| path.to_owned())
}

fn clone(mount: &OwnedFd) -> Result<OwnedFd> {
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    Ok(open_tree(mount, "", flags)?)
}

fn attach(mount: &OwnedFd, path: &str) -> Result<()> {
    Ok(move_mount(mount, "", CWD, path, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?)
}
