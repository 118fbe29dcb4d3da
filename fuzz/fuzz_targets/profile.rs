//! Profiles of the administrator and of users, which include each other.
#![no_main]

use gobo_session::config::{Allow, Author, ConfigError, Profile, ProfileName, Profiles};
use gobo_session::environment::forbidden;
use gobo_session::requirement::Requirement;
use gobo_session_fuzz::{check_complaints, check_error, parts};
use libfuzzer_sys::fuzz_target;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The administrator's profiles, and a user's one.
const NAMES: [&str; 3] = ["gtk2", "base-desktop", "lab"];
const MINE: &str = "mine";

/// The most that a profile may ask for and set, with all that it includes.
const MAX_LISTED: usize = 256;

fuzz_target!(|data: &[u8]| {
    let mut texts = parts(data, NAMES.len() + 1).map(|part| Ok(part.to_vec()));
    let own = BTreeMap::from([(name(MINE), texts.next().unwrap_or(Ok(Vec::new())))]);
    let administrators: BTreeMap<_, _> = NAMES.map(name).into_iter().zip(texts).collect();
    let profiles = Profiles::none()
        .and_texts(administrators, Path::new("etc/gobo-session/profiles.d"), Author::Administrator)
        .and_texts(own, Path::new("Users/ann/.config/gobo-session/profiles.d"), Author::User);
    let some = Allow::Only(BTreeSet::from([name(NAMES[0])]));
    for wanted in NAMES.into_iter().chain([MINE]).map(name) {
        let all = profiles.load(&wanted);
        if let (Ok(all), Ok(some)) = (&all, profiles.load_for_login(&wanted, &some)) {
            assert_eq!(*all, some, "what a user may select changes what a profile is");
        }
        match all {
            Ok(profile) => check(&profile, &wanted),
            Err(ConfigError::NoProfile { name, .. }) => assert_eq!(name, wanted),
            Err(error) => check_error(error),
        }
    }
});

fn name(text: &str) -> ProfileName {
    text.parse().expect("a profile name")
}

fn check(profile: &Profile, wanted: &ProfileName) {
    assert_eq!(profile.name, *wanted);
    assert!(profile.programs.len() <= MAX_LISTED && profile.environment.len() <= MAX_LISTED);
    for (name, value) in &profile.environment {
        assert_eq!(forbidden(name, value), None, "{name}={value}");
    }
    for asked in &profile.programs {
        let text = asked.requirement.to_string();
        assert_eq!(text.parse::<Requirement>().as_ref(), Ok(&asked.requirement), "{text}");
        assert!(asked.line >= 1 && profile.files.contains(&asked.file));
    }
    // Root believes a profile that only the administrator wrote, in all its parts.
    let is_own = |file: &String| file.starts_with("/Users/");
    let author = if profile.files.iter().any(is_own) { Author::User } else { Author::Administrator };
    assert_eq!(profile.author, author);
    assert_eq!(author == Author::User, wanted.as_str() == MINE);
    check_complaints(&profile.notes);
}
