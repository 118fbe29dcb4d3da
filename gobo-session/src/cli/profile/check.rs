//! `profile check`: whether profiles are as they should be, for their author and for who selects them.

use super::Check;
use super::list::{all, may_select, may_select_own};
use super::try_shell::try_profile;
use crate::cli::exit::Exit;
use crate::cli::person::Person;
use crate::cli::place::Place;
use crate::cli::talk::{self, count};
use crate::config::{Author, ConfigError, ProfileName};
use crate::diagnostic::Diagnostic;
use crate::error::Result;
use crate::text::wrap;
use serde::Serialize;
use serde_json::json;

/// What was found about one profile.
#[derive(Debug, Serialize)]
struct Checked {
    name: ProfileName,
    /// `ok`, `warning` or `failed`.
    level: &'static str,
    /// What is wrong, as sentences.
    why: Vec<String>,
    /// What is odd in its files.
    notes: Vec<Diagnostic>,
}

pub(super) fn check(Check { names, whose }: &Check) -> Result<Exit> {
    let (person, place) = whose.open()?;
    let names = if names.is_empty() { worth_checking(&person, &place)? } else { names.clone() };
    let checked: Vec<Checked> = names.iter().map(|name| look(&person, &place, name)).collect();
    let failed = checked.iter().filter(|checked| checked.level == "failed").count();
    let written = if whose.form.json {
        talk::json(&json!({ "profiles": checked, "failed": failed }))
    } else {
        let none = || "there is no profile to check; name one that you use with run and shell\n".to_owned();
        let all: String = checked.iter().map(Checked::describe).collect();
        talk::data(&if checked.is_empty() { none() } else { all })
    };
    if failed > 0 {
        talk::remark(&format!("{} of {} cannot be used", failed, count(checked.len(), "profile")));
    }
    Ok(if failed > 0 { Exit::Failed } else { written })
}

/// The profiles that a person wrote or may select.
fn worth_checking(person: &Person, place: &Place) -> Result<Vec<ProfileName>> {
    let profiles = place.config.profiles.names()?;
    let own = |name: &ProfileName| profiles.get(name) == Some(&Author::User);
    let all = all(person, place, None)?.into_iter();
    // Root looks after all of them.
    let worth = all.filter(|listed| listed.selectable || own(&listed.name) || person.uid == 0);
    Ok(worth.map(|listed| listed.name).collect())
}

fn look(person: &Person, place: &Place, name: &ProfileName) -> Checked {
    let profiles = &place.config.profiles;
    let is_own = matches!(profiles.author(name), Ok(Some(Author::User)));
    let at_login = match is_own {
        true => may_select_own(person, place, name),
        false => person.uid == 0 || may_select(person, place, "login", name),
    };
    let profile = match profiles.load(name) {
        Ok(profile) => profile,
        Err(error) => {
            return Checked { name: name.clone(), level: "failed", why: vec![], notes: vec![] }
                .because(error);
        }
    };
    let mut checked = Checked { name: name.clone(), level: "ok", why: vec![], notes: profile.notes.clone() };
    if let Err(error) = try_profile(person, place, &profile, at_login) {
        checked.level = "failed";
        checked.why.push(error.to_string());
    } else if !checked.notes.is_empty() {
        checked.level = "warning";
    }
    if is_own && at_login {
        let decision = person.decision(place, "login", || Some(name.to_string()));
        if let Err(error) = profiles.load_for_login(name, &decision.allow) {
            return checked.because(error);
        }
    }
    checked
}

impl Checked {
    /// Something is wrong in its files.
    fn because(mut self, error: ConfigError) -> Self {
        self.level = "failed";
        match error {
            ConfigError::Invalid(all) => self.notes.extend(all),
            other => self.why.push(other.to_string()),
        }
        self
    }

    fn describe(&self) -> String {
        let mut lines = vec![format!("{:<8} {}", self.level, self.name)];
        for why in &self.why {
            lines.extend(wrap("         ", "         ", why));
        }
        lines.extend(self.notes.iter().map(ToString::to_string));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}
