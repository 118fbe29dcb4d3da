//! gobo-session.
fn main() {}
