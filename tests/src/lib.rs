//! What the tests are made of: worlds and an oracle for small trees, a GoboLinux root of real programs, and a chamber
//! in which real services run.

pub mod chamber;
pub mod corpus;
pub mod desktop;
pub mod elf_walk;
pub mod gate;
pub mod lab;
pub mod oracle;
pub mod root;
pub mod screen;
pub mod world;
