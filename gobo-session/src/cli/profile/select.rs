//! `profile select` and `unselect`: what the next logins have. The file keeps everything else that is in it.

use super::list::{Listed, all, may_select, may_select_own};
use super::shelf;
use super::try_shell::try_profile;
use super::{Logins, Select, Unselect};
use crate::cli::exit::Exit;
use crate::cli::person::Person;
use crate::cli::place::Place;
use crate::cli::table::Table;
use crate::cli::talk;
use crate::config::{Author, Choice, ConfigError, ProfileName, Selection, UserProfiles};
use crate::error::{Error, Result, Step};
use serde_json::json;
use std::path::Path;
use toml_edit::{DocumentMut, Item, value};

pub(super) fn select(Select { name, logins, whose }: &Select) -> Result<Exit> {
    let (person, place) = whose.open()?;
    not_root(&person)?;
    let service = logins.service.as_deref().unwrap_or("login");
    match name.profile() {
        None => may_have_none(&person, &place, service)?,
        Some(profile) => {
            may_have(&person, &place, service, profile)?;
            try_profile(&person, &place, &place.config.profiles.load(profile)?, true)?;
        }
    }
    let file = person.selection_file();
    change(&file, |document| set(document, logins, name))?;
    let now = format!("exec gobo-session shell --profile {name}");
    let now = if *name == Choice::None { "exec gobo-session shell --fresh".to_owned() } else { now };
    if whose.form.json {
        let all = json!({
            "selected": name.to_string(), "service": logins.service, "host": logins.host, "file": file, "now": now,
        });
        return Ok(talk::json(&all));
    }
    let what = name.profile().map_or("no view".to_owned(), |name| format!("profile {name}"));
    let mut told = format!("the next login{} has {what}\n", logins.describe());
    // What is for other logins is not wanted here.
    if logins.key().is_none() {
        told.push_str(&format!("to have it now: {now}\n"));
    }
    Ok(talk::data(&told))
}

pub(super) fn unselect(Unselect { logins, whose }: &Unselect) -> Result<Exit> {
    let (person, place) = whose.open()?;
    not_root(&person)?;
    let file = person.selection_file();
    let mut was = None;
    change(&file, |document| {
        was = take(document, logins);
        Ok(())
    })?;
    let from = logins.describe();
    let Some(was) = was else {
        let what = format!("nothing is selected for logins{from}");
        return Err(
            Error::new(Step::Configure, what).with_cure("gobo-session profile list shows what they have")
        );
    };
    let next = person.at_login(&place, logins.service.as_deref().unwrap_or("login"))?;
    if whose.form.json {
        let all = json!({
            "unselected": was, "service": logins.service, "host": logins.host, "file": file,
        });
        return Ok(talk::json(&all));
    }
    let mut table: Table<0> = Table::default();
    table.text(&format!("`{was}` is no longer selected"));
    table.sentence("", "    ", &format!("the next login{from} has {} ({})", next.what(), next.why));
    Ok(talk::data(&table.to_string()))
}

/// Root's logins have no view, whatever is selected (R22).
fn not_root(person: &Person) -> Result<()> {
    if person.uid != 0 {
        return Ok(());
    }
    let error = Error::new(Step::Configure, "root never has a view at login");
    Err(error.with_cure("say for whom it is: --user USER"))
}

/// Whether a person may go without a view.
fn may_have_none(person: &Person, place: &Place, service: &str) -> Result<()> {
    let decision = person.decision(place, service, || Some(Choice::None.to_string()));
    match decision.profile {
        Some(profile) if decision.forced => Err(forced(&profile, &decision.source.to_string())),
        _ => Ok(()),
    }
}

/// Whether a login would heed that a person selects a profile.
fn may_have(person: &Person, place: &Place, service: &str, name: &ProfileName) -> Result<()> {
    let profiles = &place.config.profiles;
    let decision = person.decision(place, service, || Some(name.to_string()));
    if let Some(profile) = decision.profile.as_ref().filter(|profile| decision.forced && *profile != name) {
        return Err(forced(profile, &decision.source.to_string()));
    }
    match profiles.author(name)? {
        None => Err(ConfigError::NoProfile { name: name.clone(), near: profiles.near(name) }.into()),
        Some(Author::User) if may_select_own(person, place, name) => Ok(()),
        Some(Author::User) if place.config.policy.user_profiles == UserProfiles::Off => {
            let what = "logins take no profiles that users wrote (user-profiles = \"off\")";
            let cure =
                format!("put this into your shell's start file: exec gobo-session shell --profile {name}");
            Err(Error::new(Step::Configure, what).with_cure(cure))
        }
        Some(Author::Administrator) if may_select(person, place, service, name) => Ok(()),
        Some(_) if decision.profile.is_none() && decision.refused.is_none() => {
            let what = format!("{} has no view at login: {}", person.name, decision.source);
            Err(Error::new(Step::Configure, what)
                .with_cure(format!("to have it now: gobo-session shell --profile {name}")))
        }
        Some(_) => {
            let may = all(person, place, None)?.into_iter().filter(Listed::can_be_had);
            let may: Vec<String> =
                may.map(|listed| listed.name.to_string()).chain(["none".to_owned()]).collect();
            let what = format!("policy does not let {} select `{name}`", person.name);
            let cure = format!("{} may select: {}", person.name, may.join(", "));
            Err(Error::new(Step::Configure, what).with_cure(cure))
        }
    }
}

fn forced(profile: &ProfileName, source: &str) -> Error {
    Error::new(
        Step::Configure,
        format!("policy gives `{profile}` to every such login, whatever is selected ({source})"),
    )
    .with_cure("ask the administrator")
}

/// Changes a file that selects; what it holds besides stays as it is, comments too.
fn change(file: &Path, change: impl FnOnce(&mut DocumentMut) -> Result<()>) -> Result<()> {
    let name = file.display().to_string();
    let old = shelf::read(file)?.unwrap_or_default();
    Selection::check(&name, old.as_bytes()).map_err(|error| {
        Error::new(Step::Configure, error.one_line()).with_cure("mend it first: no login heeds it as it is")
    })?;
    let mut document: DocumentMut =
        old.parse().map_err(|error| Error::new(Step::Configure, format!("{name}: {error}")))?;
    change(&mut document)?;
    let new = document.to_string();
    Selection::check(&name, new.as_bytes()).map_err(|error| Error::new(Step::Configure, error.one_line()))?;
    if new == old { Ok(()) } else { shelf::write(file, &new) }
}

impl Logins {
    /// The table and the key of such logins; `None` is all others.
    fn key(&self) -> Option<(&'static str, &str)> {
        let service = self.service.as_deref().map(|service| ("service", service));
        service.or(self.host.as_deref().map(|host| ("host", host)))
    }

    /// ` by sshd`, ` from lab-*`.
    fn describe(&self) -> String {
        match self.key() {
            Some(("host", host)) => format!(" from {host}"),
            Some((_, service)) => format!(" by {service}"),
            None => String::new(),
        }
    }
}

fn set(document: &mut DocumentMut, logins: &Logins, name: &Choice) -> Result<()> {
    let mut table: &mut dyn toml_edit::TableLike = document.as_table_mut();
    if let Some((kind, key)) = logins.key() {
        for word in [kind, key] {
            let mut fresh = toml_edit::Table::new();
            fresh.set_implicit(word == kind);
            let inner = table.entry(word).or_insert(Item::Table(fresh)).as_table_like_mut();
            table = inner.ok_or_else(|| Error::new(Step::Configure, format!("`{word}` is no table")))?;
        }
    }
    match table.get_mut("profile").and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = name.to_string().into();
            *old.decor_mut() = decor;
        }
        None => drop(table.insert("profile", value(name.to_string()))),
    }
    Ok(())
}

/// Takes a selection out, and a table that has nothing left in it.
fn take(document: &mut DocumentMut, logins: &Logins) -> Option<String> {
    let was = match logins.key() {
        None => document.remove("profile"),
        Some((kind, key)) => {
            let table = document.get_mut(kind)?.as_table_like_mut()?;
            let was = table.remove(key)?.as_table_like_mut()?.remove("profile");
            if table.is_empty() {
                document.remove(kind);
            }
            was
        }
    };
    was?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins(service: Option<&str>, host: Option<&str>) -> Logins {
        Logins { service: service.map(str::to_owned), host: host.map(str::to_owned) }
    }

    fn after(text: &str, logins: &Logins, name: &str) -> String {
        let mut document: DocumentMut = text.parse().unwrap();
        set(&mut document, logins, &name.parse().unwrap()).unwrap();
        document.to_string()
    }

    #[test]
    fn what_else_is_in_the_file_stays() {
        let text = "# mine\nprofile = 'a'   # since May\n\n[service.sshd] # far\nprofile = \"none\"\n";
        assert_eq!(after(text, &logins(None, None), "b"), text.replace("'a'", "\"b\""));
        assert_eq!(after(text, &logins(Some("sshd"), None), "b"), text.replace("\"none\"", "\"b\""));
        assert_eq!(
            after("# mine\n[service.sshd]\nprofile = \"none\"\n", &logins(None, None), "b"),
            "profile = \"b\"\n# mine\n[service.sshd]\nprofile = \"none\"\n"
        );
        assert_eq!(
            after("profile = \"a\"\n", &logins(None, Some("lab-*")), "none"),
            "profile = \"a\"\n\n[host.\"lab-*\"]\nprofile = \"none\"\n"
        );
        assert_eq!(
            after("service.sshd.profile = \"a\"\n", &logins(Some("sshd"), None), "b"),
            "service.sshd.profile = \"b\"\n"
        );
    }

    #[test]
    fn what_is_taken_back_leaves_nothing_behind() {
        let text = "# mine\nprofile = \"a\"\n\n[service.sshd]\nprofile = \"none\"\n";
        let mut document: DocumentMut = text.parse().unwrap();
        assert_eq!(take(&mut document, &logins(Some("sshd"), None)).as_deref(), Some("none"));
        assert_eq!(document.to_string(), "# mine\nprofile = \"a\"\n");
        assert_eq!(take(&mut document, &logins(Some("login"), None)), None);
        assert_eq!(take(&mut document, &logins(None, None)).as_deref(), Some("a"));
        assert_eq!(take(&mut document, &logins(None, None)), None);
    }
}
