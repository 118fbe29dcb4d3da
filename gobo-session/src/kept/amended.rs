//! A kept layer that was made what it should be, and new views over it for sessions that are there.

use super::area_of;
use crate::error::Result;
use crate::kernel::{About, Outlined, View};
use crate::layer::Layer;
use crate::tree::Tree;
use std::os::fd::{AsFd as _, OwnedFd};

/// A kept layer that was made what it should be.
pub(crate) struct Amended {
    /// The layer.
    pub(crate) layer: Layer,
    /// How many names of it were changed.
    pub(crate) changed: usize,
    /// Whether overlays over it went from one user's session to another's, who may have logged out since.
    pub(crate) was_several: bool,
    pub(super) personality: bool,
    /// The folder of its plan.
    pub(super) folder: OwnedFd,
}

impl Amended {
    /// Makes the mounts of a view over it, in which nothing was looked up yet: with the source name and over the parts of
    /// the index of one that is there.
    ///
    /// # Errors
    /// Which mount the kernel refused, or that the layer is gone.
    pub(crate) fn view(&self, tree: &Tree, source: &str, areas: &[String], about: &About) -> Result<View> {
        let areas = areas.iter().map(|name| area_of(tree, name)).collect::<Result<Vec<_>>>()?;
        let (personality, folder) = (self.personality, self.folder.as_fd());
        View::of_kept(tree, &Outlined { source, areas: &areas, personality, folder }, about)
    }
}
