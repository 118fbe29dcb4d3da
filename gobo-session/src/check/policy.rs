//! The administrator's configuration, the switches that turn it off, and what the caller wrote himself.

use super::Finding;
use crate::config::{Allow, Author, Config, DIR, OWN_FOLDER, Selection, UserProfiles, kill_switch, own_home};
use crate::diagnostic::Diagnostic;
use crate::trusted::{Root, Trust};
use std::path::Path;

/// The switches that are in force.
pub(super) fn switches(root: &Root) -> Vec<Finding> {
    let switch = kill_switch(root, Path::new(DIR));
    vec![switch.map_or_else(
        || Finding::ok("switch", "none turns it off"),
        |switch| {
            Finding::warning("switch", format!("{switch} turns it off: nobody gets a view"))
                .cured_by("remove it when what it was for is over")
        },
    )]
}

/// Policy, the administrator's profiles and the caller's own; the configuration, where it can be read.
pub(super) fn check(root: &Root, path: &Path, findings: &mut Vec<Finding>) -> Option<Config> {
    let config = match Config::read(root, Path::new(DIR)) {
        Ok(config) => config,
        Err(error) => {
            findings.push(
                Finding::of_config("policy", &format!("{DIR}/session.toml or session.d"), &error)
                    .cured_by("nobody gets a view until this is right"),
            );
            return None;
        }
    };
    check_policy(&config, findings);
    check_profiles(&config, findings);
    if path == Path::new("/") {
        check_own(&config, findings);
    }
    Some(config)
}

fn check_policy(config: &Config, findings: &mut Vec<Finding>) {
    let rules = config.policy.rules.len();
    let rules = if rules == 1 { "1 rule".to_owned() } else { format!("{rules} rules") };
    findings.push(Finding::ok("policy", format!("{DIR}/session.toml with session.d: {rules}")));
    if config.policy.user_profiles == UserProfiles::Trusted {
        let what =
            "user-profiles = \"trusted\": whoever may write a profile of his own can become root by it";
        findings.push(
            Finding::warning("policy", what).cured_by(
                "`gobo-session check --privileged` shows by which programs; \"off\" is the default",
            ),
        );
    }
    for (place, name) in config.policy.names() {
        let author = config.profiles.author(name);
        if matches!(author, Ok(None)) {
            let near = config.profiles.near(name).map(|near| format!("did you mean `{near}`? "));
            findings.push(
                Finding::failed("policy", format!("{place} names `{name}`, and there is no such profile"))
                    .cured_by(format!("{}write {DIR}/profiles.d/{name}.toml", near.unwrap_or_default())),
            );
        }
    }
}

fn check_profiles(config: &Config, findings: &mut Vec<Finding>) {
    let names = match config.profiles.names() {
        Ok(names) => names,
        Err(error) => {
            findings.push(Finding::of_config("profile", &format!("{DIR}/profiles.d"), &error));
            return;
        }
    };
    let mut good = Vec::new();
    for name in names.keys() {
        match config.profiles.load(name) {
            Ok(profile) if profile.notes.is_empty() => good.push(name.to_string()),
            Ok(profile) => findings.push(Finding {
                places: profile.notes.iter().map(Diagnostic::to_string).collect(),
                ..Finding::warning("profile", format!("{name} is odd"))
            }),
            Err(error) => findings.push(
                Finding::of_config("profile", name.as_str(), &error)
                    .cured_by("who has this profile gets no view until it is right"),
            ),
        }
    }
    if !good.is_empty() {
        findings.push(Finding::ok("profile", good.join(", ")));
    }
}

/// What the caller selected, and the profiles that he wrote: he may see everything that is wrong there.
fn check_own(config: &Config, findings: &mut Vec<Finding>) {
    let Some(home) = own_home() else { return };
    let Ok(root) = Root::at(Path::new("/"), Trust::Anyone) else { return };
    let folder = home.join(OWN_FOLDER);
    let file = folder.join("session.toml");
    match root.read(&file, crate::config::MAX_FILE) {
        Ok(bytes) => {
            let name = file.display().to_string();
            findings.push(match Selection::check(&name, &bytes) {
                Ok(_) => Finding::ok("own", name),
                Err(error) => Finding {
                    places: vec![error.to_string()],
                    ..Finding::failed("own", format!("{name} is not understood: no login heeds it"))
                },
            });
        }
        Err(error) if error.is_missing() => {}
        Err(error) => findings.push(Finding::failed("own", error.to_string())),
    }
    let profiles = config.profiles.clone().and_folder(&root, &folder.join("profiles.d"), Author::User);
    let Ok(profiles) = profiles else { return };
    let names = profiles.names().unwrap_or_default();
    for (name, _) in names.iter().filter(|(_, author)| **author == Author::User) {
        let at_login = profiles.load_for_login(name, &Allow::All);
        findings.push(match (profiles.load(name), at_login) {
            (Ok(_), Ok(_)) => Finding::ok("own", format!("profile {name}")),
            (Err(error), _) => Finding::of_config("own", &format!("profile {name}"), &error),
            (Ok(_), Err(error)) => {
                let finding = Finding::of_config("own", &format!("profile {name}, for a login,"), &error);
                Finding { level: super::Level::Warning, ..finding }
                    .cured_by("`gobo-session run` takes it as it is")
            }
        });
    }
}
