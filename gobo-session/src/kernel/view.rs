//! A view before anybody sees it: a tmpfs with the layer and its description, and the overlays over the base.

use super::mount::{self, Room};
use super::{folder::Writer, limits, namespace};
use crate::error::{Error, Result, Step};
use crate::layer::{Layer, Size};
use crate::plan::{Plan, PlanText};
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

/// How large the tmpfs of a layer may be; link texts of less than 128 bytes take no room in it.
const LAYER_SIZE: &str = "64m";

/// How much may be written to a view, and how many names that may be.
pub(crate) const WRITTEN_SIZE: &str = "512m";
pub(crate) const WRITTEN_NODES: usize = 65_536;

/// What may be done with the index in a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading (R1, R21).
    Read,
    /// Writing too; what is written is gone with the view. Only for a view in its user's own namespace.
    Write,
}

/// The name of the layer's folder in [`super::VIEW_FOLDER`].
pub(super) const LAYER_FOLDER: &str = "layer";

/// Who has a view, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The user, where it is a session.
    pub user: Option<String>,
    /// The service that opened the session, where it is one.
    pub service: Option<String>,
    /// The terminal of the session, as PAM has it, where there is one.
    pub tty: Option<String>,
    /// The host that the session was opened from, where there is one.
    pub host: Option<String>,
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
    pub(super) over: Over,
    /// Which folder it was made for: the mount goes there and nowhere else.
    pub(super) base: namespace::Id,
}

/// What lies over one part of the index.
pub(super) enum Over {
    /// An overlay, attached nowhere.
    Made(OwnedFd),
    /// One that the kernel makes only when the layer's tmpfs is attached.
    Later(Folders),
}

/// What the overlay over one part of the index is made of, but the base.
pub(super) struct Folders {
    pub(super) layer: OwnedFd,
    /// An empty folder that stands for the base in a pure view.
    pub(super) instead: Option<OwnedFd>,
    /// Where what is written goes, in a view that can be written to.
    pub(super) upper: Option<UpperFolders>,
}

/// What an overlay keeps what is written in.
pub(super) struct UpperFolders {
    upper: OwnedFd,
    work: OwnedFd,
}

impl Folders {
    /// The overlay of the layer over a base.
    pub(super) fn overlay(&self, source: &str, base: BorrowedFd<'_>) -> Result<OwnedFd> {
        let lower = self.instead.as_ref().map_or(base, |instead| instead.as_fd());
        let upper = self.upper.as_ref();
        let upper = upper.map(|own| mount::Upper { upper: own.upper.as_fd(), work: own.work.as_fd() });
        mount::overlay(source, self.layer.as_fd(), lower, upper)
    }
}

impl UpperFolders {
    fn make(writer: &Writer<'_>, tmpfs: BorrowedFd<'_>, area: &str) -> Result<Self> {
        let make = |kind: &str| writer.make(tmpfs, format!("{kind}-{area}").as_bytes());
        Ok(Self { upper: make("written")?, work: make("work")? })
    }
}

/// The room that a view's tmpfs needs. It counts each hard link as a node of its own.
fn room(layer: &Layer, access: Access) -> Room {
    let Size { links, folders, whiteouts } = layer.size();
    let inodes = links + folders + whiteouts + OWN_NODES;
    match access {
        Access::Read => Room { size: LAYER_SIZE, inodes },
        Access::Write => Room { size: WRITTEN_SIZE, inodes: inodes + WRITTEN_NODES },
    }
}

/// How many nodes the tmpfs of a layer needs while it becomes that of another: what is about to take the place of a folder
/// lies beside it.
#[cfg(feature = "cli")]
pub(super) fn room_to_amend(layer: &Layer) -> usize {
    2 * room(layer, Access::Read).inodes + WRITTEN_NODES
}

impl View {
    /// Makes all mounts of a view, as far as the kernel makes them before they are attached.
    ///
    /// # Errors
    /// Which mount the kernel refused.
    pub fn prepare(tree: &Tree, plan: &Plan, layer: &Layer, about: &About, access: Access) -> Result<Self> {
        Self::of_text(tree, &plan.text(), layer, about, access)
    }

    /// As [`View::prepare`], of a plan that is text already.
    ///
    /// # Errors
    /// As there.
    pub fn of_text(
        tree: &Tree,
        plan: &PlanText,
        layer: &Layer,
        about: &About,
        access: Access,
    ) -> Result<Self> {
        limits::room_for_files()?;
        let source = plan.source.clone();
        let tmpfs = mount::tmpfs(&source, room(layer, access))?;
        let writer = Writer::new(tmpfs.as_fd());
        writer.write(tmpfs.as_fd(), PLAN_FILE, plan.json.as_bytes())?;
        about.write(&writer, tmpfs.as_fd())?;
        let layers = writer.make(tmpfs.as_fd(), LAYER_FOLDER.as_bytes())?;
        let empty = writer.make(tmpfs.as_fd(), b"empty")?;
        let mut folders = Vec::new();
        for (area, nodes) in layer.in_order() {
            let folder = writer.make(layers.as_fd(), area.as_bytes())?;
            writer.fill(folder.as_fd(), nodes)?;
            let instead = plan.pure.then(|| empty.try_clone()).transpose();
            let instead = instead.map_err(|e| Error::new(Step::Mount, format!("dup: {e}")))?;
            let upper = match access {
                Access::Read => None,
                Access::Write => Some(UpperFolders::make(&writer, tmpfs.as_fd(), area)?),
            };
            folders.push((area, Folders { layer: folder, instead, upper }));
        }
        if access == Access::Read {
            mount::seal(tmpfs.as_fd())?;
        }
        let parts = folders.into_iter().map(|(area, folders)| Part::make(tree, &source, area, folders));
        Ok(Self { parts: parts.collect::<Result<_>>()?, source, tmpfs, personality: plan.personality })
    }

    /// Makes the mounts of a view over a layer that is kept.
    ///
    /// # Errors
    /// Which mount the kernel refused, or that the layer is gone.
    pub(crate) fn of_kept(tree: &Tree, kept: &Outlined<'_>, about: &About) -> Result<Self> {
        Self::over(kept, about, || {
            let layers = Folder::open(kept.folder, LAYER_FOLDER.as_bytes(), tree.trust())?;
            let part = |area: &KeptArea| {
                let layer = Folder::open(layers.fd(), area.name.as_bytes(), tree.trust())?.into_fd();
                let folders = Folders { layer, instead: None, upper: None };
                match Part::make(tree, kept.source, &area.name, folders)? {
                    part @ Part { over: Over::Made(_), .. } => Ok(part),
                    // Its folder is attached: the kernel means something else than that it should be.
                    _ => Err(Error::call(Step::Mount, "an overlay over a kept layer", Errno::INVAL)),
                }
            };
            kept.areas.iter().map(part).collect()
        })
    }

    /// Makes the mounts of a view of overlays that are there already, in the order of its parts.
    ///
    /// # Errors
    /// Which mount the kernel refused.
    pub(crate) fn of_clones(kept: &Outlined<'_>, clones: Vec<OwnedFd>, about: &About) -> Result<Self> {
        let part = |(area, overlay): (&KeptArea, _)| {
            let KeptArea { name, base } = area.clone();
            Part { area: name, over: Over::Made(overlay), base }
        };
        Self::over(kept, about, || Ok(kept.areas.iter().zip(clones).map(part).collect()))
    }

    fn over(kept: &Outlined<'_>, about: &About, parts: impl FnOnce() -> Result<Vec<Part>>) -> Result<Self> {
        let tmpfs = description(kept.source, about)?;
        Ok(Self { parts: parts()?, source: kept.source.to_owned(), tmpfs, personality: kept.personality })
    }

    /// The same view for another session: clones of its overlays, which are attached nowhere.
    ///
    /// # Errors
    /// Where the kernel does not clone them, as before Linux 6.15.
    #[cfg(feature = "cli")]
    pub(crate) fn again(&self, about: &About) -> Result<Self> {
        let part = |part: &Part| match &part.over {
            Over::Made(overlay) => Ok(Part {
                area: part.area.clone(),
                over: Over::Made(mount::clone_of(overlay.as_fd())?),
                base: part.base,
            }),
            Over::Later(_) => Err(Error::call(Step::Mount, "clone an overlay", Errno::INVAL)),
        };
        let tmpfs = description(&self.source, about)?;
        let parts = self.parts.iter().map(part).collect::<Result<_>>()?;
        Ok(Self { source: self.source.clone(), tmpfs, parts, personality: self.personality })
    }

    /// The parts of the index that it lies over.
    pub fn areas(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| part.area.as_str())
    }
}

/// A part of the index that a view over a kept layer lies over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptArea {
    /// Its name, such as `bin`.
    pub(crate) name: String,
    /// Which folder of the base it was made for.
    pub(crate) base: namespace::Id,
}

/// A tmpfs that says whose view it is, and no more.
fn description(source: &str, about: &About) -> Result<OwnedFd> {
    limits::room_for_files()?;
    let tmpfs = mount::tmpfs(source, Room { size: LAYER_SIZE, inodes: OWN_NODES })?;
    about.write(&Writer::new(tmpfs.as_fd()), tmpfs.as_fd())?;
    mount::seal(tmpfs.as_fd())?;
    Ok(tmpfs)
}

/// What a view over a kept layer is made of.
pub(crate) struct Outlined<'a> {
    /// The source name of its mounts.
    pub(crate) source: &'a str,
    /// The parts of the index that it lies over, in the order in which they are mounted.
    pub(crate) areas: &'a [KeptArea],
    /// Whether the session says that it is a 32-bit system.
    pub(crate) personality: bool,
    /// The folder of its plan.
    pub(crate) folder: BorrowedFd<'a>,
}

impl Part {
    /// The overlay over one part of the index, as far as the kernel makes it before it is attached.
    fn make(tree: &Tree, source: &str, area: &str, folders: Folders) -> Result<Self> {
        let Some(base) = Folder::open_if_there(tree.index().fd(), area.as_bytes(), tree.trust())? else {
            let index = tree.index().path().display();
            let error =
                Error::new(Step::Mount, format!("the index has no folder {area}, which the view needs"));
            return Err(error.with_cure(format!("make it: mkdir {index}/{area}")));
        };
        let over = match folders.overlay(source, base.fd()) {
            // Before Linux 6.15 a folder of a detached mount is no lower folder.
            Err(error) if error.errno == Some(Errno::INVAL) => Over::Later(folders),
            made => Over::Made(made?),
        };
        Ok(Self { area: area.to_owned(), over, base: base.id })
    }
}

impl About {
    /// Writes it into the folder that describes a view.
    fn write(&self, writer: &Writer<'_>, folder: BorrowedFd<'_>) -> Result<()> {
        let text = serde_json::to_vec(self).map_err(|e| Error::new(Step::Mount, e.to_string()))?;
        writer.write(folder, ABOUT_FILE, &text)
    }
}
