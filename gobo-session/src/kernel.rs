//! The one part that changes what the kernel shows: mounts, namespaces, and the way back.
//!
//! Everything above decides; this room does. It makes all mounts detached, where nobody sees them ([`View`]), and
//! only then moves a process into a namespace of its own and attaches them ([`attach`]): all or nothing (R6).

pub mod attach;
mod far;
mod folder;
mod handed;
pub(crate) mod layers;
pub(crate) mod limits;
pub(crate) mod lock;
mod mount;
pub mod mountinfo;
pub mod namespace;
mod process;
#[cfg(feature = "cli")]
pub(crate) mod records;
#[cfg(feature = "cli")]
pub(crate) mod running;
#[cfg(feature = "cli")]
pub mod sessions;
mod shared;
mod state;
#[cfg(feature = "cli")]
mod statmount;
pub mod sys;
mod view;

pub(crate) use far::Far;
#[cfg(feature = "cli")]
pub(crate) use folder::FolderTree;
pub(crate) use handed::Outline;
pub(crate) use layers::Layers;
pub use namespace::WayBack;
pub use process::Process;
pub(crate) use shared::{Meant, Offer, Shared};
pub use state::{INDEX_FOLDER, Shown, State, VIEW_FOLDER, shown, shown_among};
pub use view::{ABOUT_FILE, About, Access, PLAN_FILE, View};
pub(crate) use view::{KeptArea, Outlined};
#[cfg(all(test, feature = "cli"))]
pub(crate) use view::{WRITTEN_NODES, WRITTEN_SIZE};

/// How the source names of our mounts begin: it is how a view is recognised.
pub const SOURCE_PREFIX: &str = "gobo-session:";
