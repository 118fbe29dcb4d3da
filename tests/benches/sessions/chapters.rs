//! What is measured, a file for each kind of thing.

pub(crate) mod commands;
pub(crate) mod face;
pub(crate) mod inside;
pub(crate) mod logins;
pub(crate) mod many;
pub(crate) mod trees;
