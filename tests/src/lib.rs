//! tests

pub mod chamber;
pub mod elf_walk;
pub mod gate;
pub mod oracle;
pub mod root;
pub mod world;
