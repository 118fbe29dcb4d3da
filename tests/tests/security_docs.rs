//! The documents on security name tests: each is there, and each defence that can be taken out is where it was.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::mutations::Mutation;
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

#[test]
fn every_mutation_fits_the_source_and_is_told_of() -> Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let told = fs::read_to_string(workspace.join("docs/security/tests.md"))?;
    for mutation in Mutation::all()? {
        let text = fs::read_to_string(workspace.join(&mutation.file))?;
        ensure!(mutation.applied_to(&text)? != text, "{}", mutation.defence);
        let mut program = String::new();
        let folder = workspace.join("tests/tests").join(&mutation.program);
        match folder.is_dir() {
            true => sources(&folder, &mut program)?,
            false => program = fs::read_to_string(folder.with_extension("rs"))?,
        }
        for test in &mutation.tests {
            ensure!(program.contains(&format!("fn {test}(")), "{} has no test {test}", mutation.program);
            let row = told.lines().find(|line| line.contains(&format!("`{test}`")));
            ensure!(row.is_some(), "docs/security/tests.md does not tell of {test}");
        }
    }
    Ok(())
}
