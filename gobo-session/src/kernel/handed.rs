//! A view that one process made and another attaches: what is text goes as text, and its mounts as descriptors.

use super::View;
use super::namespace::Id;
use super::view::{Folders, Over, Part};
use serde::{Deserialize, Serialize};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// All of a view but its descriptors.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outline {
    source: String,
    personality: bool,
    parts: Vec<PartOutline>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PartOutline {
    area: String,
    base: Id,
    over: OverOutline,
}

#[derive(Debug, Serialize, Deserialize)]
enum OverOutline {
    Made,
    Later { has_instead: bool },
}

impl View {
    /// What is to be written, and the descriptors that go with it, in order.
    pub(crate) fn outline(&self) -> (Outline, Vec<BorrowedFd<'_>>) {
        let mut descriptors = vec![self.tmpfs.as_fd()];
        let mut parts = Vec::new();
        for Part { area, over, base } in &self.parts {
            let over = match over {
                Over::Made(overlay) => {
                    descriptors.push(overlay.as_fd());
                    OverOutline::Made
                }
                Over::Later(folders) => {
                    let of_part = [Some(&folders.layer), folders.instead.as_ref()];
                    descriptors.extend(of_part.into_iter().flatten().map(|fd| fd.as_fd()));
                    OverOutline::Later { has_instead: folders.instead.is_some() }
                }
            };
            parts.push(PartOutline { area: area.clone(), base: *base, over });
        }
        (Outline { source: self.source.clone(), personality: self.personality, parts }, descriptors)
    }

    /// The view that an outline and its descriptors are of; `None` where they do not fit each other.
    pub(crate) fn of_outline(outline: Outline, descriptors: Vec<OwnedFd>) -> Option<Self> {
        let mut descriptors = descriptors.into_iter();
        let tmpfs = descriptors.next()?;
        let mut parts = Vec::new();
        for PartOutline { area, base, over } in outline.parts {
            let over = match over {
                OverOutline::Made => Over::Made(descriptors.next()?),
                OverOutline::Later { has_instead } => {
                    let layer = descriptors.next()?;
                    let instead = if has_instead { Some(descriptors.next()?) } else { None };
                    Over::Later(Folders { layer, instead, upper: None })
                }
            };
            parts.push(Part { area, over, base });
        }
        let fits = descriptors.next().is_none();
        fits.then_some(Self { source: outline.source, tmpfs, parts, personality: outline.personality })
    }
}
