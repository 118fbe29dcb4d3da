//! What a user selected and wrote himself: asked of a child, because his home may hang (R9).

use super::child::{Question, Silence, ask, say};
use super::home::{Found, Home, MAX_ANSWER};
use super::reach::Reach;
use super::{Login, people, reader};
use crate::config::{OWN_FOLDER, Selection};
use crate::diagnostic::Diagnostic;
use crate::kernel::lock::{Kind, Stuck, lock};
use std::path::PathBuf;

/// The user's file, and the folder of his profiles.
fn file_of(login: &Login) -> PathBuf {
    login.home.join(OWN_FOLDER).join("session.toml")
}

pub(super) fn folder_of(login: &Login) -> PathBuf {
    login.home.join(OWN_FOLDER).join("profiles.d")
}

/// What there is in the user's home: his selection, and with `profiles` those that he wrote. Nothing where he has no
/// home. The error says why it was not looked at.
pub(super) fn read(login: &Login, reach: &Reach, profiles: bool) -> Result<Home, String> {
    if !login.home.is_absolute() {
        return Ok(Home::default());
    }
    let (file, folder) = (file_of(login), folder_of(login));
    let unread = |why: &str| format!("{} is ignored: {why}", file.display());
    let deadline = reach.home_deadline;
    let groups = people::groups(login, &reach.far, false, deadline)
        .ok_or_else(|| unread("the user's groups could not be looked up in time"))?;
    let lock = lock(Kind::Home, login.uid, deadline)
        .map_err(|Stuck| unread("an earlier reader of it has not come back"))?;
    let question =
        Question { deadline, limit: MAX_ANSWER, lock: lock.as_ref().map(std::os::fd::AsFd::as_fd) };
    let answer: Result<Vec<u8>, _> = ask(&question, |end| {
        say(end, &reader::read(login, &groups.ids, &file, profiles.then_some(&folder)).encode());
    });
    match answer {
        Err(Silence::Late) => Err(unread("reading it takes too long; is its file server up?")),
        Err(Silence::Long) => Err(unread(&format!("the answer is larger than {MAX_ANSWER} bytes"))),
        Err(Silence::Failed(errno)) => Err(unread(&format!("no child could read it ({errno})"))),
        Ok(answer) => Home::decode(&answer).ok_or_else(|| unread("the child that was to read it died")),
    }
}

/// What the user selected: `None` where he has no file. The error says why the file was not used, and nothing of what is
/// in it.
pub(super) fn selection_of(login: &Login, found: &Found) -> Result<Option<Selection>, String> {
    let file = file_of(login).display().to_string();
    match found {
        Found::Missing => Ok(None),
        Found::Refused(why) => Err(format!("{file} is ignored: {why}")),
        Found::Read(bytes) => Selection::parse(&file, bytes)
            .map(Some)
            .map_err(|diagnostic| format!("{file} is ignored: {}", why_not(&diagnostic))),
    }
}

/// What is wrong with a file, without its name.
fn why_not(diagnostic: &Diagnostic) -> String {
    let help = diagnostic.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}{help}", diagnostic.message)
}
