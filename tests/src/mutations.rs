//! Defences that can be taken out of the product, so that a test shows what it is worth: `tests/data/mutations.toml`.

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// A defence, and what takes it out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutation {
    /// What is defended, in a few words.
    pub defence: String,
    /// The source file, from the workspace.
    pub file: String,
    /// What stands in it, exactly once.
    take: String,
    /// What takes its place.
    put: String,
    /// More of the same, where one place is not all of the defence.
    #[serde(default)]
    also: Vec<[String; 2]>,
    /// The test program.
    pub program: String,
    /// Its tests that must fail then.
    pub tests: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    mutation: Vec<Mutation>,
}

impl Mutation {
    /// All mutations.
    ///
    /// # Errors
    /// Where the file is not of its form.
    pub fn all() -> Result<Vec<Self>> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mutations.toml");
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(toml::from_str::<File>(&text).with_context(|| file.display().to_string())?.mutation)
    }

    /// The text of its source file without the defence.
    ///
    /// # Errors
    /// Where the text has no such place, or several.
    pub fn applied_to(&self, text: &str) -> Result<String> {
        let one = (self.take.as_str(), self.put.as_str());
        let also = self.also.iter().map(|[take, put]| (take.as_str(), put.as_str()));
        std::iter::once(one).chain(also).try_fold(text.to_owned(), |text, (take, put)| {
            let count = text.matches(take).count();
            ensure!(count == 1, "{}: {count} places of `{take}` in {}", self.defence, self.file);
            Ok(text.replacen(take, put, 1))
        })
    }
}
