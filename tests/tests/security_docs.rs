//! The documents on security name tests: each is there.

use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::Path;

/// The names in backquotes in the columns of a document's tables that name tests: those with at least four words.
fn names(text: &str) -> Vec<&str> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let quoted = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let is_name = |name: &&str| {
        name.split('_').count() >= 4
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    quoted.filter(is_name).collect()
}

fn sources(folder: &Path, text: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, text)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

#[test]
fn every_test_that_the_documents_name_exists() -> Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut tests = String::new();
    sources(&workspace.join("tests/tests"), &mut tests)?;
    for document in ["prior-cves.md", "tests.md"] {
        let text = fs::read_to_string(workspace.join("docs/security").join(document))?;
        let names = names(&text);
        ensure!(names.len() > 10, "{document} names {} tests", names.len());
        for name in names {
            ensure!(tests.contains(&format!("fn {name}(")), "{document} names {name}, which is no test");
        }
    }
    Ok(())
}
