//! What is installed, and where.

use super::Places;
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file or a link of the product.
#[derive(Debug)]
pub(super) struct Item {
    /// Its absolute path on the system.
    pub(super) path: PathBuf,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// A file and its mode.
    File(Vec<u8>, u32),
    /// A file that administrators change.
    Settings(Vec<u8>),
    Link(String),
}

/// Documents outside docs/.
const DOCUMENTS: [&str; 5] = ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// The folders of the state, for systemd-tmpfiles: views of users nest from the start, not from the first login on.
const TMPFILES: &str = "d /run/gobo-session 0755 root root -\n\
                        d /run/gobo-session/index 0755 root root -\n\
                        d /run/gobo-session/view 0755 root root -\n";

/// Everything that is installed, in the order of its paths.
pub(super) fn all(places: &Places) -> Result<Vec<Item>> {
    let built = match &places.built {
        Some(folder) => folder.clone(),
        None => crate::build_release()?,
    };
    let source = places.source.as_path();
    let read = |path: PathBuf| fs::read(&path).with_context(|| format!("cannot read {}", path.display()));
    let program = built.join("gobo-session");
    let below = |path: &str| places.prefix.join(path);
    let mut items = vec![
        file(below("bin/gobo-session"), read(program.clone())?, 0o755),
        Item { path: below("bin/Runner"), content: Content::Link("gobo-session".into()) },
        file(places.pamdir.join("pam_gobo.so"), read(built.join("libpam_gobo.so"))?, 0o644),
        file(below("lib/tmpfiles.d/gobo-session.conf"), TMPFILES.into(), 0o644),
    ];
    let completions = [
        ("bash", "share/bash-completion/completions/gobo-session"),
        ("zsh", "share/zsh/site-functions/_gobo-session"),
        ("fish", "share/fish/vendor_completions.d/gobo-session.fish"),
    ];
    for (shell, path) in completions {
        items.push(file(below(path), printed(&program, &["completions", shell])?, 0o644));
    }
    for page in String::from_utf8(printed(&program, &["man", "--list"])?)?.lines() {
        let (_, section) = page.rsplit_once('.').context("a page without a section")?;
        let path = below(&format!("share/man/man{section}/{page}"));
        items.push(file(path, printed(&program, &["man", page])?, 0o644));
    }
    for hook in ["after-install", "before-removal"] {
        let path = below(&format!("share/gobo-session/hooks/{hook}"));
        items.push(file(path, read(source.join("config/hooks").join(hook))?, 0o755));
    }
    let documents = below("share/doc/gobo-session");
    for name in DOCUMENTS {
        items.push(file(documents.join(name), read(source.join(name))?, 0o644));
    }
    // Where the documents say that they are.
    for folder in ["docs", "config/pam.d"] {
        for name in files_below(&source.join(folder))? {
            let path = Path::new(folder).join(&name);
            items.push(file(documents.join(&path), read(source.join(&path))?, 0o644));
        }
    }
    let settings = places.sysconfdir.join("gobo-session");
    for name in ["session.toml", "profiles.d"] {
        let path = source.join("config").join(name);
        if path.is_file() {
            items.push(Item { path: settings.join(name), content: Content::Settings(read(path)?) });
            continue;
        }
        for inner in files_below(&path)? {
            let content = Content::Settings(read(path.join(&inner))?);
            items.push(Item { path: settings.join(name).join(inner), content });
        }
    }
    items.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(items)
}

fn file(path: PathBuf, bytes: Vec<u8>, mode: u32) -> Item {
    Item { path, content: Content::File(bytes, mode) }
}

/// What the program prints.
fn printed(program: &Path, words: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new(program).args(words).env_clear().output();
    let output = output.with_context(|| format!("{} does not start", program.display()))?;
    ensure!(output.status.success(), "{} {words:?} failed", program.display());
    Ok(output.stdout)
}

/// The files below a folder, by their paths from there, in order.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        if entry.file_type()?.is_dir() {
            files.extend(files_below(&entry.path())?.into_iter().map(|inner| name.join(inner)));
        } else {
            files.push(name);
        }
    }
    files.sort();
    Ok(files)
}
