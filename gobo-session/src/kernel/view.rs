//! A view before anybody sees it: a tmpfs with the layer and its description, and the overlays over the base.

use super::{folder::Writer, limits, mount, namespace};
use crate::error::{Error, Result, Step};
use crate::layer::{Layer, Size};
use crate::plan::Plan;
use crate::tree::{Folder, Tree};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// The name of the plan's file in [`super::VIEW_FOLDER`].
pub const PLAN_FILE: &str = "plan.json";

/// The name of the description's file in [`super::VIEW_FOLDER`].
pub const ABOUT_FILE: &str = "about.json";

/// How many nodes a view's tmpfs has besides those of the layer, at most.
const OWN_NODES: usize = 64;

/// The name of the layer's folder in [`super::VIEW_FOLDER`].
pub(super) const LAYER_FOLDER: &str = "layer";

/// Who has a view, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The user, where it is a session.
    pub user: Option<String>,
    /// The service that opened the session, where it is one.
    pub service: Option<String>,
    /// Seconds since 1970.
    pub since: u64,
}

/// A prepared view: nothing of it is attached anywhere.
pub struct View {
    pub(super) source: String,
    pub(super) tmpfs: OwnedFd,
    pub(super) parts: Vec<Part>,
    pub(super) personality: bool,
}

/// One part of the index in a prepared view.
pub(super) struct Part {
    /// Its name, such as `bin`.
    pub(super) area: String,
    /// What lies over it; `None` where the kernel makes it only when the layer's tmpfs is attached.
    pub(super) overlay: Option<OwnedFd>,
    /// The layer's folder, and what is below it in place of the base where that does not matter.
    pub(super) folders: Folders,
    /// Which folder it was made for: the mount goes there and nowhere else.
    pub(super) base: namespace::Id,
}

/// What the overlay over one part of the index is made of, but the base.
pub(super) struct Folders {
    pub(super) layer: OwnedFd,
    /// An empty folder that stands for the base in a pure view.
    pub(super) instead: Option<OwnedFd>,
}

impl Folders {
    /// The overlay of the layer over a base.
    pub(super) fn overlay(&self, source: &str, base: BorrowedFd<'_>) -> Result<OwnedFd> {
        let lower = self.instead.as_ref().map_or(base, |instead| instead.as_fd());
        mount::overlay(source, self.layer.as_fd(), lower)
    }
}

impl View {
    /// Makes all mounts of a view, as far as the kernel makes them before they are attached.
    ///
    /// # Errors
    /// Which mount the kernel refused.
    pub fn prepare(tree: &Tree, plan: &Plan, layer: &Layer, about: &About) -> Result<Self> {
        limits::room_for_files()?;
        let source = plan.mount_source();
        let Size { links, folders, whiteouts } = layer.size();
        // A tmpfs counts each hard link as a node of its own.
        let tmpfs = mount::tmpfs(&source, links + folders + whiteouts + OWN_NODES)?;
        let writer = Writer::new(tmpfs.as_fd());
        writer.write(tmpfs.as_fd(), PLAN_FILE, plan.to_json().as_bytes())?;
        let about = serde_json::to_vec(about).map_err(|e| Error::new(Step::Mount, e.to_string()))?;
        writer.write(tmpfs.as_fd(), ABOUT_FILE, &about)?;
        let layers = writer.make(tmpfs.as_fd(), LAYER_FOLDER.as_bytes())?;
        let empty = writer.make(tmpfs.as_fd(), b"empty")?;
        let mut folders = Vec::new();
        for (area, nodes) in layer.in_order() {
            let folder = writer.make(layers.as_fd(), area.as_bytes())?;
            writer.fill(folder.as_fd(), nodes)?;
            folders.push((area, folder));
        }
        mount::seal(tmpfs.as_fd())?;
        let mut parts = Vec::new();
        for (area, folder) in folders {
            let Some(base) = Folder::open_if_there(tree.index().fd(), area.as_bytes(), tree.trust())? else {
                let index = tree.index().path().display();
                let error =
                    Error::new(Step::Mount, format!("the index has no folder {area}, which the view needs"));
                return Err(error.with_cure(format!("make it: mkdir {index}/{area}")));
            };
            let instead = plan.pure.then(|| empty.try_clone()).transpose();
            let instead = instead.map_err(|e| Error::new(Step::Mount, format!("dup: {e}")))?;
            let folders = Folders { layer: folder, instead };
            let overlay = match folders.overlay(&source, base.fd()) {
                // Before Linux 6.15 a folder of a detached mount is no lower folder.
                Err(error) if error.errno == Some(Errno::INVAL) => None,
                made => Some(made?),
            };
            parts.push(Part { area: area.to_owned(), overlay, folders, base: base.id });
        }
        Ok(Self { source, tmpfs, parts, personality: plan.personality })
    }

    /// The parts of the index that it lies over.
    pub fn areas(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| part.area.as_str())
    }
}
