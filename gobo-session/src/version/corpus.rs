//! What several test modules need: the way to the corpus.
//!
//! The corpus of real recipe files is data of others and no part of this project. Tests that read it look for it beside
//! the workspace; where it is not there, they say so and pass.

use std::path::PathBuf;

/// Where the corpus is, if it is there.
pub(crate) fn folder() -> Option<PathBuf> {
    let given = std::env::var_os("GOBO_CORPUS");
    let folder = given.as_ref().map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus")),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    let must_run = std::env::var_os("GOBO_TESTS_MUST_RUN").is_some_and(|value| value == "1");
    assert!(!(must_run && given.is_some()), "GOBO_CORPUS is {}, which is no folder", folder.display());
    println!(
        "not run: the corpus of recipe files is not at {} (GOBO_CORPUS names another place)",
        folder.display()
    );
    None
}

/// A file of the corpus.
pub(crate) fn read(name: &str) -> Option<Vec<u8>> {
    let path = folder()?.join(name);
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}
