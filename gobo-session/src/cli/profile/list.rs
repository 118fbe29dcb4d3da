//! `profile list`: the profiles that there are, and what one may do with each.

use super::Whose;
use crate::cli::exit::Exit;
use crate::cli::person::Person;
use crate::cli::place::Place;
use crate::cli::table::Table;
use crate::cli::talk;
use crate::config::{Author, ProfileName, UserProfiles};
use crate::error::Result;
use serde::Serialize;
use serde_json::json;

/// One profile.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    pub(super) name: ProfileName,
    /// `administrator` or `user`.
    author: &'static str,
    /// Whether a login may have it because the user says so.
    pub(super) selectable: bool,
    /// Whether the next login has it.
    next: bool,
    /// What it is for; empty where its author does not say.
    description: String,
    /// Why it cannot be had at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    odd: Option<String>,
}

pub(super) fn list(whose: &Whose) -> Result<Exit> {
    let (person, place) = whose.open()?;
    let login = person.at_login(&place, "login")?;
    let name = login.profile.as_ref().map(|profile| &profile.name);
    let listed = all(&person, &place, name)?;
    if whose.form.json {
        let login = json!({ "profile": name, "why": login.why, "refused": login.refused });
        return Ok(talk::json(&json!({ "profiles": listed, "login": login })));
    }
    let mut table = Table::default();
    if listed.is_empty() {
        table.text("there are no profiles; to write one: gobo-session profile edit NAME");
    }
    for profile in &listed {
        let state = profile.state().to_owned();
        table.row([profile.name.to_string(), state, profile.description.clone()]);
        profile.odd.iter().for_each(|odd| table.sentence("    ", "    ", odd));
    }
    table.sentence("", "    ", &format!("the next login has {} ({})", login.what(), login.why));
    if let Some(refused) = login.refused {
        talk::warn(&format!("`{refused}` is selected, which policy does not allow"));
    }
    Ok(talk::data(&table.to_string()))
}

/// The profiles that a person has, in the order of their names.
pub(super) fn all(person: &Person, place: &Place, next: Option<&ProfileName>) -> Result<Vec<Listed>> {
    let profiles = &place.config.profiles;
    let of_profile = |(name, author): (ProfileName, Author)| {
        let (description, odd) = match profiles.load(&name) {
            Ok(profile) => (profile.description, None),
            Err(error) => (String::new(), Some(error.one_line())),
        };
        let (author, selectable) = match author {
            Author::User => ("user", may_select_own(person, place, &name)),
            Author::Administrator => ("administrator", may_select(person, place, "login", &name)),
        };
        Listed { author, selectable, next: next == Some(&name), description, odd, name }
    };
    Ok(profiles.names()?.into_iter().map(of_profile).collect())
}

/// Whether policy gives a person this profile of the administrator where he selects it.
pub(super) fn may_select(person: &Person, place: &Place, service: &str, name: &ProfileName) -> bool {
    person.decision(place, service, || Some(name.to_string())).profile.as_ref() == Some(name)
}

/// Whether a login has a profile of a person's own where he selects it.
pub(super) fn may_select_own(person: &Person, place: &Place, name: &ProfileName) -> bool {
    let decision = person.decision(place, "login", || Some(name.to_string()));
    let is_heard = decision.refused.is_some() || decision.profile.as_ref() == Some(name);
    place.config.policy.user_profiles == UserProfiles::Trusted && is_heard
}

impl Listed {
    /// Whether a login has it where its user selects it.
    pub(super) fn can_be_had(&self) -> bool {
        self.selectable && self.odd.is_none()
    }

    /// What one may do with it.
    fn state(&self) -> &'static str {
        match (self.next, self.author, self.selectable) {
            _ if self.odd.is_some() => "faulty",
            (true, ..) => "next login",
            (_, "user", true) => "yours, to select",
            (_, "user", false) => "yours",
            (_, _, true) => "to select",
            (_, _, false) => "for run and shell",
        }
    }
}
