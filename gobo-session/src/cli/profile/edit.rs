//! `profile edit`: an editor on a copy, which takes the profile's place when it is right.

use super::Edit;
use super::shelf::{self, Shelf};
use crate::cli::exit::Exit;
use crate::cli::person::Person;
use crate::cli::talk;
use crate::config::{ProfileName, check_profile};
use crate::error::{Error, Result, Step};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The editor of who names none.
const DEFAULT_EDITOR: &str = "vi";

/// What a profile begins as.
const TEMPLATE: &str = "\
# A profile: which versions of programs a view holds. gobo-profile(5) has every key.
description = \"\"
# One in a line, the first weighs most; each brings what it depends on.
programs = [
    # \"Lua = 5.3.6\",
]
";

pub(super) fn edit(Edit { name, user }: &Edit) -> Result<Exit> {
    let person = Person::acting_for(user.as_deref())?;
    let shelf = Shelf::of(&person);
    shelf.claim(name, &shelf.profiles()?)?;
    let file = shelf.file(name);
    let old = shelf::read(&file)?;
    let draft = Draft::make(&file, name, old.as_deref().unwrap_or(TEMPLATE))?;
    loop {
        run_editor(&person, &draft.path)?;
        let new = shelf::read(&draft.path)?.unwrap_or_default();
        if old.as_deref().unwrap_or(TEMPLATE) == new {
            talk::remark("nothing is changed");
            return Ok(Exit::Done);
        }
        let diagnostics = check_profile(&file.display().to_string(), new.as_bytes(), &shelf.profiles()?)?;
        talk::diagnostics(&diagnostics);
        if !diagnostics.iter().any(|diagnostic| diagnostic.is_error()) {
            shelf::write(&file, &new)?;
            let said = format!(
                "written: profile {name}\nin {}\nto try it: gobo-session profile check {name}\n",
                file.display()
            );
            return Ok(talk::data(&said));
        }
        if !ask_again()? {
            let kept = draft.keep();
            let what = format!("{} is as it was, because there are errors in the new text", file.display());
            return Err(
                Error::new(Step::Configure, what).with_cure(format!("that is kept in {}", kept.display()))
            );
        }
    }
}

/// A copy beside the file: no profile has its name.
struct Draft {
    path: PathBuf,
    is_kept: bool,
}

impl Draft {
    fn make(file: &Path, name: &ProfileName, text: &str) -> Result<Self> {
        let path = file.with_file_name(format!(".{name}.{}.toml", std::process::id()));
        shelf::write(&path, text)?;
        Ok(Self { path, is_kept: false })
    }

    fn keep(mut self) -> PathBuf {
        self.is_kept = true;
        self.path.clone()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Runs the caller's editor, which may be a command with options.
fn run_editor(person: &Person, path: &Path) -> Result<()> {
    let named = ["VISUAL", "EDITOR"].iter().filter_map(|name| std::env::var(name).ok());
    let editor = named.into_iter().find(|editor| !editor.trim().is_empty());
    let editor = editor.unwrap_or_else(|| DEFAULT_EDITOR.to_owned());
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path);
    command.env("HOME", &person.home).env("USER", &person.name).env("LOGNAME", &person.name);
    let failed = |why: String| {
        let error = Error::new(Step::Configure, format!("the editor `{editor}` {why}; nothing is changed"));
        error.with_cure("set VISUAL or EDITOR to the editor that you like")
    };
    let status = command.status().map_err(|error| failed(format!("cannot be started: {error}")))?;
    if status.success() { Ok(()) } else { Err(failed(format!("ended with {status}"))) }
}

/// Whether the text is to be edited again; nobody is asked where nobody is there.
fn ask_again() -> Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(false);
    }
    let _ = write!(std::io::stderr(), "gobo-session: edit it again? [Y/n] ");
    let mut answer = String::new();
    let failed = |error: std::io::Error| Error::new(Step::Configure, format!("standard input: {error}"));
    let read = stdin.lock().read_line(&mut answer).map_err(failed)?;
    Ok(read > 0 && !answer.trim_start().to_lowercase().starts_with('n'))
}
