//! What the tests are made of: worlds and an oracle for small trees, a GoboLinux root of real programs, and a chamber
//! in which real services run.

pub mod chamber;
pub mod corpus;
pub mod debian;
pub mod definition;
pub mod desktop;
pub mod elf_walk;
pub mod gate;
pub mod json_document;
pub mod lab;
pub mod mutations;
pub mod oracle;
pub mod root;
pub mod screen;
pub mod shapes;
pub mod steady;
pub mod world;
