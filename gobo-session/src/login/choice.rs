//! From who comes in to the profile that he gets: policy, his selection, and profiles that he wrote himself.
//!
//! Whatever is odd in a home is a note in the log, and policy's own choice stands: what a user writes can neither take a
//! login away nor, without `user-profiles = "trusted"`, bring anything into it that the administrator did not write (R3).

use super::home::{Found, Home};
use super::reach::Reach;
use super::{Login, Options, Wanted, people, selection};
use crate::config::{
    self, Author, Config, ConfigError, Decision, Profile, ProfileName, Source, UserProfiles,
};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// The profile that a login gets.
pub(super) enum Chosen {
    /// One of the administrator's, by its name; whether it can be had is another question.
    Listed(ProfileName),
    /// One that the user wrote himself.
    Own(Box<Profile>),
}

/// Which profile a login gets; `None` is no view.
pub(super) fn choose(
    login: &Login,
    options: &Options,
    config: &Config,
    reach: &Reach,
    wanted: &mut Wanted,
) -> Option<Chosen> {
    let known = OnceCell::new();
    let groups = || known.get_or_init(|| names_of_groups(login, reach)).clone();
    let asker = config::Login {
        user: &login.user,
        uid: login.uid,
        groups: &groups,
        service: &login.service,
        tty: login.tty.as_deref(),
        host: login.host.as_deref(),
    };
    let mut home = Home::default();
    let mut decision = match &options.profile {
        Some(fixed) => config.policy.decide_fixed(&asker, fixed),
        None => config.policy.decide(&asker, || ask(login, config, reach, &mut home, &mut wanted.notes)),
    };
    if let Some(own) = own_profile(login, config, &decision, home) {
        match own.profile {
            Ok(profile) => {
                wanted.profile = Some(profile.name.to_string());
                return Some(Chosen::Own(Box::new(profile)));
            }
            Err(error) => {
                wanted.notes.push(format!(
                    "the user's own profile `{}` is ignored: {}",
                    own.name,
                    error.one_line()
                ));
                decision = config.policy.decide(&asker, || None);
            }
        }
    }
    if let Some(refused) = &decision.refused {
        wanted.notes.push(format!("the selection `{refused}` is not allowed; see allow in session.toml"));
    }
    if decision.source == Source::GroupsUnknown {
        wanted.notes.push("no view: the user's groups could not be looked up in time".into());
    }
    wanted.summary = format!("no view: {}", decision.source);
    let name = decision.profile?;
    wanted.profile = Some(name.to_string());
    Some(Chosen::Listed(name))
}

fn names_of_groups(login: &Login, reach: &Reach) -> Option<Vec<String>> {
    people::groups(login, &reach.far, true, reach.home_deadline).map(|groups| groups.names)
}

/// What the user selected, and what he wrote, where policy trusts him.
fn ask(
    login: &Login,
    config: &Config,
    reach: &Reach,
    home: &mut Home,
    notes: &mut Vec<String>,
) -> Option<String> {
    let is_trusted = config.policy.user_profiles == UserProfiles::Trusted;
    let selection = selection::read(login, reach, is_trusted).and_then(|found| {
        *home = found;
        selection::selection_of(login, &home.selection)
    });
    match selection {
        Ok(selection) => selection?.for_login(&login.service, login.host.as_deref()),
        Err(why) => {
            notes.push(why);
            None
        }
    }
}

/// A profile that the user wrote and selected.
struct Own {
    name: ProfileName,
    profile: Result<Profile, ConfigError>,
}

/// The user's own profile, where that is what he selected: policy trusts him, and the administrator has no profile of
/// that name, so that a name means the same to everybody.
///
/// Its errors tell nothing that is in his files (R9).
fn own_profile(login: &Login, config: &Config, decision: &Decision, home: Home) -> Option<Own> {
    let selected = match &decision.refused {
        Some(refused) => refused.parse().ok(),
        None => decision.profile.clone().filter(|_| decision.source == Source::Selected),
    };
    let is_trusted = config.policy.user_profiles == UserProfiles::Trusted;
    let name = selected.filter(|_| is_trusted)?;
    if config.profiles.author(&name).map_or(true, |author| author.is_some()) {
        return None;
    }
    let folder = selection::folder_of(login);
    if let Found::Refused(why) = home.folder {
        let profile = Err(ConfigError::Unread { file: folder.display().to_string(), why });
        return Some(Own { name, profile });
    }
    if !home.profiles.contains_key(&name) {
        return None;
    }
    let texts: BTreeMap<_, _> =
        home.profiles.into_iter().map(|(name, found)| (name, text_of(found))).collect();
    let profiles = config.profiles.clone().and_texts(texts, &folder, Author::User);
    let profile = profiles.load_for_login(&name, &decision.allow).map_err(ConfigError::without_content);
    Some(Own { name, profile })
}

fn text_of(found: Found) -> Result<Vec<u8>, String> {
    match found {
        Found::Read(bytes) => Ok(bytes),
        Found::Refused(why) => Err(why),
        Found::Missing => Err("it is gone".to_owned()),
    }
}
