//! The engine of gobo-session: from a wish to a view of /System/Index.
#![deny(unsafe_code)]

pub mod arch;
pub mod compile;
pub mod dependencies;
pub mod diagnostic;
pub mod error;
pub mod kernel;
pub mod layer;
pub mod plan;
pub mod requirement;
pub mod resolve;
pub mod text;
pub mod tree;
pub mod trusted;
pub mod version;

pub use error::{Error, Result, Step};
