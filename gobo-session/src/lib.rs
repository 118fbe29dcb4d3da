//! The engine of gobo-session: from a wish to a view of /System/Index.
//!
//! The rooms follow the path of the data:
//!
//! ```text
//! config ──> profile ─┐
//! dependencies ───────┴─> requirement ─> resolve ─> plan ─> compile ─> layer ─> try_out ─> kernel
//! ```
//!
//! [`tree`] reads /Programs and the base index for all of them, [`trusted`] decides whom root believes. [`login`] walks
//! the road for a session, [`cli`] for a command. [`kernel`] alone makes mounts and state; [`setup`] writes PAM stacks, and
//! `cli/profile` a person's own files.

#![deny(unsafe_code)]

pub mod arch;
#[cfg(feature = "cli")]
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod command;
pub mod compile;
pub mod config;
mod confined;
pub mod dependencies;
pub mod diagnostic;
pub mod environment;
pub mod error;
pub mod export;
mod kept;
pub mod kernel;
pub mod layer;
pub mod login;
pub mod plan;
pub mod requirement;
pub mod resolve;
#[cfg(feature = "cli")]
pub mod setup;
pub mod text;
pub mod tree;
pub mod trusted;
pub mod try_out;
mod unordered;
pub mod version;
#[cfg(feature = "cli")]
mod whole;

pub use error::{Error, Result, Step};
